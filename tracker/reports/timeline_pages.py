"""Timeline pages: the events of an owner, newest first, in pages of bounded work."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gevent
import orjson

from tracker.domain.event import decoded_properties
from tracker.domain.spans import Position
from tracker.domain.spellings import value_of
from tracker.reports.ownership import TimelineOwner, owned_events
from tracker.reports.timeline_merge import Merge, MergeStep
from tracker.storage.engine import REQUEST_SECONDS, Database, Transaction
from tracker.storage.events import StoredEvent
from tracker.storage.subscribers import identity_rows
from tracker.storage.timeline import MAX_POSITION, MIN_TIME, Window

#: Events examined for one page; matching events beyond them are on the next page.
MAX_EXAMINED = 5_000
#: Events examined at once: other requests are served in between.
AT_ONCE = 500

#: A filter: whether an event is wanted.
Wants = Callable[[StoredEvent], bool]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A timeline query: at most `size` events, of these names, from `since` until before `until` (UTC milliseconds), older than
    the position `before`.
    """

    size: int
    names: frozenset[bytes] | None = None
    since: int | None = None
    until: int | None = None
    before: Position | None = None
    wants: Wants | None = None

    def window(self) -> Window:
        until = MAX_POSITION if self.until is None else (self.until, 0)
        return Window(MIN_TIME if self.since is None else self.since, min(until, self.before or MAX_POSITION))


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """Events, newest first; `rest` is where the next page begins, None at the end. `uuids` are {visitor_id: uuid}."""

    events: list[StoredEvent]
    rest: Position | None
    uuids: dict[int, bytes] = field(default_factory=dict)


def read_page(
    database: Database, owner: TimelineOwner, wanted: Wanted, deadline: float | None = None
) -> TimelinePage:
    """Return a page. A page with fewer events than `size` may have a rest: finding more would have taken too long."""
    deadline = deadline or time.monotonic() + REQUEST_SECONDS
    merge = Merge(owner.list_id, owner.owner_ids(database, deadline), wanted.window(), wanted.names)
    events: list[StoredEvent] = []
    for found in rounds(database, owner, merge, wanted.size + 1, deadline):
        events += [event for event in found if _fits(wanted, event)]
        if len(events) > wanted.size:
            break
    rest = None if merge.is_over else merge.reached
    if len(events) > wanted.size:
        events = events[: wanted.size]
        rest = events[-1].event_at, events[-1].id
    visitor_ids = [event.visitor_id for event in events]
    read = partial(identity_rows.uuids_of, list_id=owner.list_id, visitor_ids=visitor_ids)
    return TimelinePage(events, rest, database.read(read, deadline) if events else {})


def rounds(
    database: Database,
    owner: TimelineOwner,
    merge: Merge,
    first: int,
    deadline: float,
    most: int = MAX_EXAMINED,
) -> Iterator[list[StoredEvent]]:
    """Yield the owned events of a merge: first of `first` rows, then of more at once, until `most` rows are examined."""
    examined, size = 0, first
    while not merge.is_over and examined < most:
        if examined:
            gevent.sleep(0)
        step, events = database.read(partial(_look, owner, merge, min(size, most - examined)), deadline)
        merge.advance(step)
        yield events
        examined, size = examined + len(step.entries), min(size * 2, AT_ONCE)
        if step.is_enough:
            return


def _look(
    owner: TimelineOwner, merge: Merge, most: int, transaction: Transaction
) -> tuple[MergeStep, list[StoredEvent]]:
    step = merge.peek(transaction, most)
    return step, owned_events(transaction, owner, step.entries)


def _fits(wanted: Wanted, event: StoredEvent) -> bool:
    is_named = wanted.names is None or event.name in wanted.names
    return is_named and (wanted.wants is None or wanted.wants(event))


def has_property(spelled: Sequence[str], *value: Any) -> Wants:
    """Return a filter for events with a property of these spellings, and with exactly this value if one is given.

    A text also matches a number or boolean that is written like it, since a query string has text only.
    """
    written = [orjson.dumps(name) + b":" for name in spelled]

    def wants(event: StoredEvent) -> bool:
        if not any(
            name in event.properties for name in written
        ):  # properties without the name need not be parsed
            return False
        found = value_of(decoded_properties(bytes(event.properties)), spelled)
        return bool(found) and (not value or _is_same(found[0], value[0]))

    return wants


def _is_same(stored: Any, sent: Any) -> bool:
    if isinstance(sent, str) and isinstance(stored, (bool, int, float)):
        return orjson.dumps(stored).decode() == sent
    is_truth = isinstance(stored, bool), isinstance(sent, bool)
    return is_truth[0] == is_truth[1] and bool(stored == sent)
