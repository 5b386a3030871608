"""How is a subscriber taken off a list? The command `subscriber.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command
from tracker.api.subscriber_params import INVALID_LIST, NAMED, REFUSALS, NamedParams, subscriber_key
from tracker.api.subscriber_responses import Success, answering, audit_entry, success


class SubscriberDelete(Command):
    """Delete a subscriber of a list with the values of their custom fields.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent says who it is. Their events stay, counted as
    before, and are nobody's: whoever comes with the same address later is a new person without a past.
    """

    name = "subscriber.delete"
    permission = "Subscribers.Delete"
    rate_limit = "1000 per 60 seconds"
    errors = NAMED
    example = (
        {"ListID": 123, "EmailAddress": "subscriber@example.com"},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "SubscriberID": "358117233766563840"},
    )

    class Params(NamedParams):
        pass

    class Answer(Success):
        SubscriberID = fields.String(required=True, metadata={"description": "The number they had"})

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        stores, list_id = self.services.stores, self.own_list(params["ListID"], INVALID_LIST).id
        with answering(REFUSALS):
            removed = stores.subscribers.remove(
                list_id, subscriber_key(params), self.deadline, then=audit_entry(self, "subscriber", list_id)
            )
        return success(SubscriberID=str(removed))
