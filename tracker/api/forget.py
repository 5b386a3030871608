"""Erasure calls: begins the erasure job of a subscriber, or finds it, and describes its progress."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tracker.privacy.erasure import begin
from tracker.storage.accounts import Audit, Doer
from tracker.storage.engine import Transaction
from tracker.storage.job_queue import Job
from tracker.storage.subscribers import FORGET, Who
from tracker.times import iso_utc

if TYPE_CHECKING:
    from tracker.services import Services

#: The action in the audit log.
ACTION = "subscriber.forget"


def forget(
    services: Services, doer: Doer, list_id: int, who: Who, now: int, deadline: float | None
) -> dict[str, Any] | None:
    """Begin the erasure of a subscriber, or find the one that runs or has finished.

    Returns its progress, or None if there is no such subscriber and no erasure of one. An erased subscriber is found by
    number only. Raises StorageUnavailable, OutcomeUnknown.
    """
    found = services.stores.subscribers.find(list_id, who, deadline)
    subscriber_id = found.id if found else int(who[1]) if who[0] == "id" else None
    if subscriber_id is None:
        return None
    jobs = services.jobs
    job: Job | None = None
    if found is not None:
        prepare = partial(
            _prepare, audit=services.audit, doer=doer, list_id=list_id, subscriber_id=found.id, now=now
        )
        job = jobs.begin(list_id, FORGET, found.id, prepare, deadline)
    job = job or jobs.find(list_id, FORGET, subscriber_id, deadline)  # another call may have been first
    if job is not None and job.finished_at is None:
        jobs.wake()
    return None if job is None else {**_progress(job), **_copy_of(services, job, now)}


def _prepare(
    transaction: Transaction, audit: Audit, doer: Doer, list_id: int, subscriber_id: int, now: int
) -> dict[str, Any] | None:
    state = begin(transaction, list_id, ("id", subscriber_id), now)
    if state is not None:
        audit.note(transaction, doer, ACTION, f"list:{list_id} subscriber:{subscriber_id}", list_id)
    return state


def _copy_of(services: Services, job: Job, now: int) -> dict[str, Any]:
    """Return until when the derived copy for reports is built anew without the subscriber's bytes, if there is one."""
    until = services.analytics.erased_by(job.list_id, job.finished_at, now)
    return {} if until is None else {"ReportsErasedBy": iso_utc(until)}


def _progress(job: Job) -> dict[str, Any]:
    """Return the state of an erasure: progress, deleted rows, and the searches for remaining data."""
    removed, checks = job.state["removed"], job.state.get("checks", {})
    return {
        "SubscriberID": str(job.subject_id),
        "Status": "running" if job.finished_at is None else "finished",
        "StartedAt": iso_utc(job.created_at),
        "FinishedAt": None if job.finished_at is None else iso_utc(job.finished_at),
        "Removed": [{"Table": table, "Rows": rows} for table, rows in removed.items()],
        "Checks": [{"Check": check, "Found": found} for check, found in checks.items()],
    }
