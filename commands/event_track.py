"""How is an event tracked? The command `event.track`."""

from __future__ import annotations

from collections.abc import Set
from typing import Any
from uuid import uuid4

from marshmallow import Schema, ValidationError, fields

from tracker import Command, CommandError, Error, invalid, missing
from tracker.email_address import email_key
from tracker.errors import OUTCOME_UNKNOWN, because
from tracker.fields import ListID, Parameters, Text
from tracker.http.json_reader import read_object
from tracker.ingest import rules
from tracker.ingest.event import CONVERSION, Event, EventIdTaken, EventOutcomeUnknown
from tracker.times import MOST_EPOCH_MS, time_ms

INVALID_LIST = invalid("ListID", 4)
MISSING_EVENT = missing("Event", 5, "Missing event parameter")
INVALID_EMAIL = invalid("Email", 7, "Invalid email parameter")
MISSING_CONVERSION = {
    name: Error(code, f"Missing {name} event property") for code, name in enumerate(rules.CONVERSION_PROPERTIES, 8)
}
INVALID_EVENT = invalid("Event", 11, "Invalid event parameter")
INVALID_PROPERTIES = invalid("Properties", 12)
INVALID_UUID = invalid("UUID", 13)
INVALID_ID = invalid("ID", 14)
PLACEHOLDER_ID = Error(15, "Invalid ID parameter: it is a placeholder, not the ID of a person")
INVALID_EVENT_ID = invalid("EventID", 16)
EVENT_ID_TAKEN = Error(17, "EventID is already used for another event", 409)
INVALID_TIMESTAMP = invalid("Timestamp", 18)
INVALID_SENT_AT = invalid("SentAt", 19)
INVALID_VALUE = Error(20, "Invalid conversion-value event property: it must be a finite number")


#: How a time is described: ISO 8601 with offset, or epoch seconds or milliseconds.
TIME = {"type": ["string", "number"], "minimum": 0, "exclusiveMaximum": MOST_EPOCH_MS}


class EventName(Text):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, *args, **kwargs)
        if not name.strip():
            raise ValidationError([MISSING_EVENT])
        if fault := rules.name_fault(name):
            raise ValidationError([because(INVALID_EVENT, fault)])
        return name


class EmailAddress(Text):
    """Gives (as shown, key)."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        address = email_key(super()._deserialize(value, *args, **kwargs))
        if address is None:
            raise self.make_error("invalid")
        return address


class ExternalID(Text):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        external_id = super()._deserialize(value, *args, **kwargs)
        if fault := rules.external_id_fault(external_id):
            raise ValidationError([because(INVALID_ID, fault)])
        if rules.is_placeholder(external_id):
            raise ValidationError([PLACEHOLDER_ID])
        return external_id


class VisitorUUID(Text):
    """Gives 16 bytes."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        uuid = rules.parse_uuid(super()._deserialize(value, *args, **kwargs))
        if uuid is None:
            raise self.make_error("invalid")
        return uuid


class EventID(Text):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        event_id = super()._deserialize(value, *args, **kwargs)
        if not rules.is_event_id(event_id):
            raise ValidationError([because(INVALID_EVENT_ID, "1 to 64 of A-Z a-z 0-9 _ -")])
        return event_id


class Time(fields.Field):
    """ISO 8601 with offset, or epoch seconds or milliseconds; gives UTC milliseconds."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        moment = time_ms(value)
        if moment is None:
            raise self.make_error("validator_failed")
        return moment


class EventProperties(fields.Field):
    """An object; PHP's empty array and a string that holds a JSON object are taken for one."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            value = _object_in(value)
        if not isinstance(value, dict) and value != []:
            raise self.make_error("validator_failed")
        properties = value or {}
        if fault := rules.properties_fault(properties):
            raise ValidationError([because(INVALID_PROPERTIES, fault)])
        return properties


def _object_in(text: str) -> Any:
    try:
        return read_object(text.encode())
    except CommandError:
        return None


def _check_conversion(properties: dict[str, Any]) -> None:
    rows = [MISSING_CONVERSION[name] for name in rules.missing_conversion_properties(properties)]
    value = properties.get("conversion-value")
    if value not in (None, "") and not rules.is_conversion_value(value):
        rows.append(INVALID_VALUE)
    if rows:
        raise ValidationError(rows, "Properties")


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
    errors = (
        INVALID_LIST, MISSING_EVENT, INVALID_EMAIL, *MISSING_CONVERSION.values(), INVALID_EVENT, INVALID_PROPERTIES,
        INVALID_UUID, INVALID_ID, PLACEHOLDER_ID, INVALID_EVENT_ID, EVENT_ID_TAKEN, INVALID_TIMESTAMP,
        INVALID_SENT_AT, INVALID_VALUE,
    )  # fmt: skip
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

    class Params(Parameters):
        Event = EventName(
            required=True,
            metadata={"description": "Event name", "minLength": 1, "maxLength": rules.MOST_NAME_BYTES},
        )
        ListID = ListID(metadata={"description": "List the event belongs to"})
        Email = EmailAddress(metadata={"description": "Email address of the subscriber", "format": "email"})
        ID = ExternalID(
            metadata={
                "description": "The subscriber's ID in your system",
                "minLength": 1,
                "maxLength": rules.MOST_ID_BYTES,
            }
        )
        UUID = VisitorUUID(metadata={"description": "The visitor; made if not given", "format": "uuid"})
        Properties = EventProperties(
            metadata={
                "description": "What the event says",
                "type": "object",
                "maxProperties": rules.MOST_PROPERTIES,
                "propertyNames": {"maxLength": rules.MOST_PROPERTY_NAME_BYTES},
            }
        )
        Timestamp = Time(metadata=TIME | {"description": "When it happened, by the client's clock"})
        SentAt = Time(metadata=TIME | {"description": "When it was sent, by the same clock: corrects Timestamp"})
        EventID = EventID(
            metadata={
                "description": "Makes repeats harmless: same ID, same event, stored once",
                "pattern": "^[A-Za-z0-9_-]{1,64}$",
            }
        )

        def check(self, values: dict[str, Any], refused: Set[str] = frozenset()) -> None:
            if values.get("Event") == CONVERSION and "Properties" not in refused:
                _check_conversion(values.get("Properties") or {})

    class Answer(Schema):
        status = fields.String(required=True, metadata={"const": "success"})
        uuid = fields.UUID(required=True, metadata={"description": "The visitor"})
        external_id = fields.String(required=True, allow_none=True, metadata={"description": "The ID sent"})
        identify_event_sent = fields.Boolean(required=True, metadata={"description": "Whether it identified someone"})
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
