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

HISTORY = Table(
    "migrations",
    [bytes_("owner", 64), bytes_("name", 128), integer("applied_at")],
    primary=("owner", "name"),
)


@dataclass(frozen=True)
class Migration:
    """One migration. Its steps are `Table`s (made if missing) or functions of a Transaction that may be run again."""

    name: str
    steps: Sequence[Any]


class Migrations:
    """The migrations of Tracker and of the plugins that bring tables: `{owner: [Migration, …]}`."""

    def __init__(self, histories: Mapping[str, Sequence[Migration]]) -> None:
        self._histories = dict(histories)

    def upgrade(self, database: Any, engine: Engine) -> list[str]:
        """Apply the missing migrations in order; return their names. After a kill at any point, the next run finishes."""
        applied = []
        with engine.migration_lock(database) as verify_lock:
            transaction = Transaction(database, engine)
            _apply(HISTORY, transaction)
            for owner, migration in self._pending(transaction):
                for step in migration.steps:
                    verify_lock()
                    _apply(step, transaction)
                row = (owner.encode(), migration.name.encode(), time.time_ns() // 1_000_000)
                transaction.insert("migrations", ("owner", "name", "applied_at"), [row])
                applied.append(f"{owner}: {migration.name}")
        return applied

    def verify(self, database: Any, engine: Engine) -> None:
        """Raise IncompatibleDatabase when a migration is missing, or one is applied that this code does not know."""
        transaction = Transaction(database, engine)
        try:
            pending = self._pending(transaction)
        except Exception as failure:
            if not engine.is_missing_table(failure):
                raise
            raise IncompatibleDatabase("the database is empty: run 'tracker db upgrade'") from None
        if pending:
            names = ", ".join(f"{owner}: {migration.name}" for owner, migration in pending)
            raise IncompatibleDatabase(f"the database lacks {names}: run 'tracker db upgrade'")

    def _pending(self, transaction: Transaction) -> list[tuple[str, Migration]]:
        done = {
            (bytes(owner), bytes(name))
            for owner, name in transaction.select("SELECT owner, name FROM migrations")
        }
        return self.lacking(done)

    def lacking(self, done: set[tuple[bytes, bytes]]) -> list[tuple[str, Migration]]:
        """Return the migrations that are not among the applied (owner, name).

        Raises IncompatibleDatabase if a newer Tracker's are applied.
        """
        self._refuse_newer(done)
        return [
            (owner, migration)
            for owner, history in self._histories.items()
            for migration in history
            if (owner.encode(), migration.name.encode()) not in done
        ]

    def _refuse_newer(self, done: set[tuple[bytes, bytes]]) -> None:
        """Raise IncompatibleDatabase for a newer Tracker's database.

        A plugin that was removed leaves its tables, which is no error.
        """
        known = {(o.encode(), m.name.encode()) for o, history in self._histories.items() for m in history}
        newer = sorted(name.decode() for owner, name in done - known if owner == b"tracker")
        if newer:
            raise IncompatibleDatabase(f"the database is newer than this Tracker: it has {', '.join(newer)}")


def _apply(step: Any, transaction: Transaction) -> None:
    if isinstance(step, Table):
        for statement in step.statements(transaction.engine):
            transaction.execute(statement)
    else:
        step(transaction)
