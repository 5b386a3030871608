"""Who is this subscriber? The command `subscriber.get`."""

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

#: Events of one answer; `subscriber.events` gives all.
NEWEST = 25


class SubscriberGet(Command):
    """Describe a subscriber of a list with all custom fields of the list, what they did last, and what they are worth.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent says who it is. `ExternalID` is the `ID` of
    `event.track`, and the value of the unique custom field, if the list has one. `EmailAddressBy` and `ExternalIDBy` are
    `public` where nobody but browsers told, with the public id of the list, that it is theirs, else `credential`.

    `SubscriberWebsiteEvents` are the newest 25 events, newest first. `Revenue` sums the subscriber's conversions that count
    (the first of each conversion-id) for each currency. `TotalRevenue` is the value in the first of them, that of most
    conversions, as amounts of several currencies cannot be added up. Of 2,000 conversions or more the newest 2,000 are summed.
    Then `IsRevenueComplete` is false, as it is when `RetentionDays` of the list had conversions deleted that were, or may have
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
                "CustomFields": {"First-Name": "Jane"},
            },
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
        SubscriberWebsiteEvents = fields.List(
            fields.Nested(WebsiteEvent), required=True, metadata={"description": "The newest, newest first"}
        )
        TotalRevenue = fields.Float(
            required=True, metadata={"description": "In the first currency of Revenue"}
        )
        Revenue = fields.List(
            fields.Nested(CurrencySum), required=True, metadata={"description": "Most conversions first"}
        )
        IsRevenueComplete = fields.Boolean(required=True, metadata={"description": "Of all conversions"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        stores, list_id = self.services.stores, self.own_list(params["ListID"], INVALID_LIST).id
        person = stores.subscribers.find(list_id, subscriber_key(params), self.deadline)
        if person is None:
            raise self.error(NOT_FOUND.code)
        custom_fields = stores.fields.of_list(list_id, self.deadline)
        reports = self.services.reports
        page = reports.timeline(SubscriberTimeline(list_id, person.id), Wanted(NEWEST), self.deadline)
        return success(
            SubscriberInformation=described(person, custom_fields),
            SubscriberWebsiteEvents=described_events(page),
            **summed(reports.revenue(list_id, person.id, self.deadline)),
        )
