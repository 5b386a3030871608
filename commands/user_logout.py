"""Logout: the command `user.logout`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Error

NO_SESSION = Error(1, "There is no session to end: this call was made with an API key")


class UserLogout(Command):
    """End the session of this call. Later calls with its `SessionID` are answered with error 99998.

    A call with an API key has no session to end: it is answered with error 1, and the key stays valid.
    """

    name = "user.logout"
    permission = None
    rate_limit = "100 per 60 seconds"
    errors = (NO_SESSION,)
    example = (
        {"SessionID": "trs_kS0vYbq3Zt8Jm1Lx5Nc7Wd2Rf4Hg6Pa91NNnUG"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Answer(Schema):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        if self.caller.session_hash is None:
            raise self.error(NO_SESSION.code)
        self.services.stores.sessions.close(self.caller.session_hash, self.deadline)
        return {"Success": True, "ErrorCode": 0, "ErrorText": ""}
