"""Trigger deletion: the command `trigger.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command, CommandError
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.api.trigger_params import NO_SUCH_TRIGGER, ONE_TRIGGER_ERRORS, delete_trigger, trigger_id
from tracker.fields import ListID


class TriggerDelete(Command):
    """Delete a trigger of a list, with its deliveries: what waits is not sent any more. The events stay."""

    name = "trigger.delete"
    permission = "Trigger.Update"
    rate_limit = "100 per 60 seconds"
    errors = ONE_TRIGGER_ERRORS
    example = (
        {"ListID": 123, "TriggerID": 7},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the trigger"})
        TriggerID = trigger_id()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        if not delete_trigger(self, own_list_id(self, params), params["TriggerID"]):
            raise CommandError(NO_SUCH_TRIGGER)
        return success()
