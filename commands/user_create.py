"""Account creation: the command `user.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from tracker import Command, Error, administrator, invalid, missing
from tracker.caller import ADMINISTRATOR
from tracker.fields import EmailAddress, Permissions, Text

MISSING_USERNAME, INVALID_EMAIL_ADDRESS = missing("Username", 1), invalid("EmailAddress", 5)
TAKEN = Error(7, "A user with this Username already exists", status=409)


class UserCreate(Command):
    """Create an account. For administrators.

    `Username` is an email address; `EmailAddress` may be sent instead, or as well with the same address. `Permissions` are
    those of the user and the most that any key of the user can have: names separated by commas, or `*` (the default) for
    all except administrators' commands. Administrators are created with `tracker user add --admin` only.
    """

    name = "user.create"
    permission = administrator
    rate_limit = "100 per 60 seconds"
    errors = (
        MISSING_USERNAME,
        missing("Password", 2),
        invalid("Username", 3),
        invalid("Password", 4),
        INVALID_EMAIL_ADDRESS,
        invalid("Permissions", 6),
        TAKEN,
    )
    example = (
        {
            "Username": "john@example.com",
            "Password": "correct horse battery staple",
            "Permissions": "Lists.Get,List.Get",
        },
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "UserID": 2},
    )

    class Params(Schema):
        Username = EmailAddress(
            metadata={"description": "Email address of the account; needed unless there is an EmailAddress"}
        )
        Password = Text(1, required=True, metadata={"description": "Its password", "format": "password"})
        EmailAddress = EmailAddress(metadata={"description": "Instead of Username, or the same address"})
        Permissions = Permissions(
            1, load_default="*", metadata={"description": "Names separated by commas, or * for all"}
        )

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check(self, values: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
            names = sent.keys() & {"Username", "EmailAddress"}
            if not names:
                raise ValidationError([MISSING_USERNAME], "Username")
            if len({values[name][1] for name in names & values.keys()}) > 1:
                raise ValidationError([INVALID_EMAIL_ADDRESS], "EmailAddress")

    class Answer(Schema):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        UserID = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        permissions = params["Permissions"]
        if ADMINISTRATOR in permissions.split(","):
            raise self.error(6)
        _, key = params.get("Username") or params["EmailAddress"]
        user_id = self.services.stores.users.add_new(
            key, params["Password"], permissions=permissions, by=self.caller, deadline=self.deadline
        )
        if user_id is None:
            raise self.error(TAKEN.code)
        return {"Success": True, "ErrorCode": 0, "ErrorText": "", "UserID": user_id}
