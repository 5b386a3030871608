"""Dismissal of a reason for refused events: the command `rejection.dismiss`."""

from __future__ import annotations

from typing import Any

from tracker import Command
from tracker.api.inbox_params import INBOX_ERRORS, REJECTION_ERRORS, RejectionParams, inbox_id
from tracker.api.refused_calls import dismiss
from tracker.api.subscriber_responses import Success, success


class RejectionDismiss(Command):
    """Delete a rejection with its counts and bodies. What is refused from then on is listed anew."""

    name = "rejection.dismiss"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*INBOX_ERRORS, *REJECTION_ERRORS)
    example = (
        {"ListID": 123, "RejectionID": 4935170233766563841},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(RejectionParams):
        pass

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        dismiss(self, inbox_id(self, params), params["RejectionID"])
        return success()
