"""What is an event, whose is it, and when is it safe? The write path."""
