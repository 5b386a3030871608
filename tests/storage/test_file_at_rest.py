"""Is a database file taken for what it is? Its modes, another one in its place, and a log that belongs to another."""

from __future__ import annotations

import os
import shutil
import signal
import stat
from pathlib import Path

import apsw
import pytest

from tests.cli.shell import Shell
from tests.processes import until
from tests.served import Account, Tracker, make_account
from tracker.storage.engine.error_kinds import IncompatibleDatabase
from tracker.storage.schema.own_database import own_database


def send(tracker: Tracker, account: Account, count: int = 1) -> list[int]:
    """The statuses of events sent one after the other."""
    sent = {"Event": "seen", "ListID": account.list_id}
    return [tracker.call("event.track", account.key, **sent).status for _ in range(count)]


def modes(folder: Path) -> dict[str, str]:
    """What others may do with the files of a folder."""
    found = {path.name: path.stat().st_mode for path in folder.iterdir() if path.is_file()}
    return {name: stat.filemode(mode) for name, mode in found.items() if name != "log"}


def test_all_files_are_their_owners_alone(tmp_path: Path) -> None:
    with Tracker() as tracker:
        account = make_account(tracker, "owner@example.com", "*")
        assert send(tracker, account) == [200]
        tracker.cli("db", "backup", "copy.db")
        (tracker.folder / "in.ndjson").write_text('{"Event": ""}\n')
        (tracker.folder / "in.ndjson").chmod(0o600)
        refused = tracker.run("import", "in.ndjson", "--user", account.email, "--list", str(account.list_id))
        assert refused.returncode == 3, refused.stderr
        found = modes(tracker.folder)
    assert {"tracker.db", "tracker.db-wal", "tracker.db-shm", "tracker.db-stamp", "tracker.limits", "copy.db",
            "in.ndjson.rejected"} <= found.keys()  # fmt: skip
    assert set(found.values()) == {"-rw-------"}


def test_a_file_that_others_may_read_is_taken_from_them_and_it_is_said(
    tmp_path: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    own_database(sqlite_url).upgrade()
    path = tmp_path / "tracker.db"
    path.chmod(0o664)
    own_database(sqlite_url).upgrade()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "could be read by others (-rw-rw-r--)" in caplog.text


@pytest.fixture
def started(tmp_path: Path) -> Tracker:
    return Tracker(f"sqlite:///{tmp_path / 'data' / 'tracker.db'}", workers=2)


def ready(tracker: Tracker) -> str:
    """What `/ready` says is wrong; "" if nothing is."""
    answer = tracker.get("/ready")
    return "" if answer.status == 200 else str(answer.body["reason"])


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_file_that_is_gone_takes_no_events(started: Tracker, tmp_path: Path, is_replaced: bool) -> None:
    with started as tracker:
        account = make_account(tracker, "owner@example.com", "*")
        assert send(tracker, account, 4) == [200] * 4
        data, aside = tmp_path / "data", tmp_path / "aside"
        data.rename(aside)
        data.mkdir()
        if is_replaced:
            shutil.copy(aside / "tracker.db", data / "tracker.db")
        assert send(tracker, account, 8) == [503] * 8
        what = "was replaced" if is_replaced else "was deleted"
        until(lambda: what in ready(tracker), 10, what)  # each worker looks once a second
        listed = tracker.call("lists.get", account.key)
        assert (listed.status, listed.body["Errors"][0]["Code"]) == (503, 100012)
        assert (
            sorted(path.name for path in data.iterdir() if path.suffix == ".db")
            == ["tracker.db"] * is_replaced
        )
        told = [record for record in tracker.records() if what in str(record.get("message", ""))]
        assert 1 <= len(told) <= 2, "once in each process"
        shutil.rmtree(data)
        aside.rename(data)
        until(lambda: send(tracker, account) == [200], 10, "the file that was put back")
        tracker.stop()
        tracker.start()
        tracker.cli("db", "check")


def test_a_worker_that_is_started_later_takes_no_other_file(started: Tracker, tmp_path: Path) -> None:
    with started as tracker:
        account = make_account(tracker, "owner@example.com", "*")
        assert send(tracker, account) == [200]
        tracker.cli("db", "backup", str(tmp_path / "copy.db"))
        shutil.rmtree(tmp_path / "data")
        (tmp_path / "data").mkdir()
        (tmp_path / "copy.db").rename(tmp_path / "data" / "tracker.db")
        before = tracker.running.children()
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        until(lambda: len(set(tracker.running.children()) - set(before)) == 2, 20, "new workers")
        until(lambda: send(tracker, account) == [503], 20, "an answer")
        assert send(tracker, account, 4) == [503] * 4
        assert "was replaced" in ready(tracker)


def test_nothing_is_made_where_a_log_waits_for_its_file(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    own_database(sqlite_url).upgrade()
    crashed(sqlite_url)
    path.unlink()
    for call in (own_database(sqlite_url).upgrade, lambda: own_database(sqlite_url).connect()):
        with pytest.raises(IncompatibleDatabase, match=r"its log .* has events"):
            call()
    assert not path.exists()


def crashed(url: str) -> None:
    """The file and its log as a crash leaves them: by copying both while somebody has them open."""
    path, database = Path(url.removeprefix("sqlite:///")), own_database(url)
    database.write(lambda transaction: transaction.execute("CREATE TABLE IF NOT EXISTS mark (n INTEGER)"))
    files = [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-stamp")]
    kept = {file: file.read_bytes() for file in files if file.exists()}
    database.close()
    for file, content in kept.items():
        file.write_bytes(content)


def test_a_log_is_replayed_over_its_own_file_only(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "tracker.db"
    own_database(sqlite_url).upgrade()
    Shell(tmp_path, TRACKER_DATABASE_URL=sqlite_url).ok("db", "backup", str(tmp_path / "backup.db"))
    shutil.copy(path, tmp_path / "by hand.db")
    own_database(sqlite_url).upgrade()  # a start
    crashed(sqlite_url)
    whole = path.read_bytes()
    for copy in ("backup.db", "by hand.db"):
        shutil.copy(tmp_path / copy, path)
        for call in (own_database(sqlite_url).upgrade, lambda: own_database(sqlite_url).connect()):
            with pytest.raises(IncompatibleDatabase, match="belongs to another file"):
                call()
        assert path.read_bytes() == (tmp_path / copy).read_bytes(), "nothing was written"
    path.write_bytes(whole)
    database = own_database(sqlite_url)
    assert database.read(lambda transaction: transaction.select("SELECT COUNT(*) FROM mark")) == [(0,)]
    database.close()


def test_a_log_may_be_the_old_files_or_the_news_while_a_start_is_under_way(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Somebody reads all the while, so that the new stamp stays in the log."""
    own_database(sqlite_url).upgrade()
    reader = apsw.Connection(str(tmp_path / "tracker.db"))
    reader.execute("BEGIN; SELECT COUNT(*) FROM migrations").fetchall()
    for _ in range(3):
        own_database(sqlite_url).upgrade()
    kept = {e: (tmp_path / f"tracker.db{e}").read_bytes() for e in ("", "-wal", "-stamp")}
    reader.close()
    for ending, content in kept.items():
        (tmp_path / f"tracker.db{ending}").write_bytes(content)
    own_database(sqlite_url).connect().close()
