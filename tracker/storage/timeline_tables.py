"""Which tables hold timelines: one on servers, three in SQLite files? As the migrations in schema.py make them."""

from __future__ import annotations

from tracker.storage.ddl import Table, integer, key

_TIMELINE_ROW = [
    key("list_id"), key("owner_id"), integer("event_at"), key("event_id"), key("visitor_id"), integer("segment"),
    integer("name_key"),
]  # fmt: skip
TIMELINE = Table(
    "timeline",
    _TIMELINE_ROW,
    primary=("list_id", "owner_id", "event_at", "event_id"),
    is_clustered=True,
)
TIMELINE_RECENT = Table("timeline_recent", _TIMELINE_ROW)
TIMELINE_SORTED = Table(
    "timeline_sorted",
    [integer("run"), *_TIMELINE_ROW],
    primary=("run", "list_id", "owner_id", "event_at", "event_id"),
    is_clustered=True,
)
TIMELINE_RUNS = Table(
    "timeline_runs",
    [integer("run"), integer("level"), integer("state"), integer("merged_into", is_optional=True)],
    primary=("run",),
)
