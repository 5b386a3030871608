"""Does going back to a backup say what is wrong with it? `tracker db restore`; the drill is in tests/faults."""

from __future__ import annotations

import subprocess
from pathlib import Path

import apsw
import pytest

from tests.cli.shell import Shell
from tests.client import InProcess
from tests.processes import find_program
from tests.servers import MariaDB
from tracker.storage.schema.own_database import own_database

#: Says that a newer Tracker has applied a migration, and whom that breaks.
NEWER = (
    "INSERT INTO migrations (owner, name, applied_at, breaks_before)"
    " VALUES (CAST('tracker' AS BLOB), CAST('9999_later' AS BLOB), 0, CAST('{breaks_before}' AS BLOB))"
)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "there is no file {0}"),
        (b"", "{0} is no database of Tracker's"),
        (b"precious" * 1000, "{0} is no whole SQLite database: file is not a database"),
    ],
)
def test_a_file_that_is_no_backup_changes_nothing(
    shell: Shell, jane: str, content: bytes | None, line: str
) -> None:
    file = shell.folder / "backup.db"
    if content is not None:
        file.write_bytes(content)
    assert shell.fails("db", "restore", str(file)) == line.format(file)
    assert jane in shell.ok("audit", jane) or shell.ok("key", "list", jane)
    assert not list(shell.folder.glob("tracker.db.*"))


def _changed(path: Path, *statements: str) -> None:
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_what_is_wrong_with_a_backup_is_said(shell: Shell, jane: str) -> None:
    file = shell.folder / "backup.db"
    shell.ok("db", "backup", str(file))
    database = shell.settings["TRACKER_DATABASE_URL"].removeprefix("sqlite:///")
    assert shell.fails("db", "restore", database) == f"{database} is the database itself"
    whole = file.read_bytes()
    _changed(file, NEWER.format(breaks_before="9999_later"))
    assert shell.fails("db", "restore", str(file)).endswith("newer than this Tracker: it has 9999_later")
    file.write_bytes(whole[: len(whole) // 2])
    assert f"{file} is " in shell.fails("db", "restore", str(file))
    _changed(shell.folder / "other.db", "CREATE TABLE other (n)")
    assert shell.fails("db", "restore", str(shell.folder / "other.db")).endswith(
        "other.db is no database of Tracker's"
    )
    file.write_bytes(whole)
    [(page,)] = apsw.Connection(str(file)).execute("SELECT rootpage FROM sqlite_schema WHERE name = 'users'")
    damaged = bytearray(whole)
    damaged[(page - 1) * 4096 + 100 : page * 4096] = b"\xff" * 3996
    file.write_bytes(damaged)
    assert f"{file} is " in shell.fails("db", "restore", str(file))
    assert not list(shell.folder.glob("tracker.db.*"))


def test_an_older_backup_is_restored_and_upgraded_by_the_next_start(shell: Shell, jane: str) -> None:
    file = shell.folder / "backup.db"
    shell.ok("db", "backup", str(file))
    _changed(file, "DELETE FROM migrations WHERE name = (SELECT MAX(name) FROM migrations)")
    assert "The next start, or 'tracker db upgrade', applies tracker: " in shell.ok(
        "db", "restore", str(file)
    )
    assert "run 'tracker db upgrade'" in shell.fails("key", "list", jane)
    shell.ok("db", "upgrade")
    shell.ok("key", "list", jane)


def test_a_newer_backup_is_restored_if_what_is_new_only_adds(shell: Shell, jane: str) -> None:
    file = shell.folder / "backup.db"
    shell.ok("db", "backup", str(file))
    _changed(file, NEWER.format(breaks_before=""))
    shell.ok("db", "restore", str(file))
    assert shell.ok("db", "upgrade") == "Up to date\n"
    shell.ok("db", "check")
    shell.ok("db", "backup", str(shell.folder / "again.db"))


def test_where_there_is_no_database_it_is_made(shell: Shell, jane: str) -> None:
    file = shell.folder / "backup.db"
    shell.ok("db", "backup", str(file))
    shell.settings["TRACKER_DATABASE_URL"] = f"sqlite:///{shell.folder}/new/tracker.db"
    assert shell.ok("db", "restore", str(file)).splitlines() == [f"Restored {file}, with no event"]
    shell.ok("key", "list", jane)


def test_for_a_server_its_own_tool_is_named_and_works(mariadb: MariaDB, tmp_path: Path) -> None:
    url = mariadb.new_database()
    shell = Shell(tmp_path, TRACKER_DATABASE_URL=url)
    shell.ok("db", "upgrade")
    shell.ok("user", "add", "jane@example.com", "--password-stdin", typed="secret\n")
    find_program("mariadb-dump", "mariadb-client")

    def run(said: str) -> None:
        command = said.rpartition(": ")[2].replace(" -p ", " ")
        subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True)

    run(shell.fails("db", "backup", "my backup.sql"))
    shell.settings["TRACKER_DATABASE_URL"] = again = mariadb.new_database()
    said = shell.fails("db", "restore", "my backup.sql")
    assert said.startswith(
        "a server's database is for its own tools to put back. Stop Tracker, then: mariadb "
    )
    run(said)
    database = own_database(again)
    assert database.read(lambda t: t.select("SELECT email FROM users")) == [(b"jane@example.com",)]
    database.close()


def test_a_dump_that_was_read_in_part_is_not_completed(mariadb: MariaDB, tmp_path: Path) -> None:
    """A dump has its tables by name: without those of accounts, good keys would be unknown."""
    running = InProcess(url := mariadb.new_database(), tmp_path)
    shop = running.open_shop("jane@example.com")
    shell, name = Shell(tmp_path, TRACKER_DATABASE_URL=url), url.rpartition("/")[2]
    listed = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s AND table_name >= %s"
    for cut, at_the_cut, said in (
        ("writer_leases", "SELECT 1", "table migrations but not writer_leases"),
        ("sessions", "SELECT 1", "table migrations but not users"),
        ("sessions", "DELETE FROM migrations", "table migrations but not users"),
        ("migrations", "SELECT 1", "table api_keys but not migrations"),
        ("jobs", "SELECT 1", "table api_keys but not migrations"),
    ):
        for (table,) in mariadb.execute(listed, name, cut):
            mariadb.execute(f"DROP TABLE {name}.{table}")
        with mariadb.connect(name) as connection, connection.cursor() as cursor:
            cursor.execute(at_the_cut)
        line = f"the database has the {said}, it is half restored: drop it, and restore the backup again"
        for command in (("db", "upgrade"), ("health",), ("key", "list", shop.email)):
            assert shell.fails(*command).endswith(line), (cut, command)
        assert mariadb.execute(listed, name, cut) in ((), (("migration_lock",),)), "nothing was made"
        answer = running.call("event.track", shop.key, Event="seen", ListID=shop.list_id)
        assert (answer.status, answer.body["Errors"][0]["Code"]) == (503, 100012)
    assert running.get("/ready").body["reason"] == line
    running.close()
