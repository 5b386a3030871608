"""Table definitions: columns, keys and indexes written down once, and the DDL statements of each engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.storage.engine.engine_protocol import Dialect

#: Kinds that say what a model's values are, and the kind as which each is stored.
_STORED_AS = {"flag": "int"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `kind` is a key of an engine's `types`, "flag", or with a `length` "bytes" or "text"."""

    name: str
    kind: str
    length: int = 0
    is_optional: bool = False
    default: int | None = None

    def sql(self, engine: Dialect) -> str:
        """Return the column's definition in the engine's DDL."""
        if self.kind == "counter":
            return f"{self.name} {engine.types['counter']}"
        kind = (
            engine.bytes_type(self.length)
            if self.length
            else engine.types[_STORED_AS.get(self.kind, self.kind)]
        )
        default = "" if self.default is None else f" DEFAULT {self.default}"
        return f"{self.name} {kind} {'NULL' if self.is_optional else 'NOT NULL'}{default}"


def counter(name: str) -> Column:
    """Declare an auto-increment key: for users, lists, API keys, custom fields, goals, segments and log entries only."""
    return Column(name, "counter")


def key(name: str, is_optional: bool = False) -> Column:
    """Declare an id that the application makes."""
    return Column(name, "id", is_optional=is_optional)


def integer(name: str, is_optional: bool = False, default: int | None = None) -> Column:
    """Declare a 64-bit integer."""
    return Column(name, "int", is_optional=is_optional, default=default)


def flag(name: str, default: int | None = None) -> Column:
    """Declare a column of 0 or 1, which a model shows as a bool."""
    return Column(name, "flag", default=default)


def text(name: str, length: int, is_optional: bool = False) -> Column:
    """Declare a column of text of up to `length` bytes of UTF-8, compared byte by byte; a model shows it as a str."""
    return Column(name, "text", length, is_optional)


def bytes_(name: str, length: int, is_optional: bool = False) -> Column:
    """Declare a column of up to `length` bytes, compared byte by byte."""
    return Column(name, "bytes", length, is_optional)


def big_bytes(name: str, is_optional: bool = False) -> Column:
    """Declare a column of up to 16 MiB of bytes, which can be in no key."""
    return Column(name, "big_bytes", is_optional=is_optional)


@dataclass(frozen=True)
class Table:
    """One table. `is_clustered` stores the rows in key order (for small rows that are found by their key alone)."""

    name: str
    columns: Sequence[Column]
    primary: tuple[str, ...] = ()
    unique: Sequence[tuple[str, ...]] = ()
    indexes: Sequence[tuple[str, ...]] = ()
    is_clustered: bool = False

    def statements(self, engine: Dialect) -> list[str]:
        """Return statements that can be run again: MySQL has no CREATE INDEX IF NOT EXISTS, so keys are in its CREATE TABLE."""
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
