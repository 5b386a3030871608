"""Signed EventIDs: an EventID that Tracker issues names a row; every other EventID is a client's own text."""

from __future__ import annotations

import base64
import hmac
import re

from tracker.domain.event import Event, EventIdTaken
from tracker.domain.row_ids import MAX_AHEAD_MS, received_ms

#: `trk-`, the row id, and two signatures: one that Tracker issued it for this list and endpoint, one that it is for this
#: event. A repeat with it needs no look-up table. A row id is 63 bits, so its first digit is at most 7.
_SIGNED = re.compile(r"trk-([0-7][0-9a-f]{15})-([A-Za-z0-9_-]{20})")
#: Bytes of the signatures: nobody makes 2^64 attempts.
_ROW_BYTES, _EVENT_BYTES = 8, 7
#: Set in the first byte of a public EventID as it is stored. No EventID that can be sent has this bit: they are ASCII.
_PUBLIC = 0x80


class EventIdSigner:
    """Makes and recognises signed EventIDs. The secret is the database's; before `set_secret` none can be made."""

    def __init__(self) -> None:
        self._secret = b""

    def set_secret(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, event: Event) -> str:
        """Return the EventID with which this event can be repeated after an unknown outcome."""
        signed = self._of_row(event, event.row_id) + self._of_event(event, event.row_id)
        return f"trk-{event.row_id:016x}-{base64.urlsafe_b64encode(signed).decode()}"

    def row_id_in(self, event: Event) -> int | None:
        """Return the row id inside a signed EventID, or None for a client's own, which is everything without our signature.

        A row id ahead of the server's clock counts as a client's own too, so that nobody takes a row before its time.
        Raises EventIdTaken for an EventID that was issued for another event.
        """
        found = _SIGNED.fullmatch(event.event_key or "")
        if found is None:
            return None
        row_id, signed = int(found[1], 16), base64.urlsafe_b64decode(found[2])
        is_signed = hmac.compare_digest(signed[:_ROW_BYTES], self._of_row(event, row_id))
        if not is_signed or received_ms(row_id) > event.received_at + MAX_AHEAD_MS:
            return None
        if not hmac.compare_digest(signed[_ROW_BYTES:], self._of_event(event, row_id)):
            raise EventIdTaken(event.event_key)
        return row_id

    def _of_row(self, event: Event, row_id: int) -> bytes:
        return self._signed(b"row", event, row_id)[:_ROW_BYTES]

    def _of_event(self, event: Event, row_id: int) -> bytes:
        return self._signed(event.digest(), event, row_id)[:_EVENT_BYTES]

    def _signed(self, what: bytes, event: Event, row_id: int) -> bytes:
        if not self._secret:
            raise LookupError("the secret of the database has not been read")
        signed = b"%d %d %d %s" % (event.list_id, row_id, event.is_public, what)
        return hmac.digest(self._secret, signed, "sha256")


def stored_key(event: Event) -> bytes:
    """Return the EventID as it is stored: events of the collect endpoint have a key space of their own.

    So EventIDs of strangers collide with none that came with a key, and reveal nothing about them.
    """
    return stored_keys(event.event_key or "")[event.is_public]


def stored_keys(event_key: str) -> tuple[bytes, bytes]:
    """Return how an EventID is stored: of an event that came with a key, and of a page's."""
    key = event_key.encode()
    return key, bytes((key[0] | _PUBLIC,)) + key[1:]


def sent_key(stored: bytes) -> str:
    """Return the EventID as it was sent."""
    return (bytes((stored[0] & ~_PUBLIC,)) + stored[1:]).decode()


def row_key(row_id: int) -> bytes:
    """Return the tombstone key that stands for every signed EventID of a deleted row; no client's EventID equals it."""
    return b"\0%016x" % row_id
