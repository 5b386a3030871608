"""Events: stored rows, their EventIDs, deletion, and moves between spans."""

from __future__ import annotations

from tracker.storage.events import copied_events, deletion, events, export_rows, late_moves, scan, tombstones
from tracker.storage.events.deletion import ANONYMIZED, LinksBySpan
from tracker.storage.events.events import (
    Sending,
    StoredAnswer,
    StoredEvent,
    find_events,
    first_id,
    ids_from,
    ids_named,
    last_id,
    latest_sendings,
    names_before,
    names_from,
    read_events,
)
from tracker.storage.events.expiry import (
    DELETE_EVENTS,
    days_by_list,
    has_deletions,
    has_jobs_since,
    ids_and_times,
    set_events_from,
)
from tracker.storage.events.export_rows import PAGE, LinkedVisitor
from tracker.storage.events.late_moves import Move
from tracker.storage.events.reassign import (
    UNMERGE,
    Links,
    SpanLink,
    links_of,
    pending_reassignments,
    reassign_step,
    unlink,
)
from tracker.storage.events.tombstones import KEPT_MS, event_hash, find_tombstones, list_has_any

__all__ = [
    "ANONYMIZED",
    "DELETE_EVENTS",
    "KEPT_MS",
    "PAGE",
    "UNMERGE",
    "LinkedVisitor",
    "Links",
    "LinksBySpan",
    "Move",
    "Sending",
    "SpanLink",
    "StoredAnswer",
    "StoredEvent",
    "copied_events",
    "days_by_list",
    "deletion",
    "event_hash",
    "events",
    "export_rows",
    "find_events",
    "find_tombstones",
    "first_id",
    "has_deletions",
    "has_jobs_since",
    "ids_and_times",
    "ids_from",
    "ids_named",
    "last_id",
    "late_moves",
    "latest_sendings",
    "links_of",
    "list_has_any",
    "names_before",
    "names_from",
    "pending_reassignments",
    "read_events",
    "reassign_step",
    "scan",
    "set_events_from",
    "tombstones",
    "unlink",
]
