"""Timelines: one small row an event under its owner, an LSM tree in SQLite files (README.md)."""

from __future__ import annotations

from tracker.storage.timeline import timeline_reading, timeline_rows
from tracker.storage.timeline.sorted_runs import MAX_RECENT, maintain
from tracker.storage.timeline.timeline_reading import (
    MAX_POSITION,
    MIN_TIME,
    Part,
    Window,
    named,
    newest,
    oldest,
    position_of,
)
from tracker.storage.timeline.timeline_rows import SpanKey, TimelineEntry, name_key
from tracker.storage.timeline.visitor_history import owners

__all__ = [
    "MAX_POSITION",
    "MAX_RECENT",
    "MIN_TIME",
    "Part",
    "SpanKey",
    "TimelineEntry",
    "Window",
    "maintain",
    "name_key",
    "named",
    "newest",
    "oldest",
    "owners",
    "position_of",
    "timeline_reading",
    "timeline_rows",
]
