"""Data export of a subscriber (subject access): the command `subscriber.export`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, Stream
from tracker.api.event_responses import EXAMPLE, CurrencySum, WebsiteEvent
from tracker.api.export import Export
from tracker.api.refused_calls import KeptBody
from tracker.api.subscriber_params import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, subscriber_key
from tracker.api.subscriber_responses import SubscriberInformation, Success, described, success
from tracker.times import iso_utc


class SubscriberExport(Command):
    """Export everything that is stored about a subscriber, as one JSON document.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent selects the subscriber. `Visitors` are the
    browsers and devices linked to them, `Events` all their events in full: first those of visitors from before they were
    linked, then all others, each oldest first. `Revenue` sums the conversions that count. `RefusedEvents` are those of the inbox
    that are kept with their values (`KeepRefusedValues`) and name them, by address, else by an ID, else by a browser of theirs; without
    values nobody can tell whose one is. The document is streamed while it
    is read: it is complete if it ends with `Complete`, and breaks off earlier after a failure.
    """

    name = "subscriber.export"
    permission = "Subscribers.Get"
    rate_limit = "100 per 60 seconds"
    errors = NAMED
    example = (
        {"ListID": 123, "EmailAddress": "subscriber@example.com"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "ListID": 123,
            "ExportedOn": "2026-01-31T09:30:00.125Z",
            "SubscriberInformation": {
                "SubscriberID": "358117233766563840",
                "EmailAddress": "subscriber@example.com",
                "EmailAddressBy": "credential",
                "ExternalID": "customer-7",
                "ExternalIDBy": "credential",
                "CreatedOn": "2026-01-30T18:00:00.000Z",
                "IsLeftOut": False,
                "CustomFields": {"First-Name": "Jane"},
            },
            "Visitors": [
                {
                    "UUID": "550e8400-e29b-41d4-a716-446655440000",
                    "CreatedOn": "2026-01-30T17:55:00.000Z",
                    "Span": 0,
                    "LinkedAt": "2026-01-30T18:00:00.000Z",
                    "Reason": "email",
                    "By": "public",
                }
            ],
            "Events": [
                {
                    **EXAMPLE,
                    "Event": "identify",
                    "Properties": {"form": "newsletter"},
                    "ClientEventID": None,
                    "ClientTimestamp": None,
                    "SentAt": None,
                },
            ],
            "Revenue": [{"Currency": "EUR", "Conversions": 1, "Value": 29.95}],
            "RefusedEvents": [],
            "AuditEntries": [{"EntryID": 7, "At": "2026-01-31T09:30:00.125Z", "Action": "subscriber.export"}],
            "Complete": True,
        },
    )

    class Params(NamedParams):
        pass

    class Answer(Success):
        class Visitor(Schema):
            UUID = fields.String(required=True)
            CreatedOn = fields.DateTime(required=True)
            Span = fields.Integer(
                required=True,
                metadata={
                    "description": "Number of the span: the stretch of the visitor's events that is linked to them"
                },
            )
            LinkedAt = fields.DateTime(required=True)
            Reason = fields.String(
                required=True, metadata={"description": "`own`, `email`, `identify`, or `other`"}
            )
            By = fields.String(
                required=True,
                metadata={
                    "description": "Provenance: `credential`, or `public` for a link that only browsers made"
                },
            )

        class Happened(WebsiteEvent):
            ClientEventID = fields.String(
                required=True, allow_none=True, metadata={"description": "The EventID it was sent with"}
            )
            ClientTimestamp = fields.DateTime(
                required=True,
                allow_none=True,
                metadata={"description": "When it happened, by the client's clock"},
            )
            SentAt = fields.DateTime(required=True, allow_none=True)

        class Noted(Schema):
            EntryID = fields.Integer(required=True)
            At = fields.DateTime(required=True)
            Action = fields.String(required=True)

        ListID = fields.Integer(required=True)
        ExportedOn = fields.DateTime(required=True)
        SubscriberInformation = fields.Nested(SubscriberInformation, required=True)
        Visitors = fields.List(fields.Nested(Visitor), required=True)
        Events = fields.List(fields.Nested(Happened), required=True)
        Revenue = fields.List(fields.Nested(CurrencySum), required=True)
        RefusedEvents = fields.List(fields.Nested(KeptBody), required=True)
        AuditEntries = fields.List(fields.Nested(Noted), required=True)
        Complete = fields.Boolean(required=True, metadata={"const": True})

    def run(self, params: dict[str, Any]) -> Stream:
        list_id, stores = self.own_list(params["ListID"], INVALID_LIST).id, self.services.stores
        found = stores.subscribers.find(list_id, subscriber_key(params), self.deadline)
        if found is None:
            raise CommandError(NOT_FOUND)
        custom_fields = stores.fields.of_list(list_id, self.deadline)
        about = f"list:{list_id} subscriber:{found.id}"
        audit, storage = self.services.audit, self.services.storage
        storage.write(
            lambda transaction: audit.note(transaction, self.caller, self.name, about), self.deadline
        )
        about_export = {"ListID": list_id, "ExportedOn": iso_utc(self.now)}
        head = success(**about_export, SubscriberInformation=described(found, custom_fields))
        return Stream(Export(storage, list_id, found, self.now).parts(head))
