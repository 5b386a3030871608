"""Importer: stores the events of a file in groups, each in one transaction that is retried until it is committed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import gevent

from tracker.api.event_params import EVENT_ERRORS, EVENT_ID_TAKEN, EventParams
from tracker.api.event_request import EventRequest, prepared
from tracker.domain.event import Event, EventIdTaken, EventOutcomeUnknown, Tracked, bind
from tracker.errors import UNEXPECTED, CommandError, Error, StorageUnavailable
from tracker.importing.interrupts import Interrupts
from tracker.importing.lines import LineIds
from tracker.importing.records import Record
from tracker.ingest.service import Ingest
from tracker.registry import ParamReader
from tracker.storage.accounts import List, Lists
from tracker.storage.engine import IncompatibleDatabase

EVENT = ParamReader(EventParams, EVENT_ERRORS)
#: Events, and bytes of lines, in one transaction, which has the write lock for its whole length. With 500 events the p99 of
#: live calls is four times as long, for 1.4 times the events imported a second (docs/performance.md).
GROUP_EVENTS, GROUP_BYTES = 100, 2 * 1024 * 1024
#: Events in one while nobody else writes: who comes then waits for one such group.
LONE_GROUP_EVENTS = 500
#: Seconds that a group may take, and seconds of the pauses before retries, the last of which repeats.
GROUP_SECONDS, PAUSES = 10.0, (0.5, 1.0, 2.0, 5.0)
#: Names of IdentifyProperties that were not written, in the summary.
MAX_IGNORED = 20
#: The outcome of an event that a page has sent here.
_THERE = object()
Say = Callable[[str], object]
#: Completes a record's event before it is stored.
Complete = Callable[[Record, Event], Event]


@dataclass(slots=True)
class Target:
    """The account of the events, the list of events without a ListID, and whether values are text as in a form.

    Events of another tracker's export are never test events, and one whose EventID is taken is stored already: it came by an
    SDK, or in an export of another day, in a little other words. So is one that a page has sent here and that says the same.
    """

    user_id: int
    list_id: int | None
    is_form: bool
    is_export: bool = False


@dataclass(slots=True)
class ImportCounts:
    """The results of the records so far. A test event is checked and not stored.

    `ignored` are up to MAX_IGNORED names of IdentifyProperties that were not written. `later` and `earlier` count the events
    that happened after, and before, the event of the preceding line. A line of an export may have several events: `lines` and
    `rejected_lines` count those lines.
    """

    stored: int = 0
    duplicates: int = 0
    tests: int = 0
    rejected: int = 0
    ignored: set[str] = field(default_factory=set)
    later: int = 0
    earlier: int = 0
    lines: int = 0
    rejected_lines: int = 0

    @property
    def is_newest_first(self) -> bool:
        return self.earlier > self.later


class Import:
    """One run over one file. Calls `say(text)` about trouble, and `reject(record, refusal)` for each refused line."""

    def __init__(
        self, ingest: Ingest, lists: Lists, target: Target, interrupts: Interrupts, say: Say,
        reject: Callable[[Record, CommandError], object], complete: Complete = lambda _, event: event,
    ) -> None:  # fmt: skip
        self._ingest, self._lists, self._target, self._interrupts = ingest, lists, target, interrupts
        self._say, self._reject, self._complete = say, reject, complete
        self._line_ids = LineIds()
        self._lone_writer = ingest.lone_writer()
        self._group_events = GROUP_EVENTS
        self._last_at: int | None = None
        self._last_line = self._last_rejected = 0
        self.counts = ImportCounts()

    def run(self, records: Iterable[Record]) -> Iterator[ImportCounts]:
        """Store all records; yields the counts after each group. Committed groups stay, wherever the run ends."""
        try:
            for group in self._groups(map(self._with_event_id, records)):
                for record, outcome in zip(group, self._stored(group), strict=True):
                    self._note(record, outcome)
                self._interrupts.check()
                yield self.counts
        finally:
            self._ingest.flush()
            self._line_ids.close()

    def _with_event_id(self, record: Record) -> Record:
        """Add an EventID derived from the line's bytes and its occurrence number, so that a second run makes the same ones."""
        record.params = EVENT.spelled(record.params)
        if record.error is None and "EventID" not in record.params:
            record.params["EventID"] = self._line_ids.of(record.raw)
        return record

    def _stored(self, group: list[Record]) -> list[Any]:
        """Store a group and return its results, retrying until it is committed. EventIDs make retries idempotent."""
        pauses, reported = _pauses(), ""
        while True:
            try:
                with self._interrupts.deferred():
                    stored = self._try(group)
            except IncompatibleDatabase:  # an operator has to upgrade it first
                raise
            except (StorageUnavailable, EventOutcomeUnknown) as trouble:
                self._interrupts.check()
                if reported != (reported := _reason(trouble)):
                    self._say(f"The database is in trouble, trying again: {reported}")
                gevent.sleep(next(pauses))
                continue
            if reported:
                self._say("The database is back")
            return stored

    def _try(self, group: list[Record]) -> list[Any]:
        target = self._target
        hidden_list_id = partial(self._lists.hidden_id, target.user_id)
        request = EventRequest(self._own_list, hidden_list_id, time.time_ns() // 1_000_000, target.is_form)
        read = [self._event(record, _read(record, request, target)) for record in group]
        bind(read, (record.is_dependent for record in group))
        deadline = time.monotonic() + GROUP_SECONDS
        outcomes: list[Any] = list(read)
        order = _in_time(read)
        for index in self._sent_by_pages(order, deadline):
            outcomes[index] = _THERE
        order = [(index, event) for index, event in order if outcomes[index] is not _THERE]
        tracked = self._ingest.track_batch([event for _, event in order], deadline)
        for (index, _), outcome in zip(order, tracked, strict=True):
            outcomes[index] = outcome
        self._note_order([one for one in read if isinstance(one, Event)])
        self._group_events = LONE_GROUP_EVENTS if self._lone_writer.is_alone() else GROUP_EVENTS
        return outcomes

    def _sent_by_pages(self, order: list[tuple[int, Event]], deadline: float) -> set[int]:
        list_id = self._target.list_id
        if not self._target.is_export or list_id is None:
            return set()
        events = {index: event for index, event in order if event.list_id == list_id}
        return self._ingest.sent_by_pages(list_id, events, deadline)

    def _groups(self, records: Iterable[Record]) -> Iterator[list[Record]]:
        """Yield groups of records. One that another may depend on waits for it: in an export alone."""
        group: list[Record] = []
        size = 0
        for record in records:
            if self._is_full(group, size) and not record.is_dependent:
                yield group
                group, size = [], 0
            group.append(record)
            size += len(record.raw)
            if not self._target.is_export and self._is_full(group, size):
                yield group
                group, size = [], 0
        if group:
            yield group

    def _is_full(self, group: list[Record], size: int) -> bool:
        return len(group) >= self._group_events or size >= GROUP_BYTES

    def _own_list(self, list_id: int, otherwise: Error) -> List:
        """As `Command.own_list`: an import is no command."""
        found = self._lists.owned(self._target.user_id, list_id)
        if found is None:
            raise CommandError(otherwise)
        return found

    def _event(self, record: Record, read: Event | CommandError | None) -> Event | CommandError | None:
        try:
            return prepared(self._complete(record, read)) if isinstance(read, Event) else read
        except CommandError as refused:
            return refused

    def _note_order(self, events: list[Event]) -> None:
        for at in (event.event_at for event in events):
            if self._last_at is not None:
                self.counts.later += at > self._last_at
                self.counts.earlier += at < self._last_at
            self._last_at = at

    def _note(self, record: Record, outcome: Any) -> None:
        self.counts.lines += record.line != self._last_line
        self._last_line = record.line
        if outcome is None:
            self.counts.tests += 1
        elif isinstance(outcome, Tracked):
            self.counts.duplicates += outcome.is_duplicate
            self.counts.stored += not outcome.is_duplicate
            self.counts.ignored.update(outcome.ignored[: MAX_IGNORED - len(self.counts.ignored)])
        elif outcome is _THERE or (self._target.is_export and isinstance(outcome, EventIdTaken)):
            self.counts.duplicates += 1
        else:
            self.counts.rejected += 1
            self.counts.rejected_lines += record.line != self._last_rejected
            self._last_rejected = record.line
            self._reject(record, _refusal(outcome))


def _read(record: Record, request: EventRequest, target: Target) -> Event | CommandError | None:
    """Return the event to store, why the record is refused, or None for a test event."""
    if record.error is not None:
        return CommandError(record.error)
    try:
        params = EVENT.read(record.params)
        if target.list_id is not None:
            params.setdefault("ListID", target.list_id)
        # SentAt is for correcting a client's clock at the moment of sending, which is not now.
        params.pop("SentAt", None)
        event = request.event(params)
    except CommandError as refused:
        return refused
    return None if request.is_test(event) and not target.is_export else event


def _in_time(read: list[Event | CommandError | None]) -> list[tuple[int, Event]]:
    """Return (index, event) in the order in which the events happened; events of one time stay in the order of the file."""
    events = [(index, one) for index, one in enumerate(read) if isinstance(one, Event)]
    return sorted(events, key=lambda each: each[1].event_at)


def _refusal(outcome: Exception) -> CommandError:
    if isinstance(outcome, EventIdTaken):
        return CommandError(EVENT_ID_TAKEN)
    return outcome if isinstance(outcome, CommandError) else CommandError(UNEXPECTED)


def _pauses() -> Iterator[float]:
    yield from PAUSES
    while True:
        yield PAUSES[-1]


def _reason(trouble: Exception) -> str:
    if isinstance(trouble, EventOutcomeUnknown):
        return "it did not answer whether a group was stored"
    return " ".join(str(trouble).split())
