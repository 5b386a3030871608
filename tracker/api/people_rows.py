"""People on the wire: the schema of somebody behind a number, and the rows of the engine with what the truth knows of them now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_answers import money_field
from tracker.formats.event_limits import uuid_text
from tracker.times import iso_utc

#: What people are sorted by, and what the question calls it.
PEOPLE_SORTS = {
    "LastSeenAt": "last_seen",
    "FirstSeenAt": "first_seen",
    "Events": "events",
    "Revenue": "revenue",
}
#: The columns of a table of people, before those of their revenue.
PEOPLE_COLUMNS = (
    "SubscriberID", "EmailAddress", "ExternalID", "UUID", "FirstSeenAt", "LastSeenAt", "Events", "Source",
)  # fmt: skip


class SomeoneInformation(Schema):
    SubscriberID = fields.String(
        required=True, allow_none=True, metadata={"description": "Null: nobody knows who it is"}
    )
    EmailAddress = fields.String(required=True, allow_none=True)
    ExternalID = fields.String(required=True, allow_none=True)
    UUID = fields.String(required=True, allow_none=True, metadata={"description": "A visitor of theirs"})
    FirstSeenAt = fields.DateTime(
        required=True, metadata={"description": "Their first event that is kept, whatever the range"}
    )
    LastSeenAt = fields.DateTime(
        required=True, metadata={"description": "Their last event, whatever the range"}
    )
    Events = fields.Integer(required=True, metadata={"description": "Events that match, in the range"})
    Revenue = money_field()
    Source = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The channel that they came from first, whatever the range"},
    )


#: The person of examples.
SOMEONE_EXAMPLE = {
    "SubscriberID": "358117233766563840",
    "EmailAddress": "subscriber@example.com",
    "ExternalID": "user-12345",
    "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "FirstSeenAt": "2026-01-02T18:00:00.000Z",
    "LastSeenAt": "2026-01-31T09:30:00.125Z",
    "Events": 2,
    "Revenue": {"EUR": "59.90"},
    "Source": "search",
}


def shown_people(command: Command, list_id: int, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a `SomeoneInformation` for each person of the engine's answer who is still there."""
    known = command.services.reports.actors(list_id, found, command.deadline)
    people = []
    for each in found:
        if known.has(each):
            subscriber, uuid = known.subscribers.get(each["person"]), known.uuids.get(each["visitor"])
            people.append(
                {
                    "SubscriberID": None if subscriber is None else str(subscriber.id),
                    "EmailAddress": None if subscriber is None else subscriber.email,
                    "ExternalID": None if subscriber is None else subscriber.external_id,
                    "UUID": None if uuid is None else uuid_text(uuid),
                    "FirstSeenAt": iso_utc(each["first_seen"]),
                    "LastSeenAt": iso_utc(each["last_seen"]),
                    "Events": each["events"],
                    "Revenue": each["revenue"],
                    "Source": each["source"],
                }
            )
    return people
