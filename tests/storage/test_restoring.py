"""Is a restore all or nothing? Killed before each of its steps, and with whatever a crash has left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tests.served import ROOT
from tests.storage.test_file_at_rest import crashed
from tracker.storage.engine.exclusive_access import StillOpen
from tracker.storage.recovery.backup import back_up
from tracker.storage.recovery.restore import restore
from tracker.storage.schema.history import MIGRATIONS
from tracker.storage.schema.migrations import Migrations
from tracker.storage.schema.own_database import own_database

ALL = Migrations({"tracker": MIGRATIONS})


def quietly(done: int, of: int) -> None:
    """No progress is shown."""


def mark(url: str, name: str) -> None:
    database = own_database(url)
    database.write(lambda t: t.execute("CREATE TABLE IF NOT EXISTS whose (name TEXT)"))
    database.write(lambda t: t.execute("DELETE FROM whose"))
    database.write(lambda t: t.execute(f"INSERT INTO whose VALUES ('{name}')"))
    database.close()


def marked(path: Path) -> str:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    [(name,)] = connection.execute("SELECT name FROM whose")
    connection.close()
    return str(name)


@pytest.fixture
def folder(tmp_path: Path, sqlite_url: str) -> Path:
    """A backup "new", and a database "old" that a crash has left with a log."""
    own_database(sqlite_url).upgrade()
    mark(sqlite_url, "new")
    back_up(sqlite_url, tmp_path / "backup.db", quietly)
    own_database(sqlite_url).upgrade()
    mark(sqlite_url, "old")
    crashed(sqlite_url)
    return tmp_path


def test_killed_before_any_step_one_of_both_is_there_and_the_next_call_does_it(folder: Path) -> None:
    command = [sys.executable, "-m", "tests.storage.restoring", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = [line.rpartition(" ")[2] for line in done.stdout.splitlines()]
    assert found == sorted(found, reverse=True), "the old one first, then the new one, and nothing between"
    assert found.count("old") > 5
    assert found.count("new") >= 2, done.stdout


def test_what_was_there_is_kept_and_nothing_of_it_is_beside_the_new_one(
    folder: Path, sqlite_url: str
) -> None:
    done = restore(sqlite_url, folder / "backup.db", ALL, quietly)
    assert marked(folder / "tracker.db") == "new"
    assert done.kept is not None
    assert marked(done.kept) == "old"
    assert done.lacking == []
    names = {path.name for path in folder.iterdir() if path.name != done.kept.name}
    assert names == {"tracker.db", "backup.db"}
    assert (folder / "tracker.db").stat().st_mode & 0o777 == 0o600
    mark(sqlite_url, "served")  # without an upgrade, as a server without a release step starts
    crashed(sqlite_url)
    assert own_database(sqlite_url).read(lambda t: t.select("SELECT name FROM whose")) == [("served",)]


@pytest.mark.parametrize("damage", ["no database", "half of it", "a copy over it", "nothing"])
def test_what_cannot_be_opened_is_set_aside_as_it_is(folder: Path, sqlite_url: str, damage: str) -> None:
    path = folder / "tracker.db"
    log = (folder / "tracker.db-wal").read_bytes()
    content = {
        "no database": b"precious" * 1000,
        "half of it": path.read_bytes()[: path.stat().st_size // 2],
        "a copy over it": (folder / "backup.db").read_bytes(),
    }.get(damage)
    path.unlink() if content is None else path.write_bytes(content)
    done = restore(sqlite_url, folder / "backup.db", ALL, quietly)
    assert marked(path) == "new"
    if content is not None and damage != "half of it":
        assert done.kept is not None
        assert done.kept.read_bytes() == content
    [kept_log] = folder.glob("tracker.db.before-*-wal") if damage != "half of it" else [None]
    assert kept_log is None or kept_log.read_bytes() == log


@pytest.mark.parametrize("how", ["idle", "reading", "writing"])
def test_who_has_it_open_keeps_it(folder: Path, sqlite_url: str, how: str) -> None:
    """Somebody in another process; what it does at the moment makes no difference."""
    program = (
        "import apsw, sys; c = apsw.Connection(sys.argv[1]); c.execute('SELECT * FROM whose').fetchall();"
        "how = {'idle': 'SELECT 1', 'reading': 'BEGIN; SELECT * FROM whose', 'writing': 'BEGIN IMMEDIATE'}[sys.argv[2]];"
        "c.execute(how).fetchall(); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(folder / "tracker.db"), how]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline() == "open\n"
    with pytest.raises(StillOpen, match=r"^another process has .* open: stop Tracker"):
        restore(sqlite_url, folder / "backup.db", ALL, quietly)
    other.communicate()
    assert not list(folder.glob("*.restoring"))
    assert marked(folder / "tracker.db") == "old"
    restore(sqlite_url, folder / "backup.db", ALL, quietly)
    assert marked(folder / "tracker.db") == "new"
