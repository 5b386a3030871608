"""How is a program started so that it surely ends?"""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from tests.warm_start import ROOT, Forked, WarmStart, warm_start

T = TypeVar("T")
#: A disk in memory: a commit that is synced there waits for no platter, while everybody's settings stay what they are.
MEMORY_DISK = Path("/dev/shm")
#: Room for the files of three workers: their databases, and some MariaDBs with a log of 100 MB each.
MIN_MEMORY_BYTES = 6_000_000_000


def use_memory_disk() -> None:
    """Have this process and its children put temporary files into memory, where there is room; else nothing changes."""
    if "TMPDIR" in os.environ or not os.access(MEMORY_DISK, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(MEMORY_DISK).free >= MIN_MEMORY_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY_DISK)


def until(condition: Callable[[], T], seconds: float = 10, what: str = "the condition") -> T:
    """The first true value of `condition()`; an AssertionError naming `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.01)
    return value


def reserve_port() -> socket.socket:
    """A bound socket that keeps a free port for one server of ours; the port is free again when it is closed.

    It never listens. With SO_REUSEADDR set after the bind a server, which sets it too, may bind the same port again
    and again, while nobody else is given it, neither a parallel run of the tests nor an outgoing connection.
    """
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return holder


def find_program(name: str, package: str) -> str:
    """The path of a program; without it tests fail, they are never skipped."""
    path = shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    assert path, f"{name} is missing: apt-get install {package}"
    return path


@functools.cache
def _orphan_cleanup() -> subprocess.Popen[str]:
    cleanup = subprocess.Popen(
        [sys.executable, "-I", str(Path(__file__).with_name("orphan_cleanup.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
        cwd="/",
    )
    atexit.register(cleanup.communicate)
    return cleanup


def _tell_cleanup(verb: str, kind: str, value: int | Path) -> None:
    pipe = _orphan_cleanup().stdin
    assert pipe is not None
    pipe.write(f"{verb} {kind} {value}\n")
    pipe.flush()


def make_folder() -> Path:
    """A temporary folder with a short path (sockets need one), removed by `remove_folder` or after the run."""
    folder = Path(tempfile.mkdtemp(prefix="tracker-test-"))
    _tell_cleanup("watch", "folder", folder)
    return folder


def remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)
    _tell_cleanup("forget", "folder", folder)


class Program:
    """A running program with a process group of its own; what it prints is appended to a file.

    With an `origin` it is a fork of a process that has loaded its modules, and reads `reads`.
    """

    def __init__(
        self,
        arguments: list[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        origin: WarmStart | None = None,
        reads: Path = Path(os.devnull),
    ) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process: subprocess.Popen[bytes] | Forked = (
                origin.start(arguments, log, env or os.environ, cwd or Path.cwd(), reads)
                if origin
                else subprocess.Popen(
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=env,
                    cwd=cwd,
                    start_new_session=True,
                )
            )
        self.pid = self._process.pid
        _tell_cleanup("watch", "group", self.pid)

    @property
    def exit_code(self) -> int | None:
        """None while it runs; minus the number of the signal that ended it."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program itself, not to its children."""
        self._process.send_signal(number)

    def send_all(self, number: signal.Signals) -> None:
        """Send a signal to the program and all its children."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return  # all have ended, which is as good for pausing as for ending

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM, and the exit code; a program that does not end in time is killed and fails the test."""
        self.send(signal.SIGTERM)
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running {seconds} s after SIGTERM:\n{self.printed()}") from None
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL to the program and all its children."""
        self.send_all(signal.SIGKILL)
        self._process.wait()
        _tell_cleanup("forget", "group", self.pid)

    def children(self) -> list[int]:
        """The process ids of its direct children."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def printed(self) -> str:
        return self.log.read_text(errors="replace")

    def wait(self, seconds: float = 60) -> int:
        """The exit code, once it has ended by itself."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds} s:\n{self.printed()}") from None
        finally:
            self.kill()


def start_module(
    name: str,
    *arguments: str,
    log: Path,
    env: Mapping[str, str] | None = None,
    reads: Path = Path(os.devnull),
) -> Program:
    """Run `python -m NAME ARGUMENTS` as a fork of the process that has loaded Tracker."""
    return Program([sys.executable, "-m", name, *arguments], log, env, ROOT, warm_start(), reads)
