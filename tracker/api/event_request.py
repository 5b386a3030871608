"""How do the parameters of a request become events of its caller, and how is each answered?"""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker.api.event_params import INVALID_LIST, INVALID_TIMESTAMP
from tracker.domain.event import Event, Tracked
from tracker.domain.event_time import is_event_time
from tracker.errors import CommandError, hinted
from tracker.formats import event_limits
from tracker.storage.accounts import GOAL, List, Lists

#: The key of an answer that names IdentifyProperties that were not written; it is there when there are any.
IGNORED = "ignored_identify_properties"
_OUT_OF_RANGE = "An event may be at most a day ahead of Tracker's clock, and at most ten years old"


class EventRequest:
    """Makes the events of one request. `lists` is the store of lists, `now` when the request was received."""

    #: Whether anybody may have sent them.
    is_public = False

    def __init__(self, user_id: int, lists: Lists, now: int, deadline: float | None, is_form: bool) -> None:
        self._user_id, self._lists = user_id, lists
        self._now, self._deadline, self._is_form = now, deadline, is_form
        self._found: dict[int, List | None] = {}

    def event(self, params: dict[str, Any]) -> Event:
        """The event of validated parameters; raises CommandError (4 for another's list, 18 for an impossible time)."""
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
        """The caller's list with this number; each is looked up once a request. Raises CommandError (4)."""
        if list_id not in self._found:
            self._found[list_id] = self._lists.owned(self._user_id, list_id, self._deadline)
        found = self._found[list_id]
        if found is None:
            raise CommandError(INVALID_LIST)
        return found

    def _hidden_list_id(self) -> int:
        return self._lists.hidden_id(self._user_id, self._deadline)

    def is_test(self, event: Event) -> bool:
        """A test event is checked like any other, and not stored."""
        sent = event.properties.get("isTest")
        return sent is True or (self._is_form and sent in ("true", "1"))


def ignored_names() -> fields.List[Any]:
    """How the key IGNORED is described."""
    said = "IdentifyProperties that were not written: no such field, not of its type, or another person's identifier"
    return fields.List(fields.String(), metadata={"description": said})


def answer(tracked: Tracked) -> dict[str, Any]:
    """What is said of a stored event."""
    said = {
        "uuid": event_limits.uuid_text(tracked.uuid),
        "external_id": tracked.external_id,
        "identify_event_sent": tracked.is_identify_sent,
    }
    return {**said, IGNORED: list(tracked.ignored)} if tracked.ignored else said
