"""Copy builds: starts a process for each build, one at a time, and knows how far it is."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tracker.analytics.process.reports_setup import LOG, ReportsSetup

#: Seconds after a failed build before another one is tried.
RETRY_SECONDS = 30.0

_log = logging.getLogger("tracker.reports")


@dataclass
class Build:
    """One build: the share that is done, and how it ended."""

    list_id: int
    share: float = 0.0
    failure: str | None = None
    ended_at: float | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def is_to_be_retried(self) -> bool:
        """Return whether it failed so long ago that another one is worth a try."""
        return self.failure is not None and time.monotonic() - (self.ended_at or 0) > RETRY_SECONDS


class CopyBuilds:
    """The builds of one process. `finish(list_id)` puts a finished one in place, in the thread of the build."""

    def __init__(self, setup: ReportsSetup, finish: Callable[[int], None]) -> None:
        self._setup, self._finish = setup, finish
        self._builds: dict[int, Build] = {}
        self._lock = threading.Lock()
        self._one_at_a_time = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closed = False

    def of(self, list_id: int) -> Build | None:
        """Return the build of a list that runs, waits or has failed."""
        return self._builds.get(list_id)

    def lists(self) -> list[int]:
        """Return the lists whose builds run, wait or have failed."""
        return sorted(self._builds)

    def begin(self, list_id: int) -> Build:
        """Begin a build, unless one is under way or has just failed; return it."""
        with self._lock:
            build = self._builds.get(list_id)
            if build is None or build.is_to_be_retried():
                build = self._builds[list_id] = Build(list_id)
                threading.Thread(target=self._run, args=(build,), daemon=True).start()
            return build

    def is_busy(self) -> bool:
        """Return whether a build is under way or waits."""
        return any(not build.done.is_set() for build in list(self._builds.values()))

    @property
    def process(self) -> int | None:
        """The id of the process of the build that runs, if there is one."""
        running = self._process
        return None if running is None else running.pid

    def close(self) -> None:
        """End the build that runs. Its file is no copy yet."""
        self._is_closed = True
        if self._process is not None:
            self._process.kill()

    def _run(self, build: Build) -> None:
        with self._one_at_a_time:
            try:
                if not self._is_closed:
                    self._work(build)
            except Exception:  # noqa: BLE001  those who wait for the build hear of it
                _log.exception("the build of list %d failed", build.list_id)
                build.failure = "the build failed: see the log beside the copies"
        build.ended_at = time.monotonic()
        if build.failure is None:
            self._builds.pop(build.list_id, None)
        else:
            _log.warning("the copy of list %d was not built: %s", build.list_id, build.failure)
        build.done.set()

    def _work(self, build: Build) -> None:
        with (self._setup.path / LOG).open("ab") as log:
            process = self._setup.start_build(log, build.list_id)
        self._process = process
        assert process.stdout is not None  # noqa: S101 - it was asked for
        with process.stdout as told:
            for line in told:
                build.share = float(line)
        code = process.wait()
        self._process = None
        if code == 0:
            self._finish(build.list_id)
        else:
            why = f"it was ended by signal {-code}" if code < 0 else "see the log beside the copies"
            build.failure = f"the build ended with {code}: {why}"
