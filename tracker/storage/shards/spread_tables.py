"""Spread tables: whether the partitions of the tables of lists, where an engine spreads them, are the shards that Tracker counts by.

If they are not, a transaction of one shard touches several databases, and of a server that is lost half of it may stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracker.storage.engine import STOPS, Remark, Transaction
from tracker.storage.schema.ddl import Table
from tracker.storage.schema.history import MIGRATIONS
from tracker.storage.schema.operations import made_table
from tracker.storage.schema.placement import is_of_list

#: MariaDB's engine whose tables lie at other servers.
SPIDER = "SPIDER"
_MODULO = re.compile(r"PARTITION BY LIST \(`list_id` MOD (\d+)\)")
_PARTITION = re.compile(r"PARTITION `[^`]+` VALUES IN \(([^)]*)\)")


def tables_of_lists() -> list[Table]:
    """Return Tracker's tables that lie in shards, in the order in which they were first made."""
    made = [made_table(step, is_server=True) for migration in MIGRATIONS for step in migration.steps]
    return [table for table in made if table is not None and is_of_list(table)]


def spread_remarks(transaction: Transaction, shards: int) -> list[Remark]:
    """Return what is wrong with tables that Spider spreads; for a start, at a server. Nothing is asked of the servers behind it."""
    engines = {
        str(name): str(engine)
        for name, engine in transaction.select(
            "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE()"
        )
    }
    lists = {table.name: engines.get(table.name) for table in tables_of_lists()}
    if SPIDER not in lists.values():
        return []
    return [Remark(STOPS, text) for text in _faults(transaction, lists, shards)]


def _faults(transaction: Transaction, lists: dict[str, str | None], shards: int) -> Iterator[str]:
    if left := [name for name, engine in lists.items() if engine not in (None, SPIDER)]:
        yield f"{_named(left)} at the head while other tables of lists are spread: spread all of them (docs/shards.md)"
    by_parts: dict[int | None, list[str]] = {}
    for name, engine in lists.items():
        if engine == SPIDER:
            parts = _shards_of(transaction.select(f"SHOW CREATE TABLE {name}")[0][1])
            by_parts.setdefault(parts, []).append(name)
    for parts, names in by_parts.items():
        if parts is None:
            yield f"{_named(names)} spread by something else than LIST (list_id MOD n), a partition for each remainder"
        elif parts != shards:
            yield (
                f"{_named(names)} spread over {parts} and TRACKER_SHARDS is {shards}: set TRACKER_SHARDS={parts}"
            )


def _shards_of(made: str) -> int | None:
    """Return over how many shards a table is spread, by the statement that makes it; None: not as Tracker counts."""
    modulo, values = _MODULO.search(made), _PARTITION.findall(made)
    is_whole = modulo is not None and sorted(values) == sorted(map(str, range(int(modulo[1]))))
    return int(modulo[1]) if modulo is not None and is_whole else None


def _named(tables: list[str]) -> str:
    first, others = tables[0], len(tables) - 1
    more = f" and {others} more" if others else ""
    return f"table {first}{more} {'are' if others else 'is'}"
