"""Catalogue entries: one catalogued event with its properties, those sent with a key and those of public events alone."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from tracker.storage.engine.transaction import Transaction


@dataclass(slots=True)
class Listed:
    """A catalogued event: properties that were sent with a key, and those that only public events had (`public`)."""

    is_public: bool
    properties: set[bytes]
    public: set[bytes]
    until: float = 0.0

    def has(self, properties: Set[bytes], is_public: bool) -> bool:
        """Return whether an event with these properties adds nothing; a public name is confirmed by an event with a key."""
        if is_public:
            return properties <= self.properties | self.public
        return not self.is_public and properties <= self.properties


def find_listed(transaction: Transaction, list_id: int, name: bytes) -> Listed | None:
    """Return an event as it is catalogued, or None."""
    sql = "SELECT is_public FROM event_names WHERE list_id = ? AND name = ?"
    names = transaction.select(sql, (list_id, name))
    if not names:
        return None
    listed = Listed(bool(names[0][0]), set(), set())
    sql = "SELECT property, is_public FROM event_properties WHERE list_id = ? AND event_name = ?"
    for item, is_public in transaction.select(sql, (list_id, name)):
        (listed.public if is_public else listed.properties).add(bytes(item))
    return listed


def confirm(
    transaction: Transaction, list_id: int, name: bytes, listed: Listed, properties: Set[bytes]
) -> None:
    """Mark names as sent with a key, no longer known from public events alone."""
    if listed.is_public:
        sql = "UPDATE event_names SET is_public = 0 WHERE list_id = ? AND name = ?"
        transaction.execute(sql, (list_id, name))
        listed.is_public = False
    sql = "UPDATE event_properties SET is_public = 0 WHERE list_id = ? AND event_name = ? AND property = ?"
    confirmed = sorted(listed.public & properties)
    transaction.update(sql, [(list_id, name, item) for item in confirmed])
    listed.public.difference_update(confirmed)
    listed.properties.update(confirmed)
