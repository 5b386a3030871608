"""List creation: the command `list.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, invalid, missing
from tracker.fields import Choice, ListName


class ListCreate(Command):
    """Create a list. Its name has up to 250 characters, not all blank; several lists may have the same name.

    `ConversionIdIs` says what a conversion-id of the list names: an `order` (the default) counts once, however often it is
    sent; a `goal` counts each time.
    """

    name = "list.create"
    permission = "List.Create"
    rate_limit = "100 per 60 seconds"
    errors = (
        missing("SubscriberListName", 1),
        invalid("SubscriberListName", 2),
        invalid("ConversionIdIs", 3),
    )
    example = (
        {"SubscriberListName": "Web shop"},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "ListID": 123},
    )

    class Params(Schema):
        SubscriberListName = ListName(required=True, metadata={"description": "Name of the list"})
        ConversionIdIs = Choice(
            "order",
            "goal",
            load_default="order",
            metadata={"description": "What a conversion-id names: an order counts once, a goal each time"},
        )

    class Answer(Schema):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        ListID = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        lists = self.services.stores.lists
        name, conversion_id_is = params["SubscriberListName"], params["ConversionIdIs"]
        list_id = lists.add(self.user_id, name, self.deadline, conversion_id_is)
        return {"Success": True, "ErrorCode": 0, "ErrorText": "", "ListID": list_id}
