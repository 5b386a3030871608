"""Migration steps that may be run again: create a table, add a column or an index, compare columns with models.

MySQL commits every statement by itself and has no `IF NOT EXISTS` for columns and indexes, so each step looks first. A
model's table may therefore be made in its present form, and the older migrations that once led there then change
nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.ddl import Column, Table


@dataclass(frozen=True)
class CreateTable:
    """Create a table and its indexes, as far as they are missing."""

    table: Table
    indexes: Sequence[tuple[str, ...]]

    def __call__(self, transaction: Transaction) -> None:
        for statement in self.table.statements(transaction.engine):
            transaction.execute(statement)
        for columns in self.indexes:
            AddIndex(self.table.name, columns)(transaction)


@dataclass(frozen=True)
class ServerOnly:
    """Create a table on servers only."""

    table: Table

    def __call__(self, transaction: Transaction) -> None:
        if transaction.engine.is_remote:
            CreateTable(self.table, [])(transaction)


@dataclass(frozen=True)
class SqliteOnly:
    """Create a table in SQLite files only."""

    table: Table

    def __call__(self, transaction: Transaction) -> None:
        if not transaction.engine.is_remote:
            CreateTable(self.table, [])(transaction)


@dataclass(frozen=True)
class AddColumn:
    """Add a column with its default, unless the table has it."""

    table: str
    column: Column
    default: str

    def __call__(self, transaction: Transaction) -> None:
        if self.column.name not in _columns(self.table, transaction):
            written = self.column.sql(transaction.engine) + self.default
            transaction.execute(f"ALTER TABLE {self.table} ADD COLUMN {written}")


@dataclass(frozen=True)
class AddIndex:
    """Add an index, unless the table has one of these columns."""

    table: str
    columns: tuple[str, ...]
    is_unique: bool = False

    def __call__(self, transaction: Transaction) -> None:
        existing = transaction.database.get_indexes(self.table)
        if not any(tuple(i.columns) == self.columns and i.unique >= self.is_unique for i in existing):
            kind = "UNIQUE INDEX" if self.is_unique else "INDEX"
            transaction.execute(f"CREATE {kind} {self._name()} ON {self.table} ({', '.join(self.columns)})")

    def _name(self) -> str:
        """Return the index's name: SQLite wants names that differ over all tables, MySQL short ones."""
        whole = "_".join((self.table, *self.columns))
        return f"by_{whole[:40]}_{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class CompareColumns:
    """Refuse a database that lacks a column of a model, which is what a forgotten migration leaves."""

    owner: str
    wanted: Mapping[str, Sequence[str]]

    def __call__(self, transaction: Transaction) -> None:
        for table, columns in self.wanted.items():
            existing = _columns(table, transaction)
            lacking = [column for column in columns if column not in existing]
            if lacking:
                what = f"{table} has no column '{lacking[0]}'" if existing else f"there is no table {table}"
                raise IncompatibleDatabase(
                    f"tables of the plugin '{self.owner}': {what}, and no migration makes it"
                )


def made_table(step: Any, is_server: bool) -> Table | None:
    """Return the table that a migration's step makes at a server, or in a file, if it makes one."""
    if isinstance(step, SqliteOnly if is_server else ServerOnly):
        return None
    table = step if isinstance(step, Table) else getattr(step, "table", None)
    return table if isinstance(table, Table) else None


def _columns(table: str, transaction: Transaction) -> set[str]:
    """Return the names of a table's columns; none if there is no such table, which MySQL reports as an error."""
    try:
        return {column.name for column in transaction.database.get_columns(table)}
    except Exception as failure:
        if not transaction.engine.is_missing_table(failure):
            raise
        return set()
