"""Do the servers that tests are given really run, and do they really end?"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pymysql
import pytest

from tests.processes import Program, reserve_port, until
from tests.served import ROOT, Account, StartTracker, Tracker
from tests.servers import MariaDB, NewDatabase, Redis

if TYPE_CHECKING:
    from playwright.sync_api import Page


def is_running(pid: int) -> bool:
    """Whether the process exists; a zombie has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Program]:
    """A program with a child; the child ignores SIGTERM."""
    program = Program(
        ["sh", "-c", "(trap '' TERM; echo up; while :; do sleep 60; done) & wait"], tmp_path / "log"
    )
    until(lambda: "up" in program.printed())
    yield program
    program.kill()


def test_mariadb_gives_each_caller_an_empty_database(mariadb: MariaDB, new_database: NewDatabase) -> None:
    first, second = new_database("mariadb"), new_database("mariadb")
    assert first != second
    name = second.rpartition("/")[2]
    with mariadb.connect(name) as connection, connection.cursor() as cursor:
        assert cursor.execute("SHOW TABLES") == 0
        cursor.execute("SELECT @@character_set_database, '\N{SNOWMAN}\N{PILE OF POO}'")
        assert cursor.fetchone() == ("utf8mb4", "\N{SNOWMAN}\N{PILE OF POO}")


def test_contract_tests_run_on_both_databases(database_kind: str, database_url: str) -> None:
    assert database_url.startswith({"sqlite": "sqlite:///", "mariadb": "mysql://"}[database_kind])


def test_mariadb_keeps_port_and_data_over_a_kill() -> None:
    with MariaDB() as mariadb:
        mariadb.execute("CREATE DATABASE kept")
        mariadb.kill()
        with pytest.raises(pymysql.OperationalError):
            mariadb.connect()
        mariadb.start()
        assert mariadb.execute("SHOW DATABASES LIKE 'kept'") == (("kept",),)
        assert mariadb.stop() == 0
        folder = mariadb.folder
    assert not folder.exists()


def test_redis_comes_empty(redis_server: Redis) -> None:
    assert redis_server.is_ready()
    assert redis_server.logs()


def test_redis_can_be_frozen_and_thawed() -> None:
    with Redis() as own:
        own.pause()
        until(lambda: Path(f"/proc/{own.running.pid}/stat").read_text().split()[2] == "T")
        own.resume()
        assert until(own.is_ready)


def test_chromium_runs_scripts(page: Page) -> None:
    page.set_content("<p></p><script>document.querySelector('p').textContent = 6 * 7</script>")
    assert page.inner_text("p") == "42"


def test_tracker_is_ready_and_its_account_works(tracker: Tracker, account: Account) -> None:
    assert tracker.get("/health").status == 200
    answer = tracker.call("event.track", account.key, ListID=account.list_id, Event="seen", UUID=None)
    assert answer.status == 200, answer.text


def test_tracker_runs_on_each_database_with_several_workers(
    start_tracker: StartTracker, database_kind: str, new_database: NewDatabase
) -> None:
    tracker = start_tracker(database_url=new_database(database_kind), workers=2)
    workers = until(lambda: (found := tracker.running.children()) and len(found) == 2 and found)
    assert tracker.stop() == 0, tracker.logs()
    assert not any(map(is_running, workers))


def test_a_reserved_port_goes_to_nobody_but_a_server() -> None:
    with reserve_port() as held, socket.socket() as stranger, socket.socket() as server:
        with pytest.raises(OSError, match="in use"):
            stranger.bind(held.getsockname())
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(held.getsockname())
        server.listen()


def test_a_killed_program_takes_its_children_along(sleeper: Program) -> None:
    [child] = sleeper.children()
    sleeper.kill()
    until(lambda: not is_running(child))


def test_stop_leaves_no_child_behind(sleeper: Program) -> None:
    [child] = sleeper.children()
    assert sleeper.stop() == -signal.SIGTERM
    until(lambda: not is_running(child))


def test_servers_end_when_the_test_run_is_killed() -> None:
    script = """
        from tests.servers import Redis
        server = Redis().start()
        print(server.running.pid, server.folder, flush=True)
        input()
    """
    run = subprocess.Popen(
        [sys.executable, "-c", dedent(script)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().split()
        assert is_running(int(pid))
        run.kill()
    until(lambda: not is_running(int(pid)) and not Path(folder).exists())


def test_a_skipped_test_fails_the_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import pytest_sessionfinish, pytest_terminal_summary\n"
    )
    (tmp_path / "test_skips.py").write_text("import pytest\n\ndef test_it():\n    pytest.skip('not today')\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-c",
            os.devnull,
            "--rootdir",
            tmp_path,
            tmp_path,
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "tests were skipped" in done.stdout


def test_a_fork_of_a_process_that_has_loaded_tracker_is_a_program_of_its_own() -> None:
    """Its group, its folder, its settings, its exit code and what it prints are its own."""
    refused = Tracker(settings={"TRACKER_NO_SUCH": "1"})
    with closing(refused), Tracker() as served:
        pid = served.running.pid
        assert os.getpgid(pid) == pid
        assert Path(f"/proc/{pid}/cwd").resolve() == served.folder.resolve()
        refused.launch()
        assert until(lambda: refused.running.exit_code, 10, "the end of what cannot start") == 1
        assert "unknown setting TRACKER_NO_SUCH" in refused.logs()
        assert served.get("/ready").status == 200
        killed = served.running
        served.kill()
        assert killed.exit_code == -signal.SIGKILL
        assert not is_running(pid)
        served.start()
