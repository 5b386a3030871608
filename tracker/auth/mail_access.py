"""Mail access: which address of a schedule or of an alert the token of an unsubscribe link is for."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tracker.storage.accounts import MailedRows

_WHAT = re.compile(r"([a-z]?)([0-9]{1,9})")


class _Found(NamedTuple):
    """The address that a token is for."""

    rows: MailedRows[Any]
    list_id: int
    number: int
    address_key: str


class MailAccess:
    """Ends mails. `rows` are what sends mails, by how its numbers begin in links.

    `token_of(secret, address)` makes the token of an address: one that was made up is none.
    """

    def __init__(self, rows: Mapping[str, MailedRows[Any]], token_of: Callable[[bytes, str], str]) -> None:
        self._rows, self._token_of = rows, token_of

    def is_known(self, what: str, token: str) -> bool:
        """Return whether the token is that of an address. Raises StorageUnavailable."""
        return self._found(what, token) is not None

    def unsubscribe(self, what: str, token: str) -> bool:
        """End the mails of the address that the token is for; return whether there is one. Raises StorageUnavailable."""
        found = self._found(what, token)
        if found is not None:
            found.rows.unsubscribe(found.list_id, found.number, found.address_key)
        return found is not None

    def _found(self, what: str, token: str) -> _Found | None:
        """Return whose token it is. Every address is compared, whichever it is."""
        parts = _WHAT.fullmatch(what)
        rows = None if parts is None else self._rows.get(parts[1])
        if parts is None or rows is None:
            return None
        number = int(parts[2])
        known = rows.unsubscribing(number)
        if known is None:
            return None
        list_id, secret, addresses = known
        fits = [
            key
            for _, key in addresses
            if hmac.compare_digest(self._token_of(secret, key).encode(), token.encode())
        ]
        return _Found(rows, list_id, number, fits[0]) if fits else None
