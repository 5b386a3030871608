"""Refused calls: what commands read of the inbox of a list, and the calls that were kept in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from marshmallow import Schema, fields

from tracker import Command
from tracker.api.inbox_params import BODY_NOT_FOUND, REJECTION_NOT_FOUND
from tracker.domain.event_time import event_time
from tracker.errors import CommandError
from tracker.storage import rejections
from tracker.storage.engine import Transaction
from tracker.storage.rejections import RefusedBody, Rejection
from tracker.times import iso_utc, time_ms


class RefusalReceipt(Schema):
    """Why a call was refused."""

    RejectionID = fields.String(required=True)
    BodyID = fields.String(required=True)
    Reason = fields.String(required=True, metadata={"description": "As in `rejections.get`"})
    Message = fields.String(required=True)
    At = fields.DateTime(required=True)


def last_refusals(
    command: Command, list_id: int, event_key: str, public_door: str
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the `RefusalReceipt` of the last refused call with an EventID, of those with a credential and of those that came by
    `public_door`, which anybody may open; None if none is known.
    """

    def read(transaction: Transaction) -> list[tuple[Rejection, RefusedBody]]:
        found = rejections.bodies_of_event(transaction, list_id, event_key)
        of_list = {each.id: each for each in rejections.of_list(transaction, list_id, 0)} if found else {}
        return [(of_list[number], body) for number, body in found if number in of_list]

    found = command.services.storage.read(read, command.deadline)
    last: dict[bool, dict[str, Any]] = {}
    for rejection, body in found:
        last.setdefault(_kept(body).door == public_door, _receipt(rejection, body))
    return last.get(False), last.get(True)


def _receipt(rejection: Rejection, body: RefusedBody) -> dict[str, Any]:
    return {
        "RejectionID": str(rejection.id),
        "BodyID": str(body.id),
        "Reason": rejection.reason,
        "Message": orjson.loads(rejection.message)[0]["Message"],
        "At": iso_utc(body.at),
    }


def inbox_of(command: Command, list_id: int, begins: int) -> list[tuple[Rejection, dict[int, int]]]:
    """Return the rejections of a list since then, the latest first, each with its counts by hour."""

    def read(transaction: Transaction) -> list[tuple[Rejection, dict[int, int]]]:
        hours = rejections.hours_of(transaction, list_id, begins)
        return [(each, hours.get(each.id, {})) for each in rejections.of_list(transaction, list_id, begins)]

    return command.services.storage.read(read, command.deadline)


def rejection_of(
    command: Command, list_id: int, number: int, begins: int
) -> tuple[Rejection, dict[int, int]]:
    """Return one rejection of a list. Raises CommandError (39)."""
    found = next((each for each in inbox_of(command, list_id, begins) if each[0].id == number), None)
    if found is None:
        raise CommandError(REJECTION_NOT_FOUND)
    return found


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A refused call as it was kept: the command it came by, the user agent, and the parameters of its event."""

    id: int
    at: int
    event_key: str
    is_whole: bool
    door: str
    user_agent: str
    sent: dict[str, Any]

    def again(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Return spelled parameters with EventID and time of the first try: the clock that SentAt corrects was of that moment."""
        claimed, by_clock = time_ms(sent.get("Timestamp")), time_ms(sent.get("SentAt"))
        named = {**sent, "EventID": sent.get("EventID") or self.event_key}
        if any(
            sent.get(name) and read is None for name, read in (("Timestamp", claimed), ("SentAt", by_clock))
        ):
            return named  # the command refuses a time that is none
        others = {name: value for name, value in named.items() if name != "SentAt"}
        return {**others, "Timestamp": event_time(self.at, claimed, by_clock)}


def body_of(command: Command, list_id: int, body_id: int) -> KeptCall:
    """Return a kept call. Raises CommandError (42)."""
    found = command.services.storage.read(
        lambda transaction: rejections.find_body(transaction, list_id, body_id), command.deadline
    )
    if found is None:
        raise CommandError(BODY_NOT_FOUND)
    return _kept(found[1])


def bodies_answer(command: Command, list_id: int, number: int, begins: int) -> list[dict[str, Any]]:
    """Return the kept bodies of a rejection as they are answered, the latest first."""
    bodies = command.services.storage.read(
        lambda transaction: rejections.bodies_of(transaction, list_id, number, begins), command.deadline
    )
    return [body_answer(each) for each in bodies]


class KeptBody(Schema):
    """A refused event, with its values or without."""

    BodyID = fields.String(required=True)
    At = fields.DateTime(required=True)
    EventID = fields.String(required=True, metadata={"description": "As sent, or made for the event"})
    IsWhole = fields.Boolean(required=True, metadata={"description": "With its values"})
    Command = fields.String(required=True, metadata={"description": "By which it came"})
    Sent = fields.Dict(fields.String(), fields.Raw(metadata={}), required=True)


#: A body in examples.
BODY_EXAMPLE: dict[str, Any] = {
    "BodyID": "358117233766563841",
    "At": "2026-01-31T09:31:00.125Z",
    "EventID": "r358117233766563841",
    "IsWhole": False,
    "Command": "event.track",
    "Sent": {"ListID": 123, "Event": "signup", "Email": "(text, 10)"},
}


def body_answer(body: RefusedBody) -> dict[str, Any]:
    kept = _kept(body)
    return {
        "BodyID": str(kept.id),
        "At": iso_utc(kept.at),
        "EventID": kept.event_key,
        "IsWhole": kept.is_whole,
        "Command": kept.door,
        "Sent": kept.sent,
    }


def _kept(body: RefusedBody) -> KeptCall:
    around = orjson.loads(body.body)
    door, agent = around["Door"], around["UserAgent"]
    return KeptCall(body.id, body.at, body.event_key, body.is_whole, door, agent, around["Sent"])


def dismiss(command: Command, list_id: int, number: int) -> None:
    """Delete a rejection. Raises CommandError (39)."""

    def write(transaction: Transaction) -> bool:
        return rejections.dismiss(transaction, list_id, number)

    if not command.services.storage.write(write, command.deadline, list_id):
        raise CommandError(REJECTION_NOT_FOUND)


def remove_body(command: Command, list_id: int, body_id: int) -> None:
    command.services.storage.write(
        lambda transaction: rejections.remove_body(transaction, list_id, body_id), command.deadline, list_id
    )
