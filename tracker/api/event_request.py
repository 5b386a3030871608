"""Event requests: turns the parameters of a request into events of its caller's lists, and results into answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from marshmallow import fields

from tracker import Command
from tracker.api.event_params import INVALID_LIST, INVALID_PROPERTIES, INVALID_TIMESTAMP
from tracker.domain.event import Event, EventUnstorable, Tracked
from tracker.domain.event_time import is_event_time
from tracker.errors import CommandError, Error, because, hinted
from tracker.formats import event_limits
from tracker.storage.accounts import GOAL, List

#: The key of an answer with the IdentifyProperties that were not written; absent if there are none.
IGNORED = "ignored_identify_properties"
OwnList = Callable[[int, Error], List]
_OUT_OF_RANGE = "An event may be at most a day ahead of Tracker's clock, and at most ten years old"


class EventRequest:
    """Makes the events of one request.

    `own_list(list_id, row)` returns the caller's list or raises CommandError with the row, `hidden_list_id()` returns the
    number of the list for events without one, and `now` is when the request was received, in UTC milliseconds.
    """

    #: Whether anybody may have sent the events.
    is_public = False

    def __init__(self, own_list: OwnList, hidden_list_id: Callable[[], int], now: int, is_form: bool) -> None:
        self._own_list, self._hidden_list_id = own_list, hidden_list_id
        self._now, self._is_form = now, is_form
        self._lists: dict[int, List] = {}

    @classmethod
    def of(cls, command: Command) -> EventRequest:
        """Return the request that a command answers."""
        return cls(*list_access(command), command.now, command.is_form)

    def event(self, params: dict[str, Any]) -> Event:
        """Return the event of validated parameters. Raises CommandError (4 for another's list, 18 for an impossible time)."""
        list_id = params.get("ListID")
        own = None if list_id is None else self.own_list(list_id)
        event = Event(
            list_id=self._hidden_list_id() if own is None else own.id,
            name=params["Event"],
            received_at=self._now,
            claimed_at=params.get("Timestamp"),
            sent_at=params.get("SentAt"),
            properties=params.get("Properties") or {},
            email=params.get("Email"),
            external_id=params.get("ID"),
            uuid=params.get("UUID"),
            event_key=params.get("EventID"),
            identify_properties=params.get("IdentifyProperties"),
            is_listless=own is None,
            is_conversion_id_goal=own is not None and own.conversion_id_is == GOAL,
            is_public=self.is_public,
        )
        if not is_event_time(event.event_at, event.received_at):
            raise CommandError(hinted(INVALID_TIMESTAMP, _OUT_OF_RANGE))
        return event

    def own_list(self, list_id: int) -> List:
        """Return the caller's list with this number, looked up once a request. Raises CommandError (4)."""
        if list_id not in self._lists:
            self._lists[list_id] = self._own_list(list_id, INVALID_LIST)
        return self._lists[list_id]

    def is_test(self, event: Event) -> bool:
        """Return whether this is a test event, which is checked like any other and not stored."""
        sent = event.properties.get("isTest")
        return sent is True or (self._is_form and sent in ("true", "1"))


def list_access(command: Command) -> tuple[OwnList, Callable[[], int]]:
    """Return `own_list` and `hidden_list_id` of the caller of a command."""
    lists, user_id = command.services.stores.lists, command.user_id
    return command.own_list, partial(lists.hidden_id, user_id, command.deadline)


def ignored_names() -> fields.List[Any]:
    """Return the schema of the key IGNORED."""
    description = (
        "IdentifyProperties that were not written: no such field, a value that does not have its type, or the identifier of "
        "another subscriber"
    )
    return fields.List(fields.String(), metadata={"description": description})


def prepared(event: Event) -> Event:
    """Return the event, ready to be stored. Raises CommandError (12) for one whose properties cannot be.

    What a body reader has read can be. An adapter calculates, and may make a number beyond 64 bits.
    """
    try:
        event.prepare()
    except EventUnstorable:
        raise CommandError(because(INVALID_PROPERTIES, "a value that cannot be stored")) from None
    return event


def answer(tracked: Tracked) -> dict[str, Any]:
    """Return the answer to a stored event."""
    found = {
        "uuid": event_limits.uuid_text(tracked.uuid),
        "external_id": tracked.external_id,
        "identify_event_sent": tracked.is_identify_sent,
    }
    return {**found, IGNORED: list(tracked.ignored)} if tracked.ignored else found
