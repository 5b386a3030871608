"""Event tracking: the command `event.track`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.batch import track_one
from tracker.api.event_params import EVENT_ERRORS, EventParams
from tracker.api.event_request import EventRequest, answer, ignored_names


class EventTrack(Command):
    """Track an event of a website visitor.

    Answers 200 once the event is committed; also for a duplicate of a committed event, and for a test event, which is not
    stored. `UUID` identifies the visitor; the answer always carries it. `EventID` makes the call idempotent: an event that
    is sent again with the same `EventID` is stored once, and the answer has `duplicate`.
    """

    name = "event.track"
    path = "event"
    permission = None
    rate_limit = "5000 per 60 seconds"
    errors = EVENT_ERRORS
    example = (
        {
            "Event": "page_view",
            "ListID": 123,
            "Email": "subscriber@example.com",
            "ID": "user-12345",
            "Properties": {
                "$page_title": "Product Page",
                "$current_url": "https://example.com/products/item-1",
                "product_id": "item-1",
                "product_name": "Example Product",
            },
        },
        {
            "status": "success",
            "uuid": "550e8400-e29b-41d4-a716-446655440000",
            "external_id": "user-12345",
            "identify_event_sent": True,
        },
    )

    class Params(EventParams):
        pass

    class Answer(Schema):
        status = fields.String(required=True, metadata={"const": "success"})
        uuid = fields.UUID(required=True, metadata={"description": "The visitor"})
        external_id = fields.String(required=True, allow_none=True, metadata={"description": "The ID sent"})
        identify_event_sent = fields.Boolean(
            required=True, metadata={"description": "Whether an identify event was sent with it"}
        )
        duplicate = fields.Boolean(
            metadata={"const": True, "description": "The event with this EventID is already stored"}
        )
        ignored_identify_properties = ignored_names()

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        request = EventRequest.of(self)
        tracked = track_one(self.services.ingest, request, request.event(params), self.deadline)
        found = {"status": "success", **answer(tracked)}
        return {**found, "duplicate": True} if tracked.is_duplicate else found
