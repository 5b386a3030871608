"""Metrics of an instance: what its workers count, in one mapped file, and the text that Prometheus reads."""

from tracker.metrics.metrics_file import MetricsFile, WorkerSlot
from tracker.metrics.prometheus_text import MEDIA_TYPE, Family, MetricSample, as_text
from tracker.metrics.recorder import (
    BOUNDS,
    BUCKETS,
    COMMIT_MICROSECONDS,
    REFUSALS,
    REFUSED_EVENTS,
    REPEATED,
    REQUESTS,
    SLOW_SECONDS,
    STARTS,
    STORED,
    MetricsRecorder,
    WorkerSample,
    resident_bytes,
)
from tracker.metrics.totals import InstanceTotals

__all__ = [
    "BOUNDS",
    "BUCKETS",
    "COMMIT_MICROSECONDS",
    "MEDIA_TYPE",
    "REFUSALS",
    "REFUSED_EVENTS",
    "REPEATED",
    "REQUESTS",
    "SLOW_SECONDS",
    "STARTS",
    "STORED",
    "Family",
    "InstanceTotals",
    "MetricSample",
    "MetricsFile",
    "MetricsRecorder",
    "WorkerSample",
    "WorkerSlot",
    "as_text",
    "resident_bytes",
]
