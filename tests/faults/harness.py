"""How does a test put a server under the ledger client's load, and watch it?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.cli.shell import Shell
from tests.client import InProcess
from tests.faults.acked_events import Story
from tests.faults.disk import Trap
from tests.processes import until
from tests.served import BIN, ROOT, Tracker
from tests.servers import Server
from tracker.storage.schema.own_database import own_database

#: Seconds after a restart in which what a kill has left uncounted is counted.
HEALED_SECONDS = 30
LIMITS = {"TRACKER_LIMITS": "event.track=100000000/60"}


class Harness(Tracker):
    """A server whose disk can be watched, whose processes can be trapped, into which faults can be planted."""

    def __init__(
        self,
        database_url: str | None = None,
        workers: int = 2,
        planted: Sequence[str] = (),
        is_recorded: bool = False,
        is_trapped: bool = False,
        settings: dict[str, str] | None = None,
        options: Sequence[str] = (),
    ) -> None:
        super().__init__(database_url, workers, LIMITS | (settings or {}))
        self.recording = self.folder / "recording"
        self.trap = Trap(self.folder / "trap")
        self.is_set_up = False
        self.key = ""
        self.lists: list[int | None] = []
        self.foreign_list = 0
        self._options = list(options)
        self.settings["FAULT_PLANTED"] = ",".join(planted)
        if is_recorded:
            self.settings["FAULT_RECORDING"] = str(self.recording)
        if is_trapped:
            self.settings["FAULT_TRAP"] = str(self.folder / "trap")

    def arguments(self) -> list[str]:
        return [
            str(BIN / "gunicorn"),
            "-c",
            str(ROOT / "gunicorn.conf.py"),
            *self._options,
            "tests.faults.patched:app",
        ]

    def start(self) -> Harness:
        """Also after everything was killed; the database is set up once."""
        if not self.is_set_up:
            self.set_up()
        Server.start(self)
        return self

    def set_up(self) -> None:
        """Make the tables, a user with a key and two lists, and a list of somebody else's, before any server runs."""
        client = InProcess(self.database_url, self.folder)
        shop, stores = client.open_shop("owner@example.com"), client.services.stores
        self.key, self.shop = shop.key, shop
        self.lists = [shop.list_id, stores.lists.add(shop.user_id, "Other shop"), None]
        self.foreign_list = client.open_shop("stranger@example.com").list_id
        client.close()
        self.is_set_up = True

    def set_up_like(self, other: Harness | None) -> Harness:
        """Know the accounts in a database that another server was set up on; without another, make them."""
        if other is None:
            self.set_up()
            return self
        self.key, self.lists, self.foreign_list, self.is_set_up = (
            other.key,
            other.lists,
            other.foreign_list,
            True,
        )
        return other

    def until_healed(self) -> float:
        """Until all is counted, by itself, and `tracker db check` finds no difference; the seconds that took. 30 are promised.

        What has just happened is no difference for it, counted or not.
        """
        began = time.monotonic()
        until(lambda: not self._has_uncounted(), 2 * HEALED_SECONDS, "all to be counted")
        shell = Shell(self.folder, TRACKER_DATABASE_URL=self.database_url)
        until(lambda: shell.run("db", "check").exit_code == 0, 2 * HEALED_SECONDS, "counts that are right")
        return round(time.monotonic() - began, 1)

    def _has_uncounted(self) -> bool:
        database = own_database(self.database_url)
        try:
            return bool(
                database.read(lambda transaction: transaction.select("SELECT 1 FROM count_outbox LIMIT 1"))
            )
        finally:
            database.close()

    def connection(self) -> Wire:
        """A connection of its own, made already."""
        return Wire(self.port, self.key)

    def kill_and_start(self) -> None:
        self.kill()
        self.start()


class Wire:
    """One connection that calls `event.track`; in a `with` block."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=20)
        self._connection.connect()
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def call(self, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self._connection.request("POST", "/api/v1/event", json.dumps(params).encode(), self._headers)
        reply = self._connection.getresponse()
        return reply.status, json.loads(reply.read())

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


class Load:
    """The ledger client at work, in a `with` block."""

    def __init__(self, tracker: Harness, seed: int, folder: Path | None = None, **settings: Any) -> None:
        self.ledger: Path = (folder or tracker.folder) / f"ledger-{seed}"
        self.ledger.touch()
        self._settings = {
            "ports": [tracker.port],
            "key": tracker.key,
            "lists": tracker.lists,
            "foreign_list": tracker.foreign_list,
            "ledger": str(self.ledger),
            "seed": seed,
            "first": seed * 1_000_000,
            **settings,
        }
        self._log = tracker.folder / f"client-{seed}.log"
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Load:
        command = [sys.executable, "-m", "tests.faults.client", json.dumps(self._settings)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT, env=environment
            )
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(BrokenPipeError):
            self._stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def acks(self) -> int:
        """About how many acknowledgements there are by now."""
        return self.outcomes("ack")

    def outcomes(self, *outcomes: str) -> int:
        """About how many of these there are by now."""
        said = self.ledger.read_bytes()
        return sum(said.count(b'["%s"' % outcome.encode()) for outcome in outcomes)

    def until_said(self, *outcomes: str, seconds: float = 30) -> None:
        """Until one more of these is written down."""
        before = self.outcomes(*outcomes)
        until(lambda: self.outcomes(*outcomes) > before, seconds, " or ".join(outcomes))

    def until_more(self, count: int, seconds: float = 30) -> None:
        """Until so many more are acknowledged: it is being served."""
        goal = self.acks() + count
        until(
            lambda: self.acks() >= goal or self._process.poll() is not None,
            seconds,
            f"{count} more acknowledgements",
        )
        assert self._process.poll() is None, f"the client has ended:\n{self._log.read_text()}"

    def complete(self, seconds: float = 60) -> Story:
        """When all events it was to send are settled."""
        self._process.wait(seconds)
        return self.finish()

    def finish(self, seconds: float = 60) -> Story:
        """Have it repeat what is open, and end."""
        self._stdin.close()
        assert self._process.wait(seconds) == 0, self._log.read_text()
        assert self._log.read_text() == ""
        story = Story.read((self.ledger, None))
        assert story.is_ended
        return story

    @property
    def _stdin(self) -> Any:
        assert self._process.stdin is not None
        return self._process.stdin
