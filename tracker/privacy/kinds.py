"""Which long jobs are there, and what does a step of each do?"""

from __future__ import annotations

from collections.abc import Mapping

from tracker.ingest import late
from tracker.jobs.claimed import Kind
from tracker.privacy import care, forgetting
from tracker.storage.forgetting import FORGET

JOB_KINDS: Mapping[str, Kind] = {
    FORGET: forgetting.step,
    forgetting.FORGET_AGAIN: forgetting.step,
    care.CARE: care.step,
    late.LATE: late.step,
}
