"""How is an event tracked? The command `event.track`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from marshmallow import Schema, fields

from tracker import Command, CommandError
from tracker.errors import OUTCOME_UNKNOWN
from tracker.ingest import rules
from tracker.ingest.event import Event, EventIdTaken, EventOutcomeUnknown
from tracker.ingest.parameters import (
    EVENT_ERRORS,
    EVENT_ID_TAKEN,
    INVALID_LIST,
    INVALID_TIMESTAMP,
    EventParams,
)


class EventTrack(Command):
    """Track an event of a website visitor.

    Answered with 200 once the event is committed, is a repeat of one that is, or is a test event. `UUID` names the
    visitor; the answer always carries it. Sent again with the same `EventID`, the event is stored once and the answer
    says `duplicate`.
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
            required=True, metadata={"description": "Whether it identified someone"}
        )
        duplicate = fields.Boolean(metadata={"const": True, "description": "This EventID is stored already"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        event = self._event(params)
        if self._is_test(event):
            return self._answer(event.uuid or uuid4().bytes, event.external_id, False)
        try:
            tracked = self.services.ingest.track(event, self.deadline)
        except EventIdTaken:
            raise self.error(EVENT_ID_TAKEN.code) from None
        except EventOutcomeUnknown as unknown:
            raise CommandError(OUTCOME_UNKNOWN, extra={"EventID": unknown.event_id}) from None
        answer = self._answer(tracked.uuid, tracked.external_id, tracked.is_identify_sent)
        return {**answer, "duplicate": True} if tracked.is_duplicate else answer

    def _event(self, params: dict[str, Any]) -> Event:
        list_id = params.get("ListID")
        event = Event(
            list_id=self._owned(list_id),
            name=params["Event"],
            received_at=self.now,
            claimed_at=params.get("Timestamp"),
            sent_at=params.get("SentAt"),
            properties=params.get("Properties") or {},
            email=params.get("Email"),
            external_id=params.get("ID"),
            uuid=params.get("UUID"),
            event_key=params.get("EventID"),
            is_listless=list_id is None,
        )
        if not rules.is_event_time(event.event_at, event.received_at):
            raise self.error(INVALID_TIMESTAMP.code)
        return event

    def _owned(self, list_id: int | None) -> int:
        lists = self.services.stores.lists
        if list_id is None:
            return lists.hidden_id(self.caller.user_id, self.deadline)  # type: ignore[no-any-return]
        if lists.owned(self.caller.user_id, list_id, self.deadline) is None:
            raise self.error(INVALID_LIST.code)
        return list_id

    def _is_test(self, event: Event) -> bool:
        sent = event.properties.get("isTest")
        return sent is True or (self.is_form and sent in ("true", "1"))

    @staticmethod
    def _answer(uuid: bytes, external_id: str | None, is_identify_sent: bool) -> dict[str, Any]:
        return {
            "status": "success",
            "uuid": rules.uuid_text(uuid),
            "external_id": external_id,
            "identify_event_sent": is_identify_sent,
        }
