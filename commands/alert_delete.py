"""Alert deletion: the command `alert.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.alert_params import ONE_ERRORS, alert_id, answering_alerts
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class AlertDelete(Command):
    """Delete an alert, with its addresses and its history. What waits to be told is told no more."""

    name = "alert.delete"
    permission = "Shares.Update"
    rate_limit = "100 per 60 seconds"
    errors = ONE_ERRORS
    example = ({"ListID": 123, "AlertID": 4}, {"Success": True, "ErrorCode": 0, "ErrorText": ""})

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the alert"})
        AlertID = alert_id()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        then, alerts = audit_entry(self, "alert", list_id), self.services.stores.alerts
        with answering_alerts():
            alerts.remove(list_id, params["AlertID"], then, self.deadline)
        return success()
