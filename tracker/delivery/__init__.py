"""Triggers at work: one process of all follows new events, judges them, and delivers what they start."""
