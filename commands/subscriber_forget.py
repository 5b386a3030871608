"""How is a person forgotten, with all they did? The command `subscriber.forget`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError
from tracker.api.forget import forget
from tracker.api.subscriber_params import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, subscriber_key
from tracker.api.subscriber_responses import Success, success


class SubscriberForget(Command):
    """Delete a subscriber with everything that is held about them: events, visitors, revenue, figures.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent says who it is. They are hidden at once: no
    command finds them any more. Then their events are deleted, and what these added to counters and totals is taken off
    again. Up to 10,000 events go within the call; of more the answer says `running`, the rest goes on by itself, and the
    same call with the `SubscriberID` tells how far it is. When it is `finished`, `Removed` says how many rows of which
    table went, and `Checks` what was looked for afterwards, and how much of it was found, which is nothing. In an SQLite file
    the bytes have been overwritten by then; it stays `running` while somebody reads an older state, such as a backup. By address
    they are not found again: nobody knows any more whose it was. Whoever comes with it later is a new person.

    What stays: names of events and properties in the catalogue, and hashes of EventIDs, for 30 days, so that a repeat of
    one of the events is answered as a duplicate and not stored again. A conversion-id that the person's conversion had
    counted counts again if another event brings it.
    """

    name = "subscriber.forget"
    permission = "Subscribers.Delete"
    rate_limit = "100 per 60 seconds"
    errors = NAMED
    example = (
        {"ListID": 123, "EmailAddress": "subscriber@example.com"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "SubscriberID": "358117233766563840",
            "Status": "finished",
            "StartedAt": "2026-01-31T09:30:00.125Z",
            "FinishedAt": "2026-01-31T09:30:00.250Z",
            "Removed": [{"Table": "events", "Rows": 3}],
            "Checks": [{"Check": "timeline.events", "Found": 0}],
        },
    )

    class Params(NamedParams):
        pass

    class Answer(Success):
        class Gone(Schema):
            Table = fields.String(required=True)
            Rows = fields.Integer(required=True)

        class Checked(Schema):
            Check = fields.String(required=True, metadata={"description": "What was looked for"})
            Found = fields.Integer(required=True, metadata={"description": "How much of it there is"})

        SubscriberID = fields.String(required=True, metadata={"description": "The number they had"})
        Status = fields.String(required=True, metadata={"enum": ["running", "finished"]})
        StartedAt = fields.DateTime(required=True)
        FinishedAt = fields.DateTime(required=True, allow_none=True)
        Removed = fields.List(
            fields.Nested(Gone),
            required=True,
            metadata={"description": "Of visitors those whose UUID was taken off"},
        )
        Checks = fields.List(
            fields.Nested(Checked), required=True, metadata={"description": "None while it is running"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["ListID"], INVALID_LIST).id
        told = forget(self.services, self.caller, list_id, subscriber_key(params), self.now, self.deadline)
        if told is None:
            raise CommandError(NOT_FOUND)
        return success(**told)
