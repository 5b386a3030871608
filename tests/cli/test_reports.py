"""Can copies for reports be listed, built anew and compared from the command line?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.analytics.asking import Reporting
from tests.cli.shell import Shell
from tests.client import InProcess
from tests.processes import until
from tracker.analytics import reports_client
from tracker.config import Settings


class Filled:
    """A shell whose database has a list with three events, and the reports about it."""

    def __init__(self, shell: Shell, url: str, folder: Path) -> None:
        client = InProcess(url, folder)
        self.shop = client.open_shop("jane@example.com")
        for number in range(3):
            client.ok(
                "event.track", self.shop.key, ListID=self.shop.list_id, Event="seen", Properties={"n": number}
            )
        client.close()
        self.shell = shell
        settings = Settings.from_environ({"TRACKER_DATABASE_URL": url})
        self.reports = Reporting(url, settings.reports_folder)
        self.list_id = self.shop.list_id


@pytest.fixture
def filled(shell: Shell, sqlite_url: str, tmp_path: Path) -> Iterator[Filled]:
    made = Filled(shell, sqlite_url, tmp_path)
    yield made
    made.reports.kill()


def test_copies_are_listed_with_their_size_and_time(filled: Filled) -> None:
    assert filled.shell.ok("reports", "status").split() == [
        "LIST",
        "EVENTS",
        "SIZE",
        "AS",
        "OF",
        "BUILT",
        "BUILDING",
    ]
    filled.reports.events(filled.list_id)
    [_, row, process] = filled.shell.ok("reports", "status").splitlines()
    assert row.split()[:2] == [str(filled.list_id), "3"]
    cores = len(os.sched_getaffinity(0))
    assert process.endswith(f" events a second come in: reports use {cores} of {cores} cores")


def test_a_rebuild_makes_the_copy_of_the_list_that_is_named(filled: Filled) -> None:
    printed = filled.shell.ok("reports", "rebuild", "--list", str(filled.list_id))
    assert printed == f"Rebuilt the copy of list {filled.list_id}\n"
    assert filled.reports.events(filled.list_id) == 3
    assert filled.shell.ok("reports", "rebuild") == printed
    assert filled.shell.fails("reports", "rebuild", "--list", "77") == "there is no list 77"


def test_what_differs_is_told_and_read_again(filled: Filled) -> None:
    filled.reports.events(filled.list_id)
    filled.reports.end()
    with duckdb.connect(str(filled.reports.folder / f"{filled.list_id}.duckdb")) as copy:
        copy.execute("UPDATE e SET name = 'planted' WHERE id = (SELECT min(id) FROM e)")
    found = filled.shell.run("reports", "check")
    assert (found.exit_code, found.stdout) == (
        1,
        f"reports of list {filled.list_id}: 3 events, 2 quarter hours differed, and were read again\n",
    )
    right = f"reports of list {filled.list_id}: 3 events, no difference\n"
    assert filled.shell.ok("reports", "check") == right
    assert filled.shell.ok("db", "check").endswith(right)


def test_without_duckdb_counters_are_checked_and_copies_are_not(
    filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.reports.events(filled.list_id)
    monkeypatch.setattr(reports_client, "find_spec", lambda name: None)
    printed = filled.shell.ok("db", "check").splitlines()
    assert f"list {filled.list_id}: 3 events, no difference" in printed
    assert printed[-1] == "reports: copies were not checked, because DuckDB is not installed"
    assert "pip install 'tracker[reports]'" in filled.shell.fails("reports", "check")


def test_a_restore_ends_the_process_and_removes_the_copies(filled: Filled, tmp_path: Path) -> None:
    filled.shell.ok("db", "backup", str(tmp_path / "backup.db"))
    filled.reports.events(filled.list_id)
    filled.shell.ok("db", "restore", str(tmp_path / "backup.db"))
    until(lambda: not filled.reports.pid, 20, "its end")
    assert not filled.reports.folder.exists()
    assert filled.reports.events(filled.list_id) == 3
