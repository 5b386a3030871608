"""Batches: the events of one request are read, stored and answered one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tracker import ParamReader
from tracker.api.event_params import EVENT_ID_TAKEN, INVALID_EVENT
from tracker.api.event_request import EventRequest, prepared
from tracker.domain.event import DependentParams, Event, EventIdTaken, EventOutcomeUnknown, Tracked, bind
from tracker.errors import OUTCOME_UNKNOWN, UNEXPECTED, CommandError, Error, because
from tracker.ingest.service import Ingest

#: Events of one request.
MAX_EVENTS = 1_000
#: Reads and validates the parameters of one event; raises CommandError.
Read = Callable[[dict[str, Any]], dict[str, Any]]
Outcome = Tracked | CommandError


class EventReader:
    """Reads the events of one batch, which have the parameters `shared` where they say nothing else.

    Unknown names in them are kept for one line of notes, at most a few of all events together.
    """

    def __init__(self, params: ParamReader, shared: Mapping[str, Any]) -> None:
        self._params, self._shared = params, shared
        self._unknown: dict[str, None] = {}

    def read(self, sent: dict[str, Any]) -> dict[str, Any]:
        """Return the validated parameters of one event. Raises CommandError with every row that applies."""
        spelled = self._params.spelled(sent)
        if len(spelled) < len(sent) and len(self._unknown) < self._params.most_unknown:
            self._unknown |= dict.fromkeys(self._params.unknown(sent))
        return {**self._shared, **self._params.read(spelled)}

    def notes(self) -> str:
        """Return a line that tells of the unknown names of all events read so far; "" if all are known."""
        return self._params.near.notes(self._unknown, "Events")


def track_each(
    ingest: Ingest, request: EventRequest, sent: Sequence[Any], read: Read, deadline: float | None
) -> list[Outcome]:
    """Store the events. Returns for each its result, or why it is refused; a refused event does not affect the others.

    Raises StorageUnavailable, and CommandError (100013) with the EventIDs with which to repeat them all.
    """
    events = [_event(one, request, read, ingest, deadline) for one in sent]
    bind(events, (isinstance(one, DependentParams) for one in sent))
    tracked = iter(_tracked(ingest, events, deadline))
    return [_outcome(next(tracked)) if isinstance(one, Event) else one for one in events]


def track_one(ingest: Ingest, request: EventRequest, event: Event, deadline: float | None) -> Tracked:
    """Store the event, unless it is a test. Raises StorageUnavailable and CommandError (17, 100013 with its EventID)."""
    if request.is_test(event):
        return ingest.check(event, deadline)
    try:
        return ingest.track(event, deadline)
    except EventIdTaken:
        raise CommandError(EVENT_ID_TAKEN) from None
    except EventOutcomeUnknown as unknown:
        raise CommandError(OUTCOME_UNKNOWN, extra={"EventID": unknown.event_ids[0]}) from None


def cost_of(sent: Any) -> int:
    """Return the rate-limit cost: one per event. More than MAX_EVENTS cost 1, since they are refused anyway."""
    return len(sent) or 1 if isinstance(sent, list) and len(sent) <= MAX_EVENTS else 1


def _event(
    sent: Any, request: EventRequest, read: Read, ingest: Ingest, deadline: float | None
) -> Event | Outcome:
    """Return the event to store, the result of a test event, or why the event is refused."""
    try:
        event = prepared(request.event(read(_object(sent))))
    except CommandError as refused:
        return refused
    return ingest.check(event, deadline) if request.is_test(event) else event


def _object(sent: Any) -> dict[str, Any]:
    if isinstance(sent, Error):  # the body reader could not read this item
        raise CommandError(sent)
    if not isinstance(sent, dict):
        raise CommandError(because(INVALID_EVENT, "an event is an object"))
    return {name: value for name, value in sent.items() if value is not None}


def _tracked(
    ingest: Ingest, read: list[Event | Outcome], deadline: float | None
) -> list[Tracked | Exception]:
    try:
        return ingest.track_batch([one for one in read if isinstance(one, Event)], deadline)
    except EventOutcomeUnknown as unknown:
        ids = iter(unknown.event_ids)
        repeat_with = [next(ids) if isinstance(one, Event) else None for one in read]
        raise CommandError(OUTCOME_UNKNOWN, extra={"EventIDs": repeat_with}) from None


def _outcome(tracked: Tracked | Exception) -> Outcome:
    if isinstance(tracked, (Tracked, CommandError)):
        return tracked
    if isinstance(tracked, EventIdTaken):
        return CommandError(EVENT_ID_TAKEN)
    return CommandError(UNEXPECTED)  # the other events are committed, so only this one fails
