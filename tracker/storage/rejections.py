"""Rejections: counts and last bodies of refused calls, and who sends events, each for seven days and bounded.

A rejection is a reason with a sender. List 0 holds those of callers whom nobody knows.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from tracker.domain.masked_bodies import without_values
from tracker.formats.page_origins import is_near
from tracker.storage.engine.sharding import ALL_LISTS, Among
from tracker.storage.engine.transaction import Row, Transaction

HOUR_MS, DAY_MS = 3_600_000, 24 * 3_600_000
#: Milliseconds for which everything here is kept.
KEPT_MS = 7 * DAY_MS
#: Rejections of one list with a sender: those of further ones are counted together. Names of one kind on one day: likewise.
MAX_REJECTIONS, MAX_NAMES = 200, 100
#: Bodies of one rejection, and bytes of all bodies of a list.
MAX_BODIES, MAX_BODY_BYTES = 20, 1_000_000
#: The sender of all that were not kept apart.
OTHERS = ""
#: What a row of senders counts: an origin, a key, a browser's wish not to be tracked, and a key that named no list.
ORIGIN, KEY, SIGNAL, LISTLESS = "origin", "key", "signal", "listless"
#: What a stranger without an origin is called by.
NETWORK = "network"
#: Bytes of a sender's name that are kept.
MAX_SENDER_BYTES = 300


@dataclass(frozen=True, slots=True)
class RefusedBody:
    """A body that was refused. `is_whole`: with its values; `event_key` is its EventID, its own or one made for it."""

    id: int
    at: int
    event_key: str
    is_whole: bool
    body: bytes


@dataclass(slots=True)
class Refusals:
    """What a process noticed of one rejection since it last wrote. `hours` are counts by hour."""

    message: bytes
    first_at: int
    last_at: int
    hours: dict[int, int]
    bodies: list[RefusedBody]


class Rejection(NamedTuple):
    """A stored rejection. `message` is the JSON of what was answered."""

    id: int
    reason: str
    sender: str
    message: bytes
    first_at: int
    last_at: int
    total: int


@dataclass(slots=True)
class _Place:
    """What decides whether a sender is named."""

    sender: str
    total: int
    last_at: int


class SenderDay(NamedTuple):
    """How many events a sender sent on a day, which is counted from the epoch."""

    day: int
    kind: str
    name: str
    total: int
    last_at: int


_BODY_COLUMNS = ("list_id", "id", "rejection_id", "at", "event_key", "is_whole", "body")
#: (list_id, reason, sender)
Group = tuple[int, str, str]


def rejection_id(reason: str, sender: str) -> int:
    """Return the number of a rejection: the same in every process."""
    return int.from_bytes(hashlib.sha256(f"{reason}\n{sender}".encode()).digest()[:8]) >> 1


def add(
    transaction: Transaction,
    noticed: Mapping[Group, Refusals],
    allowed: Mapping[int, Sequence[str]] = MappingProxyType({}),
) -> None:
    """Add what a process noticed, and delete what is then too much. `allowed` are the origins that lists allow."""
    by_list: dict[int, dict[tuple[str, str], list[Refusals]]] = defaultdict(lambda: defaultdict(list))
    for (list_id, reason, sender), refusals in sorted(noticed.items(), key=lambda item: item[0]):
        by_list[list_id][reason, sender].append(refusals)
    for list_id, groups in by_list.items():
        _add_of_list(transaction, list_id, groups, allowed.get(list_id, ()))
        _trim(transaction, list_id)


def _add_of_list(
    transaction: Transaction,
    list_id: int,
    groups: Mapping[tuple[str, str], list[Refusals]],
    allowed: Sequence[str],
) -> None:
    kept = {each.id: each for each in of_list(transaction, list_id, 0) if each.sender != OTHERS}
    places = {each.id: _Place(each.sender, each.total, each.last_at) for each in kept.values()}
    for (reason, sender), several in groups.items():
        if sender != OTHERS:
            place = places.setdefault(rejection_id(reason, sender), _Place(sender, 0, 0))
            place.total += sum(sum(each.hours.values()) for each in several)
            place.last_at = max(place.last_at, *(each.last_at for each in several))
    named = _named(transaction, list_id, places, allowed)
    for (reason, sender), several in groups.items():
        sender = sender if rejection_id(reason, sender) in named else OTHERS
        for refusals in several:
            _add_one(transaction, list_id, rejection_id(reason, sender), (reason, sender), refusals)
    _join_others(transaction, list_id, [each for each in kept.values() if each.id not in named])


def _named(
    transaction: Transaction, list_id: int, places: Mapping[int, _Place], allowed: Sequence[str]
) -> set[int]:
    """Return the rejections that are kept apart: half of them for their counts, the others as the latest.

    Not those that came first: anybody can send under a thousand names. Those of senders that are likely the list's go before.
    """
    if len(places) <= MAX_REJECTIONS:
        return set(places)
    sql = "SELECT DISTINCT name FROM senders WHERE list_id = ? AND kind = ?"
    accepted = {_text(name) for (name,) in transaction.select(sql, (list_id, ORIGIN.encode()))}

    def is_own(place: _Place) -> bool:
        kind, _, name = place.sender.partition(" ")
        return kind not in (ORIGIN, NETWORK) or name in accepted or is_near(name, allowed)

    own = {number for number, place in places.items() if is_own(place)}
    by_count = sorted(places, key=lambda each: (each in own, places[each].total), reverse=True)
    named = set(by_count[: MAX_REJECTIONS - MAX_REJECTIONS // 2])
    latest = sorted(set(places) - named, key=lambda each: (each in own, places[each].last_at), reverse=True)
    return named | set(latest[: MAX_REJECTIONS // 2])


def _join_others(transaction: Transaction, list_id: int, gone: Sequence[Rejection]) -> None:
    """Count rejections under no sender from now on, with their bodies."""
    hours = hours_of(transaction, list_id, 0) if gone else {}
    for each in gone:
        others = rejection_id(each.reason, OTHERS)
        counted = Refusals(each.message, each.first_at, each.last_at, hours.get(each.id, {}), [])
        _add_one(transaction, list_id, others, (each.reason, OTHERS), counted)
        sql = "UPDATE rejected_bodies SET rejection_id = ? WHERE list_id = ? AND rejection_id = ?"
        transaction.change(sql, (others, list_id, each.id))
        dismiss(transaction, list_id, each.id)


def _add_one(
    transaction: Transaction, list_id: int, number: int, words: tuple[str, str], new: Refusals
) -> None:
    columns = ("list_id", "id", "reason", "sender", "message", "first_at", "last_at", "total")
    texts = (words[0].encode(), words[1].encode(), new.message)
    transaction.insert_missing(
        "rejections", columns, [(list_id, number, *texts, new.first_at, new.last_at, 0)]
    )
    transaction.change(
        "UPDATE rejections SET total = total + ?, last_at = CASE WHEN last_at > ? THEN last_at ELSE ? END, message = ?"
        " WHERE list_id = ? AND id = ?",
        (sum(new.hours.values()), new.last_at, new.last_at, new.message, list_id, number),
    )
    hours: list[Row] = [(list_id, number, hour, count) for hour, count in sorted(new.hours.items())]
    transaction.add_up("rejection_hours", ("list_id", "rejection_id", "hour"), ("total",), hours)
    rows = [
        (list_id, each.id, number, each.at, each.event_key.encode(), int(each.is_whole), each.body)
        for each in new.bodies
    ]
    transaction.insert("rejected_bodies", _BODY_COLUMNS, rows)


def _trim(transaction: Transaction, list_id: int) -> None:
    """Delete bodies beyond the newest of each rejection, and beyond the bytes that a list may take."""
    sql = "SELECT id, rejection_id, LENGTH(body) FROM rejected_bodies WHERE list_id = ? ORDER BY id DESC"
    seen: dict[int, int] = defaultdict(int)
    size, surplus = 0, []
    for body_id, number, length in transaction.select(sql, (list_id,)):
        seen[number] += 1
        size += length
        if seen[number] > MAX_BODIES or size > MAX_BODY_BYTES:
            surplus.append((list_id, body_id))
    transaction.remove("rejected_bodies", ("list_id", "id"), surplus)


def of_list(transaction: Transaction, list_id: int, since: int) -> list[Rejection]:
    """Return the rejections of a list that came since then, the latest first."""
    sql = (
        "SELECT id, reason, sender, message, first_at, last_at, total FROM rejections"
        " WHERE list_id = ? AND last_at >= ? ORDER BY last_at DESC, id"
    )
    rows = transaction.select(sql, (list_id, since))
    return [Rejection(row[0], _text(row[1]), _text(row[2]), bytes(row[3]), *row[4:]) for row in rows]


def hours_of(transaction: Transaction, list_id: int, since: int) -> dict[int, dict[int, int]]:
    """Return {rejection_id: {hour: count}} of a list; an hour is counted from the epoch."""
    sql = "SELECT rejection_id, hour, total FROM rejection_hours WHERE list_id = ? AND hour >= ?"
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for number, hour, total in transaction.select(sql, (list_id, since // HOUR_MS)):
        found[number][hour] = total
    return found


def bodies_of(transaction: Transaction, list_id: int, number: int, since: int) -> list[RefusedBody]:
    """Return the bodies of a rejection that came since then, the latest first."""
    where = "rejection_id = ? AND at >= ? ORDER BY id DESC"
    return [body for _, body in _bodies(transaction, list_id, where, (number, since))]


def whole_bodies(transaction: Transaction, list_id: int, since: int) -> list[RefusedBody]:
    """Return the bodies of a list that are kept with their values and came since then, oldest first."""
    where = "is_whole = 1 AND at >= ? ORDER BY id"
    return [body for _, body in _bodies(transaction, list_id, where, (since,))]


def find_body(transaction: Transaction, list_id: int, body_id: int) -> tuple[int, RefusedBody] | None:
    """Return the number of the rejection that a body belongs to, and the body."""
    return next(iter(_bodies(transaction, list_id, "id = ?", (body_id,))), None)


def bodies_of_event(transaction: Transaction, list_id: int, event_key: str) -> list[tuple[int, RefusedBody]]:
    """Return the refusals of an EventID, the latest first: the number of the rejection of each, and its body."""
    return _bodies(transaction, list_id, "event_key = ? ORDER BY id DESC", (event_key.encode(),))


def _bodies(
    transaction: Transaction, list_id: int, where: str, values: Sequence[Any]
) -> list[tuple[int, RefusedBody]]:
    sql = f"SELECT rejection_id, id, at, event_key, is_whole, body FROM rejected_bodies WHERE list_id = ? AND {where}"
    return [
        (row[0], RefusedBody(row[1], row[2], _text(row[3]), bool(row[4]), bytes(row[5])))
        for row in transaction.select(sql, (list_id, *values))
    ]


def remove_body(transaction: Transaction, list_id: int, body_id: int) -> int:
    return transaction.remove("rejected_bodies", ("list_id", "id"), [(list_id, body_id)])


def dismiss(transaction: Transaction, list_id: int, number: int) -> bool:
    """Delete a rejection with its counts and bodies. Return whether there was one."""
    transaction.remove("rejected_bodies", ("list_id", "rejection_id"), [(list_id, number)])
    transaction.remove("rejection_hours", ("list_id", "rejection_id"), [(list_id, number)])
    return bool(transaction.remove("rejections", ("list_id", "id"), [(list_id, number)]))


def forget(transaction: Transaction, list_id: int) -> int:
    """Take the values out of all bodies of a list, since any may name anybody; return how many there were."""
    sql = "SELECT id, body FROM rejected_bodies WHERE list_id = ? AND is_whole = 1"
    rows = [
        (without_values(bytes(body)), list_id, number) for number, body in transaction.select(sql, (list_id,))
    ]
    transaction.update("UPDATE rejected_bodies SET is_whole = 0, body = ? WHERE list_id = ? AND id = ?", rows)
    return len(rows)


def add_senders(
    transaction: Transaction, counts: Mapping[tuple[int, int, str, str], tuple[int, int]]
) -> None:
    """Add counts by (list_id, day, kind, name), each with the time of the last event."""
    for (list_id, day, kind, name), (total, last_at) in sorted(counts.items()):
        keys = (list_id, day, kind.encode())
        if name != OTHERS:
            _make_room(transaction, keys, name.encode())
        _count_sender(transaction, (*keys, name.encode()), total, last_at)


def _count_sender(
    transaction: Transaction, row: tuple[int, int, bytes, bytes], total: int, last_at: int
) -> None:
    columns = ("list_id", "day", "kind", "name", "total", "last_at")
    transaction.insert_missing("senders", columns, [(*row, 0, last_at)])
    transaction.change(
        "UPDATE senders SET total = total + ?, last_at = ? WHERE list_id = ? AND day = ? AND kind = ? AND name = ?",
        (total, last_at, *row),
    )


def _make_room(transaction: Transaction, keys: tuple[int, int, bytes], name: bytes) -> None:
    """Count the least sender of a day under OTHERS where a new one would be too many."""
    where = "FROM senders WHERE list_id = ? AND day = ? AND kind = ?"
    if transaction.select(f"SELECT 1 {where} AND name = ?", (*keys, name)):
        return
    sql = f"SELECT total, last_at, name {where} AND name <> ? ORDER BY total, last_at"
    named = transaction.select(sql, (*keys, OTHERS.encode()))
    if len(named) >= MAX_NAMES:
        total, last_at, least = named[0]
        _count_sender(transaction, (*keys, OTHERS.encode()), total, last_at)
        transaction.remove("senders", ("list_id", "day", "kind", "name"), [(*keys, bytes(least))])


def senders_of(transaction: Transaction, list_id: int, since: int) -> list[SenderDay]:
    """Return who sent since then, by day."""
    sql = "SELECT day, kind, name, total, last_at FROM senders WHERE list_id = ? AND day >= ? ORDER BY day DESC, total DESC"
    rows = transaction.select(sql, (list_id, since // DAY_MS))
    return [SenderDay(day, _text(kind), _text(name), total, at) for day, kind, name, total, at in rows]


def purge(
    transaction: Transaction, now: int, days_by_list: Mapping[int, int], among: Among = ALL_LISTS
) -> None:
    """Delete what is older than KEPT_MS, and bodies that are older than their list keeps events."""
    before = now - KEPT_MS
    for sql, value in (
        (f"DELETE FROM rejected_bodies WHERE at < ?{among.sql}", before),
        (f"DELETE FROM rejections WHERE last_at < ?{among.sql}", before),
        (f"DELETE FROM rejection_hours WHERE hour < ?{among.sql}", before // HOUR_MS),
        (f"DELETE FROM senders WHERE day < ?{among.sql}", before // DAY_MS),
    ):
        transaction.change(sql, (value, *among.values))
    for list_id, days in days_by_list.items():
        if days * DAY_MS < KEPT_MS:
            sql = "DELETE FROM rejected_bodies WHERE list_id = ? AND at < ?"
            transaction.change(sql, (list_id, now - days * DAY_MS))


def forgotten_at(transaction: Transaction, list_id: int, kind: str) -> int:
    """Return when the list's last job of this kind began; 0 if there is none."""
    sql = "SELECT MAX(created_at) FROM jobs WHERE list_id = ? AND kind = ?"
    return transaction.select(sql, (list_id, kind.encode()))[0][0] or 0


def _text(stored: Any) -> str:
    return bytes(stored).decode(errors="replace")
