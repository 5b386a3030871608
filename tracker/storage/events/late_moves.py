"""Late moves: an event that arrived late moves to the span, and its rows to the timeline, of the time when it happened.

The event and all its rows move in one transaction, so that a reader finds it under one owner, before or after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker.storage import changes
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events.events import StoredEvent
from tracker.storage.subscribers.identity_rows import LINK
from tracker.storage.timeline import timeline_rows
from tracker.storage.timeline.timeline_rows import TimelineEntry

_SPAN = "UPDATE events SET span = ? WHERE list_id = ? AND id = ?"


class Move(NamedTuple):
    """An event, the span in which it happened, and the subscriber of that span; None: it has none."""

    event: StoredEvent
    span: int
    subscriber_id: int | None


def move(
    transaction: Transaction, list_id: int, visitor_id: int, moves: Sequence[Move], owner_ids: Iterable[int]
) -> None:
    """Move events of one visitor that have rows under `owner_ids`, under the span's former subscriber, or under the visitor."""
    if not moves:
        return
    subscribers = _lock_links(
        transaction, list_id, visitor_id, {n for each in moves for n in (each.event.span, each.span)}
    )
    transaction.update(_SPAN, [(each.span, list_id, each.event.id) for each in moves])
    changes.note_events(transaction, list_id, (each.event.id for each in moves))
    own = _own_rows(transaction, list_id, visitor_id, [each.event for each in moves])
    removed: list[TimelineEntry] = []
    added: list[TimelineEntry] = []
    for each in moves:
        for owner in {*owner_ids, visitor_id, subscribers.get(each.event.span) or visitor_id}:
            removed += _rows(list_id, owner, each.event, each.event.span)
        owner_id = each.event.subscriber_id or each.subscriber_id or visitor_id
        for owner in {owner_id, visitor_id} if each.event.id in own else {owner_id}:
            added += _rows(list_id, owner, each.event, each.span)
    timeline_rows.remove(transaction, removed)
    timeline_rows.add(transaction, added)


def _lock_links(
    transaction: Transaction, list_id: int, visitor_id: int, spans: Iterable[int]
) -> dict[int, int | None]:
    """Return {span: subscriber_id}, locked: no other transaction merges, moves or unlinks these spans until this one ends."""
    sql, wanted = (
        "SELECT span, subscriber_id FROM identity_links",
        [(list_id, visitor_id, each) for each in sorted(spans)],
    )
    return dict(transaction.lookup(sql, LINK[:3], wanted, is_locking=True))


def _rows(list_id: int, owner_id: int, event: StoredEvent, span: int) -> Sequence[TimelineEntry]:
    columns = (list_id, owner_id, event.event_at, event.id, event.visitor_id, span)
    return timeline_rows.entries(*columns, bytes(event.name))


def _own_rows(
    transaction: Transaction, list_id: int, visitor_id: int, events: Sequence[StoredEvent]
) -> set[int]:
    """Return the ids of those events that have a row under their visitor: they came while it was linked to no subscriber."""
    times = [event.event_at for event in events]
    marks = ", ".join("?" * len(events))
    where = f"list_id = ? AND owner_id = ? AND event_at >= ? AND event_at <= ? AND event_id IN ({marks})"
    values = (list_id, visitor_id, min(times), max(times), *(event.id for event in events))
    return {row.event_id for row in timeline_rows.read(transaction, where, values)}
