"""Watch over shards: a statement that makes a transaction touch a second shard fails there and then.

`TESTS_SHARDS` in the environment has every Tracker in a test's process spread its lists over so many shards, and watches it. With
`TESTS_SPREAD` each shard has a server of its own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tracker.storage.engine import write_connection
from tracker.storage.engine.sharding import HEAD, shard_of
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.schema import list_tables, tables
from tracker.storage.schema.ddl import Table
from tracker.storage.schema.placement import AT_HEAD

SHARDS = int(os.environ.get("TESTS_SHARDS", "1"))
#: Whether databases of MariaDB are spread over two servers by Spider.
IS_SPREAD = os.environ.get("TESTS_SPREAD") == "1"
#: Settings of Trackers that tests start.
SETTINGS = {} if SHARDS == 1 else {"TRACKER_SHARDS": str(SHARDS)}
#: Tables at the head that a list's transaction may read, but not lock -> why.
READ_BESIDE = {
    "trusted_time": "the clock by which things are deleted: a reading that is a little older does no harm",
    "lists": "whether a list is given up, which is never taken back",
}
_TABLES = [each for room in (tables, list_tables) for each in vars(room).values() if isinstance(each, Table)]
#: Tables whose rows lie in shards. Those of SQLite's files alone have one.
OF_LISTS = (
    {table.name for table in _TABLES} - AT_HEAD - {"timeline_recent", "timeline_sorted", "timeline_runs"}
)
_NAMED = re.compile(r'\b(?:FROM|JOIN|INTO|UPDATE) ["`]?([a-z_]+)', re.IGNORECASE)
_LIST = re.compile(r'["`]?\blist_id["`]? (?:= (?:\?|%s)|IN \(((?:\?|%s)(?:, (?:\?|%s))*)\))')
_COLUMNS = re.compile(r"\bINTO [^ ]+ \(([^)]*)\)")


class WatchedTransaction(Transaction):
    """A writing transaction that knows which shard it has touched."""

    __slots__ = ("shard",)

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.shard: int | None = None

    def rows(self, query: Any) -> list[Row]:
        self._see_query(query)
        return super().rows(query)

    def run(self, query: Any) -> int:
        self._see_query(query)
        return super().run(query)

    def select(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        self._see(sql, values)
        return super().select(sql, values)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._see(sql, values)
        super().execute(sql, values)

    def change(self, sql: str, values: Sequence[Any]) -> int:
        self._see(sql, values)
        return super().change(sql, values)

    def update(self, sql: str, rows: Sequence[Row]) -> None:
        for row in rows:
            self._see(sql, row)
        super().update(sql, rows)

    def lookup(
        self, sql: str, keys: Sequence[str], wanted: Sequence[Row], is_locking: bool = False
    ) -> list[Row]:
        where = " WHERE " + " AND ".join(f"{key} = ?" for key in keys) + (" FOR UPDATE" if is_locking else "")
        for row in wanted:
            self._see(sql + where, row)
        return super().lookup(sql, keys, wanted, is_locking)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self._see_rows(table, columns, rows)
        super().insert(table, columns, rows)

    def insert_missing(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        listed = list(rows)
        self._see_rows(table, columns, listed)
        super().insert_missing(table, columns, listed)

    def add_up(self, table: str, keys: Sequence[str], sums: Sequence[str], rows: Sequence[Row]) -> None:
        self._see_rows(table, keys, rows)
        super().add_up(table, keys, sums, rows)

    def put(self, table: str, keys: Sequence[str], values: Sequence[str], rows: Sequence[Row]) -> None:
        self._see_rows(table, keys, rows)
        super().put(table, keys, values, rows)

    def _see_query(self, query: Any) -> None:
        sql, values = query.sql()
        self._see(sql, values)

    def _see_rows(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        for row in rows:
            self._see(f"INSERT INTO {table} ({', '.join(columns)})", row)

    def _see(self, sql: str, values: Sequence[Any]) -> None:
        if self.engine.shards == 1:
            return
        is_read = sql.startswith("SELECT") and "FOR UPDATE" not in sql
        for table in _NAMED.findall(sql):
            if table in OF_LISTS:
                for list_id in _lists(sql, values):
                    self._touch(shard_of(list_id, self.engine.shards), sql)
            elif table in AT_HEAD and not (is_read and table in READ_BESIDE):
                self._touch(HEAD, sql)

    def _touch(self, shard: int, sql: str) -> None:
        if self.shard not in (None, shard):
            raise AssertionError(f"a transaction of shard {self.shard} touches shard {shard}: {sql}")
        self.shard = shard


def _lists(sql: str, values: Sequence[Any]) -> Iterator[int]:
    """Yield the lists that a statement names; a statement that names none touches all."""
    if (found := _COLUMNS.search(sql)) is not None:
        columns = [name.strip(' "`') for name in found[1].split(",")]
        yield values[columns.index("list_id")]
        return
    names = list(_LIST.finditer(sql))
    assert names, f"no list is named: {sql}"
    for name in names:
        before = len(re.findall(r"\?|%s", sql[: name.start()]))
        count = len(re.findall(r"\?|%s", name[0]))
        yield from values[before : before + count]


def watch() -> None:
    """Watch all transactions that write, from now on."""
    write_connection.Transaction = WatchedTransaction  # type: ignore[misc]
