"""Deletion of a list: nobody finds it from the call on, and a job deletes every row of it, twice where writers may be late."""

from __future__ import annotations

from typing import Any

from tracker.storage import accounts, job_queue
from tracker.storage.accounts import owner_of, remove_list, remove_some
from tracker.storage.engine import SCRUBBED_PAGES, Transaction, in_flight_seconds
from tracker.storage.job_queue import CLEAN_FROM, Job, Step
from tracker.storage.shards import NOBODY

#: The kind of the job, and its subject: the list itself.
DELETE_LIST, NO_SUBJECT = "delete_list", 0
#: Milliseconds for which other processes may know the list still: its owner's and its browsers' events are taken so long.
KNOWN_MS = 6_000
#: Milliseconds after which a list that is not given up by the call that asked for it will not be.
GIVEN_UP_MS = 30_000
#: Rows of one step for each that it may handle: nothing is computed of them.
ROWS_PER_STEP = 5


def begin(transaction: Transaction, list_id: int, now: int) -> dict[str, Any] | None:
    """Return the first state of the job; None if there is one. It does nothing to a list that somebody owns."""
    if job_queue.find(transaction, list_id, DELETE_LIST, NO_SUBJECT) is not None:
        return None
    in_flight = int(in_flight_seconds(transaction.engine) * 1000)
    return {"late_at": now + KNOWN_MS + in_flight, "given_up_by": now + GIVEN_UP_MS}


def give_up(transaction: Transaction, user_id: int, list_id: int) -> bool:
    """Make the user's list nobody's; return False if it is not theirs. What deletes it is the job, which is there already."""
    return accounts.give_up(transaction, user_id, list_id) is not None


def step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Delete some rows. When none is left and no writer knows the list any more, the list goes, then the bytes of the file.

    A list that is not given up in time stays: its owner was not told that it goes.
    """
    state = job.state
    if CLEAN_FROM in state:
        return _scrubbed(transaction, job)
    if owner_of(transaction, job.list_id) != NOBODY:
        is_late = now >= state["given_up_by"]
        return _ended(transaction, job) if is_late else Step(state, again_at=state["given_up_by"])
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
