"""Does `tracker demo` fill a list as a shop would, once for each seed, and tell what it has done?"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.shell import Shell
from tests.processes import until
from tracker.demo.account import EMAIL
from tracker.domain.event import IS_BOT, IS_GENERATED
from tracker.storage.engine.database import Database
from tracker.storage.schema.own_database import own_database


@pytest.fixture
def database(shell: Shell) -> Iterator[Database]:
    opened = own_database(shell.settings["TRACKER_DATABASE_URL"])
    yield opened
    opened.close()


def select(database: Database, sql: str) -> list[tuple[Any, ...]]:
    return database.read(lambda transaction: transaction.select(sql, ()))


def count(database: Database) -> int:
    """The events that were made; those that Tracker added to them are its own."""
    [(found,)] = select(database, f"SELECT COUNT(*) FROM events WHERE flags & {IS_GENERATED} = 0")
    return int(found)


def test_an_empty_database_gets_the_account_a_list_and_as_many_events_as_wanted(
    shell: Shell, database: Database
) -> None:
    said = shell.ok("demo", "--events", "1500")
    assert re.search(rf"Username  {EMAIL}\n  Password  \S+\n  ListID    (\d+)\n", said)
    assert "Stored 1,500 events of the last 30 days in list" in said
    assert count(database) == 1500
    names = Counter(bytes(name).decode() for (name,) in select(database, "SELECT name FROM events"))
    assert names["page_view"] > names["view_product"] > names["checkout"] > names["conversion"] > 0
    assert select(database, f"SELECT COUNT(*) FROM events WHERE flags & {IS_BOT} > 0") > [(10,)]
    hidden = "SELECT COUNT(*) FROM events WHERE list_id = (SELECT id FROM lists WHERE is_hidden = 1)"
    assert select(database, hidden) > [(5,)]
    assert select(database, "SELECT COUNT(*) FROM subscribers") > [(10,)]
    merged = "SELECT COUNT(*) FROM (SELECT subscriber_id FROM identity_links GROUP BY subscriber_id HAVING COUNT(*) > 1)"
    assert select(database, merged) > [(0,)]
    values = "SELECT COUNT(DISTINCT field_id) FROM subscriber_fields"
    assert select(database, values) >= [(4,)]
    assert "no difference" in shell.ok("db", "check")


def test_a_second_run_stores_nothing_and_a_longer_one_what_is_new(shell: Shell, database: Database) -> None:
    shell.ok("demo", "--events", "200")
    assert shell.ok("demo", "--events", "200").startswith(
        "Nothing new: the traffic of seed 1 is stored already"
    )
    assert count(database) == 200
    said = shell.ok("demo", "--events", "260")
    assert "Stored 60 events" in said
    assert "200 were there already" in said
    assert "Stored 100 events" in shell.ok("demo", "--events", "100", "--seed", "2")
    assert count(database) == 360


def test_another_account_has_its_own_list_or_one_that_it_names(
    shell: Shell, jane: str, database: Database
) -> None:
    said = shell.fails("demo", "--events", "10")
    assert said == "there is no demo account in this database: name a user with --email"
    shop = shell.ok("list", "add", jane, "Shop").strip()
    assert f"in list {shop}." in shell.ok("demo", "--email", jane, "--list", shop, "--events", "10")
    for seed in ("2", "3"):
        said = shell.ok("demo", "--email", jane, "--events", "10", "--days", "2", "--seed", seed)
        assert "Stored 10 events of the last 2 days" in said
    assert select(database, "SELECT COUNT(*) FROM lists WHERE is_hidden = 0") == [(2,)]
    assert shell.fails("demo", "--email", jane, "--list", "999") == f"{jane} has no list 999"


def test_who_is_named_and_is_not_there_is_told_and_nothing_is_made(shell: Shell, database: Database) -> None:
    assert shell.fails("demo", "--email", "john@example.com") == "there is no user 'john@example.com'"
    assert select(database, "SELECT COUNT(*) FROM users") == [(0,)]


@pytest.mark.parametrize("wrong", [("--events", "0"), ("--days", "0"), ("--seed", "-1"), ("--list", "x")])
def test_what_cannot_be_is_refused(shell: Shell, wrong: tuple[str, str]) -> None:
    assert f"'{wrong[0]}'" in shell.fails("demo", *wrong)


def test_a_run_that_was_interrupted_is_gone_on_with(shell: Shell, database: Database) -> None:
    process = shell.start("demo", "--events", "2500")
    until(lambda: count(database) > 300, 30, "the first events")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    stored = count(database)
    assert re.search(r"Interrupted after [\d,]+ events", said)
    assert 300 < stored < 2500
    shell.ok("demo", "--events", "2500")
    assert count(database) == 2500
