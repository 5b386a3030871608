"""Responses of `subscriber.explain`: links of visitors to a subscriber, and why an event is theirs."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker.domain.identity import Reason
from tracker.domain.provenance import By
from tracker.formats.event_limits import uuid_text
from tracker.reports.identity_explain import NAMES, UNKNOWN, ExplainedEvent, ExplainedLink, named_by
from tracker.times import iso_utc


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


def described_link(link: ExplainedLink) -> dict[str, Any]:
    """Return a `Tie`."""
    tie, event = link.tie, link.event
    return {
        "UUID": uuid_text(link.uuid),
        "Segment": tie.place.segment,
        "IsCurrent": link.is_current,
        "Reason": Reason(tie.reason).name.lower(),
        "By": By(tie.by).name.lower(),
        "BoundAt": iso_utc(tie.named_at),
        "UnboundAt": None if tie.unbound_at is None else iso_utc(tie.unbound_at),
        "EventID": str(tie.event_id),
        "Event": None if event is None else bytes(event.name).decode(),
        "NamedBy": [] if event is None else named_by(event),
    }


def described_reason(explained: ExplainedEvent) -> dict[str, Any]:
    """Return a `Why`."""
    event, link = explained.event, explained.link
    return {
        "EventID": str(event.id),
        "Event": bytes(event.name).decode(),
        "Because": "named" if link is None else "tied",
        "NamedBy": named_by(event),
        "Binding": None if link is None else described_link(link),
    }
