"""LSM tree of a timeline in an SQLite file: an unsorted table of the latest rows, sorted runs for all others, and compaction.

A key that begins with the owner puts each event on another page, and a commit writes whole pages. So new rows are
appended to a small table. When that table is full, it is sorted into a run; when a level has many runs, they are merged
into one run of the next level (compaction). Every row is written once for each level, beside its neighbours. Servers
log changes instead of pages and need none of this: there the timeline is one table. README.md has the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tracker.storage.engine.transaction import Transaction

#: Rows of the unsorted table at which it is sorted into a run: also the most rows that a reader scans without a key.
MAX_RECENT = 4_096
#: Runs of one level that are merged into one: more runs mean fewer merges, and more look-ups for a reader.
RUNS_OF_A_LEVEL = 16
#: Rows merged or deleted in one transaction: bounds how long the transaction delays events.
CHUNK = 4_096
#: States of a run: being merged into, read, or replaced by the run that it was merged into.
BUILDING, ACTIVE, DROPPED = 0, 1, 2

COLUMNS = ("list_id", "owner_id", "event_at", "event_id", "visitor_id", "span", "name_key")
_ALL, _KEY = ", ".join(COLUMNS), ", ".join(COLUMNS[:4])
_SORT = f"INSERT OR IGNORE INTO timeline_sorted (run, {_ALL}) SELECT ?, {_ALL} FROM timeline_recent ORDER BY {_KEY}"
_LAST = f"SELECT {_KEY} FROM timeline_sorted WHERE run = ? ORDER BY {', '.join(f'{c} DESC' for c in COLUMNS[:4])} LIMIT 1"
_BEFORE_ALL = (-1, -(2**63), 0, 0)


class RunTable(NamedTuple):
    """A table that has rows of the timeline, and the condition that selects them there."""

    table: str
    condition: str = ""
    values: tuple[int, ...] = ()


def sources(transaction: Transaction, is_reading: bool = True) -> Sequence[RunTable]:
    """Return the tables that have the timeline's rows; with `is_reading=False` also those that may have copies of them."""
    if transaction.engine.is_remote:
        return (RunTable("timeline"),)
    states = (ACTIVE,) if is_reading else (BUILDING, ACTIVE, DROPPED)
    runs = [run for state in states for run in _runs(transaction, state)]
    return RunTable("timeline_recent"), *(RunTable("timeline_sorted", "run = ? AND ", (run,)) for run in runs)


def maintain(transaction: Transaction) -> bool:
    """Do one step of compaction; return whether there was anything to do. Each call continues where the last one stopped."""
    [(recent,)] = transaction.select("SELECT COALESCE(MAX(rowid), 0) FROM timeline_recent")
    if recent >= MAX_RECENT:
        return _sort_recent(transaction)
    if building := _runs(transaction, BUILDING):
        return _merge(transaction, building[0])
    if dropped := _runs(transaction, DROPPED):
        return _delete(transaction, dropped[0])
    return _begin_merge(transaction)


def _runs(transaction: Transaction, state: int) -> list[int]:
    sql = "SELECT run FROM timeline_runs WHERE state = ? ORDER BY run"
    return [run for (run,) in transaction.select(sql, (state,))]


def _add_run(transaction: Transaction, level: int, state: int) -> int:
    """Add a run and return its number. Numbers grow, so that a new run is written at the end of its table."""
    [(run,)] = transaction.select("SELECT COALESCE(MAX(run), 0) + 1 FROM timeline_runs")
    transaction.insert("timeline_runs", ("run", "level", "state", "merged_into"), [(run, level, state, None)])
    return int(run)


def _sort_recent(transaction: Transaction) -> bool:
    transaction.execute(_SORT, (_add_run(transaction, level=0, state=ACTIVE),))
    transaction.execute("DELETE FROM timeline_recent")
    return True


def _begin_merge(transaction: Transaction) -> bool:
    sql = "SELECT level FROM timeline_runs WHERE state = ? GROUP BY level HAVING COUNT(*) >= ? ORDER BY level LIMIT 1"
    levels = transaction.select(sql, (ACTIVE, RUNS_OF_A_LEVEL))
    for (level,) in levels:
        run = _add_run(transaction, level + 1, BUILDING)
        sql = "UPDATE timeline_runs SET merged_into = ? WHERE level = ? AND state = ?"
        transaction.execute(sql, (run, level, ACTIVE))
    return bool(levels)


def _merge(transaction: Transaction, run: int) -> bool:
    """Copy the next CHUNK rows. Rows that were removed from the merged runs meanwhile were removed from their copy too."""
    parts = transaction.select("SELECT run FROM timeline_runs WHERE merged_into = ? ORDER BY run", (run,))
    last = transaction.select(_LAST, (run,))
    after = last[0] if last else _BEFORE_ALL
    transaction.execute(_merge_sql(len(parts)), [run, *(v for (part,) in parts for v in (part, *after))])
    if transaction.select(_LAST, (run,)) == last:
        transaction.execute("UPDATE timeline_runs SET state = ? WHERE run = ?", (ACTIVE, run))
        transaction.execute("UPDATE timeline_runs SET state = ? WHERE merged_into = ?", (DROPPED, run))
    return True


def _merge_sql(parts: int) -> str:
    """Return the statement that merges sorted runs: SQLite reads each run in its own order, and no further than needed."""
    one = f"SELECT {_ALL} FROM timeline_sorted WHERE run = ? AND ({_KEY}) > (?, ?, ?, ?)"
    merged = f"SELECT * FROM ({' UNION ALL '.join([one] * parts)} ORDER BY {_KEY} LIMIT {CHUNK})"
    return f"INSERT OR IGNORE INTO timeline_sorted (run, {_ALL}) SELECT ?, * FROM ({merged})"


def _delete(transaction: Transaction, run: int) -> bool:
    edge = transaction.select(
        f"SELECT {_KEY} FROM timeline_sorted WHERE run = ? ORDER BY {_KEY} LIMIT 1 OFFSET ?", (run, CHUNK)
    )
    if edge:
        sql = f"DELETE FROM timeline_sorted WHERE run = ? AND ({_KEY}) < (?, ?, ?, ?)"
        transaction.execute(sql, (run, *edge[0]))
    else:
        transaction.execute("DELETE FROM timeline_sorted WHERE run = ?", (run,))
        transaction.execute("DELETE FROM timeline_runs WHERE run = ?", (run,))
    return True
