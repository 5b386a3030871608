"""Description of a subscriber: the command `subscriber.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command
from tracker.api.event_responses import EXAMPLE, CurrencySum, WebsiteEvent, summed
from tracker.api.event_responses import described as described_events
from tracker.api.subscriber_params import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, subscriber_key
from tracker.api.subscriber_responses import SubscriberInformation, Success, described, success
from tracker.reports.ownership import SubscriberTimeline
from tracker.reports.timeline_pages import Wanted
from tracker.times import iso_utc

#: Events of one answer; `subscriber.events` has all.
NEWEST = 25


class SubscriberGet(Command):
    """Describe a subscriber of a list: all custom fields, the latest events, and the revenue.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent selects the subscriber. `ExternalID` is the
    `ID` of `event.track`, and the value of the unique custom field, if the list has one. `EmailAddressBy` and `ExternalIDBy`
    are `public` if only browsers gave the address or id to the subscriber, with the public id of the list, else `credential`.

    `FirstSeenAt` and `LastSeenAt` are when the first and the last event happened that is stored of the subscriber, the past of
    their visitors included; `CreatedOn` is when Tracker got to know them. `SubscriberWebsiteEvents` are the newest 25 events, newest first. `Revenue` sums the conversions that count (the first of
    each conversion-id) per currency. `TotalRevenue` is the value in the first currency, which has most conversions, since
    amounts of several currencies cannot be added. Of 2,000 conversions or more the newest 2,000 are summed. Then
    `IsRevenueComplete` is false. It is also false if the list's `RetentionDays` deleted conversions that were, or may have
    been, the subscriber's.
    """

    name = "subscriber.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = NAMED
    example = (
        {"ListID": 123, "EmailAddress": "subscriber@example.com"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "SubscriberInformation": {
                "SubscriberID": "358117233766563840",
                "EmailAddress": "subscriber@example.com",
                "EmailAddressBy": "credential",
                "ExternalID": "user-12345",
                "ExternalIDBy": "public",
                "CreatedOn": "2026-01-31T09:30:00.125Z",
                "IsLeftOut": False,
                "CustomFields": {"First-Name": "Jane"},
            },
            "FirstSeenAt": "2026-01-29T18:03:11.000Z",
            "LastSeenAt": "2026-01-31T10:15:00.000Z",
            "SubscriberWebsiteEvents": [EXAMPLE],
            "TotalRevenue": 59.9,
            "Revenue": [{"Currency": "EUR", "Conversions": 2, "Value": 59.9}],
            "IsRevenueComplete": True,
        },
    )

    class Params(NamedParams):
        pass

    class Answer(Success):
        SubscriberInformation = fields.Nested(SubscriberInformation, required=True)
        FirstSeenAt = fields.DateTime(
            required=True,
            allow_none=True,
            metadata={"description": "When the first stored event happened; null: none"},
        )
        LastSeenAt = fields.DateTime(
            required=True,
            allow_none=True,
            metadata={"description": "When the last stored event happened; null: none"},
        )
        SubscriberWebsiteEvents = fields.List(
            fields.Nested(WebsiteEvent),
            required=True,
            metadata={"description": "The newest 25, newest first"},
        )
        TotalRevenue = fields.Float(
            required=True, metadata={"description": "In the first currency of Revenue"}
        )
        Revenue = fields.List(
            fields.Nested(CurrencySum), required=True, metadata={"description": "Most conversions first"}
        )
        IsRevenueComplete = fields.Boolean(
            required=True, metadata={"description": "Whether all conversions of the subscriber are summed"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        stores, list_id = self.services.stores, self.own_list(params["ListID"], INVALID_LIST).id
        subscriber = stores.subscribers.find(list_id, subscriber_key(params), self.deadline)
        if subscriber is None:
            raise self.error(NOT_FOUND.code)
        custom_fields = stores.fields.of_list(list_id, self.deadline)
        reports = self.services.reports
        owner = SubscriberTimeline(list_id, subscriber.id)
        page = reports.timeline(owner, Wanted(NEWEST), self.deadline)
        first_at = reports.first_event_at(owner, self.deadline)
        return success(
            SubscriberInformation=described(subscriber, custom_fields),
            FirstSeenAt=None if first_at is None else iso_utc(first_at),
            LastSeenAt=iso_utc(page.events[0].event_at) if page.events else None,
            SubscriberWebsiteEvents=described_events(page),
            **summed(reports.revenue(list_id, subscriber.id, self.deadline)),
        )
