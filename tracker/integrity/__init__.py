"""Integrity checks: counters, catalogue and timelines compared with the events (`tracker db check`)."""
