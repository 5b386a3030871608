"""How are the events of one request read, stored and answered, each by itself?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tracker.api.event_params import EVENT_ID_TAKEN, INVALID_EVENT
from tracker.api.event_request import EventRequest
from tracker.domain.event import Event, EventIdTaken, EventOutcomeUnknown, Tracked
from tracker.errors import OUTCOME_UNKNOWN, UNEXPECTED, CommandError, Error, because
from tracker.ingest.service import Ingest

#: Events of one request.
MAX_EVENTS = 1_000
#: An event's parameters, validated; raises CommandError.
Read = Callable[[dict[str, Any]], dict[str, Any]]
Outcome = Tracked | CommandError


def track_each(
    ingest: Ingest, request: EventRequest, sent: Sequence[Any], read: Read, deadline: float | None
) -> list[Outcome]:
    """For each event what became of it, or why it is refused; one that is refused harms no other.

    Raises StorageUnavailable, and CommandError (100013) with the EventIDs to repeat them all with.
    """
    events = [_event(one, request, read, ingest, deadline) for one in sent]
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
    """One an event. Too many are no matter of the limit: they are refused however long one waits."""
    return len(sent) or 1 if isinstance(sent, list) and len(sent) <= MAX_EVENTS else 1


def _event(
    sent: Any, request: EventRequest, read: Read, ingest: Ingest, deadline: float | None
) -> Event | Outcome:
    """The event to store, what a test event is answered with, or why it is refused."""
    try:
        event = request.event(read(_object(sent)))
    except CommandError as refused:
        return refused
    return ingest.check(event, deadline) if request.is_test(event) else event


def _object(sent: Any) -> dict[str, Any]:
    if isinstance(sent, Error):  # it could not be read
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
    return CommandError(UNEXPECTED)  # the others are committed: no reason to say otherwise
