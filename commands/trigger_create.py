"""Trigger creation: the command `trigger.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.api.trigger_params import (
    INVALID_IS_ACTIVE,
    INVALID_NAME,
    INVALID_URL,
    MISSING_EVENT,
    MISSING_NAME,
    MISSING_URL,
    NAME_TAKEN,
    START_ERRORS,
    TOO_MANY_TRIGGERS,
    TRIGGER_EXAMPLE,
    answering_triggers,
    checked_url,
    is_active,
    new_start,
    new_trigger,
    trigger_event,
    trigger_name,
    trigger_on,
    trigger_rule,
    trigger_segment,
    trigger_url,
)
from tracker.fields import ListID


class TriggerCreate(Command):
    """Create a trigger of a list: events named `Event` that meet all conditions of `Where` are sent to `URL`. A list has up to 100.

    With `SegmentID` it tells instead of subscribers who come into the segment or, with `On` `exit`, leave it, within some
    minutes. Who is in it at the first look, some seconds after this call, is told to nobody, but for subscribers who are newer than
    the trigger.

    Each event is one POST, signed as Standard Webhooks has it, with the `Secret` of the answer, which is shown this once. It
    leaves within seconds after the event was committed, at least once, and in order for each person: a POST that is not
    answered with 2xx is repeated for three days, with the same `webhook-id`, and the person's later ones wait for it. Robots'
    events, those with `isSilent`, those from before the trigger, and those that come more than three days late start none.
    Without `IsActive` the trigger is active.
    Messages have the subscriber's address in them: who has this permission can have it sent anywhere.
    """

    name = "trigger.create"
    permission = "Trigger.Update"
    rate_limit = "100 per 60 seconds"
    shows_secret = True
    errors = (
        *LIST_ERRORS, INVALID_NAME, *START_ERRORS, NAME_TAKEN, TOO_MANY_TRIGGERS, MISSING_NAME, MISSING_EVENT, MISSING_URL,
        INVALID_URL, INVALID_IS_ACTIVE,
    )  # fmt: skip
    example = (
        {"ListID": 123, **{name: TRIGGER_EXAMPLE[name] for name in ("Event", "URL")}, "Name": "Orders"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TriggerID": 7,
            "Secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwbGX0aW5nIQ4=",
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to add the trigger to"})
        Name = trigger_name(required=True)
        Event = trigger_event()
        Where = trigger_rule()
        SegmentID = trigger_segment()
        On = trigger_on()
        URL = trigger_url(required=True)
        IsActive = is_active()

    class Answer(Success):
        TriggerID = fields.Integer(required=True)
        Secret = fields.String(required=True, metadata={"description": "Signs the messages; shown this once"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        start, url = new_start(self, params), checked_url(self, params["URL"])
        values, secret = new_trigger(params, start, url)
        then, triggers = audit_entry(self, "trigger", list_id), self.services.stores.triggers
        with answering_triggers():
            made = triggers.add(list_id, values, then, self.deadline)
        self.services.triggers.wake()
        return success(TriggerID=made, Secret=secret)
