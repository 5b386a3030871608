"""Which tie of a visitor to a subscriber shall be taken back, and how far has that come?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from tracker.storage.engine import REQUEST_SECONDS
from tracker.storage.events import UNMERGE, Tie, Ties, ties_of, unbind
from tracker.storage.job_queue import Job

if TYPE_CHECKING:
    from tracker.services import Services


class NoSuchLink(Enum):
    """Why there is nothing to take back."""

    NEVER = "the visitor was never theirs in this segment"
    SEVERAL = "the visitor was theirs in several segments"


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A tie that is taken back. `moved` of its events have left the subscriber so far, all if `is_done`."""

    segment: int
    moved: int
    is_done: bool


def unmerge(
    services: Services,
    list_id: int,
    subscriber_id: int,
    uuid: bytes,
    segment: int | None,
    deadline: float | None,
) -> Unmerged | NoSuchLink:
    """Take a tie back, or go on with that. Raises StorageUnavailable, OutcomeUnknown."""
    find = partial(ties_of, list_id=list_id, subscriber_id=subscriber_id, uuid=uuid)
    ties = services.storage.read(find, deadline)
    number = _segment(ties, segment)
    if ties is None or isinstance(number, NoSuchLink):
        return number if isinstance(number, NoSuchLink) else NoSuchLink.NEVER
    job = _job_under_way(services, list_id, ties, number, deadline)
    if job is None and number in ties.bound:
        job = _begin(services, Tie(list_id, subscriber_id, ties.visitor_id, number), deadline)
        if job is None:  # somebody else has taken it back meanwhile
            return unmerge(services, list_id, subscriber_id, uuid, segment, deadline)
    return Unmerged(number, job.rows if job else 0, job is None or bool(job.state["is_moved"]))


def _segment(ties: Ties | None, wanted: int | None) -> int | NoSuchLink:
    known = ties.bound | ties.taken_back.keys() if ties else set()
    if wanted is not None:
        known &= {wanted}
    if not known:
        return NoSuchLink.NEVER
    return known.pop() if len(known) == 1 else NoSuchLink.SEVERAL


def _job_under_way(
    services: Services, list_id: int, ties: Ties, segment: int, deadline: float | None
) -> Job | None:
    """The job of a tie that was taken back; once it is done, only for one that has not been tied anew."""
    if segment not in ties.taken_back:
        return None
    job: Job | None = services.jobs.find(list_id, UNMERGE, ties.taken_back[segment], deadline)
    if job is None or (segment in ties.bound and job.state["is_moved"]):
        return None
    services.jobs.wake()
    return job


def _begin(services: Services, tie: Tie, deadline: float | None) -> Job | None:
    """None if it is not there any more."""
    unbinding_id, now = services.ingest.new_id(deadline), time.time_ns() // 1_000_000
    prepare = partial(unbind, tie=tie, unbinding_id=unbinding_id, now=now)
    until = deadline or time.monotonic() + REQUEST_SECONDS
    job: Job | None = services.jobs.begin(tie.list_id, UNMERGE, unbinding_id, prepare, until)
    return job
