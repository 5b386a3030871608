"""Background jobs: long work in small steps, leased to one process at a time and resumed by any, and what one of all does."""
