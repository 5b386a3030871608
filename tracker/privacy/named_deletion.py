"""Deletion of events by name and time: a job that reads a list's events in the order of receipt, and deletes those that match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tracker.privacy.event_deletion import EventDeleter
from tracker.storage import job_queue
from tracker.storage.aggregates import note_pruned, remove
from tracker.storage.engine import Transaction
from tracker.storage.events import DELETE_EVENTS, deletion, first_id, last_id, read_events, scan
from tracker.storage.job_queue import Job, Step

__all__ = ["DELETE_EVENTS", "MAX_RUNNING", "Doomed", "begin", "progress", "running_alike", "step"]

#: Events examined in one step, as by retention.
EXAMINED = 2_000
#: Events read that take as long as one that is deleted: a call that only reads ends, too.
READ_PER_ROW = 10
#: Deletions of one list that may wait or run at once, and finished ones that are kept to be asked for.
MAX_RUNNING, MAX_KEPT = 10, 100


class Doomed(NamedTuple):
    """The events to delete: those of a name, of a half-open range of event times in UTC milliseconds."""

    event: str
    begins: int | None = None
    ends: int | None = None


def begin(transaction: Transaction, list_id: int, doomed: Doomed) -> dict[str, Any] | None:
    """Return the first state of a deletion; None if it runs already, or if as many run as may.

    Events that come after this are not deleted.
    """
    jobs = job_queue.of_kind(transaction, list_id, DELETE_EVENTS)
    running = [job for job in jobs if job.finished_at is None]
    if len(running) >= MAX_RUNNING or any(_doomed(job.state) == doomed for job in running):
        return None
    finished = sorted(
        (job for job in jobs if job.finished_at is not None), key=lambda job: job.finished_at or 0
    )
    for job in finished[: max(0, len(finished) - MAX_KEPT + 1)]:
        job_queue.remove(transaction, job)
    first, last = first_id(transaction, list_id), last_id(transaction, list_id)
    return {**doomed._asdict(), "first": first, "after": -1, "until": last, "removed": 0}


def progress(state: Mapping[str, Any]) -> float:
    """Return the share that is done, by the times at which events came: 0 to 1, and 1 at the end only."""
    whole, done = state["until"] - state["first"], state["after"] - state["first"]
    return round(min(max(done / whole, 0.0), 0.999), 3) if whole > 0 else 0.0


def running_alike(transaction: Transaction, list_id: int, doomed: Doomed) -> Job | None:
    """Return the unfinished deletion of the same events, if there is one."""
    running = job_queue.unfinished(transaction, list_id, DELETE_EVENTS)
    return next((job for job in running if _doomed(job.state) == doomed), None)


def step(transaction: Transaction, job: Job, now: int, most: int) -> Step:
    """Delete some events in the order of receipt; at the end take a name that no event has any more from the catalogue."""
    state, list_id = job.state, job.list_id
    rows = [row for row in _page(transaction, list_id, state["after"]) if row[0] <= state["until"]]
    if not rows:
        if state["begins"] is None and state["ends"] is None:
            _uncatalogue(transaction, list_id, state["event"].encode(), state["until"])
        return Step(state, is_finished=True)
    found = [row[0] for row in rows if _is_meant(_doomed(state), row[4], row[5])]
    # Events beyond this step are the first of the next one.
    last = found[most - 1] if len(found) > most else rows[-1][0]
    events = list(read_events(transaction, list_id, found[:most], is_locking=True).values())
    links = deletion.links_of(transaction, list_id, ((e.visitor_id, e.span) for e in events))
    EventDeleter(transaction, list_id, links, now, is_counted=False).remove(events)
    handled = len(events) + len(rows) // READ_PER_ROW
    return Step({**state, "after": last, "removed": state["removed"] + len(events)}, handled)


def _page(transaction: Transaction, list_id: int, after: int) -> list[Any]:
    return scan.full_scan(transaction, list_id, after, EXAMINED)


def _doomed(state: Mapping[str, Any]) -> Doomed:
    return Doomed(state["event"], state["begins"], state["ends"])


def _is_meant(doomed: Doomed, event_at: int, name: bytes) -> bool:
    if name != doomed.event.encode():
        return False
    return (doomed.begins is None or event_at >= doomed.begins) and (
        doomed.ends is None or event_at < doomed.ends
    )


def _uncatalogue(transaction: Transaction, list_id: int, name: bytes, until: int) -> None:
    """Remove the name from the catalogue, unless it came again meanwhile, or so much came that this cannot be seen at once."""
    newer = _page(transaction, list_id, until)
    if (
        len(newer) < EXAMINED
        and all(row[5] != name for row in newer)
        and remove(transaction, list_id, name, None)
    ):
        note_pruned(transaction, list_id)
