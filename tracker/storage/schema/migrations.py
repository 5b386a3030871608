"""Migrations: how a database reaches the version this code needs, only by `tracker db upgrade` and under a lock."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.storage.engine.engine_protocol import Engine
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.ddl import Table, bytes_, integer
from tracker.storage.schema.operations import AddColumn, made_table

#: Whom a migration breaks stands beside its name, so that instances know it that have never heard of the migration.
_BREAKS_BEFORE = bytes_("breaks_before", 128, is_optional=True)
HISTORY = Table(
    "migrations",
    [bytes_("owner", 64), bytes_("name", 128), integer("applied_at"), _BREAKS_BEFORE],
    primary=("owner", "name"),
)


@dataclass(frozen=True)
class Migration:
    """One migration. Its steps are `Table`s (made if missing) or functions of a Transaction that may be run again.

    `breaks_before` says which instances cannot work on with the database after it: those that do not know the migration
    of this name, its own or an earlier one of the same owner. "" = it only adds, and breaks nobody.
    """

    name: str
    steps: Sequence[Any]
    breaks_before: str


#: Owner and name of an applied migration, and whom it breaks; None: the row does not say.
_Applied = tuple[bytes, bytes, bytes | None]


class Migrations:
    """The migrations of Tracker and of the plugins that bring tables: `{owner: [Migration, …]}`."""

    def __init__(self, histories: Mapping[str, Sequence[Migration]]) -> None:
        self._histories = dict(histories)

    def upgrade(self, database: Any, engine: Engine) -> list[str]:
        """Apply the missing migrations in order; return their names. After a kill at any point, the next run finishes."""
        applied = []
        with engine.migration_lock(database) as verify_lock:
            transaction = Transaction(database, engine)
            self._refuse_half_restored(transaction, self.lacking([]))
            _apply(HISTORY, transaction)
            _apply(AddColumn(HISTORY.name, _BREAKS_BEFORE, ""), transaction)
            for owner, migration in self._pending(transaction):
                for step in migration.steps:
                    verify_lock()
                    _apply(step, transaction)
                row = (
                    owner.encode(),
                    migration.name.encode(),
                    time.time_ns() // 1_000_000,
                    migration.breaks_before.encode(),
                )
                transaction.insert(HISTORY.name, ("owner", "name", "applied_at", "breaks_before"), [row])
                applied.append(f"{owner}: {migration.name}")
        return applied

    def verify(self, database: Any, engine: Engine) -> None:
        """Raise IncompatibleDatabase when a migration or a table is missing, or an unknown migration breaks this code."""
        transaction = Transaction(database, engine)
        try:
            pending = self._pending(transaction)
        except Exception as failure:
            if not engine.is_missing_table(failure):
                raise
            self._refuse_half_restored(transaction, self.lacking([]))
            raise IncompatibleDatabase("the database is empty: run 'tracker db upgrade'") from None
        if pending:
            names = ", ".join(f"{owner}: {migration.name}" for owner, migration in pending)
            raise IncompatibleDatabase(f"the database lacks {names}: run 'tracker db upgrade'")

    def _pending(self, transaction: Transaction) -> list[tuple[str, Migration]]:
        lacking = self.lacking(transaction.select("SELECT * FROM migrations"))
        self._refuse_half_restored(transaction, lacking)
        return lacking

    def _refuse_half_restored(
        self, transaction: Transaction, lacking: Sequence[tuple[str, Migration]]
    ) -> None:
        """Raise IncompatibleDatabase if a dump was read in part: what is missing would be made anew, and empty.

        An upgrade makes the history first, then Tracker's tables in its order: after a kill, those that are there come
        before those that are not. A dump has them by name, `users` among the last.
        """
        there = set(transaction.database.get_tables())
        tables = [(HISTORY.name, False)] + [
            (table.name, ("tracker", migration) not in lacking)
            for migration in self._histories.get("tracker", ())
            for step in migration.steps
            if (table := made_table(step, transaction.engine.is_remote))
        ]
        missing = next((place for place, (name, _) in enumerate(tables) if name not in there), len(tables))
        if any(is_applied or name in there for name, is_applied in tables[missing:]):
            found = next(name for name, _ in tables if name in there)
            raise IncompatibleDatabase(
                f"the database has the table {found} but not {tables[missing][0]}, it is half restored: drop it, and"
                " restore the backup again"
            )

    def lacking(self, rows: Sequence[Sequence[Any]]) -> list[tuple[str, Migration]]:
        """Return the migrations that are not among the applied: `rows` are all of the table, with all columns it has.

        Raises IncompatibleDatabase if the database is newer, and this code cannot work with it.
        """
        applied = [_applied(row) for row in rows]
        self._refuse_broken(applied)
        done = {(owner, name) for owner, name, _ in applied}
        return [
            (owner, migration)
            for owner, history in self._histories.items()
            for migration in history
            if (owner.encode(), migration.name.encode()) not in done
        ]

    def _refuse_broken(self, applied: Sequence[_Applied]) -> None:
        """Raise IncompatibleDatabase for unknown migrations that break this code."""
        known = {
            owner.encode(): {migration.name.encode() for migration in history}
            for owner, history in self._histories.items()
        }
        for owner in known:
            newer = sorted(
                name.decode()
                for whose, name, breaks_before in applied
                if whose == owner
                and name not in known[owner]
                and _is_broken(owner, breaks_before, known[owner])
            )
            if newer:
                what = (
                    "this Tracker"
                    if owner == b"tracker"
                    else f"this version of the plugin '{owner.decode()}'"
                )
                raise IncompatibleDatabase(f"the database is newer than {what}: it has {', '.join(newer)}")


def _applied(row: Sequence[Any]) -> _Applied:
    """Read a row of `migrations`. Tables that were made before the fourth column lack it until the next upgrade."""
    breaks_before = row[3] if len(row) > 3 else None
    return bytes(row[0]), bytes(row[1]), None if breaks_before is None else bytes(breaks_before)


def _is_broken(owner: bytes, breaks_before: bytes | None, known: set[bytes]) -> bool:
    """Return whether an unknown migration breaks those who know the `known` ones of its owner.

    Rows that do not say it were written before this could be said. Of Tracker's none should be unknown; plugins' were
    always left alone.
    """
    if breaks_before is None:
        return owner == b"tracker"
    return breaks_before != b"" and breaks_before not in known


def _apply(step: Any, transaction: Transaction) -> None:
    if isinstance(step, Table):
        for statement in step.statements(transaction.engine):
            transaction.execute(statement)
    else:
        step(transaction)
