"""Are nightly backups whole, as many as are kept, and never at the cost of those before, or of tracking?"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import apsw
import pytest

from tests.cli.shell import SCRIPT, Shell
from tests.cli.test_backup import damage, faults
from tests.processes import find_program, until
from tests.served import StartTracker, Tracker, make_account
from tracker.storage.engine import EVENT_IDS, secret_of
from tracker.storage.recovery import BackupFolder, night_of
from tracker.storage.schema.own_database import own_database

NAMES = [f"tracker-2026010{day}-030000.db" for day in range(1, 5)]


def found(folder: Path) -> list[str]:
    """The names of all that is in it."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def kept(shell: Shell) -> Path:
    """The folder of a shell, with four old backups and two files of somebody else's."""
    folder = shell.folder / "backups"
    shell.settings |= {"TRACKER_BACKUP_FOLDER": str(folder), "TRACKER_BACKUPS_KEPT": "3"}
    folder.mkdir()
    for name in ("mine.db", "tracker-notes.db"):
        (folder / name).write_text(name)
    for name in NAMES:
        shutil.copy(database_of(shell), folder / name)
    return folder


def database_of(shell: Shell) -> Path:
    """The database file of a shell, with all that its log had."""
    path = Path(shell.settings["TRACKER_DATABASE_URL"].removeprefix("sqlite:///"))
    with closing(apsw.Connection(str(path))) as connection:
        connection.pragma("wal_checkpoint(TRUNCATE)")
    return path


def test_the_newest_are_kept(shell: Shell, kept: Path) -> None:
    said = shell.ok("db", "backup")
    [new] = set(found(kept)) - {*NAMES, "mine.db", "tracker-notes.db"}
    assert said.startswith(f"Wrote {kept / new}, 0.")
    assert said.endswith(" with 0 events\n")
    assert found(kept) == sorted(["mine.db", "tracker-notes.db", *NAMES[2:], new])
    assert faults(kept / new) == ["ok"]
    assert (kept / new).stat().st_mode & 0o777 == 0o600


def test_what_a_killed_one_left_goes_with_the_next(shell: Shell, kept: Path) -> None:
    (kept / f"{NAMES[3]}.abcdefgh.part").write_text("half")
    shell.ok("db", "backup")
    assert not list(kept.glob("*.part"))


def test_a_damaged_database_costs_no_backup(shell: Shell, jane: str, kept: Path) -> None:
    before = found(kept)
    damage(shell)
    assert shell.fails("db", "backup").startswith("the copy is damaged")
    assert found(kept) == before


def test_a_full_disk_costs_no_backup(shell: Shell, kept: Path) -> None:
    """The disk fills up amid the copying: no file may be larger than so many bytes."""
    before = found(kept)
    limited = [find_program("prlimit", "util-linux"), "--fsize=100000", str(SCRIPT), "db", "backup"]
    done = subprocess.run(
        limited, env=os.environ | shell.settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: the copy could not be written into {kept}: "), done.stderr
    assert found(kept) == before
    shell.ok("db", "backup")


def test_a_disk_that_it_would_fill_is_left_alone(
    shell: Shell, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = found(kept)
    usage = shutil.disk_usage(kept)._replace(free=1_000_000)
    monkeypatch.setattr("tracker.storage.recovery.backup_folder.shutil.disk_usage", lambda path: usage)
    assert f"{kept} has no room for a backup: " in shell.fails("db", "backup")
    assert found(kept) == before


def test_two_at_once_are_one(shell: Shell, kept: Path) -> None:
    opened = os.open(kept, os.O_RDONLY)
    fcntl.flock(opened, fcntl.LOCK_EX)  # as the other one does
    assert shell.fails("db", "backup") == f"another process makes a backup in {kept}"
    os.close(opened)
    shell.ok("db", "backup")


def test_two_in_one_second_are_two(shell: Shell, kept: Path) -> None:
    """Three are made so soon after one another that two have the same second in their names, or all."""
    made = [shell.ok("db", "backup").split()[1].rstrip(",") for _ in range(3)]
    assert len(set(made)) == 3
    assert all(Path(path).exists() for path in made[-2:])


def test_what_is_no_backup_neither_counts_nor_goes(shell: Shell, kept: Path) -> None:
    """Dated ahead, cut, of another program, a link or a folder: before, such a name made the new backup go."""
    shell.settings["TRACKER_BACKUPS_KEPT"] = "1"
    whole = kept / NAMES[0]
    (ahead := kept / "tracker-20990101-030000.db").write_bytes(whole.read_bytes())
    (cut := kept / NAMES[1]).write_bytes(whole.read_bytes()[:-4096])
    (kept / NAMES[2]).write_bytes(b"junk")
    (kept / NAMES[3]).unlink()
    (kept / NAMES[3]).symlink_to(whole)
    (kept / "tracker-20260105-030000.db").mkdir()
    before = set(found(kept))
    shell.ok("db", "backup")
    assert before - set(found(kept)) == {NAMES[0]}, "the one that is old and a backup"
    [new] = set(found(kept)) - before
    assert faults(kept / new) == ["ok"]
    told = shell.run("health").stdout
    assert "1 of 1 are kept. Does not count: tracker-20990101-030000.db is dated ahead of the clock" in told
    ahead.unlink()
    (kept / NAMES[3]).unlink()
    told = shell.run("health").stdout
    assert "tracker-20260105-030000.db is no regular file, nor do 2 more" in told
    (kept / "tracker-20260105-030000.db").rmdir()
    (kept / NAMES[2]).unlink()
    assert f"{cut.name} cannot be read, or is no whole backup" in shell.run("health").stdout


def test_databases_that_share_a_folder_leave_each_other_their_backups(shell: Shell, kept: Path) -> None:
    shell.settings["TRACKER_BACKUPS_KEPT"] = "1"
    with closing(apsw.Connection(str(database_of(shell)))) as connection:  # from now on another database
        connection.execute("UPDATE secrets SET value = randomblob(32)")
    others = set(found(kept))
    assert f"There is none in {kept}. Does not count: {NAMES[3]} is of another" in shell.run("health").stdout
    shell.ok("db", "backup")
    [ours] = set(found(kept)) - others
    mine = (kept / ours).rename(kept / "tracker-20260201-030000.db")
    shell.ok("db", "backup")
    assert not mine.exists()
    assert others < set(found(kept))
    assert (
        f"kept. Does not count: {NAMES[3]} is of another database, nor do 3 more"
        in shell.run("health").stdout
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [("file", "is no folder"), ("file/below", "is no folder"), ("/proc/1/x", "cannot be written to (")],
)
def test_a_folder_that_cannot_be_is_told_at_the_start(shell: Shell, name: str, why: str) -> None:
    path = shell.folder / name
    (shell.folder / "file").touch()
    shell.settings["TRACKER_BACKUP_FOLDER"] = str(path)
    begins, ends = f"TRACKER_BACKUP_FOLDER {path} {why}", "name a folder that Tracker's user may write to"
    started = shell.run("db", "upgrade")
    assert (started.exit_code, started.stderr.count("\n")) == (0, 1)
    for said in (started.stderr.removeprefix("Warning: ").strip(), shell.fails("db", "backup")):
        assert said.startswith(begins)
        assert said.endswith(ends)
    told = shell.run("health")
    assert told.exit_code == 2
    assert (begins if name == "file" else "There is none in ") in told.stdout


def test_without_a_folder_it_is_asked_for(shell: Shell) -> None:
    assert "name a FILE, or set TRACKER_BACKUP_FOLDER" in shell.fails("db", "backup")
    shell.settings |= {"TRACKER_BACKUP_FOLDER": "x", "TRACKER_DATABASE_URL": "mysql://root@127.0.0.1:1/none"}
    assert "TRACKER_BACKUP_FOLDER is for an SQLite file" in shell.fails("db", "upgrade")


@pytest.mark.parametrize(
    ("newest", "is_due"),
    [
        (None, True), ("20260103-025959", True), ("20260103-030000", False), ("20260103-120000", False),
        ("20260104-030400", False), ("20260104-030500", True),
    ],
)  # fmt: skip
def test_one_is_due_at_three_each_night_by_a_clock_that_may_have_been_ahead(
    shell: Shell, tmp_path: Path, newest: str | None, is_due: bool
) -> None:
    now = int(datetime(2026, 1, 4, 2, 59, 59, tzinfo=UTC).timestamp() * 1000)
    assert night_of(now + 1000) == night_of(now) + 24 * 3_600_000
    if newest:
        shutil.copy(database_of(shell), tmp_path / f"tracker-{newest}.db")
    database = own_database(shell.settings["TRACKER_DATABASE_URL"])
    secret = database.read(lambda transaction: secret_of(transaction, EVENT_IDS))
    database.close()
    assert BackupFolder(tmp_path, 7).is_due(now, secret) is is_due
    assert BackupFolder(tmp_path, 7).is_due(now, b"another database's") is True


def _copies(folder: Path) -> list[Path]:
    return sorted(folder.glob("tracker-*.db")) if folder.exists() else []


def test_a_served_tracker_makes_them_and_goes_back_to_one(
    start_tracker: StartTracker, tmp_path: Path
) -> None:
    """The drill to its end: the database is gone, the newest backup takes its place, and its events are there and counted."""
    folder = tmp_path / "backups"
    tracker = start_tracker(workers=2, settings={"TRACKER_BACKUP_FOLDER": str(folder)})
    until(lambda: _copies(folder), 60, "the first backup")  # there is none yet: one is due at once
    assert len(_copies(folder)) == 1, "both workers made one"
    account = make_account(tracker, "owner@example.com", "*")
    events = [
        {"Event": "seen", "EventID": f"e{number}", "Email": f"{number}@example.com"} for number in range(50)
    ]
    assert tracker.call("event.batch", account.key, ListID=account.list_id, Events=events).status == 200
    assert tracker.cli("db", "backup").endswith("with 100 events")  # each makes its visitor known, too
    assert tracker.call("event.track", account.key, ListID=account.list_id, Event="late").status == 200
    tracker.stop()
    for path in tracker.folder.glob("tracker.db*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert "with events until" in tracker.cli("db", "restore", str(_copies(folder)[-1]))
    tracker.start()
    again = tracker.call("event.batch", account.key, ListID=account.list_id, Events=events)
    assert {each["status"] for each in again.body["results"]} == {"duplicate"}
    assert "difference" in tracker.cli("db", "check")
    names = tracker.call("website_events.properties", account.key, ListID=account.list_id).body["Properties"]
    assert sorted(names) == ["identify", "seen"]


def test_killed_it_leaves_the_old_ones_and_no_half_one(start_tracker: StartTracker, tmp_path: Path) -> None:
    """Tracker is killed as a whole while the backup is copied; the next start makes it anew."""
    folder = tmp_path / "backups"
    tracker = start_tracker()
    account = make_account(tracker, "owner@example.com")
    filler = [{"Event": "old", "Properties": {"x": "y" * 900}}] * 1000
    for _ in range(10):
        tracker.call("event.batch", account.key, ListID=account.list_id, Events=filler)
    tracker.stop()
    folder.mkdir()
    (folder / NAMES[0]).write_text("old")
    tracker.settings["TRACKER_BACKUP_FOLDER"] = str(folder)
    _kill_amid(tracker, folder)
    whole = [path for path in _copies(folder) if path.name != NAMES[0]]
    assert (folder / NAMES[0]).read_text() == "old"
    assert [faults(path) for path in whole] == [["ok"]] * len(whole)
    _end_leases(tracker)
    tracker.start()
    until(lambda: _copies(folder)[1:], 60, "the backup after the kill")
    assert faults(_copies(folder)[-1]) == ["ok"]
    until(lambda: not list(folder.glob("*.part")), 60, "that what was left is gone")


def _end_leases(tracker: Tracker) -> None:
    """Have the minute be over for which a killed process has its leases."""
    connection = apsw.Connection(tracker.database_url.removeprefix("sqlite:///"))
    connection.execute("UPDATE work_leases SET leased_until = 0")
    connection.close()


def _kill_amid(tracker: Tracker, folder: Path) -> None:
    tracker.start()
    until(lambda: list(folder.glob("*.part")) or _copies(folder)[1:], 60, "the copying")
    tracker.kill()
