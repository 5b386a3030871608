"""Event comparison: whether a stored row holds this very event. A taken id alone does not say which event has it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from tracker.domain.event import IS_GENERATED, IS_PUBLIC, Event, decoded_properties
from tracker.domain.row_ids import received_ms
from tracker.storage.engine import Transaction
from tracker.storage.events import ANONYMIZED, StoredAnswer
from tracker.storage.events import events as event_rows


def is_same(event: Event, row: StoredAnswer) -> bool:
    """Return whether the row equals the event in every column that never changes once it is stored."""
    sent = (event.name.encode(), event.claimed_at, event.external_id, event.is_public, False)
    stored = (
        row.name,
        row.claimed_at,
        row.external_id,
        bool(row.flags & IS_PUBLIC),
        bool(row.flags & IS_GENERATED),
    )
    return sent == stored and _is_visitor(event, row.uuid) and _has_properties(event, row.properties)


def is_tried(event: Event, row: StoredAnswer) -> bool:
    """Return whether an earlier attempt at this event stored the row, here or in a process to which it was repeated.

    Two events may have the same contents. An attempt of this process has the same time of receipt, and a repeat was received
    after the row id had been made.
    """
    is_later = row.received_at > received_ms(event.row_id)
    return (row.received_at == event.received_at or is_later) and is_same(event, row)


def are_stored(transaction: Transaction, events: Iterable[Event]) -> bool:
    """Return whether each of these events is stored under its row id."""
    by_key = {(event.list_id, event.row_id): event for event in events}
    rows = event_rows.find_answers(transaction, by_key)
    return all(key in rows and is_tried(event, rows[key]) for key, event in by_key.items())


def _is_visitor(event: Event, uuid: bytes) -> bool:
    """Return whether the visitor is the event's. An erased visitor is anonymised: it has no uuid to compare."""
    return event.uuid is None or event.uuid == uuid or uuid.startswith(ANONYMIZED)


def _has_properties(event: Event, stored: bytes) -> bool:
    """Compare the properties as sent. Those that enrichment adds may differ: a browser may be updated between two attempts."""
    if stored == event.encoded_properties():
        return True
    sent, stored_now = event.properties, decoded_properties(stored)
    if event.is_public:
        stored_now = {
            name: value for name, value in stored_now.items() if name in sent or not name.startswith("$")
        }
    return _canonical(sent) == _canonical(stored_now)


def _canonical(properties: dict[str, Any]) -> bytes:
    """Encode properties for comparison, without the time of sending."""
    compared = {name: value for name, value in properties.items() if name != "$sent_at"}
    return orjson.dumps(compared, option=orjson.OPT_SORT_KEYS)
