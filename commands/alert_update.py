"""Alert change: the command `alert.update`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import fields

from tracker import Command, CommandError
from tracker.api.alert_answers import one_alert
from tracker.api.alert_params import (
    COLUMNS,
    INVALID_NEW_SECRET,
    NOBODY_TOLD,
    ONE_ERRORS,
    RULE_ERRORS,
    RuleParams,
    alert_id,
    alert_kind,
    alert_name,
    answering_alerts,
    check_rule,
    checked_target,
    made_rule,
)
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.api.trigger_params import secret_pair
from tracker.domain.alert_rule import AlertRule
from tracker.fields import ListID, Text, YesOrNo


class AlertUpdate(Command):
    """Change an alert. Parameters that are not sent stay as they are; with `Kind` what is looked at is given anew.

    Another thing to look at, and `IsActive`, begin the alert anew: it is well, what lasts is over, and nobody is told so. `To` takes the
    place of all addresses, and who has unsubscribed stays so. The first `URL`, and `NewSecret`, answer with a new `Secret`, with
    which alone messages are signed from then on.
    """

    name = "alert.update"
    permission = "Shares.Update"
    rate_limit = "100 per 60 seconds"
    shows_secret = True
    errors = (*ONE_ERRORS, *RULE_ERRORS, INVALID_NEW_SECRET)
    example = (
        {"ListID": 123, "AlertID": 4, "Hours": 6},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "Secret": None},
    )

    class Params(RuleParams):
        ListID = ListID(required=True, metadata={"description": "List of the alert"})
        AlertID = alert_id()
        Name = alert_name()
        Kind = alert_kind()
        URL = Text(metadata={"description": "As of `alert.create`; empty: none any more"})
        NewSecret = YesOrNo(metadata={"description": "Whether to exchange the secret"})

    class Answer(Success):
        Secret = fields.String(
            required=True, allow_none=True, metadata={"description": "The new secret, if there is one"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        found = one_alert(self, params)
        columns: dict[str, Any] = {}
        if params.keys() & {"Kind", *COLUMNS}:
            rule = made_rule(params, AlertRule.read(found.rule))
            check_rule(self, found.list_id, rule)
            if rule.stored() != found.rule:
                columns["rule"] = rule.stored()
        for name, column in (("Name", "name"), ("IsActive", "is_active")):
            if name in params:
                columns[column] = params[name]
        if "URL" in params:
            columns["url"] = checked_target(self, params["URL"]) if params["URL"] else None
        if columns.get("url", found.url) is None and not self._to(params, found.list_id, found.id):
            raise CommandError(NOBODY_TOLD)
        shown = None
        if params.get("NewSecret") or (columns.get("url") and found.url_secret is None):
            columns["url_secret"], shown = secret_pair()
        then, alerts = audit_entry(self, "alert", found.list_id), self.services.stores.alerts
        with answering_alerts():
            alerts.alter(found.list_id, found.id, columns, params.get("To"), then, self.deadline)
        return success(Secret=shown)

    def _to(self, params: dict[str, Any], list_id: int, alert_id: int) -> Sequence[Any]:
        """Return the addresses that are told after the call."""
        if "To" in params:
            addresses: Sequence[Any] = params["To"]
            return addresses
        return self.services.stores.alerts.recipients(list_id, self.deadline).get(alert_id, [])
