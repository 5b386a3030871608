"""Catalogue entries: an event as it is catalogued, with what a key has sent and what only browsers have."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.storage.engine.transaction import Transaction


@dataclass(slots=True)
class Listed:
    """A catalogued event: properties that a key has sent, and those that only browsers have."""

    is_public: bool
    properties: set[bytes]
    public: set[bytes]
    until: float = 0.0

    def has(self, properties: set[bytes], is_public: bool) -> bool:
        """Whether this says already what an event with these properties says; a key's say more than a browser's."""
        if is_public:
            return properties <= self.properties | self.public
        return not self.is_public and properties <= self.properties


def find_listed(transaction: Transaction, list_id: int, name: bytes) -> Listed | None:
    """An event as it is catalogued, or None when it is not."""
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
    transaction: Transaction, list_id: int, name: bytes, listed: Listed, properties: set[bytes]
) -> None:
    """What a key sends is no longer known from browsers alone."""
    if listed.is_public:
        sql = "UPDATE event_names SET is_public = 0 WHERE list_id = ? AND name = ?"
        transaction.execute(sql, (list_id, name))
        listed.is_public = False
    sql = "UPDATE event_properties SET is_public = 0 WHERE list_id = ? AND event_name = ? AND property = ?"
    confirmed = sorted(listed.public & properties)
    transaction.update(sql, [(list_id, name, item) for item in confirmed])
    listed.public.difference_update(confirmed)
    listed.properties.update(confirmed)
