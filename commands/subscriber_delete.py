"""Subscriber deletion, events stay: the command `subscriber.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command
from tracker.api.subscriber_params import INVALID_LIST, NAMED, REFUSALS, NamedParams, subscriber_key
from tracker.api.subscriber_responses import Success, answering, audit_entry, success


class SubscriberDelete(Command):
    """Delete a subscriber of a list with the values of their custom fields.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent selects the subscriber. The events stay and
    are counted as before, but belong to no subscriber: an event that carries the same address later creates a new
    subscriber without them. `subscriber.forget` deletes the events too.
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
        SubscriberID = fields.String(
            required=True, metadata={"description": "The deleted subscriber's number"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        stores, list_id = self.services.stores, self.own_list(params["ListID"], INVALID_LIST).id
        with answering(REFUSALS):
            removed = stores.subscribers.remove(
                list_id, subscriber_key(params), self.deadline, then=audit_entry(self, "subscriber", list_id)
            )
        return success(SubscriberID=str(removed))
