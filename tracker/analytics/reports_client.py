"""Reports client: asks the reports process, and starts it when there is none. It waits cooperatively: other requests go on."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import gevent
import orjson
from gevent import socket
from gevent.select import select

from tracker import __version__
from tracker.analytics.copy.copy_files import CopyFiles
from tracker.analytics.process.report_socket import (
    MAX_ANSWER_BYTES,
    UNAVAILABLE,
    LineReader,
    LineTooLong,
    send_line,
    short_path,
)
from tracker.analytics.process.reports_setup import LOCK, LOG, MAX_LOG_BYTES, ReportsSetup
from tracker.private_file import open_private

#: Seconds that a process may take until it listens, and between two looks whether it does.
START_SECONDS, LOOK_SECONDS = 15.0, 0.02
#: Seconds that a question may take without a deadline, and before its deadline that the process must have answered.
ASK_SECONDS, RESERVE_SECONDS = 20.0, 0.2
#: Seconds that upkeep and checks may take, and between two calls for upkeep; and after a start before the first.
LONG_SECONDS, UPKEEP_SECONDS, FIRST_UPKEEP_SECONDS = 600.0, 3600.0, 60.0
#: Milliseconds within which what was forgotten is gone from a copy's bytes: upkeep is due every hour, and a build may wait.
ERASED_WITHIN_MS = 24 * 3_600_000
STARTING = "starting"
#: Seconds that the process may take to end.
STOP_SECONDS = 15.0

_log = logging.getLogger("tracker.reports")

Reply = dict[str, Any]


class ReportsAway(Exception):
    """The process cannot be reached, or went away while it was asked."""


class ReportsClient:
    """The reports process as this process knows it. Nothing is started before somebody asks.

    `encode` makes a question a JSON object.
    """

    def __init__(
        self, setup: ReportsSetup, encode: Callable[[Any], Reply] = dict, idle_seconds: float | None = None
    ) -> None:
        self._setup, self._encode, self._idle_seconds = setup, encode, idle_seconds
        self._files = CopyFiles(setup.path)
        self._upkeep: gevent.Greenlet | None = None

    def ask(self, question: Any, user_id: int, deadline: float | None = None) -> Reply:
        """Ask a question; return `{"answer": …}`, `{"building": share}` or `{"error": kind, "detail": text}`.

        `deadline` is a `time.monotonic()` second. Nothing is raised: tracking goes on without reports.
        """
        seconds = ASK_SECONDS if deadline is None else deadline - time.monotonic() - RESERVE_SECONDS
        message = {"ask": self._encode(question), "user": user_id, "seconds": round(seconds, 3)}
        return self.request(message, seconds)

    def request(self, message: Reply, seconds: float = LONG_SECONDS) -> Reply:
        """Send a message and return the reply to it, or `{"error": "unavailable", …}`."""
        if find_spec("duckdb") is None:
            return _unavailable("DuckDB is not installed: pip install 'tracker[reports]'")
        until = time.monotonic() + seconds
        try:
            try:
                return self._exchange(message, until)
            except ReportsAway:  # it may have ended just now, or there is none
                self._start(until)
                return self._exchange(message, until)
        except (ReportsAway, OSError) as failure:  # such as a full disk
            return _unavailable(str(failure))

    def has_copy(self, list_id: int) -> bool:
        """Return whether there is a copy of a list: what is forgotten there is to be erased in it too."""
        return self._files.copy(list_id).exists()

    def has_copies(self) -> bool:
        """Return whether any list has a copy."""
        return bool(self._files.lists())

    def lists_with_copies(self) -> list[int]:
        """Return the lists that have a copy."""
        return self._files.lists()

    def stop_process(self) -> None:
        """End the process, if there is one, so that nothing has the database open. It is started again when it is asked."""
        try:
            self._exchange({"stop": True}, time.monotonic() + STOP_SECONDS)
        except (ReportsAway, OSError):  # there is none
            return
        self._wait_for_end()

    def serve(self) -> None:
        """Have the process look after its copies every hour, as long as there are any: for a process that serves."""
        if self._upkeep is None:
            self._upkeep = gevent.spawn(self._keep_up)

    def close(self) -> None:
        """Ask for no more upkeep. The process ends by itself."""
        if self._upkeep is not None:
            self._upkeep.kill()

    def _wait_for_end(self) -> None:
        """Wait until the process, which is ending, is gone."""
        until = time.monotonic() + STOP_SECONDS
        with open_private(self._setup.path / LOCK, "a") as lock:
            while not _take(lock) and time.monotonic() < until:
                gevent.sleep(LOOK_SECONDS)

    def _keep_up(self) -> None:
        gevent.sleep(FIRST_UPKEEP_SECONDS)
        while True:
            if self._files.has_data():
                reply = self.request({"maintain": True})
                if "error" in reply:
                    _log.warning("the copies for reports were not looked after: %s", reply.get("detail"))
            gevent.sleep(UPKEEP_SECONDS)

    def _exchange(self, message: Reply, until: float) -> Reply:
        """Send a message over a new connection. Raises ReportsAway."""
        try:
            with short_path(self._setup.path) as path, socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(max(0.05, until - time.monotonic()))
                connection.connect(path)
                send_line(connection, {**message, "version": __version__})
                line = LineReader(connection, MAX_ANSWER_BYTES).line()
        except TimeoutError:
            return {"error": "timeout", "detail": "the question was not answered in time"}
        except (OSError, LineTooLong) as failure:
            raise ReportsAway(f"the reports process is away: {failure}") from failure
        if not line:
            raise ReportsAway("the reports process went away")
        reply: Reply = orjson.loads(line)
        if "outdated" in reply:
            self._wait_for_end()
            raise ReportsAway("the reports process is of another version")
        return reply

    def _start(self, until: float) -> None:
        """Start the process, or wait for the one that another worker is starting. Raises ReportsAway."""
        until = min(until, time.monotonic() + START_SECONDS)
        self._files.make_folder()
        with _only_one(self._setup.path / STARTING) as is_mine:
            if is_mine:
                self._spawn(until)
            while not self._listens():
                if time.monotonic() > until:
                    raise ReportsAway("the reports process does not listen yet")
                gevent.sleep(LOOK_SECONDS)

    def _spawn(self, until: float) -> None:
        """Start the process, and wait until it listens. Raises ReportsAway if it ends instead, and no other is there."""
        log = self._setup.path / LOG
        is_long = log.exists() and log.stat().st_size > MAX_LOG_BYTES
        more = {} if self._idle_seconds is None else {"idle_seconds": self._idle_seconds}
        reading, told = os.pipe()
        try:
            with open_private(log, "wb" if is_long else "ab") as file:
                self._setup.start_server(file, told, **more)
            os.close(told)
            has_word, _, _ = select([reading], [], [], max(0.0, until - time.monotonic()))
            if has_word and not os.read(reading, 1) and not self._listens():
                raise ReportsAway(f"the reports process ended: see {log}")
        finally:
            os.close(reading)

    def _listens(self) -> bool:
        try:
            with short_path(self._setup.path) as path, socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1.0)
                connection.connect(path)
        except OSError:
            return False
        return True


@contextmanager
def _only_one(path: Path) -> Iterator[bool]:
    """Yield whether this process is the one that starts the reports process."""
    with open_private(path, "a") as file:
        yield _take(file)


def _take(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _unavailable(detail: str) -> Reply:
    return {"error": UNAVAILABLE, "detail": detail}
