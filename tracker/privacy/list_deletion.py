"""Deletion of a list: nobody finds it from the call on, and a job deletes every row of it, twice where writers may be late."""

from __future__ import annotations

from typing import Any

from tracker.storage import job_queue
from tracker.storage.accounts import give_up, remove_list, remove_some
from tracker.storage.engine import SCRUBBED_PAGES, Transaction, in_flight_seconds
from tracker.storage.job_queue import CLEAN_FROM, Job, Step

#: The kind of the job, and its subject: the list itself.
DELETE_LIST, NO_SUBJECT = "delete_list", 0
#: Milliseconds for which other processes may know the list still: its owner's and its browsers' events are taken so long.
KNOWN_MS = 6_000
#: Rows of one step for each that it may handle: nothing is computed of them.
ROWS_PER_STEP = 5


def begin(transaction: Transaction, user_id: int, list_id: int, now: int) -> dict[str, Any] | None:
    """Make the list nobody's; return the first state of the job, or None if it is no list of the user's."""
    if give_up(transaction, user_id, list_id) is None:
        return None
    return {"late_at": now + KNOWN_MS + int(in_flight_seconds(transaction.engine) * 1000)}


def step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Delete some rows. When none is left and no writer knows the list any more, the list goes, then the bytes of the file."""
    state = job.state
    if CLEAN_FROM in state:
        return _scrubbed(transaction, job)
    if removed := remove_some(transaction, job.list_id, job.id, most * ROWS_PER_STEP):
        return Step(state, removed // ROWS_PER_STEP + 1)
    if now < state["late_at"]:
        return Step(state, again_at=state["late_at"])
    remove_list(transaction, job.list_id)
    if transaction.engine.is_remote:
        return _ended(transaction, job)
    return Step({**state, CLEAN_FROM: 1}, 1)


def _scrubbed(transaction: Transaction, job: Job) -> Step:
    """Go on after some pages of the file are clean of deleted bytes, to its end."""
    following = job.state[CLEAN_FROM] + SCRUBBED_PAGES
    [(pages,)] = transaction.select("PRAGMA page_count")
    return _ended(transaction, job) if following > pages else Step({**job.state, CLEAN_FROM: following}, 1)


def _ended(transaction: Transaction, job: Job) -> Step:
    """Delete the job itself: nobody can ask for it."""
    job_queue.remove(transaction, job)
    return Step(job.state, is_finished=True)
