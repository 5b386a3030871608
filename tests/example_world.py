"""Who and what do the examples of commands speak of? A list that has seen it all, made by commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracker import Tile, TileNumbers

#: The account.
EMAIL, PASSWORD = "jane@example.com", "correct horse battery staple"
FIELD = {"FieldName": "First name", "MergeTagAlias": "First-Name"}
SUBSCRIBER = {
    "EmailAddress": "subscriber@example.com",
    "ExternalID": "user-12345",
    "CustomFields": {"First-Name": "Jane"},
}
VISIT = {
    "Event": "identify",
    "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
    "Email": "subscriber@example.com",
    "Properties": {"form": "newsletter"},
}
ORDER = {"conversion-name": "Order", "conversion-value": 29.95, "currency": "EUR"}
EVENTS = {
    "page_view": {"$current_url": "https://example.com/", "$page_title": "Home"},
    "pageView": {},
    "conversion": {**ORDER, "conversion-id": "o-1", "conversion-value": 9.5},
}
CUP = {"product_id": "cup-01", "product_name": "Cup", "price": 14.5}
GOAL = {
    "Name": "Big order",
    "Event": "conversion",
    "Where": [{"Of": "event", "Property": "conversion-value", "Is": "at least", "Value": 100}],
}
SAVED = {
    "Name": "Sales by campaign",
    "Report": "reports.breakdown",
    "Params": {"By": "visit:$utm_campaign", "Measures": ["people", "revenue"], "From": "-29d"},
    "IsPinned": True,
}
NOTE = {"Text": "Release 2.4", "Url": "https://git.example.com/shop/releases/2.4"}
SEGMENT = {
    "Name": "Buyers",
    "Rule": [{"Of": "person", "Event": "conversion", "Is": "happened", "Times": 2}],
}
#: Its target has no address: nothing is sent anywhere.
TRIGGER = {**GOAL, "URL": "https://crm.invalid/hooks/orders"}
#: What the subscriber does, the last one last.
DONE = (
    {"Event": "identify", "Properties": {"form": "newsletter"}},
    {
        "Event": "page_view",
        "Properties": {
            "$pathname": "/",
            "$channel": "Email",
            "$utm_campaign": "spring",
            "$device_type": "mobile",
            "$country": "DE",
        },
    },
    {"Event": "view_product", "Properties": CUP},
    *({"Event": "page_view", "Properties": {"$pathname": path}} for path in ("/cart", "/checkout")),
    *(
        {
            "Event": "conversion",
            "Properties": {**ORDER, **CUP, "conversion-id": number},
        }
        for number in range(2)
    ),
    {"Event": "page_view", "Properties": {"$current_url": "https://example.com/pricing"}},
)


def furnish(call: Callable[..., Any], list_id: int) -> None:
    """Make all that on a list. `call(command, **params)` gives the answer of a command that must succeed."""
    _track(call, list_id, [{"Event": event, "Properties": each} for event, each in EVENTS.items()])
    call("customfield.create", SubscriberListID=list_id, **FIELD)
    call("subscriber.create", ListID=list_id, **SUBSCRIBER)
    call("goal.create", ListID=list_id, **GOAL)
    call("event.alias", ListID=list_id, Event="registered", As="signed up")
    call("savedreport.create", ListID=list_id, **SAVED)
    call("annotation.create", ListID=list_id, **NOTE)
    call("segment.create", ListID=list_id, **SEGMENT)
    call("trigger.create", ListID=list_id, **TRIGGER)
    _track(call, list_id, [VISIT, *({"Email": SUBSCRIBER["EmailAddress"], **done} for done in DONE)])


def _track(call: Callable[..., Any], list_id: int, events: list[dict[str, Any]]) -> None:
    answer = call("event.batch", Events=[{"ListID": list_id, **event} for event in events])
    assert {result["status"] for result in answer["results"]} == {"ok"}


class Baskets(Tile):
    """The tile of the examples."""

    name = "shop.baskets"
    title = "Baskets left"
    chart = "bars"

    def run(self, list_id: int) -> TileNumbers:
        return TileNumbers(("Mon", "Tue"), {"Baskets": (3, 1.5)})
