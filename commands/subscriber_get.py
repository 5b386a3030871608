"""Who is this subscriber? The command `subscriber.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker.subscribers.answers import ListCommand, SubscriberInformation, Success, described, success
from tracker.subscribers.parameters import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, who


class SubscriberGet(ListCommand):
    """Describe a subscriber of a list with all custom fields of the list.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent says who it is. `ExternalID` is the `ID` of
    `event.track`, and the value of the unique custom field, if the list has one.
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
                "ExternalID": "user-12345",
                "CreatedOn": "2026-01-31T09:30:00.125Z",
                "CustomFields": {"First-Name": "Jane"},
            },
        },
    )

    class Params(NamedParams):
        pass

    class Answer(Success):
        SubscriberInformation = fields.Nested(SubscriberInformation, required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        stores, list_id = self.services.stores, self.own_list_id(params["ListID"], INVALID_LIST)
        person = stores.subscribers.find(list_id, who(params), self.deadline)
        if person is None:
            raise self.error(NOT_FOUND.code)
        custom_fields = stores.fields.of_list(list_id, self.deadline)
        return success(
            SubscriberInformation=described(person, custom_fields),
        )
