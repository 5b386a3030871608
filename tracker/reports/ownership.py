"""Whose events count? A row of a timeline tells where an event may belong; the event and its link say whether it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

from tracker.storage.engine import Database, Transaction
from tracker.storage.events import StoredEvent, read_events
from tracker.storage.subscribers import identity_rows
from tracker.storage.timeline import Entry, owners


class TimelineOwner(Protocol):
    """Somebody with a timeline; `id` is a subscriber's or a visitor's, and they share no number."""

    list_id: int
    id: int

    def owner_ids(self, database: Database, deadline: float | None) -> tuple[int, ...]:
        """The owners whose rows may be theirs."""

    def owned_ids(self, transaction: Transaction, events: Iterable[StoredEvent]) -> set[int]:
        """The ids of those events that are."""


class SubscriberTimeline:
    """The events that name a subscriber, and those that name nobody of spans that are linked to them."""

    def __init__(self, list_id: int, subscriber_id: int) -> None:
        self.list_id, self.id = list_id, subscriber_id

    def owner_ids(self, database: Database, deadline: float | None) -> tuple[int, ...]:
        return owners(database, self.list_id, self.id, deadline)

    def owned_ids(self, transaction: Transaction, events: Iterable[StoredEvent]) -> set[int]:
        subscribers = subscriber_by_event(transaction, self.list_id, list(events))
        return {event_id for event_id, subscriber in subscribers.items() if subscriber == self.id}


class VisitorTimeline:
    """The events of a visitor that name nobody, from when it was nobody's: whose it became later does not matter."""

    def __init__(self, list_id: int, visitor_id: int) -> None:
        self.list_id, self.id = list_id, visitor_id

    def owner_ids(self, database: Database, deadline: float | None) -> tuple[int, ...]:
        return (self.id,)

    def owned_ids(self, transaction: Transaction, events: Iterable[StoredEvent]) -> set[int]:
        return {event.id for event in events if event.visitor_id == self.id and event.subscriber_id is None}


def subscriber_by_event(
    transaction: Transaction, list_id: int, events: Sequence[StoredEvent]
) -> dict[int, int | None]:
    """{event_id: subscriber_id}: whom an event names, else whom the span it came in is linked to; None: nobody.

    A subscriber who was deleted is still named by their events: see `living`.
    """
    spans = {(event.visitor_id, event.span) for event in events if event.subscriber_id is None}
    links = identity_rows.linked_to(transaction, list_id, spans)
    subscribers: dict[int, int | None] = {}
    for event in events:
        linked, _ = links.get((event.visitor_id, event.span), (None, False))
        subscribers[event.id] = linked if event.subscriber_id is None else event.subscriber_id
    return subscribers


def existing(
    transaction: Transaction, list_id: int, subscribers: Iterable[int | None]
) -> dict[int | None, int | None]:
    """{subscriber_id: subscriber_id} of those subscribers who are there."""
    keys = {(list_id, subscriber) for subscriber in subscribers if subscriber is not None}
    return {row[1]: row[1] for row in identity_rows.find_subscribers_by_id(transaction, keys)}


def visitor(
    database: Database, list_id: int, uuid: bytes, deadline: float | None
) -> tuple[int, int | None] | None:
    """(id, subscriber_id it is linked to) of the visitor with this uuid."""
    find = partial(identity_rows.find_visitor, list_id=list_id, uuid=uuid)
    return database.read(find, deadline)


def owned_events(
    transaction: Transaction, owner: TimelineOwner, entries: Iterable[Entry]
) -> list[StoredEvent]:
    """The events of these rows that are there and count, in the order of the rows."""
    stored = read_events(transaction, owner.list_id, (entry.event_id for entry in entries))
    owned_ids = owner.owned_ids(transaction, stored.values())
    return [stored[entry.event_id] for entry in entries if entry.event_id in owned_ids]
