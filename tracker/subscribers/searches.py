"""By what are subscribers sorted and searched?"""

from __future__ import annotations

import unicodedata

from tracker.email_address import email_key
from tracker.storage.subscriber_pages import Slice

__all__ = ["ORDERS", "SEARCHED", "Slice", "search_key"]

#: OrderField: what it is called in storage. Ids are given in the order of time.
ORDERS = {"SubscriberID": "id", "CreatedOn": "id", "EmailAddress": "email", "ExternalID": "external_id"}
SEARCHED = ("EmailAddress", "ExternalID")


def search_key(order: str, search: str, is_prefix: bool) -> bytes | None:
    """What is searched, spelled as it is kept: addresses in small letters. None if nothing is."""
    if not search or order == "external_id":
        return search.encode() or None
    address = None if is_prefix else email_key(search)
    return (address[1] if address else unicodedata.normalize("NFC", search.strip().lower())).encode() or None
