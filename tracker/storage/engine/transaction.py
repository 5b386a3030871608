"""Transaction: what the code can do on one connection: peewee queries, prepared statements, look-ups, inserts and upserts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from tracker.storage.engine.engine_protocol import Engine

Row = tuple[Any, ...]
_DELETE = "DELETE "


class Transaction:
    """One open connection of one engine, inside or outside a database transaction.

    Peewee queries are built from models that belong to no database, and run here. Statements are written with `?`
    placeholders; all values are ints, bytes or None.
    """

    __slots__ = ("_cursor", "database", "engine")

    def __init__(self, database: Any, engine: Engine) -> None:
        self.database, self.engine = database, engine
        self._cursor = engine.cursor(database)

    def rows(self, query: Any) -> list[Row]:
        """Return all rows of a peewee select, as tuples."""
        return list(query.tuples().execute(self.database))

    def row(self, query: Any) -> Row | None:
        """Return the first row of a peewee select, or None."""
        return next(iter(self.rows(query)), None)

    def run(self, query: Any) -> int:
        """Run a peewee insert, update or delete; return an insert's new key, else the number of rows."""
        return query.execute(self.database)  # type: ignore[no-any-return]

    def select(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        self._cursor.execute(self.engine.sql(sql), values)
        return list(self._cursor.fetchall())

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._cursor.execute(self.engine.sql(sql), values)

    def change(self, sql: str, values: Sequence[Any]) -> int:
        """Run one UPDATE or DELETE; return the number of rows it changed.

        Where tables are spread the rows to delete are counted and locked first: of a DELETE Spider says that it changed none.
        """
        wanted = 0
        if self.engine.shards > 1 and sql.startswith(_DELETE):
            wanted = len(self.select(f"SELECT 1 {sql.removeprefix(_DELETE)}{self.engine.for_update}", values))
        self._cursor.execute(self.engine.sql(sql), values)
        return wanted or self.engine.changed_rows(self._cursor)

    def lookup(
        self, sql: str, keys: Sequence[str], wanted: Sequence[Row], is_locking: bool = False
    ) -> list[Row]:
        """Return the rows of `sql` (a SELECT without WHERE) whose columns `keys` equal one of `wanted`, in few round trips.

        With `is_locking` no other transaction changes or deletes these rows until this one ends.
        """
        if not wanted:
            return []
        size = self.engine.lookup_batch
        end = self.engine.for_update if is_locking else ""
        if size == 1:  # a call inside the process: the statement is prepared once, and run for each row
            statement = _lookup_sql(sql, tuple(keys), 1) + end
            return list(self._cursor.executemany(self.engine.sql(statement), wanted))
        found: list[Row] = []
        for start in range(0, len(wanted), size):
            part = wanted[start : start + size]
            statement = _lookup_sql(sql, tuple(keys), len(part)) + end
            found += self.select(statement, [value for row in part for value in row])
        return found

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert all rows; an existing key is an error."""
        if rows:
            self._cursor.executemany(self.engine.sql(_insert_sql(table, tuple(columns))), rows)

    def insert_missing(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert the rows whose key is new, in key order (so that servers do not deadlock); leave existing rows as they are.

        A server is told to leave the last column as it is, never the first, the list: a row does not change its shard.
        """
        ordered = sorted(rows)
        if ordered:
            statement = f"{_insert_sql(table, tuple(columns))} {self.engine.keep_existing(columns[-1])}"
            self._cursor.executemany(self.engine.sql(statement), ordered)

    def add_up(self, table: str, keys: Sequence[str], sums: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows (keys, then sums), or add their sums to existing rows (an upsert). Pass the rows in key order."""
        self._upsert(table, keys, sums, "{0} = {0} + {1}", rows)

    def put(self, table: str, keys: Sequence[str], values: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows (keys, then values), or give their values to existing rows (an upsert). Pass the rows in key order."""
        self._upsert(table, keys, values, "{0} = {1}", rows)

    def _upsert(
        self, table: str, keys: Sequence[str], columns: Sequence[str], change: str, rows: Sequence[Row]
    ) -> None:
        """Insert rows, or change existing ones: in `change` {0} is a column, {1} the value that would be inserted."""
        if rows:
            changes = ", ".join(change.format(name, self.engine.inserted(name)) for name in columns)
            statement = f"{_insert_sql(table, (*keys, *columns))} {self.engine.on_existing(keys)} {changes}"
            self._cursor.executemany(self.engine.sql(statement), rows)

    def remove(self, table: str, keys: Sequence[str], wanted: Sequence[Row]) -> int:
        """Delete the rows whose columns `keys` equal one of `wanted`; return how many there were."""
        size, removed = self.engine.lookup_batch, 0
        for start in range(0, len(wanted), size):
            part = wanted[start : start + size]
            statement = _lookup_sql(f"DELETE FROM {table}", tuple(keys), len(part))
            removed += self.change(statement, [value for row in part for value in row])
        return removed

    def update(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement for each row of values."""
        if rows:
            self._cursor.executemany(self.engine.sql(sql), rows)


def limit_of(size: int | None) -> int:
    """Return `size`, or for None a LIMIT that never limits: neither engine has an OFFSET without a LIMIT."""
    return 2**63 - 1 if size is None else size


@lru_cache(maxsize=1000)
def _lookup_sql(sql: str, keys: tuple[str, ...], count: int) -> str:
    one = "(" + " AND ".join(f"{key} = ?" for key in keys) + ")"
    return f"{sql} WHERE " + " OR ".join([one] * count)


@lru_cache(maxsize=1000)
def _insert_sql(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
