"""Catalogue of event and property names, extended in the event's transaction, so that no listing ever scans events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Set

from tracker.storage.aggregates.catalogue_entries import Listed, confirm, find_listed
from tracker.storage.aggregates.catalogue_eviction import evict_names, evict_properties
from tracker.storage.aggregates.seen_times import COLUMNS, EventTimes, of_event
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.tables import TYPES
from tracker.storage.shards import lock_list

#: Bounds of a list: event names, and (event, property) pairs; of an event: properties. Names beyond them are stored in
#: events, and not listed.
MAX_NAMES, MAX_PAIRS, MAX_PROPERTIES = 2_000, 20_000, 500
#: The share of these bounds that names first seen at the collect endpoint may use: anybody can send there.
PUBLIC_SHARE = 0.8
#: (event, property) pairs that a process caches over all lists; seconds before a refused name is tried again, and after
#: which a cached name is looked up again: it may have been evicted or removed.
MAX_KNOWN, RETRY_FULL_SECONDS, KNOWN_SECONDS = 500_000, 60.0, 60.0

Name = tuple[int, bytes]
#: {(list_id, event name): ({property: times of an event with it}, times of an event)}.
Seen = dict[Name, tuple[dict[bytes, EventTimes], EventTimes]]


class Catalogue:
    """One process's cache of the catalogue. Names that it adds count as known only after the commit."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[Name, Listed] = {}
        self._count = 0
        self._refused: dict[tuple[int, bytes, bytes | None, bool], float] = {}
        self._pending: dict[Name, Listed] = {}
        self._is_public = False

    def note(self, transaction: Transaction, seen: Seen, seen_in_public: Seen | None = None) -> None:
        """Catalogue the names of a group.

        Names of public events alone (`seen_in_public`) may use PUBLIC_SHARE of the room, and are evicted when it is
        used up.
        """
        self._pending = {}
        for self._is_public, part in ((False, seen), (True, seen_in_public or {})):
            news = {name: seen for name, seen in part.items() if self._has_news(name, seen[0].keys())}
            for (list_id, name), (properties, at) in sorted(news.items()):
                self._add(transaction, list_id, name, properties, at)

    def committed(self) -> None:
        """Take over what the last `note` added: its transaction was committed."""
        if self._count > MAX_KNOWN:
            self._known, self._count = {}, 0
        until = self._clock() + KNOWN_SECONDS
        for name, listed in self._pending.items():
            self._count += len(listed.properties) + len(listed.public)
            listed.until = until
            self._known[name] = listed
        self._pending = {}

    def _has_news(self, name: Name, properties: Set[bytes]) -> bool:
        pending, known, now = self._pending.get(name), self._known.get(name), self._clock()
        known = None if known is None or known.until <= now else known
        if any(each is not None and each.has(properties, self._is_public) for each in (pending, known)):
            return False
        unknown = [None] if known is None else list(properties - known.properties - known.public)
        refused, is_public = self._refused, self._is_public
        return not unknown or any(refused.get((*name, item, is_public), 0.0) < now for item in unknown)

    def _add(
        self,
        transaction: Transaction,
        list_id: int,
        name: bytes,
        properties: Mapping[bytes, EventTimes],
        at: EventTimes,
    ) -> None:
        listed = find_listed(transaction, list_id, name)
        if listed is None or not listed.has(properties.keys(), self._is_public):
            lock_list(transaction, list_id)  # one at a time extends a catalogue, so that its bounds hold
            listed = find_listed(transaction, list_id, name) or self._add_name(transaction, list_id, name, at)
            if listed is not None:
                if not self._is_public:
                    confirm(transaction, list_id, name, listed, properties.keys())
                known = listed.properties | listed.public
                missing = {item: times for item, times in properties.items() if item not in known}
                self._add_properties(transaction, list_id, name, missing, listed)
        if listed is not None:
            self._pending[list_id, name] = listed

    def _add_name(self, transaction: Transaction, list_id: int, name: bytes, at: EventTimes) -> Listed | None:
        count = transaction.select("SELECT COUNT(*) FROM event_names WHERE list_id = ?", (list_id,))[0][0]
        if count >= MAX_NAMES * self._share:
            _flag(transaction, list_id)
            gone = evict_names(transaction, list_id, name, at.received_at)
            for each in gone:
                self._forget((list_id, each))
            if not gone:
                self._refuse(list_id, name, [None])
                return None
        columns = ("list_id", "name", *COLUMNS, "property_count", "events", "is_public")
        row = (list_id, name, *of_event(at), 0, 0, int(self._is_public))
        transaction.insert("event_names", columns, [row])
        return Listed(self._is_public, set(), set())

    def _add_properties(
        self,
        transaction: Transaction,
        list_id: int,
        name: bytes,
        missing: Mapping[bytes, EventTimes],
        listed: Listed,
    ) -> None:
        if not missing:
            return
        now = max(times.received_at for times in missing.values())
        room = self._room(transaction, list_id, name, listed, len(missing), now)
        ordered = sorted(missing)
        admitted, refused = ordered[:room], ordered[room:]
        if refused:
            _flag(transaction, list_id)
            self._refuse(list_id, name, refused)
        columns = ("list_id", "event_name", "property", *COLUMNS, "is_public", *TYPES)
        rest = (int(self._is_public), *[0] * len(TYPES))
        rows = [(list_id, name, item, *of_event(missing[item]), *rest) for item in admitted]
        transaction.insert("event_properties", columns, rows)
        sql = "UPDATE event_names SET property_count = property_count + ? WHERE list_id = ? AND name = ?"
        transaction.execute(sql, (len(admitted), list_id, name))
        (listed.public if self._is_public else listed.properties).update(admitted)

    def _room(
        self, transaction: Transaction, list_id: int, name: bytes, listed: Listed, wanted: int, at: int
    ) -> int:
        """Return for how many further properties of an event there is room, after evictions."""
        sql = "SELECT SUM(property_count) FROM event_names WHERE list_id = ?"
        of_event = int(MAX_PROPERTIES * self._share) - len(listed.properties) - len(listed.public)
        of_list = int(MAX_PAIRS * self._share) - int(transaction.select(sql, (list_id,))[0][0])
        for event, room in ((name, of_event), (None, of_list)):
            if room < wanted:
                _flag(transaction, list_id)
                for each, item in evict_properties(transaction, list_id, event, at, wanted - max(room, 0)):
                    of_list += 1
                    of_event += each == name
                    listed.public.discard(item) if each == name else self._forget((list_id, each))
        return max(0, min(of_event, of_list))

    @property
    def _share(self) -> float:
        return PUBLIC_SHARE if self._is_public else 1.0

    def _forget(self, name: Name) -> None:
        self._known.pop(name, None)
        self._pending.pop(name, None)

    def _refuse(self, list_id: int, name: bytes, items: Iterable[bytes | None]) -> None:
        """Do not look these names up again for RETRY_FULL_SECONDS."""
        if len(self._refused) > MAX_KNOWN:
            self._refused.clear()
        until = self._clock() + RETRY_FULL_SECONDS
        self._refused.update({(list_id, name, item, self._is_public): until for item in items})


def has_gaps(transaction: Transaction, list_id: int) -> bool:
    """Return whether names of stored events may be missing: they did not fit, or an operator has removed them."""
    sql = "SELECT is_catalogue_full, is_catalogue_pruned FROM list_settings WHERE list_id = ?"
    return any(any(row) for row in transaction.select(sql, (list_id,)))


def is_full(transaction: Transaction, list_id: int) -> bool:
    """Return whether names of this list went beyond the catalogue's bounds."""
    sql = "SELECT is_catalogue_full FROM list_settings WHERE list_id = ?"
    return any(row[0] for row in transaction.select(sql, (list_id,)))


def properties_by_event(transaction: Transaction, list_id: int) -> dict[str, list[str]]:
    """Return {event name: [property names]}, both in the order of their bytes; an event without properties has []."""
    names = transaction.select("SELECT name FROM event_names WHERE list_id = ? ORDER BY name", (list_id,))
    listing: dict[str, list[str]] = {bytes(row[0]).decode(): [] for row in names}
    sql = "SELECT event_name, property FROM event_properties WHERE list_id = ? ORDER BY event_name, property"
    for name, item in transaction.select(sql, (list_id,)):
        listing.setdefault(bytes(name).decode(), []).append(bytes(item).decode())
    return listing


def _flag(transaction: Transaction, list_id: int) -> None:
    """Note that names did not fit. The list's row is locked, so there is one."""
    transaction.execute("UPDATE list_settings SET is_catalogue_full = 1 WHERE list_id = ?", (list_id,))
