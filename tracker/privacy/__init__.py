"""Privacy: erasure of a subscriber, with its proof, and retention of a list's events."""
