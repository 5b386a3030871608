"""Job kinds: the step function of each kind by its stored name.

A module of its own, so that runner and lease import neither `ingest` nor `privacy`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tracker.ingest import late_links
from tracker.jobs.lease import Kind
from tracker.privacy import erasure, list_deletion, named_deletion, retention
from tracker.storage.events import DELETE_EVENTS, UNMERGE, reassign_step
from tracker.storage.subscribers import FORGET
from tracker.storage.triggers import DELETE_TRIGGER, delete_step

JOB_KINDS: Mapping[str, Kind] = {
    FORGET: partial(erasure.step, late_links),
    erasure.ERASE_RECHECK: partial(erasure.step, late_links),
    retention.RETENTION: retention.step,
    late_links.LATE: late_links.step,
    UNMERGE: reassign_step,
    DELETE_TRIGGER: delete_step,
    list_deletion.DELETE_LIST: list_deletion.step,
    DELETE_EVENTS: named_deletion.step,
}
