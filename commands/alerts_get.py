"""Alert listing: the command `alerts.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.alert_answers import (
    ALERT_EXAMPLE,
    AlertInformation,
    alert_information,
    history_of,
    one_alert,
)
from tracker.api.alert_params import INVALID_NUMBER, NOT_FOUND, alert_id
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID


class AlertsGet(Command):
    """List the alerts of a list, oldest first, as they stood at the last look.

    With `AlertID` the answer has that one alone, with its history: `Firings`, the times at which it was bad, and `Notices`, what
    was told to whom and what came of it.
    """

    name = "alerts.get"
    method = "GET"
    permission = "Shares.Update"
    rate_limit = "1000 per 60 seconds"
    errors = (*LIST_ERRORS, INVALID_NUMBER, NOT_FOUND)
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "IsMailSent": True,
            "TotalAlertCount": 1,
            "Alerts": [ALERT_EXAMPLE],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the alerts"})
        AlertID = alert_id(required=False, metadata={"description": "Only this one, with its history"})

    class Answer(Success):
        IsMailSent = fields.Boolean(
            required=True, metadata={"description": "False: the administrator has set no mail server"}
        )
        TotalAlertCount = fields.Integer(required=True)
        Alerts = fields.List(fields.Nested(AlertInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, alerts = own_list_id(self, params), self.services.stores.alerts
        is_one = "AlertID" in params
        found = [one_alert(self, params)] if is_one else alerts.of_list(list_id, self.deadline)
        to = alerts.recipients(list_id, self.deadline)
        answers = [alert_information(each, to.get(each.id, [])) for each in found]
        if is_one:
            answers[0] |= history_of(self, found[0])
        return success(
            IsMailSent=self.services.alerts.is_mail_sent, TotalAlertCount=len(answers), Alerts=answers
        )
