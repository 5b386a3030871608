"""Nightly backup: of all processes the one that has the lease starts `tracker db backup`, a process of its own, when one is due."""

from __future__ import annotations

import logging
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from functools import partial

import gevent

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.jobs.leased_work import LeasedWork
from tracker.storage.engine import EVENT_IDS, Database, secret_of
from tracker.storage.recovery import BackupFolder

#: Seconds after a failure until the next try, between two looks at the process, and between two renewals of the lease.
AGAIN_SECONDS, POLL_SECONDS, RENEW_SECONDS = 900.0, 0.5, 20.0
#: Priority below everything that serves.
NICE = 10

_log = logging.getLogger("tracker.backups")


class NightlyBackup(LeasedWork):
    """The backups as one process makes them. `command` is the command line that makes one now; without a folder there are none."""

    lease = b"backups"

    def __init__(
        self, database: Database, now: Callable[[], int], folder: BackupFolder | None, command: Sequence[str]
    ) -> None:
        super().__init__(database, now)
        self.folder, self._command = folder, command
        self._next_at = float("-inf")

    @property
    def is_possible(self) -> bool:
        return self.folder is not None

    def look(self) -> None:
        """Make a backup if one is due, which takes as long as it takes. Raises StorageUnavailable, OutcomeUnknown."""
        now, folder = self._now(), self.folder
        if folder is None or time.monotonic() < self._next_at or not self._is_due(folder, now):
            return
        if not self._has_lease(now):
            return
        failure = self._run()
        if failure is not None:
            self._next_at = time.monotonic() + AGAIN_SECONDS
            _log.error("no backup was made in %s, and it is tried again: %s", folder.path, failure)

    def _is_due(self, folder: BackupFolder, now: int) -> bool:
        secret = self._database.read(partial(secret_of, name=EVENT_IDS))
        try:
            return folder.is_due(now, secret)
        except OSError:  # the command says what is wrong with the folder
            return True

    def _run(self) -> str | None:
        """Run the command; return what it says if it fails."""
        process = subprocess.Popen(  # noqa: S603 - it is Tracker itself
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
            renewed_at = time.monotonic()
            while process.poll() is None:
                gevent.sleep(POLL_SECONDS)
                if time.monotonic() - renewed_at > RENEW_SECONDS:
                    renewed_at = time.monotonic()
                    self._renew()
            said = process.communicate()[1].decode(errors="replace").split()
            return " ".join(said) or f"it ended with {process.returncode}" if process.returncode else None
        finally:  # a stop does not wait for it: what it has begun has no name yet
            if process.poll() is None:
                process.kill()
                process.communicate()

    def _renew(self) -> None:
        """Renew the lease. Without it another process may try too, which the folder's lock refuses."""
        try:
            self._has_lease(self._now())
        except (StorageUnavailable, OutcomeUnknown) as failure:
            _log.warning("the lease of backups was not renewed: %s", type(failure).__name__)
