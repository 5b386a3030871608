"""Pause notices: that a trigger has paused itself stands in the audit log, and is told to the list's owner by mail, once."""

from __future__ import annotations

from typing import NamedTuple

from tracker.storage.accounts import Somebody, note
from tracker.storage.engine.transaction import Transaction

#: The action in the audit log.
PAUSED = "trigger.paused"
#: Milliseconds after a pause until which it is told: later the owner has seen it, or no mail can be sent.
TOLD_MS = 3 * 24 * 3_600_000


class PauseNotice(NamedTuple):
    """A pause that nobody was told of: the trigger, its list, and the address of the list's owner."""

    list_id: int
    trigger_id: int
    trigger: str
    list_name: str
    address: str
    paused_by: int
    last_failure: str | None
    paused_at: int


def note_pause(transaction: Transaction, list_id: int, trigger_id: int, now: int) -> None:
    """Write in the audit log that a trigger has paused itself, as an entry of the list's owner."""
    rows = transaction.select("SELECT user_id FROM lists WHERE id = ?", (list_id,))
    thing = f"list:{list_id} trigger:{trigger_id}"
    note(transaction, Somebody(rows[0][0] if rows else None), PAUSED, thing, now)


def open_notices(transaction: Transaction, now: int) -> list[PauseNotice]:
    """Return the pauses that nobody was told of yet, the oldest first."""
    sql = (
        "SELECT t.list_id, t.id, t.name, l.name, u.email, t.paused_by, t.last_failure, t.paused_at FROM triggers t"
        " JOIN lists l ON l.id = t.list_id JOIN users u ON u.id = l.user_id"
        " WHERE t.is_active = 0 AND t.paused_at > ? ORDER BY t.paused_at, t.id"
    )
    return [_notice(row) for row in transaction.select(sql, (now - TOLD_MS,))]


def claim_notice(transaction: Transaction, notice: PauseNotice) -> bool:
    """Note that a pause is told; return False if that is noted already, or the trigger goes again."""
    sql = "UPDATE triggers SET paused_at = NULL WHERE list_id = ? AND id = ? AND paused_at = ?"
    return transaction.change(sql, (notice.list_id, notice.trigger_id, notice.paused_at)) == 1


def reopen_notice(transaction: Transaction, notice: PauseNotice) -> None:
    """Note that a pause is to be told after all: its mail was certainly not sent."""
    sql = "UPDATE triggers SET paused_at = ? WHERE list_id = ? AND id = ? AND is_active = 0 AND paused_at IS NULL"
    transaction.execute(sql, (notice.paused_at, notice.list_id, notice.trigger_id))


def _notice(row: tuple[object, ...]) -> PauseNotice:
    texts = [
        bytes(each).decode() if isinstance(each, bytes | bytearray | memoryview) else each for each in row
    ]
    return PauseNotice(*texts)  # type: ignore[arg-type]
