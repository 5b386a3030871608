"""Trial of the mail server: the command `mail.test`."""

from __future__ import annotations

import uuid
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Error, administrator, invalid, missing
from tracker.api.subscriber_responses import Success, success
from tracker.errors import because
from tracker.fields import EmailAddress
from tracker.formats.email_address import sendable

MISSING_TO, INVALID_TO = missing("To", 1), invalid("To", 2)
NO_SERVER = Error(3, "No mails are sent: TRACKER_SMTP_URL is empty")
#: Seconds that a trial takes at most: a call has five.
TRIAL_SECONDS = 4.0


class MailTest(Command):
    """Send a mail now, and answer what was said: lines with `>` are Tracker's, those with `<` the server's.

    The server is that of the settings `TRACKER_SMTP_URL` and `TRACKER_MAIL_FROM`. Passwords are not shown. It may take
    four seconds.
    """

    name = "mail.test"
    permission = administrator
    rate_limit = "10 per 60 seconds"
    errors = (MISSING_TO, INVALID_TO, NO_SERVER)
    example = (
        {"To": "ada@example.com"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "IsAccepted": True,
            "Failure": None,
            "Dialogue": [
                "* Connecting to mail.example.com:587",
                "< 220 mail.example.com ESMTP",
                "> ehlo example.com",
                "< 250 mail.example.com",
                "> MAIL FROM:<tracker@example.com>",
                "< 250 OK",
                "> RCPT TO:<ada@example.com>",
                "< 250 OK",
                "> DATA",
                "< 354 Go on",
                "* The mail: 512 bytes",
                "< 250 Taken",
            ],
        },
    )

    class Params(Schema):
        To = EmailAddress(1, 320, required=True, metadata={"description": "The address that gets it"})

    class Answer(Success):
        IsAccepted = fields.Boolean(required=True)
        Failure = fields.String(required=True, allow_none=True)
        Dialogue = fields.List(fields.String(), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        address = sendable(*params["To"])
        if address is None:
            raise CommandError(because(INVALID_TO, "its local part is not ASCII"))
        done = self.services.mails.trial(address, str(uuid.uuid4()), TRIAL_SECONDS)
        if done is None:
            raise CommandError(NO_SERVER)
        return success(IsAccepted=done.is_accepted, Failure=done.failure, Dialogue=list(done.dialogue))
