"""Trial of an alert: the command `alert.test`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.alert_answers import ReadingSchema, one_alert
from tracker.api.alert_params import ONE_ERRORS, alert_id
from tracker.api.alert_trials import try_alert
from tracker.api.subscriber_responses import Success, success
from tracker.api.trigger_messages import PostedTest
from tracker.fields import ListID


class AlertTest(Command):
    """Look at an alert now, and tell its receivers what was read, as a test: its state stays as it is.

    The answer says whether it is bad now; `IsBad` is null where nothing can be said, and `Trouble` then says why. `Posted` is what came
    of the POST; it may take three seconds. Mails leave within seconds: `alerts.get` says what came of them.
    """

    name = "alert.test"
    permission = "Shares.Update"
    rate_limit = "10 per 60 seconds"
    errors = ONE_ERRORS
    example = (
        {"ListID": 123, "AlertID": 4},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "IsBad": True,
            "Reading": {"Value": 0.0, "Compared": None, "Names": []},
            "Found": "It was not seen",
            "Trouble": None,
            "Posted": None,
            "MailCount": 1,
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the alert"})
        AlertID = alert_id()

    class Answer(Success):
        IsBad = fields.Boolean(required=True, allow_none=True)
        Reading = fields.Nested(ReadingSchema, required=True, allow_none=True)
        Found = fields.String(required=True, allow_none=True)
        Trouble = fields.String(required=True, allow_none=True)
        Posted = fields.Nested(
            PostedTest, required=True, allow_none=True, metadata={"description": "Null: the alert has no URL"}
        )
        MailCount = fields.Integer(required=True, metadata={"description": "Addresses that get a mail"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        return success(**try_alert(self, one_alert(self, params)))
