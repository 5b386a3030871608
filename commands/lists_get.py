"""List overview: the command `lists.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, invalid
from tracker.fields import Choice, Text, WholeNumber
from tracker.times import iso_utc

ORDERS = {"ListID": "id", "Name": "name", "CreatedOn": "created_at"}


class ListsGet(Command):
    """List the caller's lists with the number of subscribers of each.

    Returns `RecordsPerRequest` lists (0, the default: all) starting at number `RecordsFrom` (the first is 0), sorted by
    `OrderField` (`ListID`, the default, `Name` without regard to letter case, or `CreatedOn`) in the direction `OrderType`
    (`ASC` or `DESC`). `Search` selects lists whose name contains the text, in any letter case; no character has a special
    meaning. `LastEventTrackedAt` is null until an event has been received. `TotalListCount` counts the matching lists of all
    pages.
    """

    name = "lists.get"
    method = "GET"
    permission = "Lists.Get"
    rate_limit = "100 per 60 seconds"
    errors = (
        invalid("RecordsPerRequest", 1),
        invalid("RecordsFrom", 2),
        invalid("OrderField", 3),
        invalid("OrderType", 4),
        invalid("Search", 5),
    )
    example = (
        {"RecordsPerRequest": 25, "OrderField": "Name", "Search": "shop"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalListCount": 1,
            "Lists": [
                {
                    "ListID": 123,
                    "Name": "Web shop",
                    "CreatedOn": "2026-01-31T09:30:00.125Z",
                    "SubscriberCount": 42,
                    "LastEventTrackedAt": "2026-02-01T12:00:00.000Z",
                }
            ],
        },
    )

    class Params(Schema):
        RecordsPerRequest = WholeNumber(load_default=0, metadata={"description": "Lists to return; 0 = all"})
        RecordsFrom = WholeNumber(
            load_default=0, metadata={"description": "Number of the first list to return"}
        )
        OrderField = Choice(*ORDERS, load_default="ListID", metadata={"description": "Field to sort by"})
        OrderType = Choice(
            "ASC", "DESC", load_default="ASC", metadata={"description": "Ascending or descending"}
        )
        Search = Text(0, 250, load_default="", metadata={"description": "Part of the name"})

    class Answer(Schema):
        class Row(Schema):
            ListID = fields.Integer(required=True)
            Name = fields.String(required=True)
            CreatedOn = fields.DateTime(required=True)
            SubscriberCount = fields.Integer(required=True)
            LastEventTrackedAt = fields.DateTime(required=True, allow_none=True)

        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        TotalListCount = fields.Integer(
            required=True, metadata={"description": "Matching lists on all pages"}
        )
        Lists = fields.List(fields.Nested(Row), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        page = self.services.stores.lists.page(
            self.user_id,
            search=params["Search"],
            order=ORDERS[params["OrderField"]],
            is_descending=params["OrderType"] == "DESC",
            start=params["RecordsFrom"],
            size=params["RecordsPerRequest"] or None,
            deadline=self.deadline,
        )
        last = self.services.reports.last_event_by_list([found.id for found, _ in page.lists], self.deadline)
        rows = [_row(found, subscribers, last.get(found.id)) for found, subscribers in page.lists]
        return {"Success": True, "ErrorCode": 0, "ErrorText": "", "TotalListCount": page.total, "Lists": rows}


def _row(found: Any, subscriber_count: int, last_event_at: int | None) -> dict[str, Any]:
    return {
        "ListID": found.id,
        "Name": found.name,
        "CreatedOn": iso_utc(found.created_at),
        "SubscriberCount": subscriber_count,
        "LastEventTrackedAt": None if last_event_at is None else iso_utc(last_event_at),
    }
