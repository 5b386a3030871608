"""Hidden names: the command `event.hide`."""

from __future__ import annotations

from typing import Any

from tracker import Command
from tracker.api.name_params import (
    INVALID_HIDDEN,
    NAME_ERRORS,
    TOO_MANY_NAMES,
    NameParams,
    answering_names,
    name_entry,
    named,
)
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.fields import YesOrNo


class EventHide(Command):
    """Leave a name of an event or of a property out of listings, or with `IsHidden` false list it again.

    Events of that name are stored and counted as before, and found by who asks for them by name.
    """

    name = "event.hide"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*NAME_ERRORS, TOO_MANY_NAMES, INVALID_HIDDEN)
    example = (
        {"ListID": 123, "Event": "ux_test"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(NameParams):
        IsHidden = YesOrNo(load_default=True, metadata={"description": "False: list the name again"})

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, (kind, name) = own_list_id(self, params), named(params)
        changes = {"is_hidden": params["IsHidden"]}
        with answering_names():
            names = self.services.stores.names
            names.describe(list_id, kind, name, changes, name_entry(self, list_id), self.deadline)
        return success()
