"""Inbox parameters: which inbox a command is about, with its error rows, and how a rejection looks on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from marshmallow import Schema, ValidationError, fields, validates_schema

from tracker import Command
from tracker.api.event_list import MISSING_LIST
from tracker.errors import CommandError, Error, invalid, missing
from tracker.fields import ListID, WholeNumber, YesOrNo
from tracker.storage.engine import NOBODYS
from tracker.storage.rejections import HOUR_MS, KEPT_MS, Rejection
from tracker.times import iso_utc

LIST_NOT_FOUND = Error(3, "List not found")
#: The codes go on where those of events end: `rejection.replay` answers with both.
TWO_INBOXES = Error(32, "ListID, WithoutList and OfStrangers exclude each other")
FOR_ADMINISTRATORS = Error(34, "Calls of strangers are for administrators", status=403)
REJECTION_NOT_FOUND, BODY_NOT_FOUND = Error(39, "Rejection not found"), Error(42, "Body not found")
LIST_ROWS = (
    MISSING_LIST, invalid("ListID", 2), LIST_NOT_FOUND, invalid("WithoutList", 31), TWO_INBOXES,
)  # fmt: skip
INBOX_ERRORS = (*LIST_ROWS, invalid("OfStrangers", 33), FOR_ADMINISTRATORS)
REJECTION_ERRORS = (missing("RejectionID", 37), invalid("RejectionID", 38), REJECTION_NOT_FOUND)
BODY_ERRORS = (missing("BodyID", 40), invalid("BodyID", 41), BODY_NOT_FOUND)
_INBOXES = ("ListID", "WithoutList", "OfStrangers")


class OwnInboxParams(Schema):
    """`ListID` selects the inbox of a list of the caller, `WithoutList` that of their calls without a list of theirs."""

    ListID = ListID(metadata={"description": "List of the inbox"})
    WithoutList = YesOrNo(
        metadata={"description": "Instead of ListID: calls that named no list of the caller's"}
    )

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_inbox(self, read: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
        chosen = [name for name in _INBOXES if name in sent and read.get(name) is not False]
        if len(chosen) > 1:
            raise ValidationError([TWO_INBOXES])
        if not chosen:
            raise ValidationError([MISSING_LIST])


class InboxParams(OwnInboxParams):
    """`OfStrangers` selects the calls of callers whom nobody knows, for administrators."""

    OfStrangers = YesOrNo(
        metadata={"description": "Instead of ListID: calls with a wrong key or id, for administrators"}
    )


class RejectionParams(InboxParams):
    RejectionID = WholeNumber(required=True, metadata={"description": "The rejection"})


class RejectionAnswer(Schema):
    """A reason for which calls of one sender were refused, or stored otherwise than they were meant."""

    class SentBy(Schema):
        Kind = fields.String(
            required=True, metadata={"enum": ["origin", "key", "session", "network", "others"]}
        )
        Name = fields.String(
            required=True,
            metadata={"description": "Origin of a page, number of a key, or a network; empty: none"},
        )

    class Hour(Schema):
        At = fields.DateTime(required=True, metadata={"description": "When the hour begins"})
        Count = fields.Integer(required=True)

    RejectionID = fields.String(
        required=True, metadata={"description": "Digits: more than a double can hold"}
    )
    Reason = fields.String(
        required=True,
        metadata={
            "description": "The code of the error; `ignored` and `listless` for calls that were stored, but with ignored "
            "names, or without a list"
        },
    )
    IsStored = fields.Boolean(
        required=True, metadata={"description": "Whether the calls were stored all the same"}
    )
    Message = fields.String(required=True, metadata={"description": "What the last one was answered"})
    Hint = fields.String(required=True, allow_none=True, metadata={"description": "How to mend the call"})
    Sender = fields.Nested(SentBy, required=True)
    FirstAt = fields.DateTime(required=True)
    LastAt = fields.DateTime(required=True)
    Count = fields.Integer(required=True, metadata={"description": "Calls or events since `From`"})
    Hours = fields.List(fields.Nested(Hour), required=True, metadata={"description": "By hour, oldest first"})


#: A rejection in examples.
REJECTION_EXAMPLE: dict[str, Any] = {
    "RejectionID": "4935170233766563841",
    "Reason": "7",
    "IsStored": False,
    "Message": "Invalid email parameter",
    "Hint": None,
    "Sender": {"Kind": "key", "Name": "12"},
    "FirstAt": "2026-01-31T09:30:00.125Z",
    "LastAt": "2026-01-31T09:31:00.125Z",
    "Count": 231,
    "Hours": [{"At": "2026-01-31T09:00:00.000Z", "Count": 231}],
}
_KINDS = ("origin", "key", "session", "network")


def inbox_id(command: Command, params: Mapping[str, Any]) -> int:
    """Return the number of the list whose inbox a command is about. Raises CommandError (3, 34)."""
    if params.get("OfStrangers"):
        if not command.caller.is_admin:
            raise CommandError(FOR_ADMINISTRATORS)
        return NOBODYS
    if params.get("WithoutList"):
        return command.services.stores.lists.hidden_id(command.user_id, command.deadline)
    return command.own_list(params["ListID"], LIST_NOT_FOUND).id


def since(now: int, sent: int | None = None) -> int:
    """Return the UTC milliseconds from which on an inbox is read: those sent, and never more than are kept."""
    return max(sent or 0, now - KEPT_MS)


def rejection_answer(found: Rejection, hours: Mapping[int, int]) -> dict[str, Any]:
    """Return a `RejectionAnswer`. `hours` are counts by hour from the epoch on."""
    row = orjson.loads(found.message)[0]
    kind, _, name = found.sender.partition(" ")
    return {
        "RejectionID": str(found.id),
        "Reason": found.reason,
        "IsStored": not found.reason.isdigit(),
        "Message": row["Message"],
        "Hint": row.get("Hint"),
        "Sender": {"Kind": kind if kind in _KINDS else "others", "Name": name},
        "FirstAt": iso_utc(found.first_at),
        "LastAt": iso_utc(found.last_at),
        "Count": sum(hours.values()),
        "Hours": [{"At": iso_utc(hour * HOUR_MS), "Count": hours[hour]} for hour in sorted(hours)],
    }
