"""Delivery queue: what waits to be sent, in lanes: one person's deliveries of one trigger go one after the other.

The first that waits in a lane is due at a time, and each later one never, until the one before it is finished: to find what is
due is one step in an index, however many wait.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, NamedTuple

from tracker.domain.row_ids import first_id_at
from tracker.storage.engine.sharding import ALL_LISTS, Among
from tracker.storage.engine.transaction import Row, Transaction

#: The time at which a delivery is due that waits for another one, or whose trigger is paused.
NEVER = 2**62
#: Attempts that the log of a delivery keeps: the latest.
MAX_LOGGED = 30
#: Milliseconds that a delivery is kept, and rows that one purge deletes.
KEPT_MS, PURGED_AT_ONCE = 10 * 24 * 3_600_000, 500

_LANE = "list_id = ? AND trigger_id = ? AND lane = ? AND state = 0"
_TRIGGER = "list_id = ? AND trigger_id = ? AND state = 0"


class DeliveryState(IntEnum):
    """The state of a delivery. The number is stored."""

    WAITING = 0
    ACCEPTED = 1
    #: It was tried for three days.
    GIVEN_UP = 2


class NewDelivery(NamedTuple):
    """A delivery that begins. Of a subscriber's way into or out of a segment it has no event, and no visitor."""

    id: int
    trigger_id: int
    event_id: int | None
    subscriber_id: int | None
    visitor_id: int
    body: bytes

    @property
    def lane(self) -> int:
        """The subscriber or, while nobody is known, the visitor in whose order it is sent."""
        return self.subscriber_id or self.visitor_id


class WaitingDelivery(NamedTuple):
    """A delivery that is due."""

    list_id: int
    id: int
    lane: int
    attempts: int
    created_at: int
    body: bytes


class PostAttempt(NamedTuple):
    """One attempt to deliver: when it began and how long it took, in milliseconds, and what came of it."""

    at: int
    milliseconds: int
    status: int | None
    error: str | None
    answer: bytes

    @property
    def is_accepted(self) -> bool:
        """Whether the receiver has it: any 2xx."""
        return self.status is not None and 200 <= self.status < 300


def add_deliveries(
    transaction: Transaction, list_id: int, found: Sequence[NewDelivery], now: int
) -> list[NewDelivery]:
    """Add those of the deliveries that are new, oldest first; return them.

    There is one for each trigger and event, however often the event is looked at; of segments that is for the caller to see to. None is added for an event, a
    subscriber or a trigger that was deleted meanwhile.
    """
    new = _new_ones(transaction, list_id, found)
    _join_lanes(transaction, list_id, new, now)
    lanes = sorted({(list_id, each.trigger_id, each.lane, 0) for each in new})
    columns = ("list_id", "trigger_id", "lane", "state")
    sql = "SELECT trigger_id, lane FROM deliveries"
    busy = {(row[0], row[1]) for row in transaction.lookup(sql, columns, lanes)}
    rows: list[Row] = []
    for each in new:
        lane = (each.trigger_id, each.lane)
        due_at = NEVER if lane in busy else now
        busy.add(lane)
        rows.append(
            (
                list_id,
                each.id,
                each.trigger_id,
                each.event_id,
                each.lane,
                each.subscriber_id,
                0,
                due_at,
                0,
                now,
                each.body,
            )
        )
    named = "list_id id trigger_id event_id lane subscriber_id state due_at attempts created_at body"
    transaction.insert("deliveries", named.split(), rows)
    return new


def due_deliveries(
    transaction: Transaction, list_id: int, trigger_id: int, now: int, most: int
) -> list[WaitingDelivery]:
    """Return deliveries of a trigger that are due, the longest due first."""
    sql = (
        f"SELECT list_id, id, lane, attempts, created_at, body FROM deliveries WHERE {_TRIGGER} AND due_at <= ?"
        " ORDER BY due_at LIMIT ?"
    )
    rows = transaction.select(sql, (list_id, trigger_id, now, most))
    return [WaitingDelivery._make((*row[:5], bytes(row[5]))) for row in rows]


def finish(
    transaction: Transaction,
    list_id: int,
    delivery_id: int,
    attempt: PostAttempt,
    state: DeliveryState,
    due_at: int,
) -> bool | None:
    """Write an attempt down, with the state after it; one that waits on is due at `due_at`.

    Return whether another one of its lane is due now; None if the delivery is gone: it was forgotten, or its trigger deleted.
    """
    sql = f"SELECT trigger_id, lane, log FROM deliveries WHERE list_id = ? AND id = ?{transaction.engine.for_update}"
    rows = transaction.select(sql, (list_id, delivery_id))
    if not rows:
        return None
    trigger_id, lane, log = rows[0]
    ended = attempt.at + attempt.milliseconds
    finished_at = None if state is DeliveryState.WAITING else ended
    values = (
        int(state),
        due_at,
        finished_at,
        with_attempt(log, attempt),
        attempt.answer,
        list_id,
        delivery_id,
    )
    sql = (
        "UPDATE deliveries SET state = ?, due_at = ?, finished_at = ?, log = ?, answer = ?, attempts = attempts + 1"
        " WHERE list_id = ? AND id = ?"
    )
    transaction.execute(sql, values)
    return state is not DeliveryState.WAITING and _go_on(transaction, list_id, trigger_id, lane, ended)


def send_again(transaction: Transaction, list_id: int, delivery_id: int, now: int) -> bool:
    """Have a delivery sent now, whatever became of it and out of its turn; return whether there is one.

    The days of its retries begin anew.
    """
    triggers = f"SELECT id FROM triggers WHERE list_id = ? AND is_active = 1{transaction.engine.for_update}"
    active = [row[0] for row in transaction.select(triggers, (list_id,))]
    if not active:
        return False
    sql = (
        "UPDATE deliveries SET state = 0, due_at = ?, finished_at = NULL, created_at = ? WHERE list_id = ? AND id = ?"
        f" AND trigger_id IN ({', '.join('?' * len(active))})"
    )
    return bool(transaction.change(sql, (now, now, list_id, delivery_id, *active)))


def hold_all(transaction: Transaction, list_id: int, trigger_id: int) -> None:
    """Have nothing of a trigger due."""
    transaction.execute(f"UPDATE deliveries SET due_at = ? WHERE {_TRIGGER}", (NEVER, list_id, trigger_id))


def release_all(transaction: Transaction, list_id: int, trigger_id: int, now: int) -> None:
    """Have the first of each lane of a trigger due now."""
    sql = f"SELECT MIN(id) FROM deliveries WHERE {_TRIGGER} GROUP BY lane"
    heads = [row[0] for row in transaction.select(sql, (list_id, trigger_id))]
    _set_due(transaction, list_id, heads, now)


def waiting_count(transaction: Transaction, list_id: int, trigger_id: int) -> int:
    """Return how many deliveries of a trigger wait."""
    sql = f"SELECT COUNT(*) FROM deliveries WHERE {_TRIGGER}"
    return int(transaction.select(sql, (list_id, trigger_id))[0][0])


def remove_of_events(transaction: Transaction, list_id: int, event_ids: Iterable[int]) -> int:
    """Delete the deliveries of events that are deleted, and let those behind them go; return how many there were."""
    wanted = [(list_id, event_id) for event_id in sorted(event_ids)]
    keys, sql = ("list_id", "event_id"), "SELECT id, trigger_id, lane, state FROM deliveries"
    rows = transaction.lookup(sql, keys, wanted)
    if rows:
        transaction.remove("deliveries", ("list_id", "id"), [(list_id, row[0]) for row in rows])
        waited = {(row[1], row[2]) for row in rows if row[3] == DeliveryState.WAITING}
        for trigger_id, lane in sorted(waited):
            _go_on(transaction, list_id, trigger_id, lane, 0)
    return len(rows)


def purge_deliveries(transaction: Transaction, now: int, among: Among = ALL_LISTS) -> bool:
    """Delete some deliveries that began more than KEPT_MS ago, whatever became of them; return whether there may be more."""
    sql = f"SELECT list_id, id FROM deliveries WHERE id < ?{among.sql} LIMIT ?"
    rows = transaction.select(sql, (first_id_at(now - KEPT_MS), *among.values, PURGED_AT_ONCE))
    transaction.remove("deliveries", ("list_id", "id"), sorted(rows))
    return len(rows) == PURGED_AT_ONCE


def _new_ones(transaction: Transaction, list_id: int, found: Sequence[NewDelivery]) -> list[NewDelivery]:
    """Return those that are not there yet, and whose event, subscriber and trigger are, until this transaction ends."""
    triggers = sorted({(list_id, each.trigger_id) for each in found})
    living = _locked(transaction, "triggers", triggers)
    told = sorted({(list_id, each.event_id) for each in found if each.event_id is not None})
    events = _locked(transaction, "events", told)
    people = sorted({(list_id, each.subscriber_id) for each in found if each.subscriber_id})
    there_still = _locked(transaction, "subscribers", people)
    wanted = [(list_id, each.event_id, each.trigger_id) for each in found if each.event_id is not None]
    keys = ("list_id", "event_id", "trigger_id")
    there = set(transaction.lookup("SELECT list_id, event_id, trigger_id FROM deliveries", keys, wanted))
    return [
        each
        for each in found
        if each.trigger_id in living
        and (each.event_id is None or each.event_id in events)
        and (each.subscriber_id is None or each.subscriber_id in there_still)
        and (list_id, each.event_id, each.trigger_id) not in there
    ]


def _locked(transaction: Transaction, table: str, keys: Sequence[Row]) -> set[int]:
    """Return the ids of the rows of (list_id, id) that are there, and stay until this transaction ends."""
    found = transaction.lookup(f"SELECT id FROM {table}", ("list_id", "id"), keys, is_locking=True)
    return {row[0] for row in found}


def _join_lanes(transaction: Transaction, list_id: int, new: Sequence[NewDelivery], now: int) -> None:
    """Have what waits for a visitor wait in the lane of the subscriber whom the visitor turned out to be."""
    known = {
        (each.trigger_id, each.visitor_id, each.lane) for each in new if each.visitor_id not in (0, each.lane)
    }
    for trigger_id, visitor_id, lane in sorted(known):
        values = (lane, lane, list_id, trigger_id, visitor_id)
        if not transaction.change(f"UPDATE deliveries SET lane = ?, subscriber_id = ? WHERE {_LANE}", values):
            continue
        key = (list_id, trigger_id, lane)
        sql = f"SELECT id, due_at FROM deliveries WHERE {_LANE} ORDER BY id"
        (head, due_at), *behind = transaction.select(sql, key)
        _set_due(transaction, list_id, [each for each, due in behind if due != NEVER], NEVER)
        if due_at == NEVER:
            _set_due(transaction, list_id, [head], now)


def _go_on(transaction: Transaction, list_id: int, trigger_id: int, lane: int, now: int) -> bool:
    """Have the first of a lane due, if none is; return whether this one is."""
    key = (list_id, trigger_id, lane)
    sql = f"SELECT MIN(id), MIN(due_at) FROM deliveries WHERE {_LANE}"
    [(head, due_at)] = transaction.select(sql, key)
    if head is None or due_at != NEVER:
        return False
    _set_due(transaction, list_id, [head], now)
    return True


def _set_due(transaction: Transaction, list_id: int, ids: Iterable[int], due_at: int) -> None:
    rows = [(due_at, list_id, each) for each in ids]
    transaction.update("UPDATE deliveries SET due_at = ? WHERE list_id = ? AND id = ?", rows)


def with_attempt(log: bytes | None, attempt: PostAttempt) -> bytes:
    """Return the log with one more attempt."""
    made: dict[str, Any] = {"at": attempt.at, "ms": attempt.milliseconds}
    made |= {"error": attempt.error} if attempt.status is None else {"status": attempt.status}
    kept = attempts_in(log)[1 - MAX_LOGGED :]
    return json.dumps([*kept, made], separators=(",", ":")).encode()


def attempts_in(log: bytes | None) -> list[dict[str, Any]]:
    """Return the attempts in a stored log, oldest first: `at` and `ms`, and `status` or `error`."""
    found: list[dict[str, Any]] = json.loads(bytes(log)) if log else []
    return found
