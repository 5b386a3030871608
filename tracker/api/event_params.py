"""Event parameters: their fields, checks and error rows, shared by all commands that take events."""

from __future__ import annotations

from collections.abc import Set
from typing import Any, ClassVar

from marshmallow import ValidationError, fields

from tracker.domain.event import CONVERSION
from tracker.errors import Error, because, invalid, missing
from tracker.fields import EmailAddress, JsonObject, ListID, Parameters, Text
from tracker.formats import event_limits
from tracker.formats.placeholders import is_placeholder
from tracker.times import MAX_EPOCH_MS, TIME_FORMS, time_ms

INVALID_LIST = invalid("ListID", 4)
MISSING_EVENT = missing("Event", 5, "Missing event parameter")
INVALID_EMAIL = invalid("Email", 7, "Invalid email parameter")
MISSING_CONVERSION = {
    name: Error(code, f"Missing {name} event property")
    for code, name in enumerate(event_limits.CONVERSION_PROPERTIES, 8)
}
INVALID_EVENT = invalid("Event", 11, "Invalid event parameter")
INVALID_PROPERTIES = invalid("Properties", 12)
INVALID_UUID = invalid("UUID", 13)
INVALID_ID = invalid("ID", 14)
PLACEHOLDER_ID = Error(15, "Invalid ID parameter: it is a placeholder, not the ID of a person")
INVALID_EVENT_ID = invalid("EventID", 16)
EVENT_ID_TAKEN = Error(17, "EventID is already used for another event", 409)
INVALID_TIMESTAMP = invalid("Timestamp", 18, hint=TIME_FORMS)
INVALID_SENT_AT = invalid("SentAt", 19, hint=TIME_FORMS)
INVALID_VALUE = Error(20, "Invalid conversion-value event property")
INVALID_IDENTIFY_PROPERTIES = invalid("IdentifyProperties", 21)
PLACEHOLDER_CONVERSION_ID = Error(
    22, "Invalid conversion-id event property: it is a placeholder, not the id of an order"
)
#: The error rows of `event.track`, shared by every command that takes events.
EVENT_ERRORS = (
    INVALID_LIST, MISSING_EVENT, INVALID_EMAIL, *MISSING_CONVERSION.values(), INVALID_EVENT, INVALID_PROPERTIES, INVALID_UUID,
    INVALID_ID, PLACEHOLDER_ID, INVALID_EVENT_ID, EVENT_ID_TAKEN, INVALID_TIMESTAMP, INVALID_SENT_AT, INVALID_VALUE,
    INVALID_IDENTIFY_PROPERTIES, PLACEHOLDER_CONVERSION_ID,
)  # fmt: skip

#: The description of Properties.
PROPERTIES = (
    "The event's properties. An event named `conversion` needs `conversion-id` (counted once, trimmed), `conversion-name` and "
    "`conversion-value` (a number within 10^12 either way); `conversion-currency`, or else `currency`, is optional "
    "(trimmed, in capitals: money is summed per currency)."
)
#: The schema of a time: ISO 8601 with offset, or epoch seconds or milliseconds.
TIME = {"type": ["string", "number"], "minimum": 0, "exclusiveMaximum": MAX_EPOCH_MS}


class EventName(Text):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, *args, **kwargs)
        if not name.strip():
            raise ValidationError([MISSING_EVENT])
        if fault := event_limits.name_fault(name):
            raise ValidationError([because(INVALID_EVENT, fault)])
        return name


class ExternalID(Text):
    """The ID of a subscriber, trimmed; a JSON integer becomes its digits."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if type(value) is int:
            value = str(value)
        if type(value) is not str:
            raise ValidationError([because(INVALID_ID, "it must be a string or an integer")])
        external_id = event_limits.trimmed(super()._deserialize(value, *args, **kwargs))
        if fault := event_limits.external_id_fault(external_id):
            raise ValidationError([because(INVALID_ID, fault)])
        if is_placeholder(external_id):
            raise ValidationError([PLACEHOLDER_ID])
        return external_id


class VisitorUUID(Text):
    """A UUID in any RFC spelling, deserialized to 16 bytes."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        uuid = event_limits.parse_uuid(super()._deserialize(value, *args, **kwargs))
        if uuid is None:
            raise self.make_error("invalid")
        return uuid


class EventID(Text):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        event_id = super()._deserialize(value, *args, **kwargs)
        if not event_limits.is_event_id(event_id):
            raise ValidationError([because(INVALID_EVENT_ID, "1 to 64 of A-Z a-z 0-9 _ -")])
        return event_id


class Time(fields.Field[int]):
    """ISO 8601 with offset, or epoch seconds or milliseconds, deserialized to UTC milliseconds."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        moment = time_ms(value)
        if moment is None:
            raise self.make_error("validator_failed")
        return moment


class EventProperties(JsonObject):
    """An object within the limits of properties; `row` is the error row of one that is not."""

    def __init__(self, row: Error, description: str) -> None:
        bounds = {
            "description": description,
            "maxProperties": event_limits.MAX_PROPERTIES,
            "propertyNames": {"maxLength": event_limits.MAX_PROPERTY_NAME_BYTES},
        }
        super().__init__(metadata=bounds)
        self._row = row

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        properties = super()._deserialize(value, *args, **kwargs)
        if fault := self.fault(properties):
            raise ValidationError([because(self._row, fault)])
        return properties

    def fault(self, properties: dict[str, Any]) -> str | None:
        """Return why these properties are refused, or None."""
        return event_limits.properties_fault(properties)


class Events(fields.Field[list[Any]]):
    """An array of at most `most` events; its items are checked one by one later."""

    def __init__(self, most: int, **options: Any) -> None:
        # No type for items: an item that is no object is an error of that event only.
        item = {"description": "An object with the parameters of `event.track`"}
        metadata = {"type": "array", "items": item, "maxItems": most, "description": "The events"}
        super().__init__(**options | {"metadata": metadata})
        self._most = most

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) > self._most:
            raise self.make_error("validator_failed")
        return value


def _check_conversion(properties: dict[str, Any]) -> None:
    rows = [MISSING_CONVERSION[name] for name in event_limits.missing_conversion_properties(properties)]
    value = properties.get("conversion-value")
    if value not in (None, "") and (fault := event_limits.conversion_value_fault(value)):
        rows.append(because(INVALID_VALUE, fault))
    if event_limits.is_placeholder_order(properties.get("conversion-id")):
        rows.append(PLACEHOLDER_CONVERSION_ID)
    if rows:
        raise ValidationError(rows, "Properties")


class EventParams(Parameters):
    """The parameters of one event, as `event.track` takes them."""

    # Clients without a value send empty text: it counts as absent in JSON as in a form. An empty Event or ListID is an error.
    absent_if_empty = frozenset(("Email", "ID", "UUID", "EventID", "Timestamp", "SentAt"))
    #: What other trackers call them. `uid` and `distinct_id` are a subscriber's in some of them, a browser's in others.
    aliases: ClassVar[dict[str, tuple[str, ...]]] = {
        "Event": ("name", "event_name", "event_type"),
        "ListID": ("site_id", "website_id", "project_id"),
        "Email": ("email_address", "mail"),
        "ID": ("user_id", "customer_id", "external_id", "uid", "distinct_id"),
        "UUID": ("visitor_id", "anonymous_id", "client_id", "device_id", "uid", "distinct_id"),
        "Properties": ("props", "event_properties", "attributes"),
        "IdentifyProperties": ("traits", "user_properties", "custom_fields"),
        "Timestamp": ("time", "event_time", "occurred_at"),
        "EventID": ("message_id", "insert_id", "idempotency_key"),
    }

    Event = EventName(
        required=True,
        metadata={"description": "Event name", "minLength": 1, "maxLength": event_limits.MAX_NAME_BYTES},
    )
    ListID = ListID(metadata={"description": "List the event belongs to"})
    Email = EmailAddress(metadata={"description": "Email address of the subscriber", "format": "email"})
    ID = ExternalID(
        metadata={
            "description": "The subscriber's ID in your system",
            "type": ["string", "integer"],
            "maxLength": event_limits.MAX_ID_BYTES,
        }
    )
    UUID = VisitorUUID(metadata={"description": "The visitor; a new one if not sent", "format": "uuid"})
    Properties = EventProperties(INVALID_PROPERTIES, PROPERTIES)
    IdentifyProperties = EventProperties(
        INVALID_IDENTIFY_PROPERTIES,
        "With an event named `identify`: values of the subscriber's custom fields, by merge-tag alias or `CustomField<ID>`",
    )
    Timestamp = Time(metadata=TIME | {"description": "When it happened, by the client's clock"})
    SentAt = Time(metadata=TIME | {"description": "When it was sent, by the same clock: corrects Timestamp"})
    EventID = EventID(
        metadata={
            "description": "Idempotency key: an event sent again with the same EventID is stored once",
            "pattern": "^[A-Za-z0-9_-]{0,64}$",
        }
    )

    def check(self, values: dict[str, Any], refused: Set[str] = frozenset()) -> None:
        if values.get("Event") == CONVERSION and "Properties" not in refused:
            _check_conversion(values.get("Properties") or {})
