"""Subscriber creation without an event: the command `subscriber.create`."""

from __future__ import annotations

from typing import Any

from tracker import Command
from tracker.api.subscriber_params import (
    EMAIL_TAKEN,
    EXTERNAL_ID_TAKEN,
    INVALID_CUSTOM_FIELDS,
    INVALID_EMAIL,
    INVALID_EXTERNAL_ID,
    INVALID_LIST,
    MISSING_IDENTIFIER,
    MISSING_LIST,
    REFUSALS,
    CreateParams,
    new_subscriber,
)
from tracker.api.subscriber_responses import Written, answering, written


class SubscriberCreate(Command):
    """Add a subscriber to a list, by `EmailAddress`, `ExternalID` or both.

    `CustomFields` has values by merge-tag alias or `CustomField<ID>`; the alias wins if both are sent. A value that does not
    have the field's type is error 10; names that no field of the list has are ignored, and listed in `IgnoredCustomFields`.
    An address or external id of another subscriber of the list is refused. What only browsers gave (`EmailAddressBy` and
    `ExternalIDBy` of `subscriber.get` are `public`) is not: by such an address the subscriber is the one that browsers named,
    who keeps `SubscriberID` and events, and whose address is confirmed; such an external id is taken from its subscriber.
    """

    name = "subscriber.create"
    permission = "Subscribers.Import"
    rate_limit = "1000 per 60 seconds"
    errors = (
        MISSING_IDENTIFIER, MISSING_LIST, INVALID_LIST, INVALID_EMAIL, INVALID_EXTERNAL_ID, EMAIL_TAKEN, EXTERNAL_ID_TAKEN,
        INVALID_CUSTOM_FIELDS,
    )  # fmt: skip
    example = (
        {"ListID": 123, "EmailAddress": "new@example.com", "CustomFields": {"First-Name": "Jane"}},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "SubscriberID": "358117233766563840"},
    )

    class Params(CreateParams):
        pass

    class Answer(Written):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        stores, list_id = self.services.stores, self.own_list(params["ListID"], INVALID_LIST).id
        new, read = new_subscriber(params, stores.fields.of_list(list_id, self.deadline))
        with answering(REFUSALS):
            return written(stores.subscribers.add(list_id, new, self.deadline), read.unknown)
