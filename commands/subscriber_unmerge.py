"""Unlinking of a visitor from a subscriber: the command `subscriber.unmerge`."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from marshmallow import fields

from tracker import Command, Error, invalid, missing
from tracker.api.event_params import VisitorUUID
from tracker.api.subscriber_params import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, subscriber_key
from tracker.api.subscriber_responses import Success, success
from tracker.api.unlink import NoSuchLink, unmerge
from tracker.fields import WholeNumber

NEVER_LINKED = Error(11, "Visitor was never linked to the subscriber")
SEVERAL_LINKS = Error(12, "Missing Span parameter: the visitor was linked to the subscriber several times")
ROWS = {NoSuchLink.NEVER: NEVER_LINKED, NoSuchLink.SEVERAL: SEVERAL_LINKS}


class SubscriberUnmerge(Command):
    """Unlink a visitor from a subscriber, with the events that are the subscriber's only because of the link.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent selects the subscriber, `UUID` the visitor. A
    visitor that was linked to the subscriber several times has a span for each link; `subscriber.explain` lists them, and
    `Span` selects one.

    Events that name the subscriber themselves stay theirs. All other events of the span belong to the visitor again at once.
    If no other subscriber was linked after the span, the visitor is linked to nobody, and the subscriber who is identified
    next gets these events. `Status` is `running` while timeline rows of many events are still being moved; the same call
    returns the progress.
    """

    name = "subscriber.unmerge"
    permission = "Subscriber.Update"
    rate_limit = "100 per 60 seconds"
    errors = (
        *NAMED,
        missing("UUID", 8),
        invalid("UUID", 9),
        invalid("Span", 10),
        NEVER_LINKED,
        SEVERAL_LINKS,
    )
    example = (
        {
            "ListID": 123,
            "EmailAddress": "subscriber@example.com",
            "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
        },
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "SubscriberID": "358117233766563840",
            "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
            "Span": 0,
            "Status": "done",
            "MovedEvents": 3,
        },
    )

    class Params(NamedParams):
        UUID = VisitorUUID(required=True, metadata={"description": "The visitor", "format": "uuid"})
        Span = WholeNumber(metadata={"description": "Which of the visitor's links to the subscriber"})

    class Answer(Success):
        SubscriberID = fields.String(required=True)
        UUID = fields.UUID(required=True)
        Span = fields.Integer(required=True)
        Status = fields.String(required=True, metadata={"enum": ["running", "done"]})
        MovedEvents = fields.Integer(
            required=True, metadata={"description": "Events moved off the subscriber so far"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["ListID"], INVALID_LIST).id
        subscriber = self.services.stores.subscribers.find(list_id, subscriber_key(params), self.deadline)
        if subscriber is None:
            raise self.error(NOT_FOUND.code)
        uuid, span = params["UUID"], params.get("Span")
        unmerged = unmerge(self.services, list_id, subscriber.id, uuid, span, self.deadline)
        if isinstance(unmerged, NoSuchLink):
            raise self.error(ROWS[unmerged].code)
        return success(
            SubscriberID=str(subscriber.id),
            UUID=str(UUID(bytes=uuid)),
            Span=unmerged.span,
            Status="done" if unmerged.is_done else "running",
            MovedEvents=unmerged.moved,
        )
