"""Stored events: rows under (list_id, id), and the EventIDs that make a repeated request harmless (idempotency)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tracker.domain.event import IS_BOT, IS_LINK
from tracker.domain.row_ids import next_id_after
from tracker.storage import changes
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.subscribers.identity_rows import text

COLUMNS = (
    "list_id", "id", "visitor_id", "span", "subscriber_id", "name", "event_at", "received_at", "claimed_at",
    "sent_at", "external_id", "flags", "properties",
)  # fmt: skip
_EVENT_IDS = "SELECT list_id, event_key, event_id, digest FROM event_ids"
_ANSWERS = "SELECT list_id, id, visitor_id, external_id, flags, name, claimed_at, received_at, properties FROM events"


class StoredEvent(NamedTuple):
    """The columns of an event's row that answers are made of."""

    id: int
    visitor_id: int
    span: int
    subscriber_id: int | None
    name: bytes
    event_at: int
    received_at: int
    external_id: bytes | None
    flags: int
    properties: bytes


class StoredAnswer(NamedTuple):
    """The columns of the first answer to an event, and those that tell it from other events. `uuid` is its visitor's."""

    uuid: bytes
    external_id: str | None
    flags: int
    name: bytes
    claimed_at: int | None
    received_at: int
    properties: bytes


class Sending(NamedTuple):
    """How one event came. Times are UTC milliseconds; `sent_at` is by the client's clock."""

    received_at: int
    sent_at: int | None
    is_bot: bool
    properties: bytes


_BEFORE = "SELECT id, name FROM events WHERE list_id = ? AND id < ? ORDER BY id DESC LIMIT ?"
_FROM = "SELECT id, name FROM events WHERE list_id = ? AND id >= ? ORDER BY id LIMIT ?"
_IDS = "SELECT id FROM events WHERE list_id = ? AND id >= ? AND id < ? ORDER BY id DESC LIMIT ?"

#: An event's id and its name.
Named = tuple[int, bytes]
_STORED = f"SELECT {', '.join(StoredEvent._fields)} FROM events"


def add_events(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Insert rows in the order of COLUMNS; names and properties as bytes."""
    transaction.insert("events", COLUMNS, rows)
    changes.note_late_events(transaction, rows)


def find_events(transaction: Transaction, keys: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return those of the (list_id, id) that are stored."""
    rows = transaction.lookup("SELECT list_id, id FROM events", ("list_id", "id"), sorted(set(keys)))
    return {(row[0], row[1]) for row in rows}


def read_events(
    transaction: Transaction, list_id: int, event_ids: Iterable[int], is_locking: bool = False
) -> dict[int, StoredEvent]:
    """Return {event_id: event} of those that are stored.

    With `is_locking` no other transaction deletes or changes them until this one ends.
    """
    wanted = [(list_id, event_id) for event_id in sorted(set(event_ids))]
    rows = transaction.lookup(_STORED, ("list_id", "id"), wanted, is_locking)
    return {row[0]: StoredEvent(*row) for row in rows}


def set_flags(transaction: Transaction, list_id: int, flags: Mapping[int, int]) -> None:
    """Set {event_id: flags}.

    The caller has locked the rows, and updates the counters (`storage/aggregates/count_changes.py`).
    """
    rows = [(new, list_id, event_id) for event_id, new in sorted(flags.items())]
    transaction.update("UPDATE events SET flags = ? WHERE list_id = ? AND id = ?", rows)
    changes.note_events(transaction, list_id, flags)


def set_properties(transaction: Transaction, list_id: int, properties: Mapping[int, bytes]) -> None:
    """Set {event_id: stored properties}, after a verdict that enrichment depends on has changed."""
    rows = [(new, list_id, event_id) for event_id, new in sorted(properties.items())]
    transaction.update("UPDATE events SET properties = ? WHERE list_id = ? AND id = ?", rows)
    changes.note_events(transaction, list_id, properties)


def clear_link_flags(transaction: Transaction, list_id: int, event_ids: Iterable[int]) -> None:
    """Clear the flag of these events that says that they link their visitor."""
    sql = "UPDATE events SET flags = flags - ? WHERE list_id = ? AND id = ? AND flags & ? <> 0"
    transaction.update(sql, [(IS_LINK, list_id, event_id, IS_LINK) for event_id in event_ids])


def add_event_ids(transaction: Transaction, rows: Sequence[Row]) -> None:
    """Insert rows (list_id, event_key, event_id, digest)."""
    transaction.insert("event_ids", ("list_id", "event_key", "event_id", "digest"), rows)


def find_event_ids(
    transaction: Transaction, keys: Iterable[tuple[int, bytes]]
) -> dict[tuple[int, bytes], Row]:
    """Return {(list_id, event_key): (event_id, digest)} of the keys that are taken."""
    rows = transaction.lookup(_EVENT_IDS, ("list_id", "event_key"), sorted(set(keys)))
    return {(row[0], bytes(row[1])): (row[2], bytes(row[3])) for row in rows}


def find_answers(
    transaction: Transaction, keys: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], StoredAnswer]:
    """Return {(list_id, id): answer} of those events that are stored."""
    rows = transaction.lookup(_ANSWERS, ("list_id", "id"), sorted(set(keys)))
    visitors = sorted({(row[0], row[2]) for row in rows})
    sql = "SELECT list_id, id, uuid FROM visitors"
    uuids = {(r[0], r[1]): bytes(r[2]) for r in transaction.lookup(sql, ("list_id", "id"), visitors)}
    return {
        (row[0], row[1]): StoredAnswer(
            uuids.get((row[0], row[2]), b""),
            text(row[3]),
            row[4],
            bytes(row[5]),
            row[6],
            row[7],
            bytes(row[8]),
        )
        for row in rows
    }


def last_received_at(transaction: Transaction, list_id: int, before_id: int) -> int | None:
    """Return when the newest event of a list before an id was received, in UTC milliseconds; None if there is none."""
    sql = "SELECT received_at FROM events WHERE list_id = ? AND id < ? ORDER BY id DESC LIMIT 1"
    rows = transaction.select(sql, (list_id, before_id))
    return rows[0][0] if rows else None


def last_received_by_list(
    transaction: Transaction, list_ids: Iterable[int], before_id: int
) -> dict[int, int | None]:
    """Return `last_received_at` of many lists, a statement each: they may lie in several shards."""
    return {list_id: last_received_at(transaction, list_id, before_id) for list_id in list_ids}


def first_id(transaction: Transaction, list_id: int) -> int:
    """Return the smallest id of a list's events, or -1 if it has none."""
    rows = transaction.select("SELECT id FROM events WHERE list_id = ? ORDER BY id LIMIT 1", (list_id,))
    return int(rows[0][0]) if rows else -1


def last_id(transaction: Transaction, list_id: int) -> int:
    """Return the largest id of a list's events, or -1 if it has none."""
    rows = transaction.select("SELECT id FROM events WHERE list_id = ? ORDER BY id DESC LIMIT 1", (list_id,))
    return int(rows[0][0]) if rows else -1


def ids_from(transaction: Transaction, list_id: int, first_id: int, now: int, most: int) -> list[int]:
    """Return the largest ids, at most `most`, from `first_id` on, the largest first. Reads the key alone.

    Events dated in the future are left out: they are not recent, and would hide those that are.
    """
    return [row[0] for row in transaction.select(_IDS, (list_id, first_id, next_id_after(now), most))]


def names_before(transaction: Transaction, list_id: int, before_id: int, most: int) -> list[Named]:
    """Return the last `most` events before an id, newest first."""
    return [(row[0], bytes(row[1])) for row in transaction.select(_BEFORE, (list_id, before_id, most))]


def names_from(transaction: Transaction, list_id: int, first_id: int, most: int) -> list[Named]:
    """Return the first `most` events from an id on, oldest first."""
    return [(row[0], bytes(row[1])) for row in transaction.select(_FROM, (list_id, first_id, most))]


def ids_named(
    transaction: Transaction, list_id: int, names: Sequence[bytes], first_id: int, before_id: int, most: int
) -> list[int]:
    """Return the first ids, at most `most`, of the events of these names from an id to before another, oldest first."""
    sql = (
        "SELECT id FROM events WHERE list_id = ? AND id >= ? AND id < ?"
        f" AND name IN ({', '.join('?' * len(names))}) ORDER BY id LIMIT ?"
    )
    rows = transaction.select(sql, (list_id, first_id, before_id, *names, most))
    return [row[0] for row in rows]


def latest_sendings(transaction: Transaction, list_id: int, most: int) -> list[Sending]:
    """Return how the last events of a list came, the last one first."""
    sql = "SELECT received_at, sent_at, flags, properties FROM events WHERE list_id = ? ORDER BY id DESC LIMIT ?"
    rows = transaction.select(sql, (list_id, most))
    return [Sending(row[0], row[1], bool(row[2] & IS_BOT), bytes(row[3])) for row in rows]
