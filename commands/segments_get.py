"""Segment listing: the command `segments.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, invalid
from tracker.api.report_answers import READY, AsOfAnswer, as_of
from tracker.api.report_asking import Asked
from tracker.api.report_params import LIST_ERRORS, TOO_LARGE, TOO_SLOW, own_list_id
from tracker.api.segment_listing import SegmentListing
from tracker.api.segment_params import INVALID_RULE, SEGMENT_EXAMPLE, SegmentInformation
from tracker.api.subscriber_params import subscriber_key
from tracker.errors import FORBIDDEN, Error, hinted
from tracker.fields import MAX_INTEGER, ListID, WholeNumber, YesOrNo

INVALID_COUNTS, INVALID_SUBSCRIBER = invalid("WithCounts", 19), invalid("SubscriberID", 27)
NO_SUBSCRIBER = Error(28, "Subscriber not found")


class SegmentsGet(Command):
    """List the segments of a list, oldest first.

    With `WithCounts`, for which a key needs `Reports.Get`, each has the number of its `People` now; `Of` is how many there are. With `SubscriberID` it is said of each whether
    this subscriber is in it, for which a key needs `Subscribers.Get`. What cannot be told is
    null: of a segment that asks for custom fields, a key needs `Subscribers.Get` to count.
    """

    name = "segments.get"
    method = "GET"
    permission = "List.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (
        *LIST_ERRORS,
        INVALID_RULE,
        TOO_LARGE,
        TOO_SLOW,
        INVALID_COUNTS,
        INVALID_SUBSCRIBER,
        NO_SUBSCRIBER,
    )
    example = (
        {"ListID": 123},
        {
            **READY,
            "TotalSegmentCount": 1,
            "Of": None,
            "Segments": [{**SEGMENT_EXAMPLE, "People": None}],
            "AsOf": None,
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the segments"})
        WithCounts = YesOrNo(load_default=False, metadata={"description": "Count the people of each"})
        SubscriberID = WholeNumber(
            0, MAX_INTEGER, metadata={"description": "Say whether this subscriber is in each"}
        )

    class Answer(AsOfAnswer):
        TotalSegmentCount = fields.Integer(required=True)
        Of = fields.Integer(
            required=True, allow_none=True, metadata={"description": "All people of the list"}
        )
        Segments = fields.List(fields.Nested(SegmentInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, subscriber = own_list_id(self, params), params.get("SubscriberID")
        if params["WithCounts"] and not self.caller.may("Reports.Get"):
            raise CommandError(hinted(FORBIDDEN, "Numbers are seen with the permission Reports.Get"))
        if subscriber is not None:
            self._check_subscriber(list_id, subscriber)
        listing, found, of = SegmentListing(self, list_id), Asked({}, 1.0), None
        if params["WithCounts"]:
            found = listing.ask()
            of = (found.answer or {}).get("of")
        if subscriber is not None:
            found = listing.ask(subscriber)
        return {
            **found.status,
            "TotalSegmentCount": len(listing.shown),
            "Of": of,
            "Segments": list(listing.shown.values()),
            "AsOf": as_of(found.answer or None),
        }

    def _check_subscriber(self, list_id: int, subscriber: int) -> None:
        """Raise CommandError (28, 403) if there is no such subscriber, or none that the caller may see."""
        if not self.caller.may("Subscribers.Get"):
            raise CommandError(hinted(FORBIDDEN, "People are seen with the permission Subscribers.Get"))
        who = subscriber_key({"SubscriberID": subscriber})
        if self.services.stores.subscribers.find(list_id, who, self.deadline) is None:
            raise CommandError(NO_SUBSCRIBER)
