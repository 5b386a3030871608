"""API key revocation: the command `apikey.revoke`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Error, invalid, missing
from tracker.fields import Text

NOT_FOUND = Error(3, "API key not found")


class ApikeyRevoke(Command):
    """Revoke an API key of the caller's own account permanently. Every worker refuses it within 5 seconds.

    Sessions that were opened with the key end too. Revoking a revoked key changes nothing and gives the same answer. A key
    of another user is answered like one that does not exist.
    """

    name = "apikey.revoke"
    permission = "APIKey.Revoke"
    rate_limit = "100 per 60 seconds"
    errors = (missing("Prefix", 1), invalid("Prefix", 2), NOT_FOUND)
    example = ({"Prefix": "K7gQ2mXw"}, {"Success": True, "ErrorCode": 0, "ErrorText": ""})

    class Params(Schema):
        Prefix = Text(
            1,
            64,
            required=True,
            metadata={"description": "The key's prefix, as in `apikeys.get`, or the whole key"},
        )

    class Answer(Schema):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        keys, user_id = self.services.stores.keys, self.caller.user_id
        if not keys.revoke(params["Prefix"], user_id, self.caller, self.deadline):
            raise self.error(NOT_FOUND.code)
        return {"Success": True, "ErrorCode": 0, "ErrorText": ""}
