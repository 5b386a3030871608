"""Repeated delivery: the command `delivery.retry`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.delivery_params import (
    INVALID_DELIVERY_ID,
    MISSING_DELIVERY,
    NO_SUCH_DELIVERY,
    TRIGGER_PAUSED,
    retry_delivery,
)
from tracker.api.report_params import LIST_ERRORS
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID, WholeNumber


class DeliveryRetry(Command):
    """Send a delivery again now, whatever became of it: the same body with the same `webhook-id`, out of the person's order.

    If it fails, its retries begin anew.
    """

    name = "delivery.retry"
    permission = "Trigger.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*LIST_ERRORS, INVALID_DELIVERY_ID, NO_SUCH_DELIVERY, MISSING_DELIVERY, TRIGGER_PAUSED)
    example = (
        {"ListID": 123, "DeliveryID": 358117233766563842},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the trigger"})
        DeliveryID = WholeNumber(1, required=True, metadata={"description": "The delivery's number"})

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        retry_delivery(self, params)
        return success()
