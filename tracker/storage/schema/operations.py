"""How is a table made and changed by steps that may be run again?

MySQL commits every statement by itself and cannot be told `IF NOT EXISTS` for columns and indexes: each step looks
first. So a model may be made as it is now, and the older migrations that once led there then find nothing to do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.ddl import Column, Table


@dataclass(frozen=True)
class CreateTable:
    """Make a table and its indexes, as far as they are not there."""

    table: Table
    indexes: Sequence[tuple[str, ...]]

    def __call__(self, transaction: Transaction) -> None:
        for statement in self.table.statements(transaction.engine):
            transaction.execute(statement)
        for columns in self.indexes:
            AddIndex(self.table.name, columns)(transaction)


@dataclass(frozen=True)
class ServerOnly:
    """A table that there is on servers only."""

    table: Table

    def __call__(self, transaction: Transaction) -> None:
        if transaction.engine.is_remote:
            CreateTable(self.table, [])(transaction)


@dataclass(frozen=True)
class SqliteOnly:
    """A table that there is in SQLite files only."""

    table: Table

    def __call__(self, transaction: Transaction) -> None:
        if not transaction.engine.is_remote:
            CreateTable(self.table, [])(transaction)


@dataclass(frozen=True)
class AddColumn:
    table: str
    column: Column
    default: str

    def __call__(self, transaction: Transaction) -> None:
        if self.column.name not in _columns(self.table, transaction):
            written = self.column.sql(transaction.engine) + self.default
            transaction.execute(f"ALTER TABLE {self.table} ADD COLUMN {written}")


@dataclass(frozen=True)
class AddIndex:
    table: str
    columns: tuple[str, ...]
    is_unique: bool = False

    def __call__(self, transaction: Transaction) -> None:
        there = transaction.database.get_indexes(self.table)
        if not any(tuple(i.columns) == self.columns and i.unique >= self.is_unique for i in there):
            kind = "UNIQUE INDEX" if self.is_unique else "INDEX"
            transaction.execute(f"CREATE {kind} {self._name()} ON {self.table} ({', '.join(self.columns)})")

    def _name(self) -> str:
        """SQLite wants names that differ over all tables, MySQL short ones."""
        whole = "_".join((self.table, *self.columns))
        return f"by_{whole[:40]}_{hashlib.sha256(whole.encode()).hexdigest()[:12]}"


@dataclass(frozen=True)
class CompareColumns:
    """Refuses a database that lacks a column of a model: what a forgotten migration would leave."""

    owner: str
    wanted: Mapping[str, Sequence[str]]

    def __call__(self, transaction: Transaction) -> None:
        for table, columns in self.wanted.items():
            there = _columns(table, transaction)
            lacking = [column for column in columns if column not in there]
            if lacking:
                what = f"{table} has no column '{lacking[0]}'" if there else f"there is no table {table}"
                raise IncompatibleDatabase(
                    f"tables of the plugin '{self.owner}': {what}, and no migration makes it"
                )


def _columns(table: str, transaction: Transaction) -> set[str]:
    """The names of a table's columns; none if there is no such table, of which MySQL makes a failure."""
    try:
        return {column.name for column in transaction.database.get_columns(table)}
    except Exception as failure:
        if not transaction.engine.is_missing_table(failure):
            raise
        return set()
