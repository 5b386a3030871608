"""Contents of a stored row: whether it holds this very event. An id that is taken says nothing about by what."""

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
    """Whether the row says what the event says, by all that never changes once it is stored."""
    said = (event.name.encode(), event.claimed_at, event.external_id, event.is_public, False)
    kept = (
        row.name,
        row.claimed_at,
        row.external_id,
        bool(row.flags & IS_PUBLIC),
        bool(row.flags & IS_GENERATED),
    )
    return said == kept and _is_visitor(event, row.uuid) and _has_properties(event, row.properties)


def is_tried(event: Event, row: StoredAnswer) -> bool:
    """Whether the row is what an earlier attempt at this event has stored, here or where it was repeated.

    Two events may well say the same: an attempt of ours has the same time of receipt, and a repeat was received after the id
    had been made.
    """
    is_later = row.received_at > received_ms(event.row_id)
    return (row.received_at == event.received_at or is_later) and is_same(event, row)


def are_stored(transaction: Transaction, events: Iterable[Event]) -> bool:
    """Whether each of these events stands under its row id."""
    by_key = {(event.list_id, event.row_id): event for event in events}
    rows = event_rows.find_answers(transaction, by_key)
    return all(key in rows and is_tried(event, rows[key]) for key, event in by_key.items())


def _is_visitor(event: Event, uuid: bytes) -> bool:
    """A visitor that was forgotten has no uuid any more."""
    return event.uuid is None or event.uuid == uuid or uuid.startswith(ANONYMIZED)


def _has_properties(event: Event, stored: bytes) -> bool:
    """The properties that were sent; a browser that was updated between two tries is told of by others that Tracker adds."""
    if stored == event.encoded_properties():
        return True
    sent, kept = event.properties, decoded_properties(stored)
    if event.is_public:
        kept = {name: value for name, value in kept.items() if name in sent or not name.startswith("$")}
    return _canonical(sent) == _canonical(kept)


def _canonical(properties: dict[str, Any]) -> bytes:
    """When it was sent is no part of an event."""
    said = {name: value for name, value in properties.items() if name != "$sent_at"}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
