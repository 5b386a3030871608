"""Deliveries on the wire: their error rows, and the log as it is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from marshmallow import Schema, fields

from tracker import Command
from tracker.api.event_responses import RECEIVED_EXAMPLE
from tracker.api.report_params import own_list_id
from tracker.api.trigger_params import one_trigger
from tracker.errors import CommandError, Error, invalid, missing
from tracker.fields import MAX_INTEGER
from tracker.storage.triggers import Bodies, DeliveryState, LoggedDelivery, delivery_log, delivery_queue
from tracker.times import iso_utc

#: The error rows of deliveries, beside those of triggers.
INVALID_DELIVERY_ID, NO_SUCH_DELIVERY = invalid("DeliveryID", 21), Error(22, "Delivery not found")
MISSING_DELIVERY = missing("DeliveryID", 23)
INVALID_STATUS, INVALID_LIMIT, INVALID_BEFORE = (
    invalid("Status", 24), invalid("Limit", 25), invalid("BeforeDeliveryID", 26),
)  # fmt: skip
TRIGGER_PAUSED = Error(
    27, "The trigger of the delivery is paused", hint="trigger.update with IsActive true sets it going"
)
#: The words for the states of a delivery.
STATES = {
    DeliveryState.WAITING: "waiting",
    DeliveryState.ACCEPTED: "accepted",
    DeliveryState.GIVEN_UP: "given up",
}


class DeliveryAttempt(Schema):
    At = fields.DateTime(required=True)
    Milliseconds = fields.Integer(required=True)
    Status = fields.Integer(required=True, allow_none=True, metadata={"description": "Null: no answer came"})
    Failure = fields.String(required=True, allow_none=True, metadata={"description": "Why no answer came"})


class DeliveryInformation(Schema):
    DeliveryID = fields.String(
        required=True, metadata={"description": "Digits: more than a double can hold; the `webhook-id`"}
    )
    TriggerID = fields.Integer(required=True)
    EventID = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The event that started it; null: somebody came into a segment, or left it"},
    )
    Status = fields.String(required=True, metadata={"enum": list(STATES.values())})
    CreatedOn = fields.DateTime(required=True)
    FinishedOn = fields.DateTime(required=True, allow_none=True)
    NextAttemptAt = fields.DateTime(required=True, allow_none=True)
    AttemptCount = fields.Integer(required=True)
    Attempts = fields.List(
        fields.Nested(DeliveryAttempt), required=True, metadata={"description": "The last 30, oldest first"}
    )
    Request = fields.Dict(metadata={"description": "The body that is sent; with `DeliveryID`"})
    Response = fields.String(metadata={"description": "The beginning of the last answer; with `DeliveryID`"})


#: The delivery of examples.
DELIVERY_EXAMPLE: dict[str, Any] = {
    "DeliveryID": "358117233766563842",
    "TriggerID": 7,
    "EventID": RECEIVED_EXAMPLE["EventID"],
    "Status": "accepted",
    "CreatedOn": "2026-01-31T09:30:00.500Z",
    "FinishedOn": "2026-01-31T09:30:00.600Z",
    "NextAttemptAt": None,
    "AttemptCount": 1,
    "Attempts": [{"At": "2026-01-31T09:30:00.513Z", "Milliseconds": 87, "Status": 204, "Failure": None}],
}


def deliveries_page(command: Command, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a `DeliveryInformation` for each delivery of a page, or of the one that is asked for. Raises CommandError (3, 10, 22)."""
    list_id = own_list_id(command, dict(params))
    if "TriggerID" in params:
        one_trigger(command, params)
    if "DeliveryID" in params:
        logged, bodies = _one(command, list_id, params["DeliveryID"])
        if params.get("TriggerID", logged.trigger_id) != logged.trigger_id:
            raise CommandError(NO_SUCH_DELIVERY)
        return [_information(logged, bodies)]
    state = next((each for each, word in STATES.items() if word == params.get("Status")), None)
    page = partial(
        delivery_log.log_page, list_id=list_id, trigger_id=params.get("TriggerID"), state=state,
        before_id=params["BeforeDeliveryID"] or MAX_INTEGER, most=params["Limit"],
    )  # fmt: skip
    return [_information(each) for each in command.services.storage.read(page, command.deadline)]


def retry_delivery(command: Command, params: Mapping[str, Any]) -> None:
    """Have a delivery sent again. Raises CommandError (3, 22, 27)."""
    list_id = own_list_id(command, dict(params))
    logged, _ = _one(command, list_id, params["DeliveryID"])
    trigger = command.services.stores.triggers.find(list_id, logged.trigger_id, command.deadline)
    if trigger is None:
        raise CommandError(NO_SUCH_DELIVERY)
    if not trigger.is_active:
        raise CommandError(TRIGGER_PAUSED)
    again = partial(delivery_queue.send_again, list_id=list_id, delivery_id=logged.id, now=command.now)
    if not command.services.storage.write(again, command.deadline, list_id):
        raise CommandError(NO_SUCH_DELIVERY)
    command.services.triggers.wake()


def _one(command: Command, list_id: int, delivery_id: int) -> tuple[LoggedDelivery, Bodies]:
    look = partial(delivery_log.delivery_of, list_id=list_id, delivery_id=delivery_id)
    found = command.services.storage.read(look, command.deadline)
    if found is None:
        raise CommandError(NO_SUCH_DELIVERY)
    return found


def _information(logged: LoggedDelivery, bodies: Bodies | None = None) -> dict[str, Any]:
    information = {
        "DeliveryID": str(logged.id),
        "TriggerID": logged.trigger_id,
        "EventID": None if logged.event_id is None else str(logged.event_id),
        "Status": STATES[logged.state],
        "CreatedOn": iso_utc(logged.created_at),
        "FinishedOn": None if logged.finished_at is None else iso_utc(logged.finished_at),
        "NextAttemptAt": None if logged.due_at is None else iso_utc(logged.due_at),
        "AttemptCount": logged.attempts,
        "Attempts": attempt_answers(logged.log),
    }
    if bodies is None:
        return information
    return {
        **information,
        "Request": orjson.loads(bodies.request),
        "Response": bodies.answer.decode(errors="replace"),
    }


def attempt_answers(log: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a `DeliveryAttempt` for each attempt of a log."""
    return [
        {
            "At": iso_utc(each["at"]),
            "Milliseconds": each["ms"],
            "Status": each.get("status"),
            "Failure": each.get("error"),
        }
        for each in log
    ]
