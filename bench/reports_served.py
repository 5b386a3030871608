"""What is asked about? A served Tracker whose list has a year of made-up events, and the processes that answer for it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import apsw

from bench.load import BenchFailed
from bench.made_truth import make_truth
from bench.servers import ROOT, gunicorn
from tracker.analytics.process.reports_setup import LOCK
from tracker.analytics.reports_client import ReportsClient
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.plugins import load_commands
from tracker.reports_wiring import reports_setup

EMAIL, PASSWORD = "bench@example.com", "bench-password-1"
COMMANDS = ("event.track", "reports.trend", "reports.breakdown", "reports.people", "reports.values", "reports.funnel", "reports.retention", "lists.get", "list.get", "goals.get")  # fmt: skip
LIMITS = ",".join(f"{command}=1000000000/60" for command in COMMANDS)
#: More than any question is given, and the seconds of a check of the copy.
ANSWER_SECONDS, CHECK_SECONDS = 60.0, 600.0
#: Where proc(5)'s stat has user and system time after the name: of the process itself, and of children it has waited for.
OWN_TICKS, CHILDREN_TICKS = 11, 13


class Refused(Exception):
    """A question was answered with an error."""


@dataclass(frozen=True)
class ServedReports:
    """A list with so many events, served at `url`; `ends` is when its year does, in UTC milliseconds."""

    url: str
    key: str
    list_id: int
    events: int
    ends: int
    settings: Settings
    database: Path

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=ANSWER_SECONDS)

    def ask(
        self, connection: http.client.HTTPConnection, command: str, params: dict[str, Any]
    ) -> dict[str, Any]:
        """The answer to a question. Raises Refused."""
        sent = {"ListID": self.list_id, **params}
        lists = {f"{name}[]" if isinstance(value, list) else name: value for name, value in sent.items()}
        path = f"/api/v1/{command}?{urlencode(lists, doseq=True)}"
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.key}"})
        answer = connection.getresponse()
        body: dict[str, Any] = json.loads(answer.read())
        if answer.status != 200:
            raise Refused(f"{answer.status}: {body['Errors'][0]['Message'] if body.get('Errors') else body}")
        return body

    def reports_process(self) -> int | None:
        """The number of the reports process, if there is one."""
        try:
            number = int((self.settings.reports_folder / LOCK).read_text() or 0)
        except FileNotFoundError:
            return None
        return number if number and memory_of(number) else None

    def cpu_seconds(self, is_of_builds: bool = False) -> float:
        """Processor seconds that the reports process has taken, or the builds that it has started and seen end.

        It runs at low priority: what else the machine does makes it wait, which these seconds do not show.
        """
        process = self.reports_process()
        if process is None:
            raise BenchFailed("there is no reports process")
        times = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
        first = CHILDREN_TICKS if is_of_builds else OWN_TICKS
        return sum(map(int, times[first : first + 2])) / os.sysconf("SC_CLK_TCK")

    def copy_bytes(self) -> int:
        return sum(
            path.stat().st_size for path in self.settings.reports_folder.glob(f"{self.list_id}.duckdb*")
        )

    def count_in_sqlite(self) -> float:
        """Milliseconds in which SQLite counts the list's events: the floor that times are held against. The least of three."""
        connection = apsw.Connection(str(self.database), flags=apsw.SQLITE_OPEN_READONLY)
        times = []
        try:
            for _ in range(3):
                began = time.perf_counter()
                connection.execute(
                    "SELECT COUNT(*) FROM events WHERE list_id = ?", (self.list_id,)
                ).fetchall()
                times.append((time.perf_counter() - began) * 1000)
        finally:
            connection.close()
        return min(times)

    def check(self) -> None:
        """`tracker reports check`. Raises BenchFailed if the copy is not what was stored."""
        command = [sys.executable, "-m", "tracker.cli", "reports", "check", "--list", str(self.list_id)]
        environ = {**os.environ, "TRACKER_DATABASE_URL": self.settings.database_url, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=CHECK_SECONDS, check=False
        )
        if ended.returncode or "no difference" not in ended.stdout:
            raise BenchFailed(f"tracker reports check: {ended.stdout} {ended.stderr}")


@contextmanager
def served_reports(folder: Path, events: int) -> Iterator[ServedReports]:
    """Make the truth, serve it, and leave neither process nor file."""
    database = folder / "reports.db"
    environ = {"TRACKER_DATABASE_URL": f"sqlite:///{database}", "TRACKER_LIMITS": LIMITS}
    settings = Settings.from_environ(environ)
    services = build_services(settings, open_database(settings, load_commands()))
    services.storage.upgrade()
    user_id = services.stores.users.add(EMAIL, PASSWORD)
    key, list_id = services.stores.keys.add(user_id, "*"), services.stores.lists.add(user_id, "shop")
    began, ends = time.monotonic(), time.time_ns() // 1_000_000
    stored = make_truth(services, list_id, events, ends)
    services.close()
    seconds = time.monotonic() - began
    sys.stderr.write(f"{stored:,} events, {database.stat().st_size / 1e6:,.0f} MB, in {seconds:.0f} s\n")
    try:
        with gunicorn("wsgi:app", environ, folder / "reports.log") as url:
            yield ServedReports(url, key, list_id, stored, ends, settings, database)
    finally:
        ReportsClient(reports_setup(settings)).stop_process()
        for path in folder.glob("reports.db*"):
            if path.is_file():
                path.unlink()


def memory_of(process: int) -> dict[str, float]:
    """{"VmHWM": …, "VmRSS": …} of a process in MB: its largest so far, and now; nothing if there is none."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    found = (line.split() for line in lines if line.startswith(("VmHWM:", "VmRSS:")))
    return {words[0].rstrip(":"): int(words[1]) / 1024 for words in found}


def children_of(process: int) -> list[int]:
    """The numbers of the processes that a process has started."""
    found = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            found += [int(number) for number in path.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found
