"""By what are subscribers sorted and searched?"""

from __future__ import annotations

import unicodedata

from tracker.formats.email_address import begun_label, email_key
from tracker.formats.event_limits import trimmed
from tracker.storage.subscribers import Slice

__all__ = ["ORDERS", "SEARCHED", "Slice", "begun_label", "search_key"]

#: OrderField: what it is called in storage. Ids are given in the order of time.
ORDERS = {"SubscriberID": "id", "CreatedOn": "id", "EmailAddress": "email", "ExternalID": "external_id"}
SEARCHED = ("EmailAddress", "ExternalID")


def search_key(order: str, search: str, is_prefix: bool) -> bytes | None:
    """What is searched, spelled as it is kept: addresses in small letters. None if nothing is."""
    if not search or order == "external_id":
        return trimmed(search).encode() or None
    if is_prefix and (begun := begun_label(search)):
        return "".join(begun).encode()
    address = None if is_prefix else email_key(search)
    return (address[1] if address else unicodedata.normalize("NFC", search.strip().lower())).encode() or None
