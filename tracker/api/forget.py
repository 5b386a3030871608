"""What does a call to forget somebody begin or find, and what is it answered with?"""

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

#: The action that the audit log has.
ACTION = "subscriber.forget"


def forget(
    services: Services, doer: Doer, list_id: int, who: Who, now: int, deadline: float | None
) -> dict[str, Any] | None:
    """Begin to forget somebody, or tell how far that is; None if there is, and was, nobody.

    Who is forgotten already is known by their number alone. Raises StorageUnavailable, OutcomeUnknown.
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
    return None if job is None else _told(job)


def _prepare(
    transaction: Transaction, audit: Audit, doer: Doer, list_id: int, subscriber_id: int, now: int
) -> dict[str, Any] | None:
    state = begin(transaction, list_id, ("id", subscriber_id), now)
    if state is not None:
        audit.note(transaction, doer, ACTION, f"list:{list_id} subscriber:{subscriber_id}")
    return state


def _told(job: Job) -> dict[str, Any]:
    """How far it is, what was removed, and what was looked for afterwards."""
    removed, checks = job.state["removed"], job.state.get("checks", {})
    return {
        "SubscriberID": str(job.subject_id),
        "Status": "running" if job.finished_at is None else "finished",
        "StartedAt": iso_utc(job.created_at),
        "FinishedAt": None if job.finished_at is None else iso_utc(job.finished_at),
        "Removed": [{"Table": table, "Rows": rows} for table, rows in removed.items()],
        "Checks": [{"Check": check, "Found": found} for check, found in checks.items()],
    }
