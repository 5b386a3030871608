"""A process that upgrades the database at a URL, and may be killed after some of its statements.

`python -m tests.storage.migrating URL [STATEMENTS]`; prints what it applied.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from tracker.storage.database import Database
from tracker.storage.transaction import Transaction


def die_after(statements: int) -> None:
    """Let this process be killed right after it has run so many statements that change something."""
    execute, insert = Transaction.execute, Transaction.insert
    left = [statements]

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counting_execute(self: Transaction, sql: str, values: Sequence[Any] = ()) -> None:
        execute(self, sql, values)
        count()

    def counting_insert(self: Transaction, *arguments: Any) -> None:
        insert(self, *arguments)
        count()

    Transaction.execute, Transaction.insert = counting_execute, counting_insert  # type: ignore[method-assign]


if __name__ == "__main__":
    if len(sys.argv) > 2:
        die_after(int(sys.argv[2]))
    print("\n".join(Database(sys.argv[1]).upgrade()))  # noqa: T201 - this is its answer
