"""Daily retention job: deletes events older than the list's `retention_days`, and purges expired EventID tombstones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from tracker.privacy.event_deletion import EventDeleter
from tracker.storage import job_queue
from tracker.storage.accounts import read_settings
from tracker.storage.engine import Database, Transaction, in_each_shard, trusted_time
from tracker.storage.events import (
    days_by_list,
    deletion,
    ids_and_times,
    read_events,
    set_events_from,
    tombstones,
)
from tracker.storage.job_queue import Job, Step

#: The kind of the job, one a list; its id, below every generated id; and its subject, which it has none of.
RETENTION, RETENTION_ID, NO_SUBJECT = "retention", 1, 0
DAY_MS = 24 * 3_600_000
#: Milliseconds between setting a retention and the first deletion: a slip can be undone until then.
GRACE_MS = 3_600_000
#: Events examined in one step.
EXAMINED = 2_000


def schedule_retention(transaction: Transaction, list_id: int, now: int, delay_ms: int = DAY_MS) -> None:
    """Schedule the daily job of a list, first after `delay_ms`; one that is scheduled already goes on as it is."""
    found = job_queue.find(transaction, list_id, RETENTION, NO_SUBJECT)
    if found is None:
        job = Job(list_id, RETENTION_ID, RETENTION, NO_SUBJECT, {}, 0, now, now)
        job_queue.add(transaction, job, None, now + delay_ms)
    elif found.finished_at is not None:
        job = replace(found, state={}, updated_at=now, finished_at=None)
        job_queue.keep(transaction, job, now + delay_ms, is_claimed=False)


def step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Delete some events that have expired, in the order of receipt; then purge expired tombstones.

    Between two days the state says what the last run removed. While the clock is in doubt, nothing is deleted.
    """
    if trusted_time.read(transaction).is_ahead(now):
        return Step(job.state, again_at=now + GRACE_MS)
    state = job.state
    if "after" in state:
        return _expire_events(transaction, job, now, most)
    if "cutoff" in state:
        return _purge_tombstones(transaction, job, now, most)
    days = read_settings(transaction, job.list_id).retention_days
    if days is None:
        return Step({"cutoff": None, "removed": 0})
    cutoff = now - days * DAY_MS
    set_events_from(transaction, job.list_id, cutoff)
    return Step({"cutoff": cutoff, "removed": 0, "after": -1})


def _expire_events(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    list_id, cutoff, removed = job.list_id, job.state["cutoff"], job.state["removed"]
    rows = ids_and_times(transaction, list_id, job.state["after"], EXAMINED)
    if not rows:
        return Step({"cutoff": cutoff, "removed": removed})
    old = [event_id for event_id, event_at in rows if event_at < cutoff]
    # Events beyond this step are the first of the next one.
    last = old[most - 1] if len(old) > most else rows[-1][0]
    events = list(read_events(transaction, list_id, old[:most], is_locking=True).values())
    links = deletion.links_of(transaction, list_id, ((e.visitor_id, e.span) for e in events))
    EventDeleter(transaction, list_id, links, now, is_counted=True).remove(events)
    return Step({"cutoff": cutoff, "removed": removed + len(events), "after": last}, len(events))


def _purge_tombstones(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    rows = tombstones.expired(transaction, job.list_id, now, most)
    tombstones.purge(transaction, rows)
    if len(rows) == most:
        return Step(job.state, len(rows))
    done: dict[str, Any] = {"last": {"cutoff": job.state["cutoff"], "removed": job.state["removed"]}}
    is_needed = job.state["cutoff"] is not None or tombstones.list_has_any(transaction, job.list_id)
    if not is_needed:
        return Step(done, len(rows), is_finished=True)
    return Step(done, len(rows), again_at=now + DAY_MS)


def expired_events(database: Database, list_id: int, cutoff: int) -> int:
    """Return how many events of a list are older than the cutoff, read a page at a time."""
    return sum(event_at < cutoff for event_at in _times(database, list_id))


def _times(database: Database, list_id: int) -> Iterator[int]:
    read = partial(ids_and_times, list_id=list_id, most=EXAMINED)
    page = database.read(partial(read, after_id=-1))
    while page:
        yield from (event_at for _, event_at in page)
        page = database.read(partial(read, after_id=page[-1][0]))


def lists_that_expire(database: Database, list_id: int | None = None) -> dict[int, int]:
    """Return {list_id: days} of the lists that have a retention, or of that one list."""
    found = in_each_shard(database, lambda among: database.read(partial(days_by_list, among=among)))
    days_by_list_id = {key: days for part in found for key, days in part.items()}
    return {key: days for key, days in days_by_list_id.items() if list_id in (None, key)}
