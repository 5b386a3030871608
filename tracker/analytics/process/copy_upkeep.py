"""Copy upkeep: removes copies that nobody needs, builds anew to erase or where visits are others, and checks copies nightly."""

from __future__ import annotations

import logging
import time
from functools import partial

import duckdb

from tracker.analytics.copy.copy_files import ASKED, CHECKED
from tracker.analytics.copy.copy_tables import CopyState
from tracker.analytics.copy.copy_visits import visit_gap_of
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.analytics.process.reports_service import ReportsService, ReportsUnready
from tracker.domain.row_ids import first_id_at
from tracker.errors import StorageUnavailable
from tracker.storage.accounts import read_settings
from tracker.storage.changes import Kind, changes_from
from tracker.storage.events import copied_events, scan

#: Seconds without a question after which a copy is not followed for its upkeep, and after which it is removed.
RARE_SECONDS, UNUSED_SECONDS = 24 * 3600.0, 30 * 24 * 3600.0
#: Seconds between two checks of a copy.
CHECK_SECONDS = 24 * 3600.0
#: A copy is laid anew when so many rows came since its build: this share, and at least this number.
NEW_SHARE, LEAST_NEW = 0.1, 20_000
#: Rows from which a copy is large, and milliseconds for which erasures of a large one are gathered: a forget promises a day.
LARGE, GATHER_MS = 200_000, 12 * 3_600_000
#: Milliseconds before a copy's last look from which changes are read: as the tail does.
OVERLAP_MS = 180_000

_log = logging.getLogger("tracker.reports")


def keep_up(service: ReportsService, truth: TruthReader) -> None:
    """Do what is due for every copy. What fails is tried again at the next call."""
    existing = set(truth.read(scan.list_ids))
    for list_id in service.lists():
        try:
            if list_id not in existing or service.copy_of(list_id).age(ASKED) > UNUSED_SECONDS:
                service.copy_of(list_id).remove()
                continue
            _keep_one(service, truth, list_id)
        except (StorageUnavailable, ReportsUnready, duckdb.Error) as failure:
            _log.warning("the copy of list %d was not looked after: %s", list_id, failure)


def _keep_one(service: ReportsService, truth: TruthReader, list_id: int) -> None:
    copy = service.copy_of(list_id)
    is_rare = copy.age(ASKED) > RARE_SECONDS
    state = copy.state if copy.attach() else None
    if state is None:
        return
    if is_rare:
        if state.erased_at or has_erasures(truth, list_id, state):
            copy.remove()
        return
    if copy.age(CHECKED) > CHECK_SECONDS:
        found = service.check(list_id)
        if found and found["differing"]:
            _log.warning("the copy of list %d differed in %d quarter hours", list_id, found["differing"])
    elif service.prepare(list_id, 0.0) is not None:
        return
    state = copy.state
    settings = truth.read(partial(read_settings, list_id=list_id))
    if state is not None and (_is_to_be_rebuilt(state) or state.visit_gap_ms != visit_gap_of(settings)):
        service.rebuild(list_id)


def _is_to_be_rebuilt(state: CopyState) -> bool:
    """Return whether much is new, or deleted bytes are to go: of a large copy those of half a day together."""
    is_small = state.rows_built + state.rows_added < LARGE
    erased_for = time.time_ns() // 1_000_000 - state.erased_at
    is_erasure_due = state.erased_at > 0 and (is_small or erased_for > GATHER_MS)
    return is_erasure_due or state.rows_added > max(LEAST_NEW, state.rows_built * NEW_SHARE)


def has_erasures(truth: TruthReader, list_id: int, state: CopyState) -> bool:
    """Return whether a subscriber, a field or events were deleted, or events expired, since a copy was followed."""
    first = first_id_at(state.as_of - OVERLAP_MS)
    changes = truth.read(partial(changes_from, list_id=list_id, first_id=first))
    if any(change.kind in (Kind.SUBSCRIBER, Kind.FIELD) for change in changes):
        return True
    if (truth.read(partial(read_settings, list_id=list_id)).events_from or 0) > state.events_from:
        return True
    of_events = (change.ids for change in changes if change.kind is Kind.EVENTS)
    looks = (partial(copied_events.gone_of, list_id=list_id, event_ids=ids) for ids in of_events)
    return any(truth.read(look) for look in looks)
