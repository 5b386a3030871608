"""Share links on the wire: what they open, until when and for whom, their error rows and answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, TIME_PATTERN, WhereParam
from tracker.api.row_refusals import answering
from tracker.api.saved_report_params import report_of
from tracker.api.where_params import EXAMPLE, rule_of
from tracker.errors import FORBIDDEN, CommandError, Error, because, hinted, invalid, missing
from tracker.fields import Text, WholeNumber
from tracker.storage.accounts import MAX_SHARES, RowFault, Share, fixed, origins_of
from tracker.times import iso_utc

#: Characters of a password: short ones are guessed, long ones cost time.
LEAST_PASSWORD, MAX_PASSWORD = 8, 200
INVALID_SAVED, SAVED_NOT_FOUND = invalid("SavedReportID", 4), Error(5, "Saved report not found")
INVALID_OVERVIEW = invalid("Overview", 6)
ONE_OF_TWO = Error(7, "Either SavedReportID or Overview is needed, and not both")
INVALID_RULE = invalid("Where", 8)
INVALID_NUMBER, NOT_FOUND, MISSING_NUMBER = (
    invalid("ShareID", 9),
    Error(10, "Share not found"),
    missing("ShareID", 16),
)
INVALID_UNTIL = invalid("Until", 11, hint="A day such as 2026-12-31, or a time with an offset, in the future")
INVALID_FRAMES = invalid("FrameOrigins", 12)
INVALID_PASSWORD = invalid("Password", 13, hint=f"{LEAST_PASSWORD} to {MAX_PASSWORD} characters")
TOO_MANY = Error(14, f"The list has {MAX_SHARES} share links, the most a list can have")
NOT_SHAREABLE = Error(15, "The report cannot be shared")
ONE_ERRORS = (*LIST_ERRORS, INVALID_NUMBER, NOT_FOUND, MISSING_NUMBER)
#: Answers a refusal of the store: raises CommandError (10, 14).
answering_shares = answering(
    {
        RowFault.GONE: NOT_FOUND,
        RowFault.TOO_MANY: TOO_MANY,
    }
)
#: The permission to see numbers, which is all that a link gives and which its maker has to have.
READS = "Reports.Get"
#: What the overview asks first, and what stands for it when a link is tried.
OVERVIEW = ("reports.trend", {"Measures": ["people", "revenue"], "Interval": "none"})


def fixed_rule() -> WhereParam:
    about = f"Conditions that always hold, added to those of the report: `{EXAMPLE}`"
    schema = {"type": ["array", "string"], "items": {"type": ["object", "array"]}, "description": about}
    return WhereParam(INVALID_RULE, metadata=schema)


def stored_rule(sent: Any) -> bytes:
    """Return conditions as they are stored."""
    return orjson.dumps(rule_of(sent))


def until_time() -> Text:
    about = "Last day, or the moment, at which the link ends; without it, it ends when it is revoked"
    return Text(1, 40, metadata={"description": about, "pattern": TIME_PATTERN})


def share_password() -> Text:
    about = {"description": "Asked for before anything is shown", "format": "password"}
    return Text(LEAST_PASSWORD, MAX_PASSWORD, metadata=about)


class ShareInformation(Schema):
    ShareID = fields.Integer(required=True)
    SavedReportID = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Null: the overview"}
    )
    Where = fields.List(fields.Raw(metadata={"type": ["object", "array"]}), required=True)
    Until = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "When it ends; null: when it is revoked"}
    )
    IsOver = fields.Boolean(required=True)
    FrameOrigins = fields.List(fields.String(), required=True)
    HasPassword = fields.Boolean(required=True)
    CreatedOn = fields.DateTime(required=True)


#: The share link of examples.
SHARE_EXAMPLE = {
    "ShareID": 4,
    "SavedReportID": 7,
    "Where": [{"Of": "visit", "Property": "$utm_source", "Is": "equals", "Value": "partner"}],
    "Until": "2100-01-01T00:00:00.000Z",
    "IsOver": False,
    "FrameOrigins": ["https://intranet.example.com"],
    "HasPassword": True,
    "CreatedOn": "2026-01-31T09:30:00.125Z",
}


def share_information(share: Share, now: int) -> dict[str, Any]:
    """Return a `ShareInformation`. The token is in none: it is told once, when the link is made."""
    return {
        "ShareID": share.id,
        "SavedReportID": share.saved_report_id,
        "Where": orjson.loads(share.rule),
        "Until": None if share.ends_at is None else iso_utc(share.ends_at),
        "IsOver": share.ends_at is not None and share.ends_at <= now,
        "FrameOrigins": list(origins_of(share.frame_origins)),
        "HasPassword": share.password_hash is not None,
        "CreatedOn": iso_utc(share.created_at),
    }


def share_id() -> WholeNumber:
    return WholeNumber(1, required=True, metadata={"description": "The share link's number"})


def shared_report(
    command: Command, list_id: int, saved_id: int | None, rule: bytes
) -> tuple[str, dict[str, Any]]:
    """Return the report that a link opens, with its conditions fixed. Raises CommandError (5)."""
    if saved_id is None:
        name, params = OVERVIEW
        return name, fixed(orjson.dumps(params), rule)
    found = command.services.stores.saved_reports.find(list_id, saved_id, command.deadline)
    if found is None:
        raise CommandError(SAVED_NOT_FOUND)
    return found.command, fixed(found.params, rule)


def check_shareable(command: Command, list_id: int, report: str, params: Mapping[str, Any]) -> None:
    """Ask a report as its link will ask it. Raises CommandError (15) if it is refused: for good, as the link never changes.

    Raises CommandError (403) if the caller may not see the numbers.
    """
    if not command.caller.may(READS):
        raise CommandError(
            hinted(FORBIDDEN, f"A link shows numbers: they are seen with the permission {READS}")
        )
    entry = report_of(command, report)
    caller = command.caller.as_share(list_id, 0, frozenset({READS}))
    asking = entry.command(caller, command.services, command.now, deadline=command.deadline)
    try:
        asking.run(entry.params.read({**params, "ListID": list_id}))
    except CommandError as refused:
        if refused.status >= 500:
            raise
        [row, *_] = refused.errors
        reason = f"{row.message} (error {row.code} of {report})"
        raise CommandError(hinted(because(NOT_SHAREABLE, reason), row.hint)) from None
