"""How are the events of a file stored? In groups, each in one transaction, tried until the database has taken it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gevent

from tracker.api.event_params import EVENT_ERRORS, EVENT_ID_TAKEN, EventParams
from tracker.api.event_request import EventRequest
from tracker.domain.event import Event, EventIdTaken, EventOutcomeUnknown, Tracked
from tracker.errors import UNEXPECTED, CommandError, Error, StorageUnavailable
from tracker.importing.interrupts import Interrupts
from tracker.importing.records import Record
from tracker.ingest.service import Ingest
from tracker.registry import ParamReader
from tracker.storage.accounts import List, Lists
from tracker.storage.engine import IncompatibleDatabase, SpillCounter

EVENT = ParamReader(EventParams, EVENT_ERRORS)
#: Events, and bytes of lines, stored in one transaction. It holds the write lock as long: with 500 events live answers
#: come at four times the p99, for 1.4 times the events imported a second (docs/performance.md).
GROUP_EVENTS, GROUP_BYTES = 100, 2 * 1024 * 1024
#: Seconds a group may take, and the pauses before it is tried again, the last of which repeats.
GROUP_SECONDS, PAUSES = 10.0, (0.5, 1.0, 2.0, 5.0)
#: Names that are told of IdentifyProperties that were not written.
MAX_IGNORED = 20
#: How the EventID of a line that brings none begins.
LINE_ID_PREFIX = "line-"
Say = Callable[[str], object]
#: What is made of a record's event before it is stored.
Complete = Callable[[Record, Event], Event]


@dataclass(slots=True)
class Target:
    """Whose events they are, and the list of those that name none."""

    user_id: int
    list_id: int | None
    is_form: bool


@dataclass(slots=True)
class Counts:
    """What became of the records so far. A test event is checked and not stored.

    `ignored` has IdentifyProperties that were not written, up to MAX_IGNORED names. `later` and `earlier` count the events
    that happened after, and before, the one in the line above.
    """

    stored: int = 0
    duplicates: int = 0
    tests: int = 0
    rejected: int = 0
    ignored: set[str] = field(default_factory=set)
    later: int = 0
    earlier: int = 0

    @property
    def is_newest_first(self) -> bool:
        return self.earlier > self.later

    @property
    def records(self) -> int:
        return self.stored + self.duplicates + self.tests + self.rejected


class Import:
    """One run over one file. `say(text)` is told of trouble, `reject(record, refusal)` of each line that is refused."""

    def __init__(
        self, ingest: Ingest, lists: Lists, target: Target, interrupts: Interrupts, say: Say,
        reject: Callable[[Record, CommandError], object], complete: Complete = lambda _, event: event,
    ) -> None:  # fmt: skip
        self._ingest, self._lists, self._target, self._interrupts = ingest, lists, target, interrupts
        self._say, self._reject, self._complete = say, reject, complete
        self._occurrences = SpillCounter()
        self._last_at: int | None = None
        self.counts = Counts()

    def run(self, records: Iterable[Record]) -> Iterator[Counts]:
        """Store all; after each group the counts so far. What is stored stays, wherever this ends."""
        try:
            for group in _groups(map(self._with_event_id, records)):
                for record, outcome in zip(group, self._stored(group), strict=True):
                    self._note(record, outcome)
                self._interrupts.check()
                yield self.counts
        finally:
            self._ingest.flush()
            self._occurrences.close()

    def _with_event_id(self, record: Record) -> Record:
        """An EventID made of the line's bytes and its how-manieth occurrence: a second run makes the same ones."""
        record.params = EVENT.spelled(record.params)
        if record.error is None and "EventID" not in record.params:
            digest = hashlib.sha256(record.raw).digest()
            number = self._occurrences.count(digest[:16])
            record.params["EventID"] = (
                LINE_ID_PREFIX + hashlib.sha256(b"%s %d" % (digest, number)).hexdigest()[:40]
            )
        return record

    def _stored(self, group: list[Record]) -> list[Any]:
        """What became of each, once the database has taken them. Events have EventIDs: trying again stores none twice."""
        pauses, said = _pauses(), ""
        while True:
            try:
                with self._interrupts.deferred():
                    stored = self._try(group)
            except IncompatibleDatabase:  # somebody has to put it right first
                raise
            except (StorageUnavailable, EventOutcomeUnknown) as trouble:
                self._interrupts.check()
                if said != (said := _reason(trouble)):
                    self._say(f"The database is in trouble, trying again: {said}")
                gevent.sleep(next(pauses))
                continue
            if said:
                self._say("The database is back")
            return stored

    def _try(self, group: list[Record]) -> list[Any]:
        target = self._target
        hidden_list_id = partial(self._lists.hidden_id, target.user_id)
        request = EventRequest(self._own_list, hidden_list_id, time.time_ns() // 1_000_000, target.is_form)
        read = [self._event(record, _read(record, request, target.list_id)) for record in group]
        outcomes: list[Any] = list(read)
        order = _in_time(read)
        tracked = self._ingest.track_batch([event for _, event in order], time.monotonic() + GROUP_SECONDS)
        for (index, _), outcome in zip(order, tracked, strict=True):
            outcomes[index] = outcome
        self._note_order([one for one in read if isinstance(one, Event)])
        return outcomes

    def _own_list(self, list_id: int, otherwise: Error) -> List:
        """As `Command.own_list`: an import is no command."""
        found = self._lists.owned(self._target.user_id, list_id)
        if found is None:
            raise CommandError(otherwise)
        return found

    def _event(self, record: Record, read: Event | CommandError | None) -> Event | CommandError | None:
        return self._complete(record, read) if isinstance(read, Event) else read

    def _note_order(self, events: list[Event]) -> None:
        for at in (event.event_at for event in events):
            if self._last_at is not None:
                self.counts.later += at > self._last_at
                self.counts.earlier += at < self._last_at
            self._last_at = at

    def _note(self, record: Record, outcome: Any) -> None:
        if outcome is None:
            self.counts.tests += 1
        elif isinstance(outcome, Tracked):
            self.counts.duplicates += outcome.is_duplicate
            self.counts.stored += not outcome.is_duplicate
            self.counts.ignored.update(outcome.ignored[: MAX_IGNORED - len(self.counts.ignored)])
        else:
            self.counts.rejected += 1
            self._reject(record, _refusal(outcome))


def _read(record: Record, request: EventRequest, list_id: int | None) -> Event | CommandError | None:
    """The event to store, why it is refused, or None for a test event."""
    if record.error is not None:
        return CommandError(record.error)
    try:
        params = EVENT.read(record.params)
        if list_id is not None:
            params.setdefault("ListID", list_id)
        # By when it was sent a client's clock is judged, and this is not when.
        params.pop("SentAt", None)
        event = request.event(params)
    except CommandError as refused:
        return refused
    return None if request.is_test(event) else event


def _in_time(read: list[Event | CommandError | None]) -> list[tuple[int, Event]]:
    """The events with their places, in the order in which they happened; of one time, as they stand in the file."""
    events = [(index, one) for index, one in enumerate(read) if isinstance(one, Event)]
    return sorted(events, key=lambda each: each[1].event_at)


def _refusal(outcome: Exception) -> CommandError:
    if isinstance(outcome, EventIdTaken):
        return CommandError(EVENT_ID_TAKEN)
    return outcome if isinstance(outcome, CommandError) else CommandError(UNEXPECTED)


def _groups(records: Iterable[Record]) -> Iterator[list[Record]]:
    group: list[Record] = []
    size = 0
    for record in records:
        group.append(record)
        size += len(record.raw)
        if len(group) == GROUP_EVENTS or size >= GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _pauses() -> Iterator[float]:
    yield from PAUSES
    while True:
        yield PAUSES[-1]


def _reason(trouble: Exception) -> str:
    if isinstance(trouble, EventOutcomeUnknown):
        return "it did not answer whether a group was stored"
    return " ".join(str(trouble).split())
