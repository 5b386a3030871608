"""Who and what do the examples of commands speak of? A list that has seen it all, made by commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
EVENTS = {
    "page_view": {"$current_url": "https://example.com/", "$page_title": "Home"},
    "pageView": {},
    "conversion": {"conversion-id": "o-1", "conversion-name": "Order", "conversion-value": 9.5},
}
#: What the subscriber does, the last one last.
DONE = (
    {"Event": "identify", "Properties": {"form": "newsletter"}},
    *(
        {
            "Event": "conversion",
            "Properties": {"conversion-id": number, "conversion-name": "Order", "conversion-value": 29.95},
        }
        for number in range(2)
    ),
    {"Event": "page_view", "Properties": {"$current_url": "https://example.com/pricing"}},
)


def furnish(call: Callable[..., Any], list_id: int) -> None:
    """Make all that on a list. `call(command, **params)` calls a command that must succeed."""
    for event, properties in EVENTS.items():
        call("event.track", ListID=list_id, Event=event, Properties=properties)
    call("customfield.create", SubscriberListID=list_id, **FIELD)
    call("subscriber.create", ListID=list_id, **SUBSCRIBER)
    call("event.track", ListID=list_id, **VISIT)
    for done in DONE:
        call("event.track", ListID=list_id, Email=SUBSCRIBER["EmailAddress"], **done)
