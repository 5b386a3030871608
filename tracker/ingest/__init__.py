"""Ingestion, the write path: deduplication, identity resolution, traits, counters and group commit of events."""
