"""Alert creation: the command `alert.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, CommandError
from tracker.api.alert_params import (
    MISSING_KIND,
    MISSING_NAME,
    NOBODY_TOLD,
    RULE_ERRORS,
    TOO_MANY,
    RuleParams,
    alert_kind,
    alert_name,
    answering_alerts,
    check_rule,
    checked_target,
    made_rule,
)
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.api.trigger_params import secret_pair
from tracker.fields import ListID


class AlertCreate(Command):
    """Create an alert: it is looked at each minute, and told to addresses, to a URL or both when it turns bad, and when it is well again.

    `number` holds a measure of `reports.trend` against `Value`, or its change against as many hours before against that many
    percent; `silence` says that an event is not seen, or comes less than is usual in these hours of the last four weeks;
    `refusals` counts refused events, their share, or websites that were not refused before. It is told once, and told to be well
    once it has been well for an eighth of its hours, at least 15 minutes. A look that can say nothing changes nothing. A POST is
    signed as those of triggers are, with the `Secret` of the answer, which is shown this once. Numbers need `Reports.Get` too.
    """

    name = "alert.create"
    permission = "Shares.Update"
    rate_limit = "100 per 60 seconds"
    shows_secret = True
    errors = (*LIST_ERRORS, *RULE_ERRORS, TOO_MANY, MISSING_NAME, MISSING_KIND)
    example = (
        {
            "ListID": 123, "Name": "Orders stopped", "Kind": "silence", "Event": "order", "Hours": 3, "To": ["ada@example.com"],
        },
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "AlertID": 4, "Secret": None},
    )  # fmt: skip

    class Params(RuleParams):
        ListID = ListID(required=True, metadata={"description": "List to add the alert to"})
        Name = alert_name(required=True)
        Kind = alert_kind(required=True)

    class Answer(Success):
        AlertID = fields.Integer(required=True)
        Secret = fields.String(
            required=True, allow_none=True, metadata={"description": "Signs the messages; null without a URL"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, rule = own_list_id(self, params), made_rule(params)
        to, url = params.get("To", []), params.get("URL")
        if not to and url is None:
            raise CommandError(NOBODY_TOLD)
        check_rule(self, list_id, rule)
        secret, shown = secret_pair() if url is not None else (None, None)
        columns = {
            "name": params["Name"],
            "rule": rule.stored(),
            "url": None if url is None else checked_target(self, url),
            "url_secret": secret,
            "is_active": params.get("IsActive", True),
        }
        then, alerts = audit_entry(self, "alert", list_id), self.services.stores.alerts
        with answering_alerts():
            made = alerts.make(list_id, columns, to, then, self.deadline)
        return success(AlertID=made, Secret=shown)
