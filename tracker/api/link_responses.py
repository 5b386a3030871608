"""Responses of `subscriber.explain`: links of visitors to a subscriber, and why an event is theirs."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker.domain.identity import Reason
from tracker.domain.provenance import By
from tracker.formats.event_limits import uuid_text
from tracker.reports.identity_explain import NAMES, UNKNOWN, ExplainedEvent, ExplainedLink, named_by
from tracker.times import iso_utc


class Link(Schema):
    UUID = fields.UUID(required=True, metadata={"description": "The visitor"})
    Span = fields.Integer(
        required=True,
        metadata={
            "description": "The span of the visitor's events that the link covers; numbered as they became known"
        },
    )
    IsCurrent = fields.Boolean(
        required=True, metadata={"description": "Whether the visitor was linked to no other subscriber since"}
    )
    Reason = fields.String(required=True, metadata={"enum": [reason.name.lower() for reason in Reason]})
    By = fields.String(
        required=True,
        metadata={
            "enum": [by.name.lower() for by in By],
            "description": "Provenance; `public`: only browsers made the link",
        },
    )
    LinkedAt = fields.DateTime(
        required=True,
        metadata={"description": "When the event that made the link happened, whenever it arrived"},
    )
    UnlinkedAt = fields.DateTime(
        required=True, allow_none=True, metadata={"description": "When the link was taken back"}
    )
    EventID = fields.String(required=True, metadata={"description": "The event that made the link"})
    Event = fields.String(
        required=True, allow_none=True, metadata={"description": "Name of that event; null if it was deleted"}
    )
    NamedBy = fields.List(
        fields.String(metadata={"enum": [*NAMES, UNKNOWN]}),
        required=True,
        metadata={"description": "What in that event named the subscriber"},
    )


class EventExplanation(Schema):
    EventID = fields.String(required=True)
    Event = fields.String(required=True)
    Reason = fields.String(required=True, metadata={"enum": ["named", "linked"]})
    NamedBy = fields.List(fields.String(metadata={"enum": [*NAMES, UNKNOWN]}), required=True)
    Link = fields.Nested(
        Link,
        required=True,
        allow_none=True,
        metadata={"description": "The visitor's link; null if the event named the subscriber"},
    )


def described_link(explained: ExplainedLink) -> dict[str, Any]:
    """Return the `Link` schema's form of a link."""
    link, event = explained.link, explained.event
    return {
        "UUID": uuid_text(explained.uuid),
        "Span": link.cursor.span,
        "IsCurrent": explained.is_current,
        "Reason": Reason(link.reason).name.lower(),
        "By": By(link.by).name.lower(),
        "LinkedAt": iso_utc(link.named_at),
        "UnlinkedAt": None if link.unlinked_at is None else iso_utc(link.unlinked_at),
        "EventID": str(link.event_id),
        "Event": None if event is None else bytes(event.name).decode(),
        "NamedBy": [] if event is None else named_by(event),
    }


def described_reason(explained: ExplainedEvent) -> dict[str, Any]:
    """Return the `EventExplanation` schema's form of an explained event."""
    event, link = explained.event, explained.link
    return {
        "EventID": str(event.id),
        "Event": bytes(event.name).decode(),
        "Reason": "named" if link is None else "linked",
        "NamedBy": named_by(event),
        "Link": None if link is None else described_link(link),
    }
