"""Truth reader: short reading transactions on a connection of one thread's own, without gevent."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from tracker.errors import StorageUnavailable
from tracker.storage.engine import EVENT_IDS, Database, Transaction, secret_of

T = TypeVar("T")


class TruthReader:
    """Reads of one thread. A connection that fails is closed, and the next read opens another one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Return `work(transaction)`; each statement sees what was committed when it began. Raises StorageUnavailable."""
        self._database.engine.file.verify()
        if self._connection is None:
            self._connection = self._database.connect()
        try:
            return work(Transaction(self._connection, self._database.engine))
        except StorageUnavailable:
            raise
        except Exception as failure:
            self.close()
            raise StorageUnavailable(str(failure)) from failure

    def source(self) -> str:
        """Return what tells this database from others: a digest of a secret that it alone has."""
        return hashlib.sha256(b"copy of " + self.read(lambda t: secret_of(t, EVENT_IDS))).hexdigest()

    def close(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class KnownSource:
    """The source of a database, read once, when it is first asked for."""

    def __init__(self, open_database: Callable[[], Database]) -> None:
        self._open_database = open_database
        self._known: str | None = None

    def __call__(self) -> str:
        """Return it. Raises StorageUnavailable as long as it could not be read."""
        if self._known is None:
            truth = TruthReader(self._open_database())
            try:
                self._known = truth.source()
            finally:
                truth.close()
        return self._known
