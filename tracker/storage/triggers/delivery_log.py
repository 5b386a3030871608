"""Delivery log: what was sent for the triggers of a list, newest first, with what was answered."""

from __future__ import annotations

from typing import Any, NamedTuple

from tracker.storage.engine.transaction import Transaction
from tracker.storage.triggers.delivery_queue import NEVER, DeliveryState, attempts_in

_COLUMNS = "id, trigger_id, event_id, state, due_at, attempts, created_at, finished_at, log"


class LoggedDelivery(NamedTuple):
    """A delivery as it stands; of a segment it has no event. `due_at` is None where it waits for another one, or does not wait. Times are UTC milliseconds."""

    id: int
    trigger_id: int
    event_id: int | None
    state: DeliveryState
    due_at: int | None
    attempts: int
    created_at: int
    finished_at: int | None
    log: list[dict[str, Any]]


class Bodies(NamedTuple):
    """What was sent, and what was answered last."""

    request: bytes
    answer: bytes


def log_page(
    transaction: Transaction,
    list_id: int,
    trigger_id: int | None,
    state: DeliveryState | None,
    before_id: int,
    most: int,
) -> list[LoggedDelivery]:
    """Return deliveries of a list before an id, newest first, of one trigger or all, in one state or any."""
    where, values = ["list_id = ?", "id < ?"], [list_id, before_id]
    for column, value in (("trigger_id", trigger_id), ("state", state)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(int(value))
    sql = f"SELECT {_COLUMNS} FROM deliveries WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT ?"
    return [_logged(row) for row in transaction.select(sql, (*values, most))]


def delivery_of(
    transaction: Transaction, list_id: int, delivery_id: int
) -> tuple[LoggedDelivery, Bodies] | None:
    """Return one delivery with its bodies."""
    sql = f"SELECT {_COLUMNS}, body, answer FROM deliveries WHERE list_id = ? AND id = ?"
    rows = transaction.select(sql, (list_id, delivery_id))
    if not rows:
        return None
    *logged, body, answer = rows[0]
    return _logged(logged), Bodies(bytes(body), bytes(answer or b""))


def _logged(row: Any) -> LoggedDelivery:
    delivery_id, trigger_id, event_id, state, due_at, attempts, created_at, finished_at, log = row
    waits = state == DeliveryState.WAITING and due_at != NEVER
    return LoggedDelivery(
        delivery_id, trigger_id, event_id, DeliveryState(state), due_at if waits else None, attempts, created_at,
        finished_at, attempts_in(log),
    )  # fmt: skip
