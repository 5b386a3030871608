"""Identity explanation: the command `subscriber.explain`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, CommandError, Error, invalid
from tracker.api.link_responses import EventExplanation, Link, described_link, described_reason
from tracker.api.subscriber_params import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, subscriber_key
from tracker.api.subscriber_responses import Success, success
from tracker.domain.cursors import cursor_of, numbers_in
from tracker.fields import Text, WholeNumber

#: Links of one answer: by default, and at most.
USUAL_RECORDS, MAX_RECORDS = 25, 100
INVALID_CURSOR = invalid("Cursor", 9)
EVENT_NOT_FOUND = Error(11, "Event not found among the subscriber's")
LINK = {
    "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "Span": 0,
    "IsCurrent": True,
    "Reason": "email",
    "By": "credential",
    "LinkedAt": "2026-01-31T09:30:00.125Z",
    "UnlinkedAt": None,
    "EventID": "358117233766563841",
    "Event": "page_view",
    "NamedBy": ["email"],
}


class SubscriberExplain(Command):
    """Explain the links of visitors to a subscriber: when, by which event and why each was made, including unlinked ones.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent selects the subscriber. `Reason` is `own` for
    the visitor that stands for calls by ID without `UUID`, `email` if the event had an Email that was new to the visitor, and
    `identify` for an identify event. `By` is `public` for a link that only browsers made, with the public id of the list,
    else `credential`. `NamedBy` says what in the event named the subscriber: `email`, `id`, or an ID that is the SHA-256 of
    the address as it is stored (`hash_as_held`), in lower case (`hash_lower_case`) or as the mail provider spells it
    (`hash_provider`); `email_or_id` for events stored before this was recorded.

    With `EventID`, as in `subscriber.events`, `Event` explains why that event is the subscriber's: it names them itself, or
    its visitor is linked to them by `Link`.

    `Cursor` of the answer is where the next page begins; it is null at the end.
    """

    name = "subscriber.explain"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (
        *NAMED,
        invalid("RecordsPerRequest", 8),
        INVALID_CURSOR,
        invalid("EventID", 10),
        EVENT_NOT_FOUND,
    )
    example = (
        {"ListID": 123, "EmailAddress": "subscriber@example.com", "RecordsPerRequest": 25},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "SubscriberID": "358117233766563840",
            "Links": [LINK],
            "Cursor": None,
        },
    )

    class Params(NamedParams):
        EventID = WholeNumber(metadata={"description": "The event to explain"})
        RecordsPerRequest = WholeNumber(
            1, MAX_RECORDS, load_default=USUAL_RECORDS, metadata={"description": "Links to return at most"}
        )
        Cursor = Text(1, 200, metadata={"description": "Where the page begins, from the previous answer"})

    class Answer(Success):
        SubscriberID = fields.String(required=True)
        Links = fields.List(fields.Nested(Link), required=True)
        Cursor = fields.String(
            required=True, allow_none=True, metadata={"description": "Where the next page begins"}
        )
        Event = fields.Nested(EventExplanation, metadata={"description": "Present if EventID was sent"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["ListID"], INVALID_LIST).id
        subscriber = self.services.stores.subscribers.find(list_id, subscriber_key(params), self.deadline)
        if subscriber is None:
            raise self.error(NOT_FOUND.code)
        explained = (
            {"Event": self._explanation(list_id, subscriber.id, params["EventID"])}
            if "EventID" in params
            else {}
        )
        page = self._page(list_id, subscriber.id, params)
        cursor = None if page.rest is None else cursor_of(list_id, subscriber.id, page.rest)
        return success(
            SubscriberID=str(subscriber.id),
            Links=[described_link(link) for link in page.links],
            Cursor=cursor,
            **explained,
        )

    def _page(self, list_id: int, subscriber_id: int, params: dict[str, Any]) -> Any:
        after = None
        if "Cursor" in params:
            numbers = numbers_in(list_id, subscriber_id, params["Cursor"], 3)
            if numbers is None:
                raise CommandError(INVALID_CURSOR)
            after = (numbers[0], numbers[1], numbers[2])
        size = params["RecordsPerRequest"]
        return self.services.reports.explain_links(list_id, subscriber_id, after, size, self.deadline)

    def _explanation(self, list_id: int, subscriber_id: int, event_id: int) -> Any:
        explained = self.services.reports.explain_event(list_id, subscriber_id, event_id, self.deadline)
        if explained is None:
            raise CommandError(EVENT_NOT_FOUND)
        return described_reason(explained)
