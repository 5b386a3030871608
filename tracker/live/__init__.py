"""Live events: followers of a list share one ring buffer a process, told by server-sent events."""
