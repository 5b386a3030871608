"""What can a newcomer look at? A demo account, made-up traffic for it, and a small shop that is tracked."""
