"""How is a visitor taken off a subscriber? The command `subscriber.unmerge`."""

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
    """Take back what ties a visitor to a subscriber, with the events that are the subscriber's only because of it.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent says who it is, `UUID` which visitor. A visitor
    that was linked to them several times has a span for each; `subscriber.explain` lists them, and `Span` says which.

    Events that named the subscriber themselves stay. The others are the visitor's again at once. If nobody has come after,
    the visitor is nobody's, and whoever identifies it next gets them. `Status` is `running` while there are still rows of
    many events to be moved; the same call tells how far it has come.
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
        MovedEvents = fields.Integer(required=True, metadata={"description": "That have left them so far"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["ListID"], INVALID_LIST).id
        person = self.services.stores.subscribers.find(list_id, subscriber_key(params), self.deadline)
        if person is None:
            raise self.error(NOT_FOUND.code)
        uuid, span = params["UUID"], params.get("Span")
        unmerged = unmerge(self.services, list_id, person.id, uuid, span, self.deadline)
        if isinstance(unmerged, NoSuchLink):
            raise self.error(ROWS[unmerged].code)
        return success(
            SubscriberID=str(person.id),
            UUID=str(UUID(bytes=uuid)),
            Span=unmerged.span,
            Status="done" if unmerged.is_done else "running",
            MovedEvents=unmerged.moved,
        )
