"""Descriptions of names: the command `event.describe`."""

from __future__ import annotations

from typing import Any

from tracker import Command
from tracker.api.name_params import (
    INVALID_DESCRIPTION,
    MAX_DESCRIPTION,
    MISSING_DESCRIPTION,
    NAME_ERRORS,
    TOO_MANY_NAMES,
    NameParams,
    answering_names,
    name_entry,
    named,
)
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.fields import Text


class EventDescribe(Command):
    """Say what a name of an event or of a property means, for whoever reads the catalogue. Empty text takes it back."""

    name = "event.describe"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*NAME_ERRORS, TOO_MANY_NAMES, INVALID_DESCRIPTION, MISSING_DESCRIPTION)
    example = (
        {"ListID": 123, "Event": "signed up", "Description": "The form on /join was accepted"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(NameParams):
        Description = Text(0, MAX_DESCRIPTION, required=True, metadata={"description": "What the name means"})

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, (kind, name) = own_list_id(self, params), named(params)
        changes = {"description": params["Description"]}
        with answering_names():
            names = self.services.stores.names
            names.describe(list_id, kind, name, changes, name_entry(self, list_id), self.deadline)
        return success()
