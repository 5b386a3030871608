"""Does a database reach its version however often an upgrade is run, at once with others, or killed?"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.processes import until
from tests.served import ROOT, StartTracker, make_account
from tests.servers import NewDatabase
from tests.storage.conftest import Open
from tracker.storage.engine.database import Database
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.history import MIGRATIONS
from tracker.storage.schema.migrations import Migration, Migrations
from tracker.storage.schema.own_database import own_database

NAMES = [f"tracker: {migration.name}" for migration in MIGRATIONS]


def start_upgrade(url: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.storage.migrating", url, *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> list[str]:
    printed, complaints = process.communicate(timeout=60)
    assert process.returncode == 0, complaints
    return printed.split("\n")[:-1] if printed.strip() else []


def tables(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every table with its columns, as the database describes them."""
    if database.engine.name == "sqlite":
        sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        return {name: [(text,)] for name, text in database.read(lambda t: t.select(sql))}
    names = [row[0] for row in database.read(lambda t: t.select("SHOW TABLES"))]
    return {name: database.read(lambda t, n=name: t.select(f"SHOW CREATE TABLE {n}")) for name in names}


def test_an_upgrade_tells_what_it_applied_and_the_next_has_nothing_to_do(database_url: str) -> None:
    assert own_database(database_url).upgrade() == NAMES
    assert own_database(database_url).upgrade() == []


def test_of_several_at_once_each_migration_is_applied_by_one(database_url: str) -> None:
    applied = [finish(process) for process in [start_upgrade(database_url) for _ in range(4)]]
    assert sorted(name for names in applied for name in names) == sorted(NAMES)
    own_database(database_url).connect().close()


def test_killed_anywhere_the_next_run_finishes(
    database_kind: str, new_database: NewDatabase, opened: Open
) -> None:
    counting = start_upgrade(url := new_database(database_kind))
    statements = int(counting.communicate(timeout=60)[1])
    assert statements > 2 * len(MIGRATIONS)
    whole = tables(opened(url))
    kills = range(1, statements + 1, 1 if database_kind == "sqlite" else 3)
    for part in [kills[start : start + 4] for start in range(0, len(kills), 4)]:
        urls = {number: new_database(database_kind) for number in part}
        processes = [start_upgrade(url, str(number)) for number, url in urls.items()]
        for process in processes:
            process.communicate(timeout=60)
        assert [process.returncode for process in processes] == [-9] * len(part)
        for url in urls.values():
            assert tables(opened(url)) == whole


def test_a_killed_upgrade_on_a_file_leaves_nothing_half_done(sqlite_url: str) -> None:
    start_upgrade(sqlite_url, "5").communicate(timeout=60)
    file = apsw.Connection(sqlite_url.removeprefix("sqlite:///"))
    assert file.execute("SELECT COUNT(*) FROM sqlite_schema").fetchall() == [(0,)]
    file.close()


def test_an_upgrade_waits_for_one_that_is_running(database_url: str, opened: Open) -> None:
    began, may_end = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        began.set()
        assert may_end.wait(30)

    slowly = Migrations({"tracker": MIGRATIONS, "plugin": [Migration("0001_slow", [slow], "")]})
    first = threading.Thread(target=Database(database_url, slowly).upgrade)
    first.start()
    assert began.wait(30)
    second = start_upgrade(database_url)
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(1)
    may_end.set()
    assert finish(second) == []
    first.join(30)


def test_steps_may_be_functions_and_owners_have_histories_of_their_own(database_url: str) -> None:
    def fill(transaction: Transaction) -> None:
        transaction.insert("writer_leases", ("number", "token", "leased_until"), [(9, b"", 0)])

    plugin = {"tracker": MIGRATIONS, "plugin": [Migration("0001_fill", [fill], "")]}
    with_plugin = Database(database_url, Migrations(plugin))
    assert with_plugin.upgrade() == [*NAMES, "plugin: 0001_fill"]
    assert with_plugin.read(lambda t: t.select("SELECT number FROM writer_leases")) == [(9,)]
    with_plugin.close()
    without = own_database(database_url)
    assert without.read(lambda t: t.select("SELECT COUNT(*) FROM writer_leases")) == [(1,)], (
        "its tables stay behind"
    )
    without.close()


def test_a_step_that_fails_is_tried_again_by_the_next_run(database_url: str) -> None:
    calls: list[int] = []

    def fails_once(transaction: Transaction) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("out of luck")

    database = Database(
        database_url,
        Migrations({"tracker": MIGRATIONS, "plugin": [Migration("0001_luck", [fails_once], "")]}),
    )
    with pytest.raises(RuntimeError, match="out of luck"):
        database.upgrade()
    assert database.upgrade()[-1] == "plugin: 0001_luck"


def test_an_older_database_is_refused_and_named(database_url: str) -> None:
    own_database(database_url).upgrade()
    next_version = Migrations({"tracker": [*MIGRATIONS, Migration("0002_next", [], "")]})
    for door in ("read", "write"):
        database = Database(database_url, next_version)
        with pytest.raises(
            IncompatibleDatabase, match=r"^the database lacks tracker: 0002_next: run 'tracker db upgrade'$"
        ):
            getattr(database, door)(lambda transaction: transaction.select("SELECT 1"), None)
        database.close()


def test_a_newer_database_is_not_touched(database_url: str) -> None:
    newer = [*MIGRATIONS, Migration("9999_future", [], "9999_future")]
    Database(database_url, Migrations({"tracker": newer})).upgrade()
    message = "^the database is newer than this Tracker: it has 9999_future$"
    for refused in (own_database(database_url).upgrade, own_database(database_url).connect):
        with pytest.raises(IncompatibleDatabase, match=message):
            refused()


def test_what_only_adds_to_a_newer_database_is_no_hindrance(database_url: str) -> None:
    """Nor is what breaks instances that are older still."""
    known = MIGRATIONS[-1].name
    newer = [*MIGRATIONS, Migration("9998_more", [], ""), Migration("9999_less", [], known)]
    applied = Database(database_url, Migrations({"tracker": newer})).upgrade()
    older = own_database(database_url)
    assert (len(applied), older.upgrade()) == (len(newer), [])
    assert older.write(lambda transaction: transaction.select("SELECT COUNT(*) FROM migrations")) == [
        (len(newer),)
    ]
    older.close()


def test_a_newer_plugin_that_breaks_the_older_one_is_named(database_url: str) -> None:
    first, broken = Migration("0001", [], ""), Migration("0002_shapes", [], "0002_shapes")
    Database(database_url, Migrations({"tracker": MIGRATIONS, "notes": [first, broken]})).upgrade()
    message = "^the database is newer than this version of the plugin 'notes': it has 0002_shapes$"
    with pytest.raises(IncompatibleDatabase, match=message):
        own_database(database_url, {"notes": [first]}).connect()
    own_database(database_url).connect().close()  # where the plugin is not installed, nothing can be broken


def test_a_table_of_migrations_that_does_not_say_whom_they_break_is_upgraded(database_url: str) -> None:
    own_database(database_url, {"notes": [Migration("0001_old", [], "")]}).upgrade()
    database = own_database(database_url, {"notes": []})
    database.write(
        lambda transaction: transaction.execute("ALTER TABLE migrations DROP COLUMN breaks_before")
    )
    assert database.upgrade() == []
    assert database.write(lambda transaction: transaction.select("SELECT breaks_before FROM migrations")) == [
        (None,)
    ] * (len(MIGRATIONS) + 1)
    database.close()


def test_no_migration_of_ours_breaks_the_release_before() -> None:
    """One that breaks names an earlier one, which the instances that go on meanwhile know: docs/stability.md."""
    names = [migration.name for migration in MIGRATIONS]
    for number, migration in enumerate(MIGRATIONS[1:], start=1):
        assert migration.breaks_before in ("", *names[:number]), migration.name


def test_a_statement_can_be_run_again_on_every_engine(database: Database) -> None:
    """On MySQL each commits itself: a kill after it, before the history says so, runs it twice."""
    before = tables(database)
    history = "DELETE FROM migrations"
    database.write(lambda transaction: transaction.execute(history))
    assert database.upgrade() == NAMES
    assert tables(database) == before


def test_workers_never_migrate_they_say_what_is_wrong(start_tracker: StartTracker, tmp_path: Path) -> None:
    tracker = start_tracker(workers=1)
    account = make_account(tracker, "owner@example.com", "*")
    file = apsw.Connection(str(tracker.folder / "tracker.db"))
    file.set_busy_timeout(5000)
    last = MIGRATIONS[-1].name.encode()
    file.execute("DELETE FROM migrations WHERE name = ?", (last,))
    tracker.stop()
    program_without_upgrade = super(type(tracker), tracker)
    tracker.is_ready = lambda: tracker.get("/health").status == 200 if _listens(tracker) else False  # type: ignore[method-assign]
    program_without_upgrade.start()
    ready = tracker.get("/ready")
    assert (ready.status, ready.body["database"]) == (503, "broken")
    assert ready.body["reason"] == f"the database lacks tracker: {last.decode()}: run 'tracker db upgrade'"
    answer = tracker.call("event.track", account.key, Event="seen", ListID=account.list_id)
    assert (answer.status, answer.body["Errors"][0]["Code"]) == (503, 100012)
    for _ in range(3):
        tracker.call("event.track", account.key, Event="seen", ListID=account.list_id)
        tracker.get("/ready")
    said = [record for record in tracker.records() if record.get("message") == ready.body["reason"]]
    assert len(said) == 1, "one line, however many requests there are"
    assert file.execute("SELECT COUNT(*) FROM migrations WHERE name = ?", (last,)).fetchall() == [(0,)]
    assert file.execute("SELECT COUNT(*) FROM events").fetchall() == [(0,)]
    file.close()
    tracker.cli("db", "upgrade")
    assert until(lambda: tracker.get("/ready").status == 200)
    assert tracker.call("event.track", account.key, Event="seen", ListID=account.list_id).status == 200


def _listens(tracker: Any) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", tracker.port)) == 0
