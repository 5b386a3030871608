"""Which long jobs are there, and what does a step of each do?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tracker.ingest import late_links
from tracker.jobs.lease import Kind
from tracker.privacy import erasure, retention
from tracker.storage.events import UNMERGE, reassign_step
from tracker.storage.subscribers import FORGET

JOB_KINDS: Mapping[str, Kind] = {
    FORGET: partial(erasure.step, late_links),
    erasure.ERASE_RECHECK: partial(erasure.step, late_links),
    retention.RETENTION: retention.step,
    late_links.LATE: late_links.step,
    UNMERGE: reassign_step,
}
