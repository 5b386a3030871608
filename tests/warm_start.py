"""How is Tracker started without loading its modules anew each time? By forks of a process that has loaded them."""

from __future__ import annotations

import atexit
import functools
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from tests.forked import ROOT, environment_of_origin

#: So long one thread reads while another may wait to.
LOOK_SECONDS = 0.02


class WarmStart:
    """A process that has loaded gunicorn and Tracker, and its forks."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests/warm_process.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=environment_of_origin(),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._orders, self._replies = self._process.stdin, self._process.stdout
        self._rest = b""
        self._started: list[int] = []
        self._ended: dict[int, int] = {}
        self._reading, self._starting = threading.Lock(), threading.Lock()
        atexit.register(self.close)

    def start(
        self,
        arguments: list[str],
        log: Path,
        env: Mapping[str, str],
        cwd: Path,
        reads: Path = Path(os.devnull),
    ) -> Forked:
        """Run gunicorn, or `python -m MODULE`, with these arguments. It reads `reads`, and what it prints is appended to `log`.

        Both are there; it waits for whoever writes a pipe that it reads.
        """
        order = {"arguments": arguments, "environment": dict(env), "folder": str(cwd), "log": str(log)}
        order["input"] = str(reads)
        with self._starting:
            self._orders.write(json.dumps(order).encode() + b"\n")
            self._orders.flush()
            while not self._started:
                self.read(LOOK_SECONDS)
            return Forked(self, self._started.pop())

    def read(self, seconds: float) -> None:
        """Read what is replied within these seconds."""
        with self._reading:
            if not select.select([self._replies], [], [], seconds)[0]:
                return
            read = os.read(self._replies.fileno(), 1 << 16)
            assert read, "the process that programs are forked from has ended"
            *lines, self._rest = (self._rest + read).split(b"\n")
            for line in lines:
                verb, *numbers = line.split()
                if verb == b"pid":
                    self._ended.pop(int(numbers[0]), None)  # another had the number before
                    self._started.append(int(numbers[0]))
                else:
                    self._ended[int(numbers[0])] = int(numbers[1])

    def exit_code(self, pid: int, seconds: float) -> int | None:
        """The exit code of a fork, if it ends within these seconds."""
        until = time.monotonic() + seconds
        while pid not in self._ended:
            left = until - time.monotonic()
            self.read(min(max(0.0, left), LOOK_SECONDS))
            if left <= 0:
                break
        return self._ended.get(pid)

    def close(self) -> None:
        self._orders.close()
        self._process.wait()


class Forked:
    """A running fork, as a `subprocess.Popen` is."""

    def __init__(self, origin: WarmStart, pid: int) -> None:
        self.pid, self._origin = pid, origin
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._origin.exit_code(self.pid, 0)
        return self.returncode

    def wait(self, timeout: float = 600) -> int:
        if self.returncode is None:
            self.returncode = self._origin.exit_code(self.pid, timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


@functools.cache
def warm_start() -> WarmStart:
    """The one of this process."""
    return WarmStart()
