"""Schedules on the wire: what is sent when and to whom, their error rows and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, calendar
from tracker.api.row_refusals import answering
from tracker.api.share_params import check_shareable, shared_report
from tracker.errors import CommandError, Error, because, invalid, missing
from tracker.fields import Choice, WholeNumber
from tracker.formats.email_address import email_key
from tracker.questions import EVERY, next_due
from tracker.storage.accounts import (
    MAX_RECIPIENTS,
    MAX_SCHEDULES,
    ListSchedule,
    MailState,
    Recipient,
    RowFault,
)
from tracker.times import iso_utc

INVALID_EVERY, INVALID_NUMBER = invalid("Every", 8), invalid("ScheduleID", 9)
NOT_FOUND = Error(10, "Schedule not found")
INVALID_AT = invalid("At", 11, hint="An hour from 0 to 23 of the list's time zone")
INVALID_TO = invalid("To", 12, hint=f"An array of 1 to {MAX_RECIPIENTS} addresses")
INVALID_FORMAT = invalid("Format", 13)
TOO_MANY = Error(14, f"The list has {MAX_SCHEDULES} schedules, the most a list can have")
MISSING_NUMBER, MISSING_EVERY, MISSING_TO = missing("ScheduleID", 16), missing("Every", 17), missing("To", 18)
ONE_ERRORS = (*LIST_ERRORS, INVALID_NUMBER, NOT_FOUND, MISSING_NUMBER)
#: Answers a refusal of the store: raises CommandError (10, 14).
answering_schedules = answering(
    {
        RowFault.GONE: NOT_FOUND,
        RowFault.TOO_MANY: TOO_MANY,
    }
)
FORMATS = ("mail", "csv")
#: What `LastMail` says of an address.
STATES = {
    MailState.NONE: None,
    MailState.UNKNOWN: "unknown",
    MailState.ACCEPTED: "accepted",
    MailState.REFUSED: "refused",
    MailState.FAILED: "failed",
}
#: The hour of a schedule that names none.
DEFAULT_HOUR = 8


class Addresses(fields.Field[list[tuple[str, str]]]):
    """An array of addresses that a mail can be sent to. Returns pairs (address, key), each address once."""

    def __init__(self, **options: Any) -> None:
        about = {
            "type": "array",
            "items": {"type": "string"},
            "description": "Addresses that get it, up to 20",
        }
        super().__init__(**options, metadata=about)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        """Read them. Raises CommandError (12) with the address that is none."""
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_RECIPIENTS:
            raise CommandError(INVALID_TO)
        found: dict[str, str] = {}
        for each in value:
            known = email_key(each) if isinstance(each, str) else None
            if known is None or not known[0].isascii():
                shown = each[:60] if isinstance(each, str) else type(each).__name__
                raise CommandError(because(INVALID_TO, f"no mail can be sent to '{shown}'"))
            found.setdefault(known[1], known[0])
        return [(address, key) for key, address in found.items()]


def schedule_id() -> WholeNumber:
    return WholeNumber(1, required=True, metadata={"description": "The schedule's number"})


def every(**options: Any) -> Choice:
    about = "`week`: each Monday; `month`: on the first day of each month"
    return Choice(*EVERY, metadata={"description": about}, **options)


def at_hour(**options: Any) -> WholeNumber:
    return WholeNumber(0, 23, metadata={"description": "The hour, by the list's time zone"}, **options)


def mail_format(**options: Any) -> Choice:
    about = "`csv`: with a file of all rows"
    return Choice(*FORMATS, metadata={"description": about}, **options)


class RecipientInformation(Schema):
    EmailAddress = fields.String(required=True)
    IsUnsubscribed = fields.Boolean(required=True)
    LastMail = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "enum": list(STATES.values()),
            "description": "Null: there was none yet. `unknown`: the connection broke off, and it is not sent again",
        },
    )
    LastMailAt = fields.DateTime(required=True, allow_none=True)
    Failure = fields.String(required=True, allow_none=True)


class ScheduleInformation(Schema):
    ScheduleID = fields.Integer(required=True)
    SavedReportID = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null: the overview"}
    )
    Every = fields.String(required=True, metadata={"enum": list(EVERY)})
    At = fields.Integer(required=True)
    Format = fields.String(required=True, metadata={"enum": list(FORMATS)})
    To = fields.List(fields.Nested(RecipientInformation), required=True)
    NextMailAt = fields.DateTime(required=True)
    CreatedOn = fields.DateTime(required=True)


#: The schedule of examples.
SCHEDULE_EXAMPLE: dict[str, Any] = {
    "ScheduleID": 3,
    "SavedReportID": 7,
    "Every": "week",
    "At": 8,
    "Format": "mail",
    "To": [
        {
            "EmailAddress": "ada@example.com",
            "IsUnsubscribed": False,
            "LastMail": "accepted",
            "LastMailAt": "2026-01-26T07:00:04.125Z",
            "Failure": None,
        }
    ],
    "NextMailAt": "2026-02-02T07:00:00.000Z",
    "CreatedOn": "2026-01-20T09:30:00.125Z",
}


def schedule_information(
    schedule: ListSchedule, recipients: Sequence[Recipient], zone: str, now: int
) -> dict[str, Any]:
    """Return a `ScheduleInformation`."""
    word = bytes(schedule.every).decode()
    return {
        "ScheduleID": schedule.id,
        "SavedReportID": schedule.saved_report_id,
        "Every": word,
        "At": schedule.hour,
        "Format": FORMATS[schedule.is_csv],
        "To": [recipient_answer(each) for each in recipients],
        "NextMailAt": iso_utc(next_due(word, schedule.hour, zone, now)),
        "CreatedOn": iso_utc(schedule.created_at),
    }


def columns_of(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of the times and of the form that a call names."""
    named = {"Every": "every", "At": "hour", "Format": "is_csv"}
    values = {column: params[name] for name, column in named.items() if name in params}
    if "every" in values:
        values["every"] = values["every"].encode()
    if "is_csv" in values:
        values["is_csv"] = values["is_csv"] == "csv"
    return values


def check_mailable(command: Command, list_id: int, saved_id: int | None) -> None:
    """Ask the report as its mails will. Raises CommandError (5, 15, 403)."""
    check_shareable(command, list_id, *shared_report(command, list_id, saved_id, b"[]"))


def list_zone(command: Command, list_id: int) -> str:
    return calendar(command, list_id)[0]


def recipient_answer(recipient: Recipient) -> dict[str, Any]:
    """Return a `RecipientInformation`."""
    return {
        "EmailAddress": recipient.address,
        "IsUnsubscribed": recipient.is_unsubscribed,
        "LastMail": STATES[recipient.state],
        "LastMailAt": iso_utc(recipient.tried_at) if recipient.tried_at else None,
        "Failure": recipient.failure,
    }
