"""Does an import know that somebody else writes to the file too?"""

from __future__ import annotations

from tests.storage.conftest import Open
from tracker.storage.engine.database import Database
from tracker.storage.engine.lone_writer import QUIET_SECONDS, LoneWriter
from tracker.storage.engine.transaction import Transaction

COLUMNS = ("list_id", "event_key", "event_id", "digest")


def write(database: Database, number: int) -> None:
    def add(transaction: Transaction) -> None:
        transaction.insert("event_ids", COLUMNS, [(1, b"%d" % number, number, b"digest")])

    database.write(add)


def test_who_has_written_alone_for_a_while_is_alone(file: Database, sqlite_url: str, opened: Open) -> None:
    now = 0.0
    lone = LoneWriter(file, lambda: now)
    assert not lone.is_alone(), "of what was before it began it knows nothing"
    now += QUIET_SECONDS
    write(file, 1)
    assert lone.is_alone(), "its own writes do not count"

    write(opened(sqlite_url), 2)
    assert not lone.is_alone()
    now += QUIET_SECONDS / 2
    assert not lone.is_alone()
    now += QUIET_SECONDS / 2
    assert lone.is_alone()


def test_nobody_is_alone_on_a_server(server: Database) -> None:
    now = 0.0
    lone = LoneWriter(server, lambda: now)
    lone.is_alone()
    now += QUIET_SECONDS
    assert not lone.is_alone()
