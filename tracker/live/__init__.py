"""Live events: all subscriptions to a list share one ring buffer per process, and are sent server-sent events."""
