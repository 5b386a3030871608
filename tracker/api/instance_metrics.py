"""Instance metrics: what `/metrics` tells of all workers of this instance, of the reports process, and of the jobs that wait."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from tracker import __version__
from tracker.errors import StorageUnavailable
from tracker.metrics import (
    BOUNDS,
    BUCKETS,
    COMMIT_MICROSECONDS,
    REFUSALS,
    REFUSED_EVENTS,
    REPEATED,
    REQUESTS,
    STARTS,
    STORED,
    Family,
    InstanceTotals,
    MetricSample,
    as_text,
)
from tracker.storage import job_queue
from tracker.storage.engine import parts_of_all_lists

if TYPE_CHECKING:
    from tracker.services import Services

#: Seconds that the database may take to count the jobs: a scrape waits for it.
COUNT_SECONDS = 1.0


def metrics_text(services: Services) -> str:
    """Return all metrics as text. What cannot be looked at now is left out; nothing is raised."""
    totals = services.metrics.totals()
    families = (*_workers(totals), *_calls(totals), *_writes(totals), *_limits(services, totals))
    return as_text((*families, *_reports(services), *_jobs(services)))


def _workers(totals: InstanceTotals) -> Iterator[Family]:
    yield Family(
        "tracker_build_info", "gauge", "The version that runs.", [MetricSample(1, {"version": __version__})]
    )
    yield Family.gauge(
        "tracker_start_time_seconds",
        "When the instance started, in seconds since 1970.",
        totals.started_at / 1000,
    )
    yield Family.gauge("tracker_workers", "Workers that live.", len(totals.workers))
    yield Family.gauge("tracker_workers_asked", "Workers that there should be.", totals.asked)
    yield _counter("tracker_worker_starts_total", "Starts of workers.", totals, STARTS)
    memory = [MetricSample(each.memory_bytes, {"worker": str(each.number)}) for each in totals.workers]
    yield Family("tracker_worker_memory_bytes", "gauge", "Memory of a worker.", memory)


def _calls(totals: InstanceTotals) -> Iterator[Family]:
    meaning = "Answered requests, by command and class of their status; other: of no command."
    yield _labelled("tracker_requests_total", meaning, totals, REQUESTS, "status")
    meaning = "Codes of refused requests, each once a request."
    yield _labelled("tracker_refusals_total", meaning, totals, REFUSALS, "code")
    meaning = "Refused events of batches that were answered, by their first code."
    yield _labelled("tracker_events_refused_total", meaning, totals, REFUSED_EVENTS, "code")
    yield _counter("tracker_events_stored_total", "Events that were committed.", totals, STORED)
    yield _counter("tracker_events_repeated_total", "Events that were stored already.", totals, REPEATED)


def _writes(totals: InstanceTotals) -> Iterator[Family]:
    yield Family.gauge("tracker_write_queue_requests", "Requests that wait to be written.", totals.waiting)
    yield Family.gauge("tracker_write_queue_rows", "The rows that they stand for.", totals.waiting_rows)
    yield Family.gauge(
        "tracker_write_in_flight_requests", "Requests in the transactions that are open.", totals.in_flight
    )
    bounds = [*(repr(bound) for bound in BOUNDS), "+Inf"]
    counts = accumulate(totals.counters.get(f"{BUCKETS} {bound}", 0) for bound in bounds)
    samples = [
        MetricSample(count, {"le": bound}, "_bucket") for bound, count in zip(bounds, counts, strict=True)
    ]
    samples.append(MetricSample(totals.counters.get(COMMIT_MICROSECONDS, 0) / 1_000_000, suffix="_sum"))
    samples.append(MetricSample(samples[-2].value, suffix="_count"))
    meaning = "Seconds of a group of writes, from the open transaction to its commit."
    yield Family("tracker_commit_seconds", "histogram", meaning, samples)


def _limits(services: Services, totals: InstanceTotals) -> Iterator[Family]:
    store = "redis" if services.settings.ratelimit_url else "file"
    meaning = "Where rate limits are counted: file or redis."
    yield Family("tracker_rate_limit_store", "gauge", meaning, [MetricSample(1, {"store": store})])
    meaning = "Workers that count their share of the limits by themselves, since the store is away."
    yield Family.gauge("tracker_rate_limit_alone", meaning, totals.alone)


def _reports(services: Services) -> Iterator[Family]:
    told = services.analytics.figures()
    figures: Mapping[str, Any] = (told or {}).get("figures", {})
    yield Family.gauge("tracker_reports_up", "Whether the reports process answers.", int(bool(figures)))
    is_hung = told is not None and not figures
    yield Family.gauge("tracker_reports_hung", "Whether there is one that does not answer.", int(is_hung))
    if not figures:
        return
    yield Family.gauge("tracker_reports_memory_bytes", "Its memory.", figures["memory"])
    yield Family.gauge("tracker_reports_copies", "Copies of lists that it has open.", figures["open"])
    if figures["lag_ms"] is not None:
        meaning = "How far the furthest copy that is asked for is behind the events."
        yield Family.gauge("tracker_reports_lag_seconds", meaning, figures["lag_ms"] / 1000)


def _jobs(services: Services) -> Iterator[Family]:
    storage, deadline = services.storage, time.monotonic() + COUNT_SECONDS
    count: Callable[..., int] = job_queue.unfinished_count
    try:
        parts = parts_of_all_lists(storage)
        waiting = sum(storage.read(partial(count, among=among), deadline) for among in parts)
    except StorageUnavailable:
        return
    yield Family.gauge("tracker_jobs_waiting", "Jobs that are not finished.", waiting)


def _counter(name: str, meaning: str, totals: InstanceTotals, entry: str) -> Family:
    return Family(name, "counter", meaning, [MetricSample(totals.counters.get(entry, 0))])


def _labelled(name: str, meaning: str, totals: InstanceTotals, kind: str, label: str) -> Family:
    """Return the counters of one kind, by command and one more label."""
    samples = []
    for entry, count in sorted(totals.counters.items()):
        parts = entry.split(" ")
        if parts[0] == kind and len(parts) == 3:
            samples.append(MetricSample(count, {"command": parts[1], label: parts[2]}))
    return Family(name, "counter", meaning, samples)
