"""Trial of a trigger: the command `trigger.test`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.event_responses import RECEIVED_EXAMPLE
from tracker.api.subscriber_responses import Success, success
from tracker.api.trigger_messages import PostedTest, send_test
from tracker.api.trigger_params import ONE_TRIGGER_ERRORS, one_trigger, trigger_id
from tracker.fields import ListID


class TriggerTest(Command):
    """Send a made-up message to a trigger's URL now, and answer what came of it. It is signed like others, and in no log.

    `Type` of the message is `test`, and its `Event` the one of the documentation. It may take four seconds. The trigger may be
    paused. `Status` is null where no answer came; `Failure` then says why.
    """

    name = "trigger.test"
    permission = "Trigger.Update"
    rate_limit = "20 per 60 seconds"
    errors = ONE_TRIGGER_ERRORS
    example = (
        {"ListID": 123, "TriggerID": 7},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "IsAccepted": True,
            "Status": 204,
            "Failure": None,
            "Milliseconds": 87,
            "Request": {
                "Type": "test",
                "DeliveryID": None,
                "ListID": 123,
                "TriggerID": 7,
                "Trigger": "Big order",
                "Event": RECEIVED_EXAMPLE,
            },
            "Response": "",
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the trigger"})
        TriggerID = trigger_id()

    class Answer(Success, PostedTest):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        return success(**send_test(self, one_trigger(self, params)))
