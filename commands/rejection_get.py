"""One reason for refused events, with the last bodies: the command `rejection.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command
from tracker.api.inbox_params import (
    INBOX_ERRORS,
    REJECTION_ERRORS,
    REJECTION_EXAMPLE,
    RejectionAnswer,
    RejectionParams,
    inbox_id,
    rejection_answer,
    since,
)
from tracker.api.refused_calls import BODY_EXAMPLE, KeptBody, bodies_answer, rejection_of
from tracker.api.subscriber_responses import Success, success


class RejectionGet(Command):
    """Describe a rejection of `rejections.get` with the last 20 bodies, the latest first.

    Their values are masked, such as `"(text, 12)"`, unless the list has `KeepRefusedValues`; names of events and properties,
    `EventID` and times are kept. Nothing is kept of calls of strangers, of those beyond a rate limit, and of browsers that ask
    not to be tracked. When a subscriber is forgotten, the values are taken out of all bodies of the list.
    """

    name = "rejection.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*INBOX_ERRORS, *REJECTION_ERRORS)
    example = (
        {"ListID": 123, "RejectionID": 4935170233766563841},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "Rejection": {
                **REJECTION_EXAMPLE,
                "Bodies": [BODY_EXAMPLE],
            },
        },
    )

    class Params(RejectionParams):
        pass

    class Answer(Success):
        class Described(RejectionAnswer):
            Bodies = fields.List(fields.Nested(KeptBody), required=True)

        Rejection = fields.Nested(Described, required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, begins = inbox_id(self, params), since(self.now)
        found, hours = rejection_of(self, list_id, params["RejectionID"], begins)
        bodies = bodies_answer(self, list_id, found.id, begins)
        return success(Rejection={**rejection_answer(found, hours), "Bodies": bodies})
