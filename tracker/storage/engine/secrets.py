"""Secrets of a database: random bytes that all its processes share and that no answer contains."""

from __future__ import annotations

import os
from functools import partial

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction

#: Name of the secret that signs the EventIDs that Tracker makes.
EVENT_IDS = "event_ids"
SECRET_BYTES = 32


def secret_of(transaction: Transaction, name: str) -> bytes:
    """Return the secret of this name, made when there is none. Concurrent callers get the same one."""
    found = _read(transaction, name)
    if found is None:
        row = (name.encode(), os.urandom(SECRET_BYTES))
        transaction.insert_missing("secrets", ("name", "value"), [row])
        found = _read(transaction, name)
    return found or b""


def secret_of_day(transaction: Transaction, name: str, day: int) -> bytes:
    """Return the secret of this name for a day, the number of days since 1970. Those of other days are deleted for ever."""
    todays = f"{name} of day {day}"
    found = _read(transaction, todays)
    if found is not None:
        return found
    names = [bytes(row[0]) for row in transaction.select("SELECT name FROM secrets")]
    transaction.remove(
        "secrets", ("name",), [(each,) for each in names if each.startswith(f"{name} of day ".encode())]
    )
    return secret_of(transaction, todays)


class DaySecrets:
    """The secrets of one name, of which each day has another. A process keeps the one that it read last."""

    def __init__(self, database: Database, name: str) -> None:
        self._database, self._name = database, name
        self._last = (-1, b"")

    def of(self, day: int, deadline: float | None = None) -> bytes:
        """Return the secret of a day, the number of days since 1970. Raises StorageUnavailable."""
        if self._last[0] != day:
            try:
                found = self._database.write(partial(secret_of_day, name=self._name, day=day), deadline)
            except OutcomeUnknown as unknown:
                raise StorageUnavailable(f"the secret of a day was not made: {unknown}") from unknown
            self._last = (day, found)
        return self._last[1]


def make_secrets(transaction: Transaction) -> None:
    """Make the secrets: a step of a migration, which may be run again."""
    secret_of(transaction, EVENT_IDS)


def _read(transaction: Transaction, name: str) -> bytes | None:
    rows = transaction.select("SELECT value FROM secrets WHERE name = ?", (name.encode(),))
    return bytes(rows[0][0]) if rows else None
