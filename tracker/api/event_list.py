"""Event lists: parameters that select the events of one list, or those that were sent without a list."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from tracker import Command
from tracker.errors import Error, invalid, missing
from tracker.fields import ListID, YesOrNo

#: The error rows of all commands that take EventsParams.
MISSING_LIST = missing("ListID", 1, "Missing ListID or WithoutList parameter")
LIST_NOT_FOUND = Error(3, "List not found")
TWO_LISTS = Error(5, "ListID and WithoutList exclude each other")
EVENT_LIST_ERRORS = (MISSING_LIST, invalid("ListID", 2), LIST_NOT_FOUND, invalid("WithoutList", 4), TWO_LISTS)


class EventsParams(Schema):
    """`ListID` selects a list of the caller, `WithoutList` the events that were sent without a ListID."""

    ListID = ListID(metadata={"description": "List of the events"})
    WithoutList = YesOrNo(
        metadata={"description": "Instead of ListID: the events that were sent without a list"}
    )

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_list(self, read: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
        is_without = read.get("WithoutList")
        if is_without and "ListID" in sent:
            raise ValidationError([TWO_LISTS])
        if not is_without and "ListID" not in sent and ("WithoutList" in read or "WithoutList" not in sent):
            raise ValidationError([MISSING_LIST])


def event_list_id(command: Command, params: dict[str, Any]) -> int:
    """Return the number of the list that holds the events: with `WithoutList` the caller's hidden one.

    Raises CommandError (3).
    """
    if params.get("WithoutList"):
        return command.services.stores.lists.hidden_id(command.user_id, command.deadline)
    return command.own_list(params["ListID"], LIST_NOT_FOUND).id
