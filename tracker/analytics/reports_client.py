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
from tracker.analytics.process.hung_server import end_server
from tracker.analytics.process.report_socket import (
    MAX_ANSWER_BYTES,
    UNAVAILABLE,
    LineReader,
    LineTooLong,
    peer_of,
    send_line,
    short_path,
)
from tracker.analytics.process.reports_setup import LOCK, LOG, MAX_LOG_BYTES, ReportsSetup
from tracker.private_file import open_private

#: Seconds that a process may take until it listens, and between two looks whether it does.
START_SECONDS, LOOK_SECONDS = 15.0, 0.02
#: Seconds that a question may take without a deadline; before its deadline that nobody waits for the answer any more; and
#: before that, that the process gives it up: who is not told even so asks a process that hangs.
ASK_SECONDS, RESERVE_SECONDS, GIVE_UP_SECONDS = 20.0, 0.1, 0.5
#: Seconds within which a process that does not hang answers that it is there.
PING_SECONDS = 5.0
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


class ReportsHung(Exception):
    """The process did not answer in time, not even that the question takes too long."""


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
        self._look: gevent.Greenlet | None = None
        self._peer = (0, 0)

    def ask(self, question: Any, user_id: int, deadline: float | None = None) -> Reply:
        """Ask a question; return `{"answer": …}`, `{"building": share}` or `{"error": kind, "detail": text}`.

        `deadline` is a `time.monotonic()` second. Nothing is raised: tracking goes on without reports.
        """
        seconds = ASK_SECONDS if deadline is None else deadline - time.monotonic() - RESERVE_SECONDS
        return self._request({"ask": self._encode(question), "user": user_id}, seconds)

    def request(self, message: Reply, seconds: float = LONG_SECONDS) -> Reply:
        """Send a message and return the reply to it, or `{"error": "unavailable", …}`. A process that hangs is replaced first."""
        self._replace_hung()
        return self._request(message, seconds)

    def _request(self, message: Reply, seconds: float) -> Reply:
        if not self.is_installed():
            return _unavailable("DuckDB is not installed: pip install 'tracker[reports]'")
        until = time.monotonic() + seconds
        try:
            try:
                return self._exchange(message, until)
            except ReportsAway:  # it may have ended just now, or there is none
                self._start(until)
                return self._exchange(message, until)
        except ReportsHung:
            if self._look is None or self._look.dead:
                self._look = gevent.spawn(self._replace_hung)
            return _unavailable(
                "the reports process does not answer; if it hangs, another one takes its place"
            )
        except (ReportsAway, OSError) as failure:  # such as a full disk; its words may name paths
            _log.warning("reports are not available: %s", failure)
            return _unavailable("the reports process is away: the log says why")

    def has_copy(self, list_id: int) -> bool:
        """Return whether there is a copy of a list: what is forgotten there is to be erased in it too."""
        return self._files.copy(list_id).exists()

    def is_installed(self) -> bool:
        """Return whether there is what reports are answered with."""
        return find_spec("duckdb") is not None

    def has_copies(self) -> bool:
        """Return whether any list has a copy."""
        return bool(self._files.lists())

    def lists_with_copies(self) -> list[int]:
        """Return the lists that have a copy."""
        return self._files.lists()

    def stop_process(self) -> None:
        """End the process, if there is one, so that nothing has the database open. It is started again when it is asked."""
        try:
            self._replace_hung()
            self._exchange({"stop": True}, time.monotonic() + STOP_SECONDS)
        except (ReportsAway, ReportsHung, OSError):  # there is none
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

    def _replace_hung(self) -> None:
        """End the process if it does not even answer that it is there: the next question starts another one."""
        try:
            with self._connected(PING_SECONDS) as connection:
                send_line(connection, {"ping": True})
                is_hung = not any(  # this process may have been busy itself: look once more
                    select([connection], [], [], seconds)[0] for seconds in (PING_SECONDS, 0)
                )
        except TimeoutError:  # too many wait to be let in
            is_hung = True
        except OSError:  # there is none, or it ends
            return
        if is_hung and end_server(self._peer, self._setup.path):
            _log.error("the reports process %d did not answer any more, and was ended", self._peer[0])

    def _keep_up(self) -> None:
        gevent.sleep(FIRST_UPKEEP_SECONDS)
        while True:
            if self._files.has_data():
                reply = self.request({"maintain": True})
                if "error" in reply:
                    _log.warning("the copies for reports were not looked after: %s", reply.get("detail"))
            gevent.sleep(UPKEEP_SECONDS)

    def _exchange(self, message: Reply, until: float) -> Reply:
        """Send a message over a new connection. Raises ReportsAway and ReportsHung."""
        try:
            with self._connected(until - time.monotonic()) as connection:
                within = round(until - time.monotonic() - GIVE_UP_SECONDS, 3)
                send_line(connection, {**message, "seconds": within, "version": __version__})
                line = LineReader(connection, MAX_ANSWER_BYTES).line()
        except TimeoutError as failure:  # it says itself when a question takes too long
            raise ReportsHung from failure
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
            with self._connected(1.0):
                return True
        except OSError:
            return False

    @contextmanager
    def _connected(self, seconds: float) -> Iterator[socket.socket]:
        """Yield a connection to the process, whose operations may take so long. Raises OSError."""
        with short_path(self._setup.path) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(max(0.05, seconds))
            connection.connect(path)
            self._peer = peer_of(connection)
            yield connection


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
