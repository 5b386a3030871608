"""List removal: a list that is given up belongs to nobody, and its rows go from every table that has some, bounded step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tracker.formats.credentials import new_public_id
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.ddl import Table
from tracker.storage.schema.history import MIGRATIONS
from tracker.storage.schema.operations import ServerOnly, SqliteOnly
from tracker.storage.schema.placement import is_of_list
from tracker.storage.shards import NOBODY, HeadChange, tell_head


class _Part(NamedTuple):
    """Rows of a list in one table: its name, what finds them, and the columns that name each."""

    table: str
    where: str
    keys: Sequence[str]


def give_up(transaction: Transaction, user_id: int, list_id: int) -> str | None:
    """Make the user's list nobody's, under no name and a new public id; return the old one, or None if it is not theirs."""
    sql = f"SELECT tracker_id FROM lists WHERE id = ? AND user_id = ? AND is_hidden = 0{transaction.engine.for_update}"
    rows = transaction.select(sql, (list_id, user_id))
    if not rows:
        return None
    sql = "UPDATE lists SET user_id = ?, tracker_id = ?, name = ?, folded_name = ? WHERE id = ?"
    transaction.execute(sql, (NOBODY, new_public_id().encode(), b"", b"", list_id))
    return bytes(rows[0][0]).decode()


def remove_some(transaction: Transaction, list_id: int, kept_job: int, most: int) -> int:
    """Delete at most `most` rows of a list, and all its jobs but one; return how many there were.

    With one shard they are in all tables but `lists`; with several `remove_list` deletes what is at the head.
    """
    left, is_one = most, transaction.engine.shards == 1
    for part in _parts(transaction.engine.is_remote, is_one):
        kept, values = (" AND id <> ?", (list_id, kept_job)) if part.table == "jobs" else ("", (list_id,))
        while left:
            sql = f"SELECT {', '.join(part.keys)} FROM {part.table} WHERE {part.where}{kept} LIMIT ?"
            rows = transaction.select(sql, (*values, left))
            left -= transaction.remove(part.table, part.keys, rows)
            if not rows:
                break
    return most - left


def remove_list(transaction: Transaction, list_id: int) -> None:
    """Delete the list's own row, and what is left at the head: the list must be nobody's."""
    tell_head(transaction, list_id, HeadChange.LIST, {})


def owner_of(transaction: Transaction, list_id: int) -> int | None:
    """Return whose the list is, NOBODY of one that is being deleted; None if there is none."""
    rows = transaction.select("SELECT user_id FROM lists WHERE id = ?", (list_id,))
    return int(rows[0][0]) if rows else None


def _parts(is_remote: bool, is_all: bool) -> Iterator[_Part]:
    for migration in MIGRATIONS:
        for step in migration.steps:
            if isinstance(step, SqliteOnly if is_remote else ServerOnly):
                continue
            table = step if isinstance(step, Table) else getattr(step, "table", None)
            if not isinstance(table, Table) or all(column.name != "list_id" for column in table.columns):
                continue
            if is_all or (is_of_list(table) and table.name != "head_outbox"):
                yield _part(table)


def _part(table: Table) -> _Part:
    if table.name == "timeline_recent":  # it has no key
        return _Part(table.name, "list_id = ?", ("rowid",))
    where = "list_id = ?"
    if table.name == "timeline_sorted":  # its key begins with the run
        where = "run IN (SELECT run FROM timeline_runs) AND list_id = ?"
    return _Part(table.name, where, table.primary or ("id",))
