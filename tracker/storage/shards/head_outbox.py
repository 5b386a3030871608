"""Outbox of the head: what a list's transaction has to change of what all lists share, written with it and done afterwards, once.

With one shard it is done at once, in the same transaction. With several the head is another database: the row says what is to be
done, and is deleted after it was. `head_outbox_done` has the rows that were done and perhaps not deleted yet, written in the
transaction that does it: so it is done once, whoever tries and however often. A process that is killed may leave such a note.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from functools import partial
from typing import Any

from tracker.domain.row_ids import SHIFT, first_id_at
from tracker.storage.engine import Among, Database, Row, Transaction, in_each_shard
from tracker.storage.schema.placement import AT_HEAD_BY_LIST

#: Rows that are done in one transaction.
AT_ONCE = 200
#: The user whom lists belong to that are being deleted: nobody, since the first user is 1.
NOBODY = 0
_KEY = ("list_id", "id")
_COLUMNS = (*_KEY, "kind", "body")
_ENTRY = ("at", "user_id", "key_id", "session", "action", "object")


class HeadChange(IntEnum):
    """What is to be done at the head. The number is stored."""

    #: Write an entry of the audit log: its columns, `session` in hexadecimal digits. Without a `user_id` it is of the list's owner.
    AUDIT = 1
    #: Delete an address of somebody who is forgotten: `address_key`.
    ADDRESS = 2
    #: Delete the list, which belongs to nobody any more.
    LIST = 3


def tell_head(transaction: Transaction, list_id: int, kind: HeadChange, values: Mapping[str, Any]) -> None:
    """Have the head changed because of a change of a list, if and only if that is committed."""
    if transaction.engine.shards == 1:
        _CHANGES[kind](transaction, list_id, values)
        return
    number = first_id_at(time.time_ns() // 1_000_000) + secrets.randbits(SHIFT)
    body = json.dumps(values, separators=(",", ":")).encode()
    transaction.insert("head_outbox", _COLUMNS, [(list_id, number, int(kind), body)])


def has_told(transaction: Transaction, list_id: int) -> bool:
    """Return whether something of a list is still to be done at the head."""
    return bool(transaction.select("SELECT 1 FROM head_outbox WHERE list_id = ? LIMIT 1", (list_id,)))


def do_at_head(database: Database, list_id: int | None = None) -> int:
    """Do what lists, or one of them, have told the head; return how much that was.

    Raises StorageUnavailable, OutcomeUnknown.
    """
    if list_id is None:
        return sum(in_each_shard(database, partial(_do, database)))
    return _do(database, Among(list_id, " AND list_id IN (?)", (list_id,)))


def _do(database: Database, among: Among) -> int:
    done = 0
    while rows := database.read(partial(_told, among=among)):
        keys: list[Row] = sorted((row[0], row[1]) for row in rows)
        database.write(partial(_change_head, rows=rows))
        database.write(partial(_remove, table="head_outbox", keys=keys), list_id=keys[0][0])
        database.write(partial(_remove, table="head_outbox_done", keys=keys))
        done += len(rows)
    return done


def _told(transaction: Transaction, among: Among) -> list[Row]:
    sql = f"SELECT {', '.join(_COLUMNS)} FROM head_outbox WHERE id > 0{among.sql} ORDER BY id LIMIT ?"
    return transaction.select(sql, (*among.values, AT_ONCE))


def _change_head(transaction: Transaction, rows: Sequence[Row]) -> None:
    keys = sorted((row[0], row[1]) for row in rows)
    done = set(transaction.lookup("SELECT list_id, id FROM head_outbox_done", _KEY, keys))
    for list_id, number, kind, body in rows:
        if (list_id, number) not in done:
            _CHANGES[HeadChange(kind)](transaction, list_id, json.loads(bytes(body)))
    transaction.insert("head_outbox_done", _KEY, [key for key in keys if key not in done])


def _remove(transaction: Transaction, table: str, keys: Sequence[Row]) -> None:
    transaction.remove(table, _KEY, keys)


def _audit(transaction: Transaction, list_id: int, values: Mapping[str, Any]) -> None:
    user_id = values["user_id"]
    if user_id is None:
        rows = transaction.select("SELECT user_id FROM lists WHERE id = ?", (list_id,))
        user_id = rows[0][0] if rows else None
    session = None if values["session"] is None else bytes.fromhex(values["session"])
    texts = (values["action"].encode(), values["object"].encode())
    transaction.insert("audit_log", _ENTRY, [(values["at"], user_id, values["key_id"], session, *texts)])


def _forget_address(transaction: Transaction, list_id: int, values: Mapping[str, Any]) -> None:
    key = (list_id, values["address_key"].encode())
    for table in ("schedule_recipients", "alert_recipients", "alert_notices"):
        transaction.remove(table, ("list_id", "address_key"), [key])


def _remove_list(transaction: Transaction, list_id: int, _: Mapping[str, Any]) -> None:
    """Delete the list's own row: it must be nobody's. What is kept with it went before, or goes now."""
    if transaction.engine.shards > 1:
        for table in AT_HEAD_BY_LIST:
            transaction.remove(table, ("list_id",), [(list_id,)])
    transaction.execute("DELETE FROM lists WHERE id = ? AND user_id = ?", (list_id, NOBODY))


_CHANGES: Mapping[HeadChange, Callable[[Transaction, int, Mapping[str, Any]], None]] = {
    HeadChange.AUDIT: _audit,
    HeadChange.ADDRESS: _forget_address,
    HeadChange.LIST: _remove_list,
}
