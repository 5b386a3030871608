"""Demo: an account, made-up traffic for it, and a small web shop that Tracker tracks."""
