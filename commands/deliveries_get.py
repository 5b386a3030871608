"""Delivery log: the command `deliveries.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.delivery_params import (
    DELIVERY_EXAMPLE,
    INVALID_BEFORE,
    INVALID_DELIVERY_ID,
    INVALID_LIMIT,
    INVALID_STATUS,
    NO_SUCH_DELIVERY,
    STATES,
    DeliveryInformation,
    deliveries_page,
)
from tracker.api.report_params import LIST_ERRORS
from tracker.api.subscriber_responses import Success, success
from tracker.api.trigger_params import INVALID_TRIGGER_ID, NO_SUCH_TRIGGER, trigger_id
from tracker.fields import Choice, ListID, WholeNumber


class DeliveriesGet(Command):
    """List the deliveries of a list's triggers, newest first, for ten days. Waiting ones are among them.

    `TriggerID` selects those of one trigger, `Status` those of one state. For the next page send the last `DeliveryID` as
    `BeforeDeliveryID`. With `DeliveryID` the answer has that delivery alone, with its bodies: `Request` as it was sent, and
    `Response`, the beginning of the last answer. `NextAttemptAt` is null for one that waits for an earlier one of the same
    person, or for its trigger. Deliveries are erased with the event or the subscriber they tell of.
    """

    name = "deliveries.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (
        *LIST_ERRORS, INVALID_TRIGGER_ID, NO_SUCH_TRIGGER, INVALID_DELIVERY_ID, NO_SUCH_DELIVERY, INVALID_STATUS, INVALID_LIMIT,
        INVALID_BEFORE,
    )  # fmt: skip
    example = (
        {"ListID": 123, "TriggerID": 7, "Status": "accepted"},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "Deliveries": [DELIVERY_EXAMPLE]},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the triggers"})
        TriggerID = trigger_id(required=False, metadata={"description": "Only those of this trigger"})
        DeliveryID = WholeNumber(1, metadata={"description": "Only this one, with its bodies"})
        Status = Choice(*STATES.values(), metadata={"description": "Only those of this state"})
        Limit = WholeNumber(1, 1000, load_default=100, metadata={"description": "Deliveries to return"})
        BeforeDeliveryID = WholeNumber(
            load_default=0, metadata={"description": "Return deliveries older than this one; 0 = the newest"}
        )

    class Answer(Success):
        Deliveries = fields.List(fields.Nested(DeliveryInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        return success(Deliveries=deliveries_page(self, params))
