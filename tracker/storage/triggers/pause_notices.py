"""Pause notices: that a trigger has paused itself stands in the audit log, and is told to the list's owner by mail, once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from tracker.storage.accounts import Somebody, note
from tracker.storage.engine.database import Database
from tracker.storage.engine.sharding import Among, in_each_shard
from tracker.storage.engine.transaction import Row, Transaction

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
    note(transaction, Somebody(None), PAUSED, f"list:{list_id} trigger:{trigger_id}", now, list_id)


def open_notices(database: Database, now: int) -> list[PauseNotice]:
    """Return the pauses that nobody was told of yet, the oldest first."""
    look = lambda among: database.read(partial(_open_pauses, since=now - TOLD_MS, among=among))  # noqa: E731
    pauses = [row for rows in in_each_shard(database, look) for row in rows]
    owners = database.read(partial(_owners, list_ids={row[0] for row in pauses})) if pauses else {}
    found = [(*row[:3], *owners[row[0]], *row[3:]) for row in pauses if row[0] in owners]
    return sorted((_notice(row) for row in found), key=lambda notice: (notice.paused_at, notice.trigger_id))


def _open_pauses(transaction: Transaction, since: int, among: Among) -> list[Row]:
    sql = (
        "SELECT list_id, id, name, paused_by, last_failure, paused_at FROM triggers"
        f" WHERE is_active = 0 AND paused_at > ?{among.sql} ORDER BY paused_at, id"
    )
    return transaction.select(sql, (since, *among.values))


def _owners(transaction: Transaction, list_ids: Iterable[int]) -> dict[int, tuple[bytes, bytes]]:
    """Return {list_id: (its name, the address of its owner)}."""
    sql = "SELECT l.id, l.name, u.email FROM lists l JOIN users u ON u.id = l.user_id"
    rows = transaction.lookup(sql, ("l.id",), [(each,) for each in sorted(list_ids)])
    return {row[0]: (row[1], row[2]) for row in rows}


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
