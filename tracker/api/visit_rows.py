"""Visits on the wire: their schema, and the rows of the engine with the people that the truth knows now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_answers import money_field
from tracker.formats.event_limits import uuid_text
from tracker.times import iso_utc

#: The columns of a table of visits, before those of its revenue.
VISIT_COLUMNS = (
    "EventID", "SubscriberID", "UUID", "StartedAt", "EndedAt", "Seconds", "Events", "Entry", "Exit", "Channel", "Campaign",
    "Device", "Country",
)  # fmt: skip
_VALUES = ("Entry", "Exit", "Channel", "Campaign", "Device", "Country")


def _value(about: str) -> fields.String:
    return fields.String(required=True, allow_none=True, metadata={"description": about})


class VisitInformation(Schema):
    EventID = fields.String(required=True, metadata={"description": "The first event of the visit"})
    SubscriberID = _value("Null: nobody knows who it is")
    UUID = _value("The visitor")
    StartedAt = fields.DateTime(required=True)
    EndedAt = fields.DateTime(required=True, metadata={"description": "When the last event was"})
    Seconds = fields.Float(required=True)
    Events = fields.Integer(required=True)
    Entry = _value("First page: `$pathname`")
    Exit = _value("Last page")
    Channel = _value("First `$channel`")
    Campaign = _value("First `$utm_campaign`")
    Device = _value("First `$device_type`")
    Country = _value("First `$country`")
    Revenue = money_field()


#: The visit of examples.
VISIT_EXAMPLE = {
    "EventID": "358117233766563841",
    "SubscriberID": "358117233766563840",
    "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "StartedAt": "2026-01-31T09:30:00.125Z",
    "EndedAt": "2026-01-31T09:36:12.000Z",
    "Seconds": 371.875,
    "Events": 7,
    "Entry": "/",
    "Exit": "/thank-you",
    "Channel": "email",
    "Campaign": "spring",
    "Device": "mobile",
    "Country": "DE",
    "Revenue": {"EUR": "29.95"},
}


def shown_visits(command: Command, list_id: int, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a `VisitInformation` for each visit of the engine's answer whose people are still there."""
    known = command.services.reports.actors(list_id, found, command.deadline)
    visits = []
    for each in found:
        if known.has(each):
            subscriber, uuid = each["person"], known.uuids.get(each["visitor"])
            visits.append(
                {
                    "EventID": str(each["visit"]),
                    "SubscriberID": None if subscriber is None else str(subscriber),
                    "UUID": None if uuid is None else uuid_text(uuid),
                    "StartedAt": iso_utc(each["begins"]),
                    "EndedAt": iso_utc(each["ends"]),
                    "Seconds": each["seconds"],
                    "Events": each["events"],
                    **{name: each[name.lower()] for name in _VALUES},
                    "Revenue": each["revenue"],
                }
            )
    return visits
