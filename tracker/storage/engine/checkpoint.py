"""Checkpoint: the write-ahead log copied into the file, which holds up the others for as long as it takes."""

from __future__ import annotations

import time

import apsw

#: While one process waits for the others to let go of the log: seconds of a nap, and how many. SQLite's own busy
#: timeout naps too long to catch a free moment.
NAP_SECONDS, MAX_NAPS = 0.00005, 4_000
#: Seconds that it waits at most.
MAX_SECONDS = NAP_SECONDS * MAX_NAPS


def checkpoint(connection: apsw.Connection, mode: int) -> None:
    """One that holds up the others for as long as it takes."""
    connection.set_busy_handler(_nap)
    try:
        connection.wal_checkpoint(mode=mode)
    finally:
        connection.set_busy_handler(None)


def _nap(naps: int) -> bool:
    time.sleep(NAP_SECONDS)
    return naps < MAX_NAPS
