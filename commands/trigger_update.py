"""Trigger change: the command `trigger.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.api.trigger_params import (
    INVALID_IS_ACTIVE,
    INVALID_NAME,
    INVALID_NEW_SECRET,
    INVALID_URL,
    NAME_TAKEN,
    ONE_TRIGGER_ERRORS,
    START_ERRORS,
    answering_triggers,
    changed_start,
    changes_of,
    checked_url,
    is_active,
    one_trigger,
    trigger_event,
    trigger_id,
    trigger_name,
    trigger_on,
    trigger_rule,
    trigger_segment,
    trigger_url,
)
from tracker.fields import ListID, YesOrNo


class TriggerUpdate(Command):
    """Change a trigger. Parameters that are not sent stay as they are; `Where` `[]` removes all conditions.

    It stays on an event or on a segment. `IsActive` false pauses it: what waits is kept, and nothing starts it; true sets it going
    again, from now on. `NewSecret`
    answers with a new `Secret`; for a day messages are signed with the old one too.
    """

    name = "trigger.update"
    permission = "Trigger.Update"
    rate_limit = "100 per 60 seconds"
    shows_secret = True
    errors = (
        *ONE_TRIGGER_ERRORS, INVALID_NAME, *START_ERRORS, NAME_TAKEN, INVALID_URL, INVALID_IS_ACTIVE, INVALID_NEW_SECRET,
    )  # fmt: skip
    example = (
        {"ListID": 123, "TriggerID": 7, "IsActive": False},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the trigger"})
        TriggerID = trigger_id()
        Name = trigger_name()
        Event = trigger_event()
        Where = trigger_rule()
        SegmentID = trigger_segment()
        On = trigger_on()
        URL = trigger_url()
        IsActive = is_active()
        NewSecret = YesOrNo(metadata={"description": "Whether to exchange the secret"})

    class Answer(Success):
        Secret = fields.String(metadata={"description": "The new secret, shown this once"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        found = one_trigger(self, params)
        values, secret = changes_of(params)
        values |= changed_start(self, found, params)
        if "URL" in params:
            values["url"] = checked_url(self, params["URL"])
        then, triggers = audit_entry(self, "trigger", found.list_id), self.services.stores.triggers
        with answering_triggers():
            triggers.change(found.list_id, found.id, values, then, self.deadline)
        self.services.triggers.wake()
        return success() if secret is None else success(Secret=secret)
