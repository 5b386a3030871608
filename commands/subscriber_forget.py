"""Erasure of a subscriber with all their events: the command `subscriber.forget`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError
from tracker.api.forget import forget
from tracker.api.subscriber_params import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, subscriber_key
from tracker.api.subscriber_responses import Success, success


class SubscriberForget(Command):
    """Erase a subscriber with everything that is stored about them: events, visitors, revenue, and their share of counters.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent selects the subscriber. The subscriber is
    hidden at once: no command finds them any more. Then their events are deleted, and counters and totals are reduced by
    them. Up to 10,000 events are deleted within the call. With more, `Status` is `running` and the deletion continues in the
    background; the same call with `SubscriberID` returns its progress. Once `Status` is `finished`, `Removed` has the number
    of deleted rows per table, and `Checks` the result of each search for remaining data, which is 0. In an SQLite file the
    bytes are overwritten by then; `Status` stays `running` while a reader, such as a backup, uses an older state.
    Reports leave the subscriber out at once. Bytes of deleted rows stay in the derived copy that reports are answered from
    until it is built anew: `ReportsErasedBy`, where there is a copy.
    Afterwards the address is unknown: an event carrying it creates a new subscriber.

    The names of events and properties stay in the catalogue. Hashes of the EventIDs (tombstones) stay for 30 days, so that a
    repeat of an erased event is answered as a duplicate and not stored again. A conversion-id that an erased conversion had
    used counts again if another event carries it.
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
            Check = fields.String(required=True, metadata={"description": "The search for remaining data"})
            Found = fields.Integer(required=True, metadata={"description": "Remaining rows found"})

        SubscriberID = fields.String(
            required=True, metadata={"description": "The erased subscriber's number"}
        )
        Status = fields.String(required=True, metadata={"enum": ["running", "finished"]})
        StartedAt = fields.DateTime(required=True)
        FinishedAt = fields.DateTime(required=True, allow_none=True)
        Removed = fields.List(
            fields.Nested(Gone),
            required=True,
            metadata={"description": "Deleted rows per table; of visitors those whose UUID was removed"},
        )
        ReportsErasedBy = fields.DateTime(
            metadata={
                "description": "Until when the copy for reports is built anew without the subscriber's bytes, if there is one"
            }
        )
        Checks = fields.List(
            fields.Nested(Checked), required=True, metadata={"description": "Empty while it is running"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["ListID"], INVALID_LIST).id
        progress = forget(
            self.services, self.caller, list_id, subscriber_key(params), self.now, self.deadline
        )
        if progress is None:
            raise CommandError(NOT_FOUND)
        return success(**progress)
