"""Leased work: what one process of all that serve does again and again, while it has the lease in the database."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import ClassVar

import gevent

from tracker.errors import OutcomeUnknown, StorageUnavailable
from tracker.storage.engine import Database
from tracker.storage.triggers import trigger_progress

#: Milliseconds that a lease lasts, and seconds between two looks at what is due.
LEASE_MS, LOOK_SECONDS = 60_000, 15.0

_log = logging.getLogger("tracker.jobs")


class LeasedWork:
    """Work of one process. Nothing starts before `serve`. A subclass names its `lease`, and does in `look` what is due."""

    lease: ClassVar[bytes]

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now
        self._token = b""
        self._loop: gevent.Greenlet | None = None

    @property
    def is_possible(self) -> bool:
        """Whether there is what the work needs."""
        return True

    def serve(self) -> None:
        """Do what is due, or wait until it is this process's turn: for a process that serves."""
        if self._loop is None and self.is_possible:
            self._loop = gevent.spawn(self._work)

    def close(self) -> None:
        """End the work where it is, as a power cut would; another process takes over at once."""
        if self._loop is not None:
            self._loop.kill()
            self._end_what_it_began()
            self._give_back()

    def _end_what_it_began(self) -> None:
        """End the greenlets that a look has left at work, before another process may begin."""

    def look(self) -> None:
        """Do what is due now. Raises StorageUnavailable, OutcomeUnknown."""
        raise NotImplementedError

    def _work(self) -> None:
        name = self.lease.decode()
        while True:
            try:
                self.look()
            except (StorageUnavailable, OutcomeUnknown) as failure:
                _log.warning("%s wait: %s", name, type(failure).__name__)
            except Exception as failure:  # noqa: BLE001  what fails now is looked at again
                _log.error("%s failed, and are tried again: %s", name, type(failure).__name__)
            gevent.sleep(LOOK_SECONDS)

    def _has_lease(self, now: int) -> bool:
        """Take or renew the lease; return False while another process has it."""
        self._token = self._token or os.urandom(16)  # made after the fork
        take = partial(
            trigger_progress.take_lease, name=self.lease, token=self._token, now=now, until=now + LEASE_MS
        )
        return self._database.write(take)

    def _give_back(self) -> None:
        """End the lease, if this process has it. Otherwise it ends by itself."""
        give_back = partial(trigger_progress.give_lease_back, name=self.lease, token=self._token)
        if self._token:
            with suppress(StorageUnavailable, OutcomeUnknown):
                self._database.write(give_back)
