"""Which event and property names exist? Kept in the event's transaction, so that no listing ever scans events."""

from __future__ import annotations

import time
from collections.abc import Iterable

from tracker.storage.catalogue_counts import TYPES
from tracker.storage.transaction import Transaction

#: Per list: event names and (event, property) pairs; per event: properties. What goes beyond is stored, not listed.
MOST_NAMES, MOST_PAIRS, MOST_PROPERTIES = 2_000, 20_000, 500
#: The share of these bounds that names first seen through the door for browsers may use: anybody can send there.
PUBLIC_SHARE = 0.8
#: (event, property) pairs a process remembers over all lists, and seconds before a refused name is tried again.
MOST_KNOWN, RETRY_FULL_SECONDS = 500_000, 60.0

Name = tuple[int, bytes]
Seen = dict[Name, tuple[set[bytes], int]]


class Catalogue:
    """One process's view of the catalogue. What it adds counts as known only after the commit."""

    def __init__(self) -> None:
        self._known: dict[Name, set[bytes]] = {}
        self._count = 0
        self._refused: dict[tuple[int, bytes, bytes | None, float], float] = {}
        self._pending: Seen = {}
        self._share = 1.0

    def note(self, transaction: Transaction, seen: Seen, seen_in_public: Seen | None = None) -> None:
        """Catalogue the names of a group: `{(list_id, event name): (property names, received_at)}`.

        Those that only anybody has sent may use PUBLIC_SHARE of the room.
        """
        self._pending = {}
        for self._share, part in ((1.0, seen), (PUBLIC_SHARE, seen_in_public or {})):
            news = {name: (props, at) for name, (props, at) in part.items() if self._has_news(name, props)}
            for (list_id, name), (properties, at) in sorted(news.items()):
                self._add(transaction, list_id, name, properties, at)

    def committed(self) -> None:
        """The transaction of the last `note` was committed."""
        if self._count > MOST_KNOWN:
            self._known, self._count = {}, 0
        for name, (properties, _) in self._pending.items():
            known = self._known.setdefault(name, set())
            self._count += len(properties - known)
            known |= properties
        self._pending = {}

    def _has_news(self, name: Name, properties: set[bytes]) -> bool:
        known = self._known.get(name)
        if known is not None and properties <= known:
            return False
        unknown: Iterable[bytes | None] = [None] if known is None else properties - known
        return any(self._refused.get((*name, item, self._share), 0.0) < time.monotonic() for item in unknown)

    def _add(
        self, transaction: Transaction, list_id: int, name: bytes, properties: set[bytes], at: int
    ) -> None:
        stored = _stored_properties(transaction, list_id, name)
        missing = None if stored is None else properties - stored
        if missing is None or missing:
            _lock_list(transaction, list_id)
            stored = _stored_properties(transaction, list_id, name)
            if stored is None:
                stored = self._add_name(transaction, list_id, name, at)
            if stored is not None:
                stored |= self._add_properties(
                    transaction, list_id, name, properties - stored, len(stored), at
                )
        if stored is not None:
            self._pending[list_id, name] = (stored, at)

    def _add_name(self, transaction: Transaction, list_id: int, name: bytes, at: int) -> set[bytes] | None:
        count = transaction.select("SELECT COUNT(*) FROM event_names WHERE list_id = ?", (list_id,))[0][0]
        if count >= MOST_NAMES * self._share:
            self._refuse(transaction, list_id, name, [None])
            return None
        columns = ("list_id", "name", "first_seen_at", "last_seen_at", "property_count", "events")
        transaction.insert("event_names", columns, [(list_id, name, at, at, 0, 0)])
        return set()

    def _add_properties(
        self, transaction: Transaction, list_id: int, name: bytes, missing: set[bytes], count: int, at: int
    ) -> set[bytes]:
        if not missing:
            return set()
        sql = "SELECT SUM(property_count) FROM event_names WHERE list_id = ?"
        pairs = int(transaction.select(sql, (list_id,))[0][0])
        share = self._share
        room = max(0, int(min(MOST_PROPERTIES * share - count, MOST_PAIRS * share - pairs)))
        ordered = sorted(missing)
        admitted, refused = ordered[:room], ordered[room:]
        if refused:
            self._refuse(transaction, list_id, name, refused)
        columns = ("list_id", "event_name", "property", "first_seen_at", "last_seen_at", *TYPES)
        rows = [(list_id, name, item, at, at, *[0] * len(TYPES)) for item in admitted]
        transaction.insert("event_properties", columns, rows)
        sql = "UPDATE event_names SET property_count = property_count + ? WHERE list_id = ? AND name = ?"
        transaction.execute(sql, (len(admitted), list_id, name))
        return set(admitted)

    def _refuse(
        self, transaction: Transaction, list_id: int, name: bytes, items: Iterable[bytes | None]
    ) -> None:
        """Flag the list, and do not look these names up again for a while."""
        transaction.execute("UPDATE lists SET is_catalogue_full = 1 WHERE id = ?", (list_id,))
        if len(self._refused) > MOST_KNOWN:
            self._refused.clear()
        until = time.monotonic() + RETRY_FULL_SECONDS
        self._refused.update({(list_id, name, item, self._share): until for item in items})


def is_full(transaction: Transaction, list_id: int) -> bool:
    """Whether names of this list went beyond the catalogue's bounds."""
    return bool(transaction.select("SELECT is_catalogue_full FROM lists WHERE id = ?", (list_id,))[0][0])


def forget(transaction: Transaction, list_id: int, name: bytes, item: bytes | None) -> None:
    """Take out an event name with its properties, or one property of it."""
    if item is None:
        transaction.execute(
            "DELETE FROM event_properties WHERE list_id = ? AND event_name = ?", (list_id, name)
        )
        transaction.execute("DELETE FROM event_names WHERE list_id = ? AND name = ?", (list_id, name))
        return
    sql = "DELETE FROM event_properties WHERE list_id = ? AND event_name = ? AND property = ?"
    if transaction.change(sql, (list_id, name, item)):
        sql = "UPDATE event_names SET property_count = property_count - 1 WHERE list_id = ? AND name = ?"
        transaction.execute(sql, (list_id, name))


def properties_by_event(transaction: Transaction, list_id: int) -> dict[str, list[str]]:
    """{event name: [property names]}, both in the order of their bytes; an event without properties has []."""
    names = transaction.select("SELECT name FROM event_names WHERE list_id = ? ORDER BY name", (list_id,))
    listing: dict[str, list[str]] = {bytes(row[0]).decode(): [] for row in names}
    sql = "SELECT event_name, property FROM event_properties WHERE list_id = ? ORDER BY event_name, property"
    for name, item in transaction.select(sql, (list_id,)):
        listing.setdefault(bytes(name).decode(), []).append(bytes(item).decode())
    return listing


def _stored_properties(transaction: Transaction, list_id: int, name: bytes) -> set[bytes] | None:
    """The catalogued properties of an event, or None when the event is not catalogued."""
    if not transaction.select("SELECT 1 FROM event_names WHERE list_id = ? AND name = ?", (list_id, name)):
        return None
    sql = "SELECT property FROM event_properties WHERE list_id = ? AND event_name = ?"
    return {bytes(row[0]) for row in transaction.select(sql, (list_id, name))}


def _lock_list(transaction: Transaction, list_id: int) -> None:
    """Let one transaction at a time extend a list's catalogue, so that its bounds hold."""
    transaction.select(f"SELECT id FROM lists WHERE id = ?{transaction.engine.for_update}", (list_id,))
