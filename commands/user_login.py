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
    alike. The limit counts per client address.
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
        user, key_id = self._key_owner(params["APIKey"]) if is_by_key else (self._person(params), None)
        if user is None:
            raise self.error(INVALID_LOGIN.code)
        session_id = self.services.stores.sessions.open(user.id, key_id, self.deadline)
        info = {"UserID": user.id, "Username": user.email, "EmailAddress": user.email}
        return {"Success": True, "ErrorCode": 0, "ErrorText": "", "SessionID": session_id, "UserInfo": info}

    def _person(self, params: dict[str, Any]) -> Any:
        needed = {"Username": MISSING_USERNAME, "Password": MISSING_PASSWORD}
        if rows := [row for name, row in needed.items() if not params.get(name)]:
            raise CommandError(*rows)
        return self.services.stores.users.with_password(params["Username"], params["Password"], self.deadline)

    def _key_owner(self, key: str) -> tuple[Any, int | None]:
        owner = self.services.stores.keys.owner(key, self.deadline)
        if owner is None:
            return None, None
        return self.services.stores.users.get(owner.user_id, self.deadline), owner.key_id
