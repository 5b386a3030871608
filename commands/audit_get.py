"""Audit log listing: the command `audit.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Error, invalid
from tracker.fields import Choice, WholeNumber
from tracker.times import iso_utc

FOR_ADMINISTRATORS = Error(4, "Entries of all users are for administrators", status=403)


class AuditGet(Command):
    """List the audit log, newest first: logins, failed logins, created keys and accounts, exports, deletions.

    A user sees the entries of their own account; administrators can request those of all users with `Scope` `All`. For the
    next page send the last `EntryID` as `BeforeEntryID`. `Action` is the name of a command, or `user.login.failed`.
    `Object` is what the action affected, such as `list:12 subscriber:77`; it holds numbers, never an email address. `UserID`
    is null where the account is unknown. `Key` is the prefix of the API key that was used, `Session` an identifier of the
    session; both are null for actions of the `tracker` script. Failed logins are kept for 90 days, all other entries
    permanently.
    """

    name = "audit.get"
    method = "GET"
    permission = "Audit.Get"
    rate_limit = "100 per 60 seconds"
    errors = (
        invalid("RecordsPerRequest", 1),
        invalid("BeforeEntryID", 2),
        invalid("Scope", 3),
        FOR_ADMINISTRATORS,
    )
    example = (
        {"RecordsPerRequest": 25},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "Entries": [
                {
                    "EntryID": 4711,
                    "CreatedOn": "2026-01-31T09:30:00.125Z",
                    "UserID": 1,
                    "Key": "K7gQ2mXw",
                    "Session": None,
                    "Action": "apikey.create",
                    "Object": "key:h1Eshw7f",
                }
            ],
        },
    )

    class Params(Schema):
        RecordsPerRequest = WholeNumber(
            1, 1000, load_default=100, metadata={"description": "Entries to return"}
        )
        BeforeEntryID = WholeNumber(
            load_default=0,
            metadata={"description": "Return entries older than this one; 0 = the newest"},
        )
        Scope = Choice(
            "Own",
            "All",
            load_default="Own",
            metadata={"description": "Entries of the caller, or of all users"},
        )

    class Answer(Schema):
        class Entry(Schema):
            EntryID = fields.Integer(required=True)
            CreatedOn = fields.DateTime(required=True)
            UserID = fields.Integer(required=True, allow_none=True)
            Key = fields.String(required=True, allow_none=True)
            Session = fields.String(required=True, allow_none=True)
            Action = fields.String(required=True)
            Object = fields.String(required=True)

        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        Entries = fields.List(fields.Nested(Entry), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        is_for_all = params["Scope"] == "All"
        if is_for_all and not self.caller.is_admin:
            raise self.error(FOR_ADMINISTRATORS.code)
        user_id = None if is_for_all else self.caller.user_id
        entries = self.services.audit.page(
            params["RecordsPerRequest"], user_id, params["BeforeEntryID"] or None, self.deadline
        )
        return {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "Entries": [_row(entry) for entry in entries],
        }


def _row(entry: Any) -> dict[str, Any]:
    return {
        "EntryID": entry.id,
        "CreatedOn": iso_utc(entry.at),
        "UserID": entry.user_id,
        "Key": entry.key,
        "Session": entry.session,
        "Action": entry.action,
        "Object": entry.object,
    }
