"""Events: stored rows, their EventIDs, deletion, and moves between spans."""

from __future__ import annotations

from tracker.storage.events import deletion, events, held_rows, late_moves, newest, scan, tombstones
from tracker.storage.events.deletion import ANONYMIZED, LinksBySpan
from tracker.storage.events.events import StoredAnswer, StoredEvent, find_events, read_events
from tracker.storage.events.expiry import (
    days_by_list,
    has_deletions,
    has_jobs_since,
    ids_and_times,
    set_events_from,
)
from tracker.storage.events.held_rows import PAGE, LinkedVisitor
from tracker.storage.events.late_moves import Move
from tracker.storage.events.newest import ids_from
from tracker.storage.events.reassign import UNMERGE, Link, Links, bring_home, links_of, moving, unlink
from tracker.storage.events.tombstones import KEPT_MS, event_hash, find_spent, has_any

__all__ = [
    "ANONYMIZED",
    "KEPT_MS",
    "PAGE",
    "UNMERGE",
    "Link",
    "LinkedVisitor",
    "Links",
    "LinksBySpan",
    "Move",
    "StoredAnswer",
    "StoredEvent",
    "bring_home",
    "days_by_list",
    "deletion",
    "event_hash",
    "events",
    "find_events",
    "find_spent",
    "has_any",
    "has_deletions",
    "has_jobs_since",
    "held_rows",
    "ids_and_times",
    "ids_from",
    "late_moves",
    "links_of",
    "moving",
    "newest",
    "read_events",
    "scan",
    "set_events_from",
    "tombstones",
    "unlink",
]
