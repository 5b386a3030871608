"""API key listing: the command `apikeys.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, invalid
from tracker.fields import WholeNumber
from tracker.times import iso_utc


class ApikeysGet(Command):
    """List the API keys of the caller's own account, including revoked ones, oldest first. The answer holds no secret.

    Returns `RecordsPerRequest` keys (0, the default: all) starting at number `RecordsFrom` (the first is 0);
    `TotalKeyCount` counts all keys. `Prefix` is the part of a key that identifies it. `Permissions` is empty for a key that
    may call `event.track` and nothing else that needs a permission. `RevokedOn` is null for a valid key.
    """

    name = "apikeys.get"
    method = "GET"
    permission = "APIKeys.Get"
    rate_limit = "100 per 60 seconds"
    errors = (invalid("RecordsPerRequest", 1), invalid("RecordsFrom", 2))
    example = (
        {"RecordsPerRequest": 25},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalKeyCount": 1,
            "APIKeys": [
                {
                    "Prefix": "K7gQ2mXw",
                    "Name": "Reports",
                    "Permissions": "Subscribers.Get,List.Get",
                    "CreatedOn": "2026-01-31T09:30:00.125Z",
                    "RevokedOn": None,
                }
            ],
        },
    )

    class Params(Schema):
        RecordsPerRequest = WholeNumber(load_default=0, metadata={"description": "Keys to return; 0 = all"})
        RecordsFrom = WholeNumber(
            load_default=0, metadata={"description": "Number of the first key to return"}
        )

    class Answer(Schema):
        class Key(Schema):
            Prefix = fields.String(required=True)
            Name = fields.String(required=True, metadata={"description": "Empty for a key without a name"})
            Permissions = fields.String(required=True)
            CreatedOn = fields.DateTime(required=True)
            RevokedOn = fields.DateTime(required=True, allow_none=True)

        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        TotalKeyCount = fields.Integer(required=True, metadata={"description": "Keys on all pages"})
        APIKeys = fields.List(fields.Nested(Key), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        start, size = params["RecordsFrom"], params["RecordsPerRequest"] or None
        total, keys = self.services.stores.keys.page(self.user_id, start, size, self.deadline)
        return {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalKeyCount": total,
            "APIKeys": [_row(key) for key in keys],
        }


def _row(key: Any) -> dict[str, Any]:
    return {
        "Prefix": key.prefix,
        "Name": key.name or "",
        "Permissions": key.permissions,
        "CreatedOn": iso_utc(key.created_at),
        "RevokedOn": None if key.revoked_at is None else iso_utc(key.revoked_at),
    }
