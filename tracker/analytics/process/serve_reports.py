"""Server of reports: listens on the socket of its folder, alone there, and ends when nobody has asked for a minute."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.process.conversation import Conversation
from tracker.analytics.process.copy_answers import answer_question
from tracker.analytics.process.report_socket import SOCKET, UNAVAILABLE, peer_of, send_line, short_path
from tracker.analytics.process.reports_service import ReportsService
from tracker.analytics.process.reports_setup import LOCK, read_setup
from tracker.private_file import OWNERS_ONLY

#: Priority below everything that serves, set before anything is read.
NICE = 10
#: Seconds without a question after which the process ends, and between two looks whether it is to end.
IDLE_SECONDS, LOOK_SECONDS = 60.0, 0.5
#: Clients at a time.
MAX_CLIENTS = 64
#: Seconds within which it ends, whatever its threads wait for: before those who wait for its folder lose patience.
END_SECONDS = 10.0
#: Exit code after damage: the next process begins with a clean instance.
DAMAGED = 70

_log = logging.getLogger("tracker.reports")


class ReportsServer:
    """The listening socket, and the thread of each client."""

    def __init__(self, service: ReportsService, folder: Path, idle_seconds: float) -> None:
        self._service, self._folder, self._idle_seconds = service, folder, idle_seconds
        self._stop = threading.Event()
        self._clients = 0
        self._lock = threading.Lock()
        self._asked_at = time.monotonic()
        self._file: tuple[int, int] | None = None

    def serve(self) -> None:
        """Serve until it is to end."""
        with socket.socket(socket.AF_UNIX) as listening, short_path(self._folder) as path:
            self._folder.joinpath(SOCKET).unlink(missing_ok=True)
            listening.bind(path)
            self._folder.joinpath(SOCKET).chmod(OWNERS_ONLY)
            self._file = self._file_there()
            listening.listen(MAX_CLIENTS)
            listening.settimeout(LOOK_SECONDS)
            _tell_ready()
            while not self._is_over():
                try:
                    connection, _ = listening.accept()
                except TimeoutError:
                    continue
                self._welcome(connection)
            if not self._is_reachable():
                _log.error("the socket of this process was removed: it ends")
                os._exit(DAMAGED)  # as if it was killed: files of these names may be another process's by now
            self._folder.joinpath(SOCKET).unlink(missing_ok=True)

    def stop(self, *_: object) -> None:
        """Have it end: a signal came."""
        self._stop.set()

    def _is_over(self) -> bool:
        if self._stop.is_set() or self._service.is_damaged or not self._is_reachable():
            return True
        is_used = self._clients or self._service.is_busy
        return not is_used and time.monotonic() - self._asked_at > self._idle_seconds

    def _is_reachable(self) -> bool:
        """Return whether the socket's file is still its own: without it nobody finds this process, which bars another one."""
        return self._file is not None and self._file_there() == self._file

    def _file_there(self) -> tuple[int, int] | None:
        try:
            found = self._folder.joinpath(SOCKET).stat()
        except OSError:  # also when the folder is gone, or is a file now
            return None
        return found.st_dev, found.st_ino

    def _welcome(self, connection: socket.socket) -> None:
        """Give a client a thread of its own. Only this user's processes and root's are clients."""
        connection.setblocking(True)
        if peer_of(connection)[1] not in (os.getuid(), 0):
            connection.close()
            return
        with self._lock:
            is_full = self._clients >= MAX_CLIENTS
            self._clients += not is_full
        if is_full:
            with connection:
                send_line(connection, {"error": UNAVAILABLE, "detail": "too many clients ask"})
            return
        threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        truth = TruthReader(self._service.database)
        held = Conversation(connection, self._service, truth, self._stop)
        try:
            held.hold()
        except OSError as failure:  # the client has gone, or was silent for too long
            _log.info("a client went away: %s", failure)
        finally:
            truth.close()
            with self._lock:
                self._clients -= 1
            if held.has_asked:
                self._asked_at = time.monotonic()


def main() -> None:
    """Serve the folder that standard input names, unless another process does."""
    os.nice(max(0, NICE - os.nice(0)))
    os.umask(0o077)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    setup, more = read_setup()
    if not _take_folder(setup.path):
        return
    service = ReportsService(setup, answer_question)
    server = ReportsServer(service, setup.path, more.get("idle_seconds", IDLE_SECONDS))
    signal.signal(signal.SIGTERM, server.stop)
    signal.signal(signal.SIGINT, server.stop)
    try:
        server.serve()
    finally:
        latest = threading.Timer(END_SECONDS, _end_at_once)
        latest.daemon = True
        latest.start()
        service.close()
    sys.exit(DAMAGED if service.is_damaged else 0)


def _end_at_once() -> None:
    """End without a thread that does not end: without its socket nobody finds this process, which bars another one."""
    _log.error("a thread has not ended for %.0f s: the process ends without it", END_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _tell_ready() -> None:
    """Tell the client that has started this process that it listens. From now on standard output is the log, too."""
    os.write(sys.stdout.fileno(), b"1")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())


def _take_folder(folder: Path) -> bool:
    """Lock the folder until this process is gone; return False if another process has it. The lock says who has it."""
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, OWNERS_ONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return False
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return True


if __name__ == "__main__":
    main()
