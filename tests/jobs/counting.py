"""A kind of job that counts: each step adds a row of its own. As a program it works at jobs until it is killed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count

import gevent

from tracker.jobs.runner import Jobs
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.job_queue import Job, Step
from tracker.storage.schema.own_database import own_database

LIST_ID, SUBJECT = 7, 70
#: Rows that one step says it handled.
ROWS = 500


def count_up(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Keep the step's number in a table where it can be kept once only."""
    number = job.state["next"]
    transaction.insert("write_probe", ("number", "asked_at"), [(number, now)])
    return Step({**job.state, "next": number + 1}, ROWS, is_finished=number == job.state["last"])


def numbers(database: Database) -> list[int]:
    rows = database.read(
        lambda transaction: transaction.select("SELECT number FROM write_probe ORDER BY number")
    )
    return [row[0] for row in rows]


def jobs_on(database: Database, ids: Iterator[int] | None = None, **options: object) -> Jobs:
    made = ids or count(1)
    return Jobs(database, {"count": count_up}, lambda deadline: next(made), **options)  # type: ignore[arg-type]


if __name__ == "__main__":
    database = own_database(sys.argv[1])
    jobs_on(database).serve()
    gevent.sleep(float(sys.argv[2]))
