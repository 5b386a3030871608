"""Timeline ownership: a timeline row says where an event may belong; the event and its link decide whether it does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from tracker.storage.engine import Database, Transaction
from tracker.storage.events import StoredEvent, read_events
from tracker.storage.subscribers import identity_rows
from tracker.storage.timeline import TimelineEntry, owners


class KnownSubscriber(NamedTuple):
    """A subscriber who exists, with the names they are known by."""

    id: int
    email: str | None
    external_id: str | None


class TimelineOwner(Protocol):
    """The owner of a timeline. `id` is the number of a subscriber or a visitor, which are never equal."""

    list_id: int
    id: int

    def owner_ids(self, database: Database, deadline: float | None) -> tuple[int, ...]:
        """Return the owners under whom rows of this timeline may be stored."""

    def owned_ids(self, transaction: Transaction, events: Iterable[StoredEvent]) -> set[int]:
        """Return the ids of the events that belong to this timeline."""


class SubscriberTimeline:
    """The events that name a subscriber, and events without a name in spans that are linked to them."""

    def __init__(self, list_id: int, subscriber_id: int) -> None:
        self.list_id, self.id = list_id, subscriber_id

    def owner_ids(self, database: Database, deadline: float | None) -> tuple[int, ...]:
        return owners(database, self.list_id, self.id, deadline)

    def owned_ids(self, transaction: Transaction, events: Iterable[StoredEvent]) -> set[int]:
        subscribers = subscriber_by_event(transaction, self.list_id, list(events))
        return {event_id for event_id, subscriber in subscribers.items() if subscriber == self.id}


class VisitorTimeline:
    """The events of a visitor that name no subscriber, from before it was linked; later links do not matter."""

    def __init__(self, list_id: int, visitor_id: int) -> None:
        self.list_id, self.id = list_id, visitor_id

    def owner_ids(self, database: Database, deadline: float | None) -> tuple[int, ...]:
        return (self.id,)

    def owned_ids(self, transaction: Transaction, events: Iterable[StoredEvent]) -> set[int]:
        return {event.id for event in events if event.visitor_id == self.id and event.subscriber_id is None}


def subscriber_by_event(
    transaction: Transaction, list_id: int, events: Sequence[StoredEvent]
) -> dict[int, int | None]:
    """Return {event_id: subscriber_id}: the subscriber that an event names, else the one its span is linked to, or None.

    Events still name a deleted subscriber: see `existing`.
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
) -> dict[int | None, KnownSubscriber]:
    """Return {subscriber_id: subscriber} of the subscribers who exist."""
    keys = {(list_id, subscriber) for subscriber in subscribers if subscriber is not None}
    rows = identity_rows.find_subscribers_by_id(transaction, keys)
    return {row[1]: KnownSubscriber(row[1], row[2], row[4]) for row in rows}


def visitor(
    database: Database, list_id: int, uuid: bytes, deadline: float | None
) -> tuple[int, int | None] | None:
    """Return (id, subscriber_id of its current link) of the visitor with this uuid, or None."""
    find = partial(identity_rows.find_visitor, list_id=list_id, uuid=uuid)
    return database.read(find, deadline)


def owned_events(
    transaction: Transaction, owner: TimelineOwner, entries: Iterable[TimelineEntry]
) -> list[StoredEvent]:
    """Return the events of these rows that are stored and belong to the owner, in the order of the rows."""
    stored = read_events(transaction, owner.list_id, (entry.event_id for entry in entries))
    owned_ids = owner.owned_ids(transaction, stored.values())
    return [stored[entry.event_id] for entry in entries if entry.event_id in owned_ids]
