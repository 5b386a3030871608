"""Domain rules, pure: what an event is, whose it is, and what it counts for."""
