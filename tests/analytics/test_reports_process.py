"""Does the reports process start when it is asked, stay private, survive what is done to it, and end when nobody asks?"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import gevent
import pytest

from tests.analytics.asking import DAY_MS, Reporting, is_gone
from tests.analytics.test_whose_copy import step_of
from tests.ingest.real import Real, real_on
from tests.ingest.whole_model import Forget, Track
from tests.processes import until
from tracker.analytics import reports_client, reports_connection
from tracker.analytics.process import report_socket
from tracker.analytics.process.hung_server import end_server
from tracker.domain.channel_rules import ChannelRule, ChannelRules
from tracker.domain.event import Event
from tracker.formats.email_address import email_key
from tracker.privacy import named_deletion
from tracker.questions import Breakdown, Dimension, Head, measure_of
from tracker.storage.accounts.list_settings import write_settings

Start = Callable[..., Reporting]


@pytest.fixture
def real(database_url: str) -> Iterator[Real]:
    """A database, with a write path in this process."""
    with real_on(database_url) as made:
        yield made


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(real)`: reports about a database; the process is ended after the test."""
    made: list[Reporting] = []

    def begin(real: Real, folder: str = "reports", idle_seconds: float = 60.0) -> Reporting:
        made.append(Reporting(real.services.settings.database_url, tmp_path / folder, idle_seconds))
        return made[-1]

    yield begin
    for each in made:
        each.kill()


def track(real: Real, events: int, list_id: int = 1) -> None:
    for number in range(events):
        real.apply(list_id, Track("seen", browser=number % 3, email="a@example.com" if number % 2 else None))


def test_the_first_question_builds_the_copy_and_later_ones_see_new_events(real: Real, start: Start) -> None:
    real.apply(1, Track("seen", browser=1))
    reports = start(real)
    assert reports.events(1) == 1
    real.apply(1, Track("seen", browser=1))
    reports.wait_for(1, 2)
    reports.check(real.database, 1)


def test_killed_at_any_moment_it_loses_and_doubles_nothing(real: Real, start: Start) -> None:
    chance = random.Random(7)
    reports = start(real)
    for _ in range(8):
        for _ in range(8):
            real.apply(1, step_of(chance))
        reports.ask(1, chance.choice((0.3, 0.6, 1.0, 2.0)))
        reports.kill()
    real.finish()
    reports.events(1)
    reports.check(real.database, 1)


def test_a_build_whose_process_is_killed_is_told_and_tried_again(
    filed: Real, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    track(filed, 4)
    reports = start(filed)
    reports.client.request({"status": True})
    reports.ask(1, 0.01)
    tasks = Path(f"/proc/{until(lambda: reports.pid)}/task")
    build = until(
        lambda: "".join(each.read_text() for each in tasks.glob("*/children")).split(), 20, "a build"
    )
    os.kill(int(build[0]), signal.SIGKILL)
    reply = until(lambda: reply if "error" in (reply := reports.ask(1)) else None, 20, "the failure")
    assert reply["error"] == "unavailable"
    assert "signal 9" in reply["detail"]
    reports.kill()  # what it remembers is gone with it
    assert reports.events(1) == reports.events(1) > 0


@pytest.mark.parametrize("damage", ["garbage", "empty", "format", "cut"])
def test_a_file_that_cannot_be_used_is_built_anew(filed: Real, start: Start, damage: str) -> None:
    track(filed, 6)
    reports = start(filed)
    expected = reports.events(1)
    reports.end()
    file = reports.folder / "1.duckdb"
    if damage == "garbage":
        file.write_bytes(os.urandom(100_000))
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "cut":
        os.truncate(file, file.stat().st_size // 2)
    else:
        code = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('UPDATE state SET format = 99')"
        subprocess.run([sys.executable, "-c", code, str(file)], check=True)
    assert reports.events(1) == expected
    reports.check(filed.database, 1)


def delete_events(real: Real, list_id: int, name: str) -> None:
    """Delete the events of a name, as `events.delete` does."""
    jobs, doomed = real.services.jobs, named_deletion.Doomed(name)
    begun = partial(named_deletion.begin, list_id=list_id, doomed=doomed)
    job = jobs.begin(list_id, named_deletion.DELETE_EVENTS, 1, begun, time.monotonic() + 30)
    assert job is not None
    assert job.finished_at is not None


def test_what_was_forgotten_or_deleted_is_gone_from_the_bytes_after_upkeep(filed: Real, start: Start) -> None:
    marker, mistake = "q7Zk-marker-of-somebody", "q7Zk-marker-of-a-mistake"
    assert filed.services.stores.lists.add(1, "One") == 1
    filed.apply(1, Track("seen", email="a@example.com", browser=1))
    filed.apply(1, Track(marker, email="b@example.com", browser=2))
    filed.apply(1, Track(mistake, email="a@example.com", browser=1))
    reports = start(filed)
    reports.events(1)
    file = reports.folder / "1.duckdb"
    assert mistake.encode() in file.read_bytes()
    filed.apply(1, Forget("b@example.com"))
    delete_events(filed, 1, mistake)
    assert filed.rows("SELECT COUNT(*) FROM events WHERE name = ?", marker.encode()) == [(0,)]
    reports.client.request({"maintain": True})

    def is_erased() -> bool:
        return not any(
            each.encode() in path.read_bytes()
            for path in (file, file.with_name(f"{file.name}.wal"))
            if path.exists()
            for each in (marker, mistake)
        )

    until(is_erased, 30, "erased bytes")
    reports.check(filed.database, 1)
    assert is_erased()


def test_a_serving_process_has_copies_looked_after(
    filed: Real, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filed.services.stores.lists.add(1, "One") == 1
    track(filed, 3)
    reports = start(filed)
    reports.events(1)
    monkeypatch.setattr(reports_client, "FIRST_UPKEEP_SECONDS", 0.0)
    reports.client.serve()
    with gevent.Timeout(30):
        while not (reports.folder / "1.checked").exists():
            gevent.sleep(0.01)
    reports.client.close()


def test_a_copy_that_is_asked_for_no_more_goes_with_what_was_deleted_and_after_a_month(
    filed: Real, start: Start
) -> None:
    for list_id in (1, 2, 3):
        track(filed, 3, list_id)
    reports = start(filed)
    list_ids = [filed.services.stores.lists.add(1, name) for name in ("One", "Two", "Three")]
    assert list_ids == [1, 2, 3]
    for list_id, days in ((1, 2), (2, 31), (3, 2)):
        reports.events(list_id)
        _make_older(reports.folder / f"{list_id}.asked", days)
    reports.client.request({"maintain": True})

    def are_there() -> list[bool]:
        return [(reports.folder / f"{number}.duckdb").exists() for number in (1, 2, 3)]

    assert are_there() == [True, False, True]
    filed.apply(1, Forget("a@example.com"))
    reports.client.request({"maintain": True})
    assert are_there() == [False, False, True]
    delete_events(filed, 3, "seen")
    reports.client.request({"maintain": True})
    assert are_there() == [False, False, False]


def _make_older(path: Path, days: int) -> None:
    at = path.stat().st_mtime - days * 86_400
    os.utime(path, (at, at))


def test_the_socket_and_all_files_are_their_owners_alone(filed: Real, start: Start) -> None:
    track(filed, 1)
    reports = start(filed)
    reports.events(1)
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in reports.folder.iterdir() if path.is_file()
    }
    assert {name: mode for name, mode in modes.items() if mode & 0o077} == {}
    assert stat.S_IMODE((reports.folder / "socket").stat().st_mode) == 0o600
    assert stat.S_IMODE(reports.folder.stat().st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_of_the_machine_is_not_answered(filed: Real, start: Start) -> None:
    """Not even if the folder's mode were wrong: the process asks who is there."""
    track(filed, 1)
    reports = start(filed)
    reports.events(1)
    for path in (reports.folder, *reports.folder.parents):
        if path.stat().st_uid == os.getuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)
    path = reports.folder / "socket"
    assert _said_by_nobody(path) == b"PermissionError"
    path.chmod(0o666)
    assert _said_by_nobody(path) in (b"", b"ConnectionResetError", b"BrokenPipeError")


def _said_by_nobody(path: Path) -> bytes:
    """What a process of the user nobody is answered, or the error it gets."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        try:
            os.setgid(65534)
            os.setuid(65534)
            with socket.socket(socket.AF_UNIX) as asking:
                asking.connect(str(path))
                asking.sendall(b'{"status": true}\n')
                os.write(writing, asking.recv(100))
        except OSError as failure:
            os.write(writing, type(failure).__name__.encode())
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as said:
        return said.read()


STRANGE = [
    b"garbage\n", b"[]\n", b"{}\n", b"\xff\xfe\n", b"half a line", b"x" * (report_socket.MAX_QUESTION_BYTES + 2),
    b'{"ask": 7, "seconds": 1}\n', b'{"ask": {}, "seconds": 1}\n', b'{"ask": {"list_id": -1}, "seconds": 1, "user": 1}\n',
    b'{"ask": {"list_id": 1, "kind": "no"}, "seconds": 9, "user": 1}\n', b'{"rebuild": "../x"}\n', b'{"check": 1e400}\n',
]  # fmt: skip


def test_whatever_comes_over_the_socket_others_are_answered(filed: Real, start: Start) -> None:
    track(filed, 2)
    reports = start(filed)
    expected = reports.events(1)
    for sent in STRANGE:
        with report_socket.short_path(reports.folder) as path, socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(path)
            stranger.sendall(sent)
            stranger.shutdown(socket.SHUT_WR)
            assert stranger.makefile("rb").readline()[:2] == b'{"', sent
        assert reports.events(1) == expected


def test_clients_that_say_nothing_keep_nobody_from_being_answered(filed: Real, start: Start) -> None:
    track(filed, 2)
    reports = start(filed)
    expected = reports.events(1)
    with report_socket.short_path(reports.folder) as path, ExitStack() as open_sockets:
        for _ in range(20):
            silent = open_sockets.enter_context(socket.socket(socket.AF_UNIX))
            silent.connect(path)
            silent.sendall(b'{"ask')
        assert reports.events(1) == expected


def test_on_a_full_disk_reports_are_not_available_and_tracking_goes_on(filed: Real, start: Start) -> None:
    track(filed, 3)
    reports = start(filed)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))  # the process inherits it
    try:
        reports.client.request({"status": True})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    reply = until(lambda: reply if "error" in (reply := reports.ask(1)) else None, 30, "the failure")
    assert_told_without_paths(reply, reports)
    assert filed.apply(1, Track("seen", browser=1)) is False
    reports.kill()
    assert reports.events(1) == filed.rows("SELECT COUNT(*) FROM events")[0][0]
    reports.check(filed.database, 1)


def assert_told_without_paths(reply: dict[str, Any], reports: Reporting) -> None:
    """That reports are not available: where the server keeps what is for its log."""
    assert reply["error"] == "unavailable"
    assert reply["detail"]
    for hidden in (str(reports.folder.parent), "/", ".duckdb", ".db", "Errno", "Error", "Exception"):
        assert hidden not in reply["detail"], reply


@pytest.mark.parametrize("obstacle", ["the folder", "the log", "the mark"])
def test_what_stands_in_the_way_is_told_to_the_log_alone(
    filed: Real, start: Start, caplog: pytest.LogCaptureFixture, obstacle: str
) -> None:
    track(filed, 1)
    reports = start(filed)
    if obstacle == "the folder":
        reports.folder.write_bytes(b"of somebody")
    elif obstacle == "the log":
        reports.folder.joinpath("log").mkdir(parents=True)
    else:
        reports.folder.mkdir()
        reports.folder.joinpath("1.asked").symlink_to(reports.folder / "nowhere" / "1.asked")
    assert_told_without_paths(reports.ask(1), reports)
    if obstacle == "the mark":
        assert "1.asked" in (reports.folder / "log").read_text()
    else:
        assert str(reports.folder) in caplog.text


def test_two_databases_in_one_folder_share_nothing(tmp_path: Path) -> None:
    reals = [Real(f"sqlite:///{tmp_path / name}") for name in ("a.db", "b.db")]
    for number, real in enumerate(reals, 1):
        real.database.upgrade()
        track(real, number * 3)
    reports = []
    for real in reals:
        settings = real.services.settings
        reports.append(Reporting(settings.database_url, settings.reports_folder))
    try:
        counts = [each.events(1) for each in reports]
        stored = [real.rows("SELECT COUNT(*) FROM events")[0][0] for real in reals]
        assert counts == stored
        assert counts[0] != counts[1]
    finally:
        for each, real in zip(reports, reals, strict=True):
            each.kill()
            real.close()


def test_a_copy_of_another_database_is_not_used(filed: Real, start: Start, tmp_path: Path) -> None:
    """A database file was replaced by another one, and the folder was not."""
    track(filed, 5)
    reports = start(filed)
    reports.events(1)
    reports.end()
    other = Real(f"sqlite:///{tmp_path / 'other.db'}")
    other.database.upgrade()
    other.apply(1, Track("seen", browser=1))
    again = start(other)
    assert again.events(1) == 1
    again.kill()
    other.close()


def test_it_ends_when_nobody_asks_and_is_started_again(filed: Real, start: Start) -> None:
    track(filed, 1)
    reports = start(filed, idle_seconds=0.5)
    expected = reports.events(1)
    told = until(lambda: reports.events(1) == expected and reports.client.figures(), 20, "figures")
    figures = told["figures"]
    assert figures["open"] == 1
    assert 0 <= figures["lag_ms"] < 20_000
    assert figures["memory"] > 10_000_000
    until(lambda: reports.client.figures() is None, 20, "its end, though it is asked how it is doing")
    until(lambda: not reports.pid, 20, "its end")
    assert reports.events(1) == expected


def test_a_process_of_another_version_ends_and_one_of_this_is_started(
    filed: Real, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    track(filed, 1)
    reports = start(filed)
    expected, old = reports.events(1), reports.pid
    with monkeypatch.context() as upgraded:
        upgraded.setattr(reports_connection, "__version__", "9.9.9")
        assert reports.ask(1)["error"] == "unavailable"  # the one that is started is of the old version, too
    assert reports.events(1) == expected
    assert reports.pid != old


def test_a_process_of_other_settings_is_replaced_but_not_by_who_looks_at_it(
    filed: Real, start: Start
) -> None:
    """As it is after a restart with others, or beside a command line that has others."""
    track(filed, 1)
    reports = start(filed)
    expected, old = reports.events(1), reports.pid
    away = "clickhouse://somebody:secret@127.0.0.1:1/reports"
    other = Reporting(filed.services.settings.database_url, reports.folder, reports_url=away)
    assert [each["list"] for each in other.client.request({"status": True})["status"]] == [1]
    assert (reports.events(1), reports.pid) == (expected, old)
    assert other.ask(1)["detail"] == "ClickHouse cannot be reached"
    assert reports.pid != old
    assert reports.events(1) == expected
    assert other.client.request({"status": True})["status"][0]["events"] == expected


def test_a_process_that_hangs_is_not_the_questions_fault_and_is_replaced(filed: Real, start: Start) -> None:
    track(filed, 1)
    reports = start(filed)
    expected, old = reports.events(1), reports.pid
    os.kill(old, signal.SIGSTOP)
    assert reports.ask(1, 0.5)["error"] == "unavailable"
    until(lambda: "answer" in reports.ask(1, 2.0), 60, "an answer of another process")
    assert reports.pid != old
    assert reports.events(1) == expected
    os.kill(reports.pid, signal.SIGSTOP)
    assert "status" in reports.client.request({"status": True}, 30)
    reports.check(filed.database, 1)


def test_one_that_hangs_after_its_socket_is_gone_is_replaced(
    filed: Real, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if it did not come to its end: nobody can reach it, and it bars another one."""
    track(filed, 1)
    reports = start(filed)
    expected, old = reports.events(1), reports.pid
    monkeypatch.setattr(reports_connection, "STOP_SECONDS", 0.2)
    os.kill(old, signal.SIGSTOP)
    reports.folder.joinpath("socket").unlink()
    until(lambda: "answer" in reports.ask(1, 10.0), 60, "an answer of another process")
    assert is_gone(old)
    assert reports.events(1) == expected


def test_only_the_folders_server_is_ended_as_one_that_hangs(
    filed: Real, start: Start, tmp_path: Path
) -> None:
    track(filed, 1)
    reports = start(filed)
    expected = reports.events(1)
    own, user = reports.pid, os.getuid()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert not end_server((other.pid, user), reports.folder)
        assert not end_server((own, user + 1), reports.folder)
        assert not end_server((own, user), tmp_path)
        assert not end_server((0, user), reports.folder)
        assert other.poll() is None
        other.kill()
    assert not end_server((other.pid, user), reports.folder)
    assert (reports.events(1), reports.pid) == (expected, own)


@pytest.mark.parametrize("what", ["socket", "folder"])
def test_it_ends_when_its_socket_is_gone_and_another_one_answers(
    filed: Real, start: Start, what: str
) -> None:
    track(filed, 1)
    reports = start(filed)
    expected, old = reports.events(1), reports.pid
    if what == "socket":
        (reports.folder / "socket").unlink()
    else:
        shutil.rmtree(reports.folder)
    until(lambda: is_gone(old), 20, "the end of a process that nobody can reach")
    assert reports.events(1) == expected
    reports.check(filed.database, 1)


def test_a_process_that_is_left_over_does_not_end_its_successor(filed: Real, start: Start) -> None:
    track(filed, 1)
    reports = start(filed)
    expected, old = reports.events(1), reports.pid
    os.kill(old, signal.SIGSTOP)
    shutil.rmtree(reports.folder)
    assert reports.events(1) == expected
    new = reports.pid
    os.kill(old, signal.SIGCONT)
    until(lambda: is_gone(old), 20, "the end of a process that nobody can reach")
    assert (reports.events(1), reports.pid) == (expected, new)


def test_it_ends_when_its_database_is_another_file(filed: Real, start: Start, tmp_path: Path) -> None:
    track(filed, 1)
    reports = start(filed)
    reports.events(1)
    path = filed.services.settings.reports_folder.with_name("tracker.db")
    os.rename(path, tmp_path / "moved.db")
    reply = until(lambda: reply if "error" in (reply := reports.ask(1)) else None, 20, "the failure")
    assert_told_without_paths(reply, reports)
    os.rename(tmp_path / "moved.db", path)
    until(lambda: "answer" in reports.ask(1), 20, "an answer")


def test_without_duckdb_reports_are_not_available(
    filed: Real, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports_client, "find_spec", lambda name: None)
    reply = start(filed).ask(1)
    assert reply["error"] == "unavailable"
    assert "tracker[reports]" in reply["detail"]
    filed.apply(1, Track("seen", browser=1))
    assert filed.rows("SELECT COUNT(*) FROM events") == [(1,)]


def test_everything_else_is_loaded_without_duckdb() -> None:
    code = "import sys; sys.modules['duckdb'] = None; import tracker.app, tracker.cli, tracker.gunicorn_conf"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_a_killed_build_has_left_is_removed(filed: Real, start: Start) -> None:
    track(filed, 1)
    reports = start(filed)
    reports.events(1)
    reports.kill()
    left = [reports.folder / name for name in ("1.new", "1.new.wal", "7.stage", "temporary/spilled")]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"of somebody")
    assert reports.events(1) > 0
    assert [path for path in left if path.exists()] == []


def test_a_rebuild_answers_meanwhile_and_upkeep_checks_the_copy(filed: Real, start: Start) -> None:
    track(filed, 4)
    reports = start(filed)
    expected = reports.events(1)
    built = reports.client.request({"status": True})["status"][0]["built_at"]
    assert "building" in reports.client.request({"rebuild": 1})
    until(partial(_is_newer, reports, built, expected), 30, "the new copy")
    assert reports.client.request({"check": 1})["check"]["differing"] == 0
    assert reports.client.request({"check": 77})["check"] is None
    built = reports.client.request({"status": True})["status"][0]["built_at"]
    filed.database.write(partial(write_settings, list_id=1, visit_gap_minutes=5))
    assert "maintained" in reports.client.request({"maintain": True})
    until(partial(_is_newer, reports, built, expected), 30, "the copy with visits of another gap")
    reports.check(filed.database, 1)


def test_new_channel_rules_reach_older_events_that_came_with_a_key(filed: Real, start: Start) -> None:
    address = {"$current_url": "https://shop.example/?utm_source=partner"}
    now = time.time_ns() // 1_000_000
    filed.services.ingest.track(Event(1, "seen", now, email=email_key("a@example.com"), properties=address))
    reports = start(filed)
    assert reports.events(1) == 2, "it identifies, too"
    head = Head(1, now - DAY_MS, now + DAY_MS, now=now)

    def channels() -> list[Any]:
        by = (Dimension("event", "$channel"),)
        reply = reports.client.ask(
            Breakdown(head, by, (measure_of("events"),), "seen"), 1, time.monotonic() + 20
        )
        return [row["values"] for row in reply["answer"]["rows"]]

    assert channels() != [["Partners"]]
    rules = ChannelRules((ChannelRule("source", "partner", "Partners"),))
    filed.services.stores.list_settings.change(1, channel_rules=rules)
    until(lambda: channels() == [["Partners"]], 30, "the channel by the new rules")
    reports.check(filed.database, 1)


def _is_newer(reports: Reporting, built: int, expected: int) -> bool:
    assert reports.events(1) == expected
    return bool(reports.client.request({"status": True})["status"][0]["built_at"] > built)
