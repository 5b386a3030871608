"""Recent events of a list with their present owners: newest first, in pages of bounded work."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import gevent

from tracker.reports.ownership import KnownSubscriber, existing, subscriber_by_event
from tracker.storage.engine import Database, Transaction
from tracker.storage.events import StoredEvent, names_before, read_events
from tracker.storage.subscribers import identity_rows

#: Events examined for names on a page, and at once: other requests are served in between.
MAX_EXAMINED, AT_ONCE = 5_000, 1_000


class Received(NamedTuple):
    """An event with its visitor's uuid and the subscriber it belongs to now, or None."""

    event: StoredEvent
    uuid: bytes
    subscriber: KnownSubscriber | None


class RecentPage(NamedTuple):
    """Events, newest first; `rest` is the id before which the next page begins, None at the end."""

    events: list[Received]
    rest: int | None


def read_recent(
    database: Database,
    list_id: int,
    names: frozenset[bytes] | None,
    before_id: int,
    size: int,
    deadline: float | None,
) -> RecentPage:
    """Return at most `size` events before an id, of these names or of all. With names the page may be shorter than `size`."""
    at_once = size + 1 if names is None else AT_ONCE
    found: list[int] = []
    rest: int | None = before_id
    for examined in range(0, MAX_EXAMINED, at_once):
        if examined:
            gevent.sleep(0)
        look = partial(names_before, list_id=list_id, before_id=rest or 0, most=at_once)
        rows = database.read(look, deadline)
        found += [event_id for event_id, each in rows if names is None or each in names]
        rest = rows[-1][0] if len(rows) == at_once else None
        if rest is None or len(found) > size:
            break
    if len(found) > size:
        found, rest = found[:size], found[size - 1]
    return RecentPage(database.read(partial(read_received, list_id=list_id, event_ids=found), deadline), rest)


def read_received(transaction: Transaction, list_id: int, event_ids: Iterable[int]) -> list[Received]:
    """Return the events with these ids that are stored, in this order."""
    wanted = list(event_ids)
    stored = read_events(transaction, list_id, wanted)
    events = [stored[event_id] for event_id in wanted if event_id in stored]
    uuids = identity_rows.uuids_of(transaction, list_id, (event.visitor_id for event in events))
    subscribers = subscriber_by_event(transaction, list_id, events)
    there = existing(transaction, list_id, subscribers.values())
    return [Received(e, uuids[e.visitor_id], there.get(subscribers[e.id])) for e in events]
