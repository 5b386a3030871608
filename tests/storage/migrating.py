"""A process that upgrades the database at a URL, and may be killed after some of its statements.

`python -m tests.storage.migrating URL [STATEMENTS]`; prints what it applied, and how many statements that took.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.own_database import own_database


def count_statements(last: int) -> list[int]:
    """Count statements that change something; this process is killed right after the one with the number `last`."""
    execute, insert = Transaction.execute, Transaction.insert
    counted = [0]

    def count() -> None:
        counted[0] += 1
        if counted[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting_execute(self: Transaction, sql: str, values: Sequence[Any] = ()) -> None:
        execute(self, sql, values)
        count()

    def counting_insert(self: Transaction, *arguments: Any) -> None:
        insert(self, *arguments)
        count()

    Transaction.execute, Transaction.insert = counting_execute, counting_insert  # type: ignore[method-assign]
    return counted


if __name__ == "__main__":
    counted = count_statements(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    for name in own_database(sys.argv[1]).upgrade():
        print(name)  # noqa: T201 - this is its answer
    print(counted[0], file=sys.stderr)  # noqa: T201
