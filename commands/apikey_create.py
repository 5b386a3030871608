"""How is an API key made? The command `apikey.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Error, invalid
from tracker.fields import KeyName, Permissions

TOO_MUCH = Error(3, "A key cannot have permissions that the one who makes it lacks")


class ApikeyCreate(Command):
    """Make an API key for the caller's own account. `APIKey` is shown this once: only a hash of it is kept.

    `Permissions` are names separated by commas, or `*` for all that the user has; whoever calls must have them all. A key
    made without any may call `event.track` and nothing else that needs a permission. `Name` is whatever helps to tell
    keys apart. `Prefix` names the key in `apikeys.get` and for `apikey.revoke`.
    """

    name = "apikey.create"
    permission = "APIKey.Create"
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
        Name = KeyName(load_default="", metadata={"description": "What to call the key"})

    class Answer(Schema):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        APIKey = fields.String(required=True, metadata={"description": "The key, shown this once"})
        Prefix = fields.String(required=True, metadata={"description": "What the key is named by"})

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
