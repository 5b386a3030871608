"""Subscriber listing and search: the command `subscribers.get`."""

from __future__ import annotations

import unicodedata
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, invalid, missing
from tracker.api.subscriber_params import ORDERS, SEARCHED, Slice, search_key
from tracker.api.subscriber_responses import SubscriberInformation, Success, described, success
from tracker.errors import because
from tracker.fields import Choice, ListID, Text, WholeNumber
from tracker.formats.email_address import begun_label

#: Characters from which on a text is looked for everywhere: fewer are in nearly everybody.
SHORTEST = 3
#: Subscribers of one answer.
MAX_RECORDS = 500
INVALID_LIST = invalid("ListID", 4)
INVALID_ORDER = invalid("OrderField", 5)
INVALID_AFTER = invalid("AfterSubscriberID", 10)


class SubscribersGet(Command):
    """List the subscribers of a list with all custom fields.

    Returns `RecordsPerRequest` subscribers (0, the default: 500, the most an answer has) starting at number `RecordsFrom`
    (the first is 0), sorted by `OrderField` (`SubscriberID`, the default, `CreatedOn`, which is the same order,
    `EmailAddress` or `ExternalID`) in the direction `OrderType` (`ASC` or `DESC`). Subscribers without a value in that field
    come first, with `DESC` last. To read a whole list send `AfterSubscriberID`, the last SubscriberID of the previous page,
    instead of `RecordsFrom`: then every page is found as fast as the first. `Search` selects subscribers whose `SearchField`
    (`EmailAddress`, the default, or `ExternalID`) begins with the text, or equals it with `SearchType` `exact`; they are
    sorted by that field. With `SearchType` `contains` the text may stand anywhere, in any letter case, in the address, the ID
    or a text custom field of the newest 500,000 subscribers; they are sorted by SubscriberID, and which they are may be 5
    seconds old. A text of one or two characters is looked for as the beginning of `SearchField`.

    `TotalSubscriberCount` counts the matching subscribers of all pages; from 10,000 on it may be 5 seconds old.
    """

    name = "subscribers.get"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "100 per 60 seconds"
    errors = (
        invalid("RecordsPerRequest", 1),
        missing("ListID", 2),
        invalid("RecordsFrom", 3),
        INVALID_LIST,
        INVALID_ORDER,
        invalid("OrderType", 6),
        invalid("Search", 7),
        invalid("SearchField", 8),
        invalid("SearchType", 9),
        INVALID_AFTER,
    )
    example = (
        {"ListID": 123, "RecordsPerRequest": 25, "Search": "sub"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalSubscriberCount": 1,
            "Subscribers": [
                {
                    "SubscriberID": "358117233766563840",
                    "EmailAddress": "subscriber@example.com",
                    "EmailAddressBy": "credential",
                    "ExternalID": "user-12345",
                    "ExternalIDBy": "credential",
                    "CreatedOn": "2026-01-31T09:30:00.125Z",
                    "IsLeftOut": False,
                    "CustomFields": {"First-Name": "Jane"},
                }
            ],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the subscribers"})
        RecordsPerRequest = WholeNumber(
            0, MAX_RECORDS, load_default=0, metadata={"description": "Subscribers to return; 0 = 500"}
        )
        RecordsFrom = WholeNumber(
            load_default=0, metadata={"description": "Number of the first subscriber to return"}
        )
        AfterSubscriberID = WholeNumber(
            metadata={"description": "Last subscriber of the previous page; only sorted by SubscriberID"}
        )
        OrderField = Choice(*ORDERS, metadata={"description": "Field to sort by"})
        OrderType = Choice(
            "ASC", "DESC", load_default="ASC", metadata={"description": "Ascending or descending"}
        )
        Search = Text(
            0, 320, load_default="", metadata={"description": "Beginning of the field, or the whole field"}
        )
        SearchField = Choice(
            *SEARCHED, load_default="EmailAddress", metadata={"description": "Field to search"}
        )
        SearchType = Choice(
            "prefix",
            "exact",
            "contains",
            load_default="prefix",
            metadata={
                "description": "Whether the field begins with the text, equals it, or any has it in it"
            },
        )

    class Answer(Success):
        TotalSubscriberCount = fields.Integer(
            required=True, metadata={"description": "Matching subscribers on all pages"}
        )
        Subscribers = fields.List(fields.Nested(SubscriberInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        text = unicodedata.normalize("NFC", params["Search"].strip().lower())
        is_anywhere = params["SearchType"] == "contains" and len(text) >= SHORTEST
        wanted = _slice_anywhere(params) if is_anywhere else _slice(params)
        stores, list_id = self.services.stores, self.own_list(params["ListID"], INVALID_LIST).id
        if is_anywhere:
            page, total = stores.subscribers.containing(
                list_id, text, wanted.size, wanted.start, wanted.is_descending, self.deadline
            )
        else:
            page = stores.subscribers.page(list_id, wanted, self.deadline)
            total = stores.subscribers.count(list_id, wanted, self.deadline)
        custom_fields = stores.fields.of_list(list_id, self.deadline)
        rows = [described(subscriber, custom_fields) for subscriber in page]
        return success(TotalSubscriberCount=total, Subscribers=rows)


def _slice_anywhere(params: dict[str, Any]) -> Slice:
    """Return the requested page of those who have the text anywhere. Raises CommandError (5, 10)."""
    if ORDERS[params.get("OrderField", "SubscriberID")] != "id":
        raise CommandError(because(INVALID_ORDER, "what contains a text is sorted by SubscriberID"))
    if "AfterSubscriberID" in params:
        raise CommandError(because(INVALID_AFTER, "what contains a text has pages by RecordsFrom"))
    return Slice(
        size=params["RecordsPerRequest"] or MAX_RECORDS,
        start=params["RecordsFrom"],
        is_descending=params["OrderType"] == "DESC",
    )


def _slice(params: dict[str, Any]) -> Slice:
    """Return the requested page, in an order for which there is an index. Raises CommandError (5, 10)."""
    is_prefix, searched = params["SearchType"] != "exact", params["SearchField"]
    order = params.get("OrderField", searched if params["Search"] else "SubscriberID")
    if params["Search"] and is_prefix and order != searched:
        raise CommandError(because(INVALID_ORDER, "a search is sorted by SearchField"))
    order = searched if params["Search"] else order
    if "AfterSubscriberID" in params and (ORDERS[order] != "id" or params["RecordsFrom"]):
        raise CommandError(because(INVALID_AFTER, "only sorted by SubscriberID, without RecordsFrom"))
    return Slice(
        size=params["RecordsPerRequest"] or MAX_RECORDS,
        start=params["RecordsFrom"],
        order=ORDERS[order],
        is_descending=params["OrderType"] == "DESC",
        after=params.get("AfterSubscriberID"),
        search=search_key(ORDERS[order], params["Search"], is_prefix),
        is_prefix=is_prefix,
        begun=begun_label(params["Search"]) if is_prefix and ORDERS[order] == "email" else None,
    )
