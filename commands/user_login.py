"""How does a person log in? The command `user.login`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Error, anyone, missing
from tracker.fields import Text

MISSING_USERNAME, MISSING_PASSWORD = missing("Username", 1), missing("Password", 2)
#: One row for all that can be wrong: which of them it was, and whether there is such a user, is nobody's business.
INVALID_LOGIN = Error(3, "Invalid login", param="APIKey", kind="invalid")


class UserLogin(Command):
    """Open a session: `SessionID` then stands where `APIKey` would, until it expires or `user.logout` ends it.

    Takes `Username` (the email address of the account) and `Password`, or else an `APIKey`. A session opened with a
    key can do what the key can do, and ends when the key is revoked. Unknown users and wrong passwords are answered
    alike. The limit counts per client address (of IPv6: per /64 network, here and below).

    After too many failed logins (10 of an address at one account, 50 of an address, 30 at one account, each in 15 minutes)
    more are answered with 429 until `Retry-After`, whether or not there is such an account. An address that has logged in
    to the account in the last 90 days is stopped by its own 10 only, and a good key by none. The audit log tells of one
    failure a minute of an address at an account.
    """

    name = "user.login"
    permission = anyone
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
        SessionID = fields.String(required=True, metadata={"description": "Stands where APIKey would"})
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
