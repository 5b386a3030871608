"""Trigger listing: the command `triggers.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from commands.trigger_update import TriggerUpdate
from tracker import Command
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.api.trigger_params import TRIGGER_EXAMPLE, TriggerInformation, trigger_information
from tracker.fields import ListID


class TriggersGet(Command):
    """List the triggers of a list, oldest first.

    `FailingSince` is the first delivery that failed since one was accepted. After a day of that the trigger is paused:
    `PausedBy` is `failures`; `backlog`, when more than 100,000 deliveries wait;
    `conditions`, when a regular expression among them is none that RE2 can match.
    Without the permission `Trigger.Update` a `URL` ends after its host: whoever knows that of a chat can write to it.
    """

    name = "triggers.get"
    method = "GET"
    permission = "List.Get"
    rate_limit = "1000 per 60 seconds"
    errors = LIST_ERRORS
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalTriggerCount": 1,
            "Triggers": [TRIGGER_EXAMPLE],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the triggers"})

    class Answer(Success):
        TotalTriggerCount = fields.Integer(required=True)
        Triggers = fields.List(fields.Nested(TriggerInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.services.stores.triggers.of_list(own_list_id(self, params), self.deadline)
        is_url_shown = self.caller.may(TriggerUpdate.permission)
        return success(
            TotalTriggerCount=len(found), Triggers=[trigger_information(each, is_url_shown) for each in found]
        )
