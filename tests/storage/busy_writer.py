"""A process that writes without a pause for so many seconds: `python -m tests.storage.busy_writer URL SECONDS`."""

from __future__ import annotations

import os
import sys
import time

from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.own_database import own_database

ROW_BYTES, ROWS = 4000, 8


def write_for(url: str, seconds: float) -> int:
    database = own_database(url)
    commits = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        database.write(_write)
        commits += 1
    database.close()
    return commits


def _write(transaction: Transaction) -> None:
    rows = [(os.urandom(16).hex().encode(), b"n", 1, os.urandom(ROW_BYTES)) for _ in range(ROWS)]
    transaction.insert("busy", ("a", "b", "c", "d"), rows)


if __name__ == "__main__":
    print(write_for(sys.argv[1], float(sys.argv[2])))  # noqa: T201  how the test learns of it
