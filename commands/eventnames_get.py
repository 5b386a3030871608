"""What is noted of names: the command `eventnames.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.name_params import NameInformation, name_information
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID


class EventNamesGet(Command):
    """List the names of a list's events and properties of which something is noted: aliases, hidden names, descriptions."""

    name = "eventnames.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "300 per 60 seconds"
    errors = LIST_ERRORS
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "Names": [
                {"Kind": "event", "Name": "pageView", "As": "page_view", "IsHidden": False, "Description": ""}
            ],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the names"})

    class Answer(Success):
        Names = fields.List(fields.Nested(NameInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        book = self.services.stores.names.book(own_list_id(self, params), self.deadline)
        return success(Names=[name_information(each) for each in book.noted])
