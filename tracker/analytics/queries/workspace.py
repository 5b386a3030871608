"""Workspace: what is computed once from one snapshot, and read by several statements, as temporary tables of a connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.analytics.queries.copy_schema import Cursor, PatternJudge
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect


class Workspace:
    """A cursor with temporary tables, each made when it is first asked for, and dropped at the end."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._tables: dict[tuple[str, str], str] = {}
        self._rows: dict[str, list[Any]] = {}
        #: Which visits of a range are whole, and the table of what the others have (`Selection`).
        self.others: dict[Any, tuple[str, str]] = {}

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._tables.values():
            self._cursor.execute(f"DROP TABLE IF EXISTS {name}")

    @property
    def cursor(self) -> Any:
        """What its statements run on."""
        return self._cursor

    @property
    def size(self) -> int:
        """How many tables there are."""
        return len(self._tables)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a statement."""
        self._cursor.execute(sql, list(values))
        return self._cursor.fetchall()

    def bad_patterns(self, patterns: Sequence[str]) -> list[str]:
        """Return those that are no regular expressions."""
        if isinstance(self._cursor, PatternJudge):
            return self._cursor.bad_patterns(patterns)
        return [row[0] for row in self.rows(DuckDBDialect().bad_patterns("$1::VARCHAR[]"), [patterns])]

    def kept_rows(self, sql: str) -> list[Any]:
        """Return the rows of a statement without parameters, which are kept: they are few."""
        if sql not in self._rows:
            self._rows[sql] = self.rows(sql)
        return self._rows[sql]

    def table(self, sql: str, values: Sequence[Any]) -> str:
        """Return the name of a table with the rows of this SELECT."""
        key = sql, repr(values)
        if key not in self._tables:
            self._tables[key] = f"temp.work_{len(self._tables)}"
            self._cursor.execute(
                f"CREATE OR REPLACE TEMP TABLE {self._tables[key][5:]} AS {sql}", list(values)
            )
        return self._tables[key]
