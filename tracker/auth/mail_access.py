"""Mail access: which address of a schedule the token of an unsubscribe link is for."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from tracker.storage.accounts import Schedules


class MailAccess:
    """Ends mails. `token_of(secret, address)` makes the token of an address: one that was made up is none."""

    def __init__(self, schedules: Schedules, token_of: Callable[[bytes, str], str]) -> None:
        self._schedules, self._token_of = schedules, token_of

    def is_known(self, schedule_id: int, token: str) -> bool:
        """Return whether the token is that of an address. Raises StorageUnavailable."""
        return self._found(schedule_id, token) is not None

    def unsubscribe(self, schedule_id: int, token: str) -> bool:
        """End the mails of the address that the token is for; return whether there is one. Raises StorageUnavailable."""
        found = self._found(schedule_id, token)
        if found is not None:
            self._schedules.unsubscribe(found[0], schedule_id, found[1])
        return found is not None

    def _found(self, schedule_id: int, token: str) -> tuple[int, str] | None:
        """Return (list, key of the address). Every address is compared, whichever it is."""
        known = self._schedules.unsubscribing(schedule_id)
        if known is None:
            return None
        list_id, secret, addresses = known
        fits = [
            key
            for _, key in addresses
            if hmac.compare_digest(self._token_of(secret, key).encode(), token.encode())
        ]
        return (list_id, fits[0]) if fits else None
