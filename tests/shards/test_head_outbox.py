"""Is what a list's transaction has to change at the head done once, whatever breaks off in between?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tracker.errors import StorageUnavailable
from tracker.storage.accounts import Somebody, note
from tracker.storage.engine import Database, Transaction
from tracker.storage.schema.own_database import own_database
from tracker.storage.shards import do_at_head, head_outbox

LIST = 7


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = own_database(sqlite_url, shards=2)
    opened.upgrade()
    row = (LIST, 3, b"Shop", b"shop", 0, b"public", 0, b"order")
    columns = [
        "id",
        "user_id",
        "name",
        "folded_name",
        "is_hidden",
        "tracker_id",
        "created_at",
        "conversion_id_is",
    ]
    opened.write(lambda transaction: transaction.insert("lists", columns, [row]))
    yield opened
    opened.close()


def tell(database: Database, failure: Exception | None = None) -> None:
    def work(transaction: Transaction) -> None:
        note(transaction, Somebody(3, 4, b"12345678"), "customfield.delete", "list:7", 99, LIST)
        if failure is not None:
            raise failure

    database.write(work, list_id=LIST)


def rows(database: Database, sql: str) -> list[Any]:
    return database.read(lambda transaction: transaction.select(sql))


def entries(database: Database) -> list[Any]:
    return rows(database, "SELECT at, user_id, key_id, session, action, object FROM audit_log")


def test_an_entry_is_written_once(database: Database) -> None:
    tell(database)
    assert entries(database) == []
    assert (do_at_head(database), do_at_head(database)) == (1, 0)
    assert entries(database) == [(99, 3, 4, b"12345678", b"customfield.delete", b"list:7")]


def test_a_change_that_is_not_stored_tells_nothing(database: Database) -> None:
    with pytest.raises(KeyError):
        tell(database, KeyError())
    assert do_at_head(database) == 0
    assert entries(database) == []


@pytest.mark.parametrize("table", ["head_outbox", "head_outbox_done"])
def test_what_breaks_off_goes_on_and_is_done_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    remove = head_outbox._remove  # noqa: SLF001  the step at which it breaks off

    def broken(transaction: Transaction, table: str, keys: Any) -> None:
        if table == broken_at:
            raise StorageUnavailable("a test")
        remove(transaction, table, keys)

    broken_at = table
    tell(database)
    with monkeypatch.context() as patched:
        patched.setattr(head_outbox, "_remove", broken)
        assert do_at_head(database) == 0, "the shard is left out"
    assert len(entries(database)) == 1
    do_at_head(database)
    tell(database)
    do_at_head(database)
    assert len(entries(database)) == 2
    assert rows(database, "SELECT * FROM head_outbox") == []
