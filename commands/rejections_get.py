"""Inbox of refused events: the command `rejections.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, invalid
from tracker.api.event_params import TIME, Time
from tracker.api.inbox_params import (
    INBOX_ERRORS,
    REJECTION_EXAMPLE,
    InboxParams,
    RejectionAnswer,
    inbox_id,
    rejection_answer,
    since,
)
from tracker.api.refused_calls import inbox_of
from tracker.api.subscriber_responses import Success, success
from tracker.fields import Text


class RejectionsGet(Command):
    """List what was refused of a list's events in the last seven days, by reason and sender, the latest first.

    Two reasons are of events that were stored, but not as they were meant: `ignored` names no parameter knows, and `listless`
    events without a list. `WithoutList` has the calls of the caller's keys that named no list of theirs, `OfStrangers` the
    calls with a wrong key or public id. A rejection can be read up to 10 seconds after its call. At most 200 senders are kept
    apart for a list; `others` are all beyond.
    """

    name = "rejections.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*INBOX_ERRORS, invalid("From", 35), invalid("Reason", 36))
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalRejectionCount": 1,
            "Rejections": [REJECTION_EXAMPLE],
        },
    )

    class Params(InboxParams):
        From = Time(metadata=TIME | {"description": "Only those since then"})
        Reason = Text(metadata={"description": "Only this reason"})

    class Answer(Success):
        TotalRejectionCount = fields.Integer(required=True)
        Rejections = fields.List(fields.Nested(RejectionAnswer), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, begins = inbox_id(self, params), since(self.now, params.get("From"))
        found = [
            rejection_answer(each, hours)
            for each, hours in inbox_of(self, list_id, begins)
            if params.get("Reason") in (None, each.reason)
        ]
        return success(TotalRejectionCount=len(found), Rejections=found)
