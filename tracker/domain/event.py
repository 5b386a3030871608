"""Events: a validated event, the bits of its `flags`, the digest that idempotency compares, and the result of tracking."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson

from tracker.domain.event_time import event_time, public_event_time
from tracker.domain.field_matching import FieldValues

#: The first byte of stored properties names the format of the rest.
FORMAT_JSON = b"\x01"
#: Event names with a meaning for Tracker; every other name is the client's own.
CONVERSION, IDENTIFY = "conversion", "identify"
#: Bits of `events.flags`.
IS_GENERATED, IS_SILENT, HAS_ID_CONFLICT, HAS_SENT_IDENTIFY, IS_REPEATED_CONVERSION = 1, 2, 4, 8, 16
#: How the event named its subscriber. For an ID that is a hash the two bits from HASH_FORM on hold the number of its form.
NAMED_BY_EMAIL, NAMED_BY_ID, HASH_FORM = 32, 64, 128
#: Sent by a robot: stored, and not counted.
IS_BOT = 512
#: Received by the collect endpoint: anybody may have sent it.
IS_PUBLIC = 1024
#: A conversion without a key, on a list whose conversions need one.
LACKS_KEY = 2048
#: Requested as the picture of a mail, which mailbox providers fetch for their users.
IS_IMAGE = 4096
#: A conversion with one of these bits is stored, and not counted.
NOT_COUNTED = IS_REPEATED_CONVERSION | IS_BOT | LACKS_KEY


@dataclass(slots=True)
class Event:
    """One validated event. `email` is (as shown, key); `uuid` 16 bytes; times are UTC milliseconds.

    `received_at` is by the server's clock; `claimed_at` and `sent_at` are by the client's clock, None if not sent.

    `is_listless`: the event came without a ListID and is stored in the user's hidden list. `is_conversion_id_goal`: the
    list's conversion-ids name goals, so that none is a repeat. `identified` has the values of custom fields that the
    `identify_properties` of an identify event set, once they are matched with the list's fields. `row_id` is assigned when
    the event is first handed to the database, and stays over all retries, as does `fresh_uuid()`.
    """

    list_id: int
    name: str
    received_at: int
    claimed_at: int | None = None
    sent_at: int | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    email: tuple[str, str] | None = None
    external_id: str | None = None
    uuid: bytes | None = None
    event_key: str | None = None
    identify_properties: dict[str, Any] | None = None
    is_listless: bool = False
    is_conversion_id_goal: bool = False
    #: The event without which this one is not stored: where its EventID is taken, this one's is too.
    belongs_to: Event | None = None
    #: Properties that Tracker adds: they are stored, and do not count when two events are compared.
    enriched: dict[str, Any] = field(default_factory=dict)
    #: Anybody may have sent it, as to the collect endpoint: it never overwrites what is known of a subscriber.
    is_public: bool = False
    is_bot: bool = False
    is_image: bool = False
    #: The event came without a key, which conversions of its list need.
    lacks_key: bool = False
    row_id: int = 0
    #: The row id it had is taken by another event: `event_key` is the EventID its caller got, and names no row.
    has_lost_row: bool = False
    identified: FieldValues | None = None
    _fresh_uuid: bytes = b""
    _digest: bytes = b""
    _encoded: bytes = b""

    def prepare(self) -> None:
        """Encode the properties and compute the digest before the transaction: while it is open, no other process can write.

        The event must not change afterwards. Raises EventUnstorable.
        """
        try:
            self._encoded = self.encoded_properties()
            if self.event_key is not None:
                self._digest = self.digest()
        except TypeError as failure:
            raise EventUnstorable(str(failure)) from None

    def fresh_uuid(self) -> bytes:
        """Return the uuid of the event's visitor where nothing names one: random, and the same at every call."""
        self._fresh_uuid = self._fresh_uuid or uuid4().bytes
        return self._fresh_uuid

    @property
    def event_at(self) -> int:
        """When the event happened by the server's clock, in UTC milliseconds."""
        happened = public_event_time if self.is_public else event_time
        return happened(self.received_at, self.claimed_at, self.sent_at)

    @property
    def is_counted_conversion(self) -> bool:
        """Whether the event is a conversion that counts, unless another one already counts for its conversion-id."""
        return self.name == CONVERSION and not self.is_bot and not self.lacks_key

    def stored_properties(self) -> dict[str, Any]:
        return {**self.properties, **self.enriched} if self.enriched else self.properties

    def encoded_properties(self) -> bytes:
        return self._encoded or FORMAT_JSON + orjson.dumps(self.stored_properties())

    def digest(self) -> bytes:
        """Return 32 bytes that are equal for equal events, whatever the order of keys and the time of sending."""
        return self._digest or self._digested()

    def _digested(self) -> bytes:
        properties = self.properties
        if "$sent_at" in properties:
            properties = {name: value for name, value in properties.items() if name != "$sent_at"}
        email = self.email and self.email[1]
        parts = [
            self.name,
            email,
            self.external_id,
            self.uuid and self.uuid.hex(),
            self.claimed_at,
            properties,
        ]
        if (
            self.identify_properties
        ):  # no key for an empty value: digests of events without them stay as they were
            parts.append(self.identify_properties)
        return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()


def decoded_properties(stored: bytes) -> dict[str, Any]:
    """Decode what `Event.encoded_properties` wrote. Raises ValueError for a format that this version does not know."""
    if stored[:1] != FORMAT_JSON:
        raise ValueError(f"properties are stored in the unknown format {stored[:1]!r}")
    return orjson.loads(stored[1:])  # type: ignore[no-any-return]


class DependentParams(dict[str, Any]):
    """The parameters of an event that is stored only with the one before it, such as the conversion that an order is."""


def bind(events: list[Any], are_dependent: Iterable[bool]) -> None:
    """Bind each event that depends on the one before it to that. The outcome of one that is not to be stored holds for both."""
    first: Any = None
    for place, is_dependent in enumerate(are_dependent):
        event = events[place]
        if not is_dependent:
            first = event
        elif isinstance(first, Event):
            if isinstance(event, Event):
                event.belongs_to = first
        elif first is not None:
            events[place] = first


@dataclass(frozen=True, slots=True)
class Tracked:
    """The result of tracking an event: its visitor's uuid, and whether an identify event was sent with it.

    `ignored` names the IdentifyProperties that were not written.
    """

    uuid: bytes
    is_identify_sent: bool
    external_id: str | None = None
    is_duplicate: bool = False
    ignored: tuple[str, ...] = ()


class EventIdTaken(Exception):
    """The EventID belongs to another event of the list."""


class EventUnstorable(Exception):
    """A property of the event has a value that cannot be stored, such as a number of more than 64 bits."""


class EventOutcomeUnknown(Exception):
    """The reply to COMMIT was lost; `event_ids` are the EventIDs to repeat the events with."""

    def __init__(self, event_ids: list[str]) -> None:
        super().__init__("the outcome of events is unknown")
        self.event_ids = event_ids


#: The bit of `flags` of a credential's event that linked its visitor to the subscriber it names, or confirmed that link. It
#: is cleared when the link is taken back.
IS_LINK = 8192

#: The property that names the captured properties that were cut.
CUT_PROPERTY = "$cut"
