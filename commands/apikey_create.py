"""API key creation: the command `apikey.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Error, invalid
from tracker.fields import KeyName, Permissions

TOO_MUCH = Error(3, "A key cannot have permissions that its creator lacks")


class ApikeyCreate(Command):
    """Create an API key for the caller's own account. `APIKey` is returned only once: only a hash of it is stored.

    `Permissions` are names separated by commas, or `*` for all that the user has; the caller must have all of them. A key
    without permissions may call `event.track` and nothing else that needs a permission. `Name` is a label to tell keys
    apart. `Prefix` identifies the key in `apikeys.get` and for `apikey.revoke`.
    """

    name = "apikey.create"
    permission = "APIKey.Create"
    shows_secret = True
    rate_limit = "100 per 60 seconds"
    errors = (invalid("Permissions", 1), invalid("Name", 2), TOO_MUCH)
    example = (
        {"Name": "Shop back end"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "APIKey": "trk_K7gQ2mXw_kS0vYbq3Zt8Jm1Lx5Nc7Wd2Rf4Hg6Pa91NNnUG",
            "Prefix": "K7gQ2mXw",
        },
    )

    class Params(Schema):
        Permissions = Permissions(
            load_default="", metadata={"description": "Names separated by commas, or * for all"}
        )
        Name = KeyName(load_default="", metadata={"description": "Label of the key"})

    class Answer(Schema):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        APIKey = fields.String(required=True, metadata={"description": "The key, returned only once"})
        Prefix = fields.String(
            required=True, metadata={"description": "Identifies the key in `apikeys.get` and `apikey.revoke`"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        permissions = params["Permissions"]
        if not self.caller.may_give(permissions):
            raise self.error(TOO_MUCH.code)
        key = self.services.stores.keys.add_named(
            self.user_id, permissions, params["Name"], self.caller, self.deadline
        )
        return {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "APIKey": key.text,
            "Prefix": key.prefix,
        }
