"""Job queue: rows of jobs that take longer than a call, with their progress, claimed by lease.

A job is done in steps, each a transaction that also stores the progress. A step locks the row and finds its own claim
in it: two processes never do the same step, whatever their clocks say.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from tracker.storage.engine.sharding import ALL_LISTS, Among
from tracker.storage.engine.transaction import Row, Transaction

#: Milliseconds after its last step that another process may claim a job.
LEASE_MS = 30_000
#: A key of a job's state: the next step needs a file whose deleted bytes are scrubbed from this page on.
CLEAN_FROM = "clean_from"
#: Milliseconds by which no job is ever deferred. A later due time came from a clock that was ahead, and the job is due
#: now.
MAX_WAIT_MS = 25 * 3_600_000


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a list about one subject. `state` belongs to its kind; `rows` are those it has handled so far.

    Times are UTC milliseconds. There is one job for each (list_id, kind, subject_id).
    """

    list_id: int
    id: int
    kind: str
    subject_id: int
    state: Mapping[str, Any]
    rows: int
    created_at: int
    updated_at: int
    finished_at: int | None = None


class Step(NamedTuple):
    """The result of a step: the state to continue from, and how many rows it handled.

    `again_at`: the job is due again at that time, in UTC milliseconds, and free until then.
    """

    state: Mapping[str, Any]
    rows: int = 0
    is_finished: bool = False
    again_at: int | None = None


_COLUMNS = (
    "list_id",
    "id",
    "kind",
    "subject_id",
    "state",
    "handled",
    "created_at",
    "updated_at",
    "finished_at",
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM jobs"
_ONE = "list_id = ? AND id = ?"
_DUE = "(due_at <= ? OR due_at > ?)"


def add(transaction: Transaction, job: Job, claim: bytes | None, due_at: int) -> None:
    """Insert a new job, claimed already or free to be claimed from `due_at` on."""
    row = (*_row(job), claim, due_at)
    transaction.insert("jobs", (*_COLUMNS, "claimed_by", "due_at"), [row])


def find(transaction: Transaction, list_id: int, kind: str, subject_id: int) -> Job | None:
    """Return the job of this kind about this subject, finished or not, or None."""
    sql = f"{_SELECT} WHERE list_id = ? AND kind = ? AND subject_id = ?"
    return _first(transaction.select(sql, (list_id, kind.encode(), subject_id)))


def unfinished(transaction: Transaction, list_id: int, kind: str) -> list[Job]:
    """Return all unfinished jobs of one kind of a list."""
    sql = f"{_SELECT} WHERE list_id = ? AND kind = ? AND finished_at IS NULL"
    return [_read(row) for row in transaction.select(sql, (list_id, kind.encode()))]


def of_kind(transaction: Transaction, list_id: int, kind: str) -> list[Job]:
    """Return all jobs of one kind of a list, finished or not."""
    sql = f"{_SELECT} WHERE list_id = ? AND kind = ?"
    return [_read(row) for row in transaction.select(sql, (list_id, kind.encode()))]


def due(
    transaction: Transaction, now: int, most: int, kinds: Collection[str], among: Among = ALL_LISTS
) -> list[tuple[int, int]]:
    """Return (list_id, id) of jobs of these kinds that can be claimed now, the longest due first."""
    known = f"kind IN ({', '.join('?' * len(kinds))}) AND {_DUE}{among.sql}"
    sql = f"SELECT list_id, id FROM jobs WHERE finished_at IS NULL AND {known} ORDER BY due_at LIMIT ?"
    values = (*(kind.encode() for kind in kinds), now, now + MAX_WAIT_MS, *among.values, most)
    return [(row[0], row[1]) for row in transaction.select(sql, values)]


def unfinished_count(transaction: Transaction, among: Among = ALL_LISTS) -> int:
    """Return how many jobs are not finished, due or not."""
    sql = f"SELECT COUNT(*) FROM jobs WHERE finished_at IS NULL{among.sql}"
    return int(transaction.select(sql, among.values)[0][0])


def hung(transaction: Transaction, before: int, most: int, among: Among = ALL_LISTS) -> list[tuple[int, str]]:
    """Return (list_id, kind) of at most `most` jobs that were due before a time and have not gone on since, the longest first."""
    sql = (
        "SELECT list_id, kind FROM jobs WHERE finished_at IS NULL AND due_at < ? AND updated_at < ?"
        f"{among.sql} ORDER BY due_at LIMIT ?"
    )
    rows = transaction.select(sql, (before, before, *among.values, most))
    return [(list_id, bytes(kind).decode()) for list_id, kind in rows]


def claim(
    transaction: Transaction, list_id: int, job_id: int, claim: bytes, now: int, is_early: bool = False
) -> Job | None:
    """Claim a job that is due and free, or whose lease has expired; with `is_early` also a free one that is not due yet."""
    free = f"(claimed_by IS NULL OR {_DUE})" if is_early else _DUE
    sql = f"UPDATE jobs SET claimed_by = ?, due_at = ? WHERE {_ONE} AND finished_at IS NULL AND {free}"
    if transaction.change(sql, (claim, now + LEASE_MS, list_id, job_id, now, now + MAX_WAIT_MS)) != 1:
        return None
    return _first(transaction.select(f"{_SELECT} WHERE {_ONE}", (list_id, job_id)))


def hold(transaction: Transaction, list_id: int, job_id: int, claim: bytes) -> Job | None:
    """Return the job as it is now, locked until the transaction ends; None if it is finished or claimed by another."""
    sql = f"{_SELECT} WHERE {_ONE} AND claimed_by = ? AND finished_at IS NULL{transaction.engine.for_update}"
    return _first(transaction.select(sql, (list_id, job_id, claim)))


def keep(transaction: Transaction, job: Job, due_at: int, is_claimed: bool) -> None:
    """Store the progress of a locked job; it stays claimed until `due_at`, or is free from then on."""
    released = "" if is_claimed else "claimed_by = NULL, "
    sql = f"UPDATE jobs SET {released}state = ?, handled = ?, updated_at = ?, finished_at = ?, due_at = ? WHERE {_ONE}"
    values = (_encoded(job.state), job.rows, job.updated_at, job.finished_at, due_at)
    transaction.execute(sql, (*values, job.list_id, job.id))


def release(transaction: Transaction, job: Job, claim: bytes, due_at: int) -> None:
    """Release a claimed job: it can be claimed from `due_at` on."""
    sql = f"UPDATE jobs SET claimed_by = NULL, due_at = ? WHERE {_ONE} AND claimed_by = ?"
    transaction.execute(sql, (due_at, job.list_id, job.id, claim))


def remove(transaction: Transaction, job: Job) -> None:
    """Delete a job whose outcome is never asked for."""
    transaction.execute(f"DELETE FROM jobs WHERE {_ONE}", (job.list_id, job.id))


def _row(job: Job) -> Row:
    about = (job.list_id, job.id, job.kind.encode(), job.subject_id)
    return (*about, _encoded(job.state), job.rows, job.created_at, job.updated_at, job.finished_at)


def _encoded(state: Mapping[str, Any]) -> bytes:
    return json.dumps(state, separators=(",", ":")).encode()


def _first(rows: list[Row]) -> Job | None:
    return _read(rows[0]) if rows else None


def _read(row: Row) -> Job:
    list_id, job_id, kind, subject_id, state, handled, *times = row
    read = json.loads(bytes(state))
    return Job(list_id, job_id, bytes(kind).decode(), subject_id, read, handled, *times)
