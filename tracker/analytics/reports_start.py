"""Reports start: starts the process that answers reports, once for all workers that find none."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gevent
from gevent.select import select

from tracker.analytics.process.reports_setup import LOG, MAX_LOG_BYTES, ReportsSetup
from tracker.analytics.reports_connection import LOOK_SECONDS, ReportsAway, ReportsConnection, take_lock
from tracker.private_file import open_private

#: Seconds that a process may take until it listens.
START_SECONDS = 15.0
#: The file that a worker has locked while it starts the process.
STARTING = "starting"


def start_process(
    setup: ReportsSetup, connection: ReportsConnection, until: float, idle_seconds: float | None
) -> None:
    """Start the process, or wait for the one that another worker is starting. Raises ReportsAway."""
    until = min(until, time.monotonic() + START_SECONDS)
    with _only_one(setup.path / STARTING) as is_mine:
        if is_mine:
            _spawn(setup, connection, until, idle_seconds)
        while not connection.is_listening():
            if time.monotonic() > until:
                raise ReportsAway("the reports process does not listen yet")
            gevent.sleep(LOOK_SECONDS)


def _spawn(
    setup: ReportsSetup, connection: ReportsConnection, until: float, idle_seconds: float | None
) -> None:
    """Start the process, and wait until it listens. Raises ReportsAway if it ends instead, and no other is there."""
    log = setup.path / LOG
    is_long = log.exists() and log.stat().st_size > MAX_LOG_BYTES
    more = {} if idle_seconds is None else {"idle_seconds": idle_seconds}
    reading, told = os.pipe()
    try:
        with open_private(log, "wb" if is_long else "ab") as file:
            setup.start_server(file, told, **more)
        os.close(told)
        has_word, _, _ = select([reading], [], [], max(0.0, until - time.monotonic()))
        if has_word and not os.read(reading, 1) and not connection.is_listening():
            raise ReportsAway(f"the reports process ended: see {log}")
    finally:
        os.close(reading)


@contextmanager
def _only_one(path: Path) -> Iterator[bool]:
    """Yield whether this process is the one that starts the reports process."""
    with open_private(path, "a") as file:
        yield take_lock(file)
