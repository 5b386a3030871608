"""Is a backup made under load whole: can it be served, and is every event in it that was acknowledged before its start?"""

from __future__ import annotations

import itertools
import os
import pty
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from tests.cli.shell import Shell
from tests.client import Client, InProcess
from tests.processes import find_program, until
from tests.served import StartTracker, make_account
from tests.servers import MariaDB
from tracker.storage.schema.own_database import own_database


@contextmanager
def load(send: Callable[[str], bool], clients: int = 4) -> Iterator[list[str]]:
    """The EventIDs acknowledged so far, while several clients send."""
    acknowledged: list[str] = []
    is_over = threading.Event()

    def keep_sending(client: int) -> None:
        for number in itertools.count():
            if is_over.is_set():
                return
            event_id = f"c{client}-{number}"
            if send(event_id):
                acknowledged.append(event_id)

    threads = [threading.Thread(target=keep_sending, args=(client,)) for client in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield acknowledged
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def faults(path: Path) -> list[Any]:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [row[0] for row in connection.execute("PRAGMA integrity_check")]
    finally:
        connection.close()


def damage(shell: Shell) -> None:
    """Write over a page of the table of users in the shell's database."""
    path = Path(shell.settings["TRACKER_DATABASE_URL"].removeprefix("sqlite:///"))
    connection = apsw.Connection(str(path))
    connection.pragma("wal_checkpoint(TRUNCATE)")
    [(page,)] = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'users'")
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096 + 100)
        file.write(b"\xff" * 3900)


def test_every_event_acknowledged_before_its_start_is_in_it(
    start_tracker: StartTracker, tmp_path: Path
) -> None:
    tracker = start_tracker(workers=2, settings={"TRACKER_LIMITS": "event.track=1000000/60"})
    account = make_account(tracker, "owner@example.com")
    filler = [{"Event": "old", "Properties": {"x": "y" * 800}}] * 1000
    for _ in range(5):
        tracker.call("event.batch", account.key, ListID=account.list_id, Events=filler)

    def send(event_id: str) -> bool:
        sent = {"Event": "seen", "EventID": event_id, "Email": f"{event_id}@example.com"}
        return tracker.call("event.track", account.key, ListID=account.list_id, **sent).status == 200

    promised: list[list[str]] = []
    with load(send) as acknowledged:
        for number in range(3):
            until(lambda n=number: len(acknowledged) >= 25 * (n + 1), 30, "some events")  # type: ignore[misc]
            promised.append(list(acknowledged))
            assert tracker.cli("db", "backup", str(tmp_path / f"backup-{number}.db")).startswith("Wrote ")
        during = len(acknowledged)
    assert during > 100
    for number, ids in enumerate(promised):
        path = tmp_path / f"backup-{number}.db"
        assert faults(path) == ["ok"]
        assert sorted(found.name for found in tmp_path.glob(f"{path.name}*")) == [path.name], "it is one file"
        url = f"sqlite:///{path}"
        with closing(InProcess(url, tmp_path, is_upgraded=False)) as restored:
            check_restored(restored, account.key, account.list_id, ids)
        checked = Shell(tmp_path, TRACKER_DATABASE_URL=url).run("db", "check").stdout
        wrong = ("events '", "conversions '")
        assert not [line for line in checked.splitlines() if line.lstrip().startswith(wrong)]
    # What was not counted when the backup was made is counted by whoever serves it.
    assert start_tracker(database_url=url).get("/ready").status == 200
    check = Shell(tmp_path, TRACKER_DATABASE_URL=url)
    until(lambda: "counted" not in check.run("db", "check").stdout, 60, "all events to be counted")


def check_restored(restored: Client, key: str, list_id: int, ids: list[str]) -> None:
    """Each is there: to send it again is to repeat it, and new events are taken."""
    events = [{"Event": "seen", "EventID": one, "Email": f"{one}@example.com"} for one in ids]
    events = [*events[-990:], {"Event": "new", "EventID": "new"}]
    results = restored.call("event.batch", key, ListID=list_id, Events=events).body["results"]
    assert [result["status"] for result in results] == ["duplicate"] * (len(events) - 1) + ["ok"]


@pytest.fixture
def taken(shell: Shell) -> Shell:
    """A shell with a database that has a user."""
    shell.ok("user", "add", "jane@example.com", "--password-stdin", typed="secret\n")
    return shell


def test_a_file_that_is_there_is_left_as_it_is(taken: Shell) -> None:
    path = taken.folder / "kept"
    path.write_text("precious")
    assert taken.fails("db", "backup", str(path)) == f"{path} exists and is not overwritten"
    assert path.read_text() == "precious"
    assert taken.ok("db", "backup", str(taken.folder / "new")).startswith(f"Wrote {taken.folder / 'new'}, 0.")
    assert taken.fails("db", "backup", str(taken.folder / "new")).endswith("is not overwritten")
    assert [path.name for path in taken.folder.glob("*.part")] == []


def test_only_its_owner_may_read_it(taken: Shell) -> None:
    taken.ok("db", "backup", str(taken.folder / "new"))
    assert (taken.folder / "new").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_written_is_said_and_leaves_nothing(taken: Shell) -> None:
    assert "No such file or directory" in taken.fails("db", "backup", str(taken.folder / "none" / "new"))
    taken.settings["TRACKER_DATABASE_URL"] = f"sqlite:///{taken.folder}/no.db"
    assert (
        taken.fails("db", "backup", str(taken.folder / "new")) == f"there is no database {taken.folder}/no.db"
    )
    assert not (taken.folder / "no.db").exists()
    assert not (taken.folder / "new").exists()


def test_a_damaged_database_makes_no_backup(taken: Shell) -> None:
    damage(taken)
    assert taken.fails("db", "backup", str(taken.folder / "new")).startswith("the copy is damaged")
    assert sorted(found.name for found in taken.folder.glob("new*")) == []


def test_an_older_database_can_be_backed_up_before_it_is_upgraded(taken: Shell) -> None:
    connection = apsw.Connection(taken.settings["TRACKER_DATABASE_URL"].removeprefix("sqlite:///"))
    connection.execute("DELETE FROM migrations WHERE name = (SELECT MAX(name) FROM migrations)")
    connection.close()
    assert "run 'tracker db upgrade'" in taken.fails("key", "list", "jane@example.com")
    taken.ok("db", "backup", str(taken.folder / "new"))


def test_killed_it_leaves_no_file_of_that_name(start_tracker: StartTracker, tmp_path: Path) -> None:
    tracker = start_tracker(settings={"TRACKER_LIMITS": "event.track=1000000/60"})
    account = make_account(tracker, "owner@example.com")
    filler = [{"Event": "old", "Properties": {"x": "y" * 900}}] * 1000
    for _ in range(10):
        tracker.call("event.batch", account.key, ListID=account.list_id, Events=filler)
    shell = Shell(tmp_path, TRACKER_DATABASE_URL=tracker.database_url)
    process = shell.start("db", "backup", "new")
    until(lambda: bool(list(tmp_path.glob("new.*"))) or process.poll() is not None, 30, "the copying")
    process.kill()
    process.communicate()
    found = tmp_path / "new"
    assert not found.exists() or faults(found) == ["ok"]
    if not found.exists():
        shell.ok("db", "backup", str(found))


def test_a_terminal_shows_how_far_it_is(taken: Shell) -> None:
    ours, theirs = pty.openpty()
    process = taken.start("db", "backup", "new", out=theirs)
    assert process.stdin is not None
    process.stdin.close()
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    assert process.wait(30) == 0
    assert b"Copying" in shown
    assert b"100%" in shown


def test_for_a_server_its_own_tool_is_named_and_works(mariadb: MariaDB, tmp_path: Path) -> None:
    url = mariadb.new_database()
    shell = Shell(tmp_path, TRACKER_DATABASE_URL=url)
    shell.ok("db", "upgrade")
    shell.ok("user", "add", "jane@example.com", "--password-stdin", typed="secret\n")
    said = shell.fails("db", "backup", "my backup.sql")
    assert said.startswith("a server's database is for its own tools to copy: (umask 077; mariadb-dump ")
    find_program("mariadb-dump", "mariadb-client")
    command = said.partition(": ")[2].replace(" -p ", " ")
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True, umask=0o022)
    assert (tmp_path / "my backup.sql").stat().st_mode & 0o777 == 0o600
    restored = mariadb.new_database()
    into = f"mariadb --host=127.0.0.1 --port={mariadb.port} --user=root {restored.rpartition('/')[2]} < 'my backup.sql'"
    subprocess.run(["sh", "-c", into], cwd=tmp_path, check=True, capture_output=True)
    database = own_database(restored)
    assert database.read(lambda t: t.select("SELECT email FROM users")) == [(b"jane@example.com",)]
    database.close()
