"""Custom field deletion: the command `customfield.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command, Error, invalid, missing
from tracker.api.subscriber_responses import Refusal, Success, answering, audit_entry, success
from tracker.fields import ListID, WholeNumber

INVALID_LIST = invalid("SubscriberListID", 3)
NOT_FOUND = Error(5, "Custom field not found")


class CustomFieldDelete(Command):
    """Delete a custom field of a list with its values.

    The values of the unique identifier stay: they are the subscribers' `ExternalID`, which is then the built-in identifier
    again. Events tracked within 5 seconds of the call may still write to the field; such values are never returned.
    """

    name = "customfield.delete"
    permission = "CustomFields.Delete"
    rate_limit = "100 per 60 seconds"
    errors = (
        missing("SubscriberListID", 1),
        missing("CustomFieldID", 2),
        INVALID_LIST,
        invalid("CustomFieldID", 4),
        NOT_FOUND,
    )
    example = (
        {"SubscriberListID": 123, "CustomFieldID": 12},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        SubscriberListID = ListID(required=True, metadata={"description": "List of the field"})
        CustomFieldID = WholeNumber(required=True, metadata={"description": "The field's number"})

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["SubscriberListID"], INVALID_LIST).id
        with answering({Refusal.GONE: NOT_FOUND}):
            self.services.stores.fields.remove(
                list_id,
                params["CustomFieldID"],
                self.deadline,
                then=audit_entry(self, "customfield", list_id),
            )
        return success()
