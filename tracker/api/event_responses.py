"""Event responses: the wire form of events and of revenue sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from marshmallow import Schema, fields

from tracker.domain.conversions import MILLIONTHS
from tracker.domain.event import IS_BOT, IS_GENERATED, IS_REPEATED_CONVERSION, LACKS_KEY, decoded_properties
from tracker.formats.event_limits import uuid_text
from tracker.reports.recent_events import Received, read_received
from tracker.reports.revenue import Revenue
from tracker.reports.timeline_pages import TimelinePage
from tracker.storage.engine import Transaction
from tracker.storage.events import StoredEvent
from tracker.storage.subscribers import text
from tracker.times import iso_utc


class WebsiteEvent(Schema):
    EventID = fields.String(required=True, metadata={"description": "Digits: more than a double can hold"})
    Event = fields.String(required=True)
    Properties = fields.Dict(fields.String(), fields.Raw(metadata={}), required=True)
    EventAt = fields.DateTime(
        required=True, metadata={"description": "When it happened, by the server's clock"}
    )
    ReceivedAt = fields.DateTime(required=True)
    UUID = fields.String(required=True, metadata={"description": "The visitor"})
    ExternalID = fields.String(
        required=True, allow_none=True, metadata={"description": "The ID it was sent with"}
    )
    IsAddedByTracker = fields.Boolean(
        required=True, metadata={"description": "An identify event that Tracker added for another event"}
    )
    IsRepeatedConversion = fields.Boolean(
        required=True,
        metadata={
            "description": "A conversion that is not counted: another one counts for its conversion-id"
        },
    )
    IsBot = fields.Boolean(
        required=True, metadata={"description": "Sent by a program that is no browser: not counted"}
    )

    LacksKey = fields.Boolean(
        metadata={
            "const": True,
            "description": "A conversion sent without a key, which its list requires: not counted",
        }
    )


class SubscriberNames(Schema):
    EmailAddress = fields.String(required=True, allow_none=True)
    ExternalID = fields.String(required=True, allow_none=True)


class ReceivedEvent(WebsiteEvent):
    SubscriberID = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The subscriber it belongs to now; null: none"},
    )
    Subscriber = fields.Nested(
        SubscriberNames, required=True, allow_none=True, metadata={"description": "Their names; null: none"}
    )


class CurrencySum(Schema):
    Currency = fields.String(required=True, metadata={"description": "Empty for conversions without one"})
    Conversions = fields.Integer(required=True, metadata={"description": "Those that count"})
    Value = fields.Float(required=True)


#: The event of examples.
EXAMPLE = {
    "EventID": "358117233766563841",
    "Event": "page_view",
    "Properties": {"$current_url": "https://example.com/pricing"},
    "EventAt": "2026-01-31T09:30:00.125Z",
    "ReceivedAt": "2026-01-31T09:30:00.125Z",
    "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "ExternalID": None,
    "IsAddedByTracker": False,
    "IsRepeatedConversion": False,
    "IsBot": False,
}
#: The same event as its list received it.
RECEIVED_EXAMPLE: dict[str, Any] = {
    **EXAMPLE,
    "SubscriberID": "358117233766563840",
    "Subscriber": {"EmailAddress": "subscriber@example.com", "ExternalID": "user-12345"},
}
#: An event that tells who a visitor is.
IDENTIFY_EXAMPLE = {**RECEIVED_EXAMPLE, "Event": "identify", "Properties": {"form": "newsletter"}}


def described(page: TimelinePage) -> list[dict[str, Any]]:
    """Return a `WebsiteEvent` for each event of a page."""
    return [_described(event, page.uuids[event.visitor_id]) for event in page.events]


def described_received(received: Received) -> dict[str, Any]:
    """Return a `ReceivedEvent`."""
    known = received.subscriber
    return {
        **_described(received.event, received.uuid),
        "SubscriberID": None if known is None else str(known.id),
        "Subscriber": known and {"EmailAddress": known.email, "ExternalID": known.external_id},
    }


def rendered_received(
    transaction: Transaction, list_id: int, event_ids: Sequence[int]
) -> list[tuple[int, bytes, bytes]]:
    """Return (event_id, name, JSON of `described_received`) of the events that are stored."""
    found = read_received(transaction, list_id, event_ids)
    return [(each.event.id, bytes(each.event.name), orjson.dumps(described_received(each))) for each in found]


def _described(event: StoredEvent, uuid: bytes) -> dict[str, Any]:
    return {
        "EventID": str(event.id),
        "Event": bytes(event.name).decode(),
        "Properties": decoded_properties(bytes(event.properties)),
        "EventAt": iso_utc(event.event_at),
        "ReceivedAt": iso_utc(event.received_at),
        "UUID": uuid_text(uuid),
        "ExternalID": text(event.external_id),
        "IsAddedByTracker": bool(event.flags & IS_GENERATED),
        "IsRepeatedConversion": bool(event.flags & IS_REPEATED_CONVERSION),
        "IsBot": bool(event.flags & IS_BOT),
        **({"LacksKey": True} if event.flags & LACKS_KEY else {}),
    }


def summed(revenue: Revenue) -> dict[str, Any]:
    """Return the revenue keys of an answer. `TotalRevenue` is that of the first currency: several cannot be added."""
    sums = [
        {"Currency": each.currency, "Conversions": each.conversions, "Value": each.millionths / MILLIONTHS}
        for each in revenue.sums
    ]
    return {
        "TotalRevenue": sums[0]["Value"] if sums else 0.0,
        "Revenue": sums,
        "IsRevenueComplete": revenue.is_complete,
    }
