"""Unlinking: takes a link of a visitor to a subscriber back, and follows the job that moves the events."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING

from tracker.storage.engine import REQUEST_SECONDS
from tracker.storage.events import UNMERGE, Links, SpanLink, links_of, unlink
from tracker.storage.job_queue import Job

if TYPE_CHECKING:
    from tracker.services import Services


class NoSuchLink(Enum):
    """Why there is no link to take back."""

    NEVER = "the visitor was never linked to the subscriber in this span"
    SEVERAL = "the visitor was linked to the subscriber in several spans"


@dataclass(frozen=True, slots=True)
class Unmerged:
    """A link that was taken back. `moved` events have been moved off the subscriber so far, all if `is_done`."""

    span: int
    moved: int
    is_done: bool


def unmerge(
    services: Services,
    list_id: int,
    subscriber_id: int,
    uuid: bytes,
    span: int | None,
    deadline: float | None,
) -> Unmerged | NoSuchLink:
    """Take a link back, or return the progress of that. Raises StorageUnavailable, OutcomeUnknown."""
    find = partial(links_of, list_id=list_id, subscriber_id=subscriber_id, uuid=uuid)
    links = services.storage.read(find, deadline)
    number = _span(links, span)
    if links is None or isinstance(number, NoSuchLink):
        return number if isinstance(number, NoSuchLink) else NoSuchLink.NEVER
    job = _job_under_way(services, list_id, links, number, deadline)
    if job is None and number in links.linked:
        job = _begin(services, SpanLink(list_id, subscriber_id, links.visitor_id, number), deadline)
        if job is None:  # another call took the link back meanwhile
            return unmerge(services, list_id, subscriber_id, uuid, span, deadline)
    return Unmerged(number, job.rows if job else 0, job is None or bool(job.state["is_moved"]))


def _span(links: Links | None, wanted: int | None) -> int | NoSuchLink:
    known = links.linked | links.unlinked.keys() if links else set()
    if wanted is not None:
        known &= {wanted}
    if not known:
        return NoSuchLink.NEVER
    return known.pop() if len(known) == 1 else NoSuchLink.SEVERAL


def _job_under_way(
    services: Services, list_id: int, links: Links, span: int, deadline: float | None
) -> Job | None:
    """Return the job of a link that was taken back; a finished one only if the span was not linked again."""
    if span not in links.unlinked:
        return None
    job: Job | None = services.jobs.find(list_id, UNMERGE, links.unlinked[span], deadline)
    if job is None or (span in links.linked and job.state["is_moved"]):
        return None
    services.jobs.wake()
    return job


def _begin(services: Services, link: SpanLink, deadline: float | None) -> Job | None:
    """Take the link back and start the job. Returns None if the link is gone."""
    unlinking_id, now = services.ingest.new_id(deadline), time.time_ns() // 1_000_000
    prepare = partial(unlink, link=link, unlinking_id=unlinking_id, now=now)
    until = deadline or time.monotonic() + REQUEST_SECONDS
    job: Job | None = services.jobs.begin(link.list_id, UNMERGE, unlinking_id, prepare, until)
    return job
