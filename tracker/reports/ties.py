"""Why are visitors, and an event, a person's?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields

from tracker.email_hashes import Form
from tracker.ingest.event import HASH_FORM, NAMED_BY_EMAIL, NAMED_BY_ID
from tracker.ingest.rules import uuid_text
from tracker.ingest.who import Reason
from tracker.storage import ties
from tracker.storage.events import StoredEvent, read_events
from tracker.storage.tied_by import By
from tracker.storage.ties import LoggedTie, Place
from tracker.storage.transaction import Transaction
from tracker.times import iso_utc

#: What an event can have named its person by; of an event from before it was kept only that it did is known.
NAMES = ("email", "id", *(f"hash_{form.name.lower()}" for form in Form))
UNKNOWN = "email_or_id"


class Tie(Schema):
    UUID = fields.UUID(required=True, metadata={"description": "The visitor"})
    Segment = fields.Integer(
        required=True,
        metadata={
            "description": "Which of the times in which the visitor was one person's; numbered as they became known"
        },
    )
    IsCurrent = fields.Boolean(
        required=True, metadata={"description": "The visitor has been nobody else's since"}
    )
    Reason = fields.String(required=True, metadata={"enum": [reason.name.lower() for reason in Reason]})
    By = fields.String(
        required=True,
        metadata={
            "enum": [by.name.lower() for by in By],
            "description": "Who told it; `public`: nobody but browsers",
        },
    )
    BoundAt = fields.DateTime(
        required=True, metadata={"description": "When the event that tied it happened, whenever it arrived"}
    )
    UnboundAt = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "When it was taken back"}
    )
    EventID = fields.String(required=True, metadata={"description": "The event that tied it"})
    Event = fields.String(
        required=True, allow_none=True, metadata={"description": "Its name; null if it is gone"}
    )
    NamedBy = fields.List(
        fields.String(metadata={"enum": [*NAMES, UNKNOWN]}),
        required=True,
        metadata={"description": "By what that event named the subscriber"},
    )


class Why(Schema):
    EventID = fields.String(required=True)
    Event = fields.String(required=True)
    Because = fields.String(required=True, metadata={"enum": ["named", "tied"]})
    NamedBy = fields.List(fields.String(metadata={"enum": [*NAMES, UNKNOWN]}), required=True)
    Binding = fields.Nested(
        Tie, required=True, allow_none=True, metadata={"description": "Null if it was named"}
    )


@dataclass(frozen=True, slots=True)
class Explained:
    """Ties with what is told of them; `rest` is where the next page begins, None at the end."""

    ties: list[dict[str, Any]]
    rest: Place | None


def explain(
    transaction: Transaction, list_id: int, subscriber_id: int, after: Place | None, size: int
) -> Explained:
    """A page of all that ties visitors to a person, and of what did until it was taken back."""
    found = ties.page(transaction, list_id, subscriber_id, after or ties.BEGIN, size + 1)
    shown = found[:size]
    return Explained(
        _described(transaction, list_id, shown), shown[-1].place if len(found) > len(shown) else None
    )


def why(transaction: Transaction, list_id: int, subscriber_id: int, event_id: int) -> dict[str, Any] | None:
    """A `Why` of one event; None if it is not the person's, or not there."""
    event = read_events(transaction, list_id, [event_id]).get(event_id)
    if event is None:
        return None
    binding = None
    if event.subscriber_id is None:
        binding = _binding(transaction, list_id, subscriber_id, event)
    if event.subscriber_id != subscriber_id and binding is None:
        return None
    return {
        "EventID": str(event.id),
        "Event": bytes(event.name).decode(),
        "Because": "named" if binding is None else "tied",
        "NamedBy": named_by(event),
        "Binding": binding,
    }


def named_by(event: StoredEvent) -> list[str]:
    """By what an event names its person: some of NAMES."""
    if event.subscriber_id is None:
        return []
    by = ["email"] if event.flags & NAMED_BY_EMAIL else []
    by += ["id"] if event.flags & NAMED_BY_ID else []
    form = event.flags // HASH_FORM & 3
    by += [f"hash_{Form(form).name.lower()}"] if form else []
    return by or [UNKNOWN]


def _binding(
    transaction: Transaction, list_id: int, subscriber_id: int, event: StoredEvent
) -> dict[str, Any] | None:
    tie = ties.tie_of(transaction, list_id, subscriber_id, event.visitor_id, event.segment)
    return None if tie is None else _described(transaction, list_id, [tie])[0]


def _described(transaction: Transaction, list_id: int, found: Sequence[LoggedTie]) -> list[dict[str, Any]]:
    visitors = ties.visitors(transaction, list_id, {tie.place.visitor_id for tie in found})
    events = read_events(transaction, list_id, (tie.event_id for tie in found))
    return [_tie(tie, visitors[tie.place.visitor_id], events.get(tie.event_id)) for tie in found]


def _tie(tie: LoggedTie, visitor: tuple[bytes, int], event: StoredEvent | None) -> dict[str, Any]:
    """A `Tie`."""
    uuid, current = visitor
    return {
        "UUID": uuid_text(uuid),
        "Segment": tie.place.segment,
        "IsCurrent": tie.place.segment == current and tie.unbound_at is None,
        "Reason": Reason(tie.reason).name.lower(),
        "By": By(tie.by).name.lower(),
        "BoundAt": iso_utc(tie.named_at),
        "UnboundAt": None if tie.unbound_at is None else iso_utc(tie.unbound_at),
        "EventID": str(tie.event_id),
        "Event": None if event is None else bytes(event.name).decode(),
        "NamedBy": [] if event is None else named_by(event),
    }
