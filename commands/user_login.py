"""Login, with throttling of failed attempts: the command `user.login`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Error, anyone, missing
from tracker.fields import Text

MISSING_USERNAME, MISSING_PASSWORD = missing("Username", 1), missing("Password", 2)
#: One row for all causes: the answer must not reveal which one it was, or whether the user exists.
INVALID_LOGIN = Error(3, "Invalid login", param="APIKey", kind="invalid")


class UserLogin(Command):
    """Open a session. Send its `SessionID` in place of `APIKey`, until it expires or `user.logout` ends it.

    Requires `Username` (the email address of the account) and `Password`, or an `APIKey`. A session opened with a key has
    the permissions of the key, and ends when the key is revoked. Unknown users and wrong passwords get the same answer. The
    rate limit counts per client address (of IPv6 per /64 network, here and below).

    After too many failed logins (10 from an address at one account, 50 from an address, 30 at one account, each in 15
    minutes) further ones are answered with 429 and `Retry-After`, whether or not the account exists. An address that has
    logged in to the account in the last 90 days is limited only by its own 10 failures at that account, and a valid key by
    none. The audit log records at most one failure a minute per address and account.
    """

    name = "user.login"
    permission = anyone
    shows_secret = True
    rate_limit = "30 per 60 seconds"
    errors = (MISSING_USERNAME, MISSING_PASSWORD, INVALID_LOGIN)
    example = (
        {"Username": "jane@example.com", "Password": "correct horse battery staple"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "SessionID": "trs_kS0vYbq3Zt8Jm1Lx5Nc7Wd2Rf4Hg6Pa91NNnUG",
            "UserInfo": {"UserID": 1, "Username": "jane@example.com", "EmailAddress": "jane@example.com"},
        },
    )

    class Params(Schema):
        Username = Text(metadata={"description": "Email address of the account"})
        Password = Text(metadata={"description": "Password of the account", "format": "password"})
        APIKey = Text(metadata={"description": "An API key, instead of Username and Password"})

    class Answer(Schema):
        class User(Schema):
            UserID = fields.Integer(required=True)
            Username = fields.String(required=True)
            EmailAddress = fields.String(required=True)

        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        SessionID = fields.String(required=True, metadata={"description": "To send in place of APIKey"})
        UserInfo = fields.Nested(User, required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        is_by_key = "APIKey" in params and "Username" not in params and "Password" not in params
        login = self._by_key(params["APIKey"]) if is_by_key else self._by_password(params)
        if login is None:
            raise self.error(INVALID_LOGIN.code)
        user = login.user
        info = {"UserID": user.id, "Username": user.email, "EmailAddress": user.email}
        return {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "SessionID": login.session_id,
            "UserInfo": info,
        }

    def _by_key(self, key: str) -> Any:
        return self.services.logins.by_key(key, self.caller.address, self.deadline)

    def _by_password(self, params: dict[str, Any]) -> Any:
        needed = {"Username": MISSING_USERNAME, "Password": MISSING_PASSWORD}
        if rows := [row for name, row in needed.items() if not params.get(name)]:
            raise CommandError(*rows)
        username, password = params["Username"], params["Password"]
        return self.services.logins.by_password(username, password, self.caller.address, self.deadline)
