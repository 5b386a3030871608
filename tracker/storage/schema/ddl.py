"""How is a table written down once and made on every engine?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.storage.engine.engine_protocol import Dialect


@dataclass(frozen=True, slots=True)
class Column:
    """`kind` is a key of an engine's `types`, or "bytes" with a length."""

    name: str
    kind: str
    length: int = 0
    is_optional: bool = False
    default: int | None = None

    def sql(self, engine: Dialect) -> str:
        if self.kind == "counter":
            return f"{self.name} {engine.types['counter']}"
        kind = engine.bytes_type(self.length) if self.kind == "bytes" else engine.types[self.kind]
        default = "" if self.default is None else f" DEFAULT {self.default}"
        return f"{self.name} {kind} {'NULL' if self.is_optional else 'NOT NULL'}{default}"


def counter(name: str) -> Column:
    """A number the database counts up: for users, lists and keys only."""
    return Column(name, "counter")


def key(name: str, is_optional: bool = False) -> Column:
    """A number that names a row; made by the application."""
    return Column(name, "id", is_optional=is_optional)


def integer(name: str, is_optional: bool = False, default: int | None = None) -> Column:
    return Column(name, "int", is_optional=is_optional, default=default)


def bytes_(name: str, length: int, is_optional: bool = False) -> Column:
    """Up to `length` bytes, compared byte by byte."""
    return Column(name, "bytes", length, is_optional)


def big_bytes(name: str, is_optional: bool = False) -> Column:
    return Column(name, "big_bytes", is_optional=is_optional)


@dataclass(frozen=True)
class Table:
    """One table. `is_clustered` keeps the rows in key order (small rows that are found by their key alone)."""

    name: str
    columns: Sequence[Column]
    primary: tuple[str, ...] = ()
    unique: Sequence[tuple[str, ...]] = ()
    indexes: Sequence[tuple[str, ...]] = ()
    is_clustered: bool = False

    def statements(self, engine: Dialect) -> list[str]:
        """Statements that can be run again: MySQL has no CREATE INDEX IF NOT EXISTS, so keys stand in the table."""
        lines = [column.sql(engine) for column in self.columns]
        if self.primary:
            lines.append(f"PRIMARY KEY ({', '.join(self.primary)})")
        lines += [f"UNIQUE ({', '.join(columns)})" for columns in self.unique]
        if engine.name != "sqlite":
            lines += [f"INDEX {_index_name('', columns)} ({', '.join(columns)})" for columns in self.indexes]
        options = engine.table_options(self.is_clustered)
        table = f"CREATE TABLE IF NOT EXISTS {self.name} ({', '.join(lines)}) {options}"
        return [table] if engine.name != "sqlite" else [table, *self._sqlite_indexes()]

    def _sqlite_indexes(self) -> list[str]:
        return [
            f"CREATE INDEX IF NOT EXISTS {_index_name(self.name, columns)} ON {self.name} ({', '.join(columns)})"
            for columns in self.indexes
        ]


def _index_name(table: str, columns: tuple[str, ...]) -> str:
    return "_".join(("by", *([table] if table else []), *columns))[:60]
