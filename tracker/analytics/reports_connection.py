"""Reports connection: one message to the reports process and its reply; a process that hangs is ended."""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import gevent
import orjson
from gevent import socket
from gevent.select import select

from tracker import __version__
from tracker.analytics.process.hung_server import end_server, server_of
from tracker.analytics.process.report_socket import (
    MAX_ANSWER_BYTES,
    LineReader,
    LineTooLong,
    peer_of,
    send_line,
    short_path,
)
from tracker.analytics.process.reports_setup import LOCK
from tracker.private_file import open_private

#: Seconds between two looks whether the process listens, or has ended.
LOOK_SECONDS = 0.02
#: Seconds before its deadline that the process gives a question up: who is not told even so asks a process that hangs.
GIVE_UP_SECONDS = 0.5
#: Seconds within which a process that does not hang answers that it is there, and that it may take to end.
PING_SECONDS, STOP_SECONDS = 5.0, 15.0

_log = logging.getLogger("tracker.reports")

Reply = dict[str, Any]


class ReportsAway(Exception):
    """The process cannot be reached, or went away while it was asked."""


class ReportsHung(Exception):
    """The process did not answer in time, not even that the question takes too long."""


class ReportsConnection:
    """The way to the process that serves a folder. Each message goes over a new connection."""

    def __init__(self, folder: Path, settings: str) -> None:
        """`settings` is the digest of those that the process is to have."""
        self._folder, self._settings = folder, settings
        self._peer = (0, 0)

    def exchange(self, message: Reply, until: float) -> Reply:
        """Send a message, and return the reply. Raises ReportsAway and ReportsHung."""
        try:
            with self._connected(until - time.monotonic()) as connection:
                within = round(until - time.monotonic() - GIVE_UP_SECONDS, 3)
                told = {"seconds": within, "version": __version__, "settings": self._settings}
                send_line(connection, {**message, **told})
                line = LineReader(connection, MAX_ANSWER_BYTES).line()
        except TimeoutError as failure:  # it says itself when a question takes too long
            raise ReportsHung from failure
        except (OSError, LineTooLong) as failure:
            raise ReportsAway(f"the reports process is away: {failure}") from failure
        if not line:
            raise ReportsAway("the reports process went away")
        reply: Reply = orjson.loads(line)
        if "outdated" in reply:
            self.wait_for_end()
            raise ReportsAway("the reports process is of another version, or has other settings")
        return reply

    def is_listening(self) -> bool:
        """Return whether a process can be connected to."""
        try:
            with self._connected(1.0):
                return True
        except OSError:
            return False

    def wait_for_end(self) -> None:
        """Wait until the process, which is ending, is gone."""
        until = time.monotonic() + STOP_SECONDS
        with open_private(self._folder / LOCK, "a") as lock:
            while not take_lock(lock) and time.monotonic() < until:
                gevent.sleep(LOOK_SECONDS)

    def end_hung(self) -> None:
        """End the process if it does not even answer that it is there: the next question starts another one."""
        try:
            with self._connected(PING_SECONDS) as connection:
                send_line(connection, {"ping": True})
                is_hung = not any(  # this process may have been busy itself: look once more
                    select([connection], [], [], seconds)[0] for seconds in (PING_SECONDS, 0)
                )
        except TimeoutError:  # too many wait to be let in
            is_hung = True
        except OSError:  # there is none, it begins, or it ends
            is_hung = self._is_ending_for_too_long()
        if is_hung and end_server(self._peer, self._folder):
            _log.error("the reports process %d did not answer any more, and was ended", self._peer[0])

    def _is_ending_for_too_long(self) -> bool:
        """Return whether a process, which is the peer then, has the folder and does not listen, for longer than one takes to begin or to end."""
        until = time.monotonic() + STOP_SECONDS
        while server := server_of(self._folder):
            if self.is_listening():
                return False
            if time.monotonic() > until:
                self._peer = server, os.getuid()
                with open_private(self._folder / LOCK, "a") as lock:
                    return not take_lock(lock)
            gevent.sleep(LOOK_SECONDS)
        return False

    @contextmanager
    def _connected(self, seconds: float) -> Iterator[socket.socket]:
        """Yield a connection to the process, whose operations may take so long. Raises OSError."""
        with short_path(self._folder) as path, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(max(0.05, seconds))
            connection.connect(path)
            self._peer = peer_of(connection)
            yield connection


def take_lock(file: IO[str]) -> bool:
    """Lock a file, if no other process has it locked; return whether it is locked now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
