"""Which events does a call about a list's events ask for? Those of one list, or those that came without a list."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from tracker import Command
from tracker.errors import CommandError, Error, invalid, missing
from tracker.fields import ListID, YesOrNo

#: The rows of all commands that take EventsParams.
MISSING_LIST = missing("ListID", 1, "Missing ListID or WithoutList parameter")
LIST_NOT_FOUND = Error(3, "List not found")
TWO_LISTS = Error(5, "ListID and WithoutList exclude each other")
OF_EVENTS = (MISSING_LIST, invalid("ListID", 2), LIST_NOT_FOUND, invalid("WithoutList", 4), TWO_LISTS)


class EventsParams(Schema):
    """A list of the caller's, or `WithoutList` for the events that were sent without a ListID."""

    ListID = ListID(metadata={"description": "List of the events"})
    WithoutList = YesOrNo(metadata={"description": "Instead of a list: the events that came without one"})

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_list(self, read: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
        is_without = read.get("WithoutList")
        if is_without and "ListID" in sent:
            raise ValidationError([TWO_LISTS])
        if not is_without and "ListID" not in sent and ("WithoutList" in read or "WithoutList" not in sent):
            raise ValidationError([MISSING_LIST])


class EventsCommand(Command):
    """A command about the events of one list of the caller's, or about those without a list."""

    def events_of(self, params: dict[str, Any]) -> int:
        """The number of the list that holds them; raises CommandError (3)."""
        lists, user_id = self.services.stores.lists, self.user_id
        if params.get("WithoutList"):
            return int(lists.hidden_id(user_id, self.deadline))
        if lists.owned(user_id, params["ListID"], self.deadline) is None:
            raise CommandError(LIST_NOT_FOUND)
        return int(params["ListID"])
