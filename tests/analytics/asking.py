"""How does a test ask the reports process, and end it?"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from tests.analytics.copying import MEMORY_MB, Copied
from tests.processes import until
from tracker.analytics.process.reports_setup import ReportsSetup
from tracker.analytics.reports_client import ReportsClient
from tracker.questions import Head, Trend, encode, measure_of
from tracker.storage.engine import Database

DAY_MS = 86_400_000
USER = 1


class Reporting:
    """One database's reports, in a folder. The process is killed at the end."""

    def __init__(self, url: str, folder: Path, idle_seconds: float = 60.0, reports_url: str = "") -> None:
        self.folder = folder
        setup = ReportsSetup(url, str(folder), MEMORY_MB, reports_url=reports_url)
        self.client = ReportsClient(setup, encode, idle_seconds)

    def ask(self, list_id: int, seconds: float = 30.0) -> dict[str, Any]:
        """How many events a list has had within the last month, robots' left out; with what the reply says else."""
        now = time.time_ns() // 1_000_000
        head = Head(list_id, now - 30 * DAY_MS, now + DAY_MS, now=now)
        return self.client.ask(
            Trend(head, (measure_of("events"),), interval="none"), USER, time.monotonic() + seconds
        )

    def events(self, list_id: int) -> int:
        """How many it has had, once its copy is built."""
        reply = until(lambda: _answered(self.ask(list_id)), 60, "an answer")
        return int(reply["answer"]["scope"]["events"])

    def wait_for(self, list_id: int, events: int) -> None:
        """Wait until an answer has so many events: it is at most some seconds old."""
        until(lambda: self.events(list_id) == events, 20, f"{events} events")

    @property
    def pid(self) -> int:
        """The process, or 0: the lock says who has it."""
        lock = self.folder / "lock"
        written = lock.read_text().strip() if lock.exists() else ""
        return int(written) if written and Path(f"/proc/{written}").exists() else 0

    def kill(self) -> None:
        """End the process with SIGKILL, whatever it does."""
        if pid := self.pid:
            os.kill(pid, signal.SIGKILL)
            until(lambda: is_gone(pid), 20, "the end of the process")

    def end(self) -> None:
        """Have it end by itself."""
        if pid := self.pid:
            self.client.request({"stop": True}, 10)
            until(lambda: is_gone(pid), 20, "the end of the process")

    def check(self, database: Database, list_id: int) -> None:
        """End it, and compare the file that it left with the truth."""
        self.end()
        copied = Copied.existing(database, list_id, self.folder)
        copied.check()
        copied.close()


def _answered(reply: dict[str, Any]) -> dict[str, Any] | None:
    assert "error" not in reply, reply
    return reply if "answer" in reply else None


def is_gone(pid: int) -> bool:
    """A process that has ended stays a zombie until its parent asks; its files are closed when its last thread has ended."""
    try:
        is_zombie = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        return is_zombie and len(os.listdir(f"/proc/{pid}/task")) == 1
    except (FileNotFoundError, ProcessLookupError):
        return True
