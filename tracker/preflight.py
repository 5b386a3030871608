"""Preflight: what would fail at a failover, or at the next backup, is told at the start, by `tracker serve`, `tracker db upgrade` and `tracker doctor`.

Each remark is one line that says what to change.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from tracker.config import Settings
from tracker.rate_limits import redis_fault
from tracker.storage.engine import (
    LOSES,
    WARNS,
    Database,
    IncompatibleDatabase,
    Remark,
    WritersSeen,
    clock_remarks,
    two_writers,
    uncounted,
    writers_seen,
)
from tracker.storage.recovery import BackupFolder
from tracker.storage.shards.spread_tables import spread_remarks

#: Remarks by what was looked at.
Looked = dict[str, Sequence[Remark]]


def look_at_servers(settings: Settings, database: Database) -> Looked:
    """Look at the database server, the other members of its cluster, Redis, ClickHouse, and the folder of backups, in some seconds.

    The database may be of any version, or empty. Raises StorageUnavailable.
    """
    return {
        "DatabaseServers": database.look_around(),
        "RateLimitStore": look_at_store(settings),
        "BackupFolder": _of_backups(settings),
        "ReportsStore": look_at_reports(settings),
    }


def look_at_reports(settings: Settings) -> Sequence[Remark]:
    """Look at ClickHouse, if it is to keep the copies for reports. Reports are not events: nothing of it keeps a start from tracking."""
    if not settings.reports_url.startswith("clickhouse") or find_spec("duckdb") is None:
        return []
    from tracker.analytics.clickhouse.clickhouse_fault import clickhouse_fault  # with DuckDB: not for workers

    fault = clickhouse_fault(settings.reports_url)
    until = "reports are not answered until that, or TRACKER_REPORTS_URL, is changed"
    return [] if fault is None else [Remark(WARNS, f"{fault}: {until}")]


def look_at_store(settings: Settings) -> Sequence[Remark]:
    """Look at Redis, if rate limits are counted there."""
    fault = redis_fault(settings.ratelimit_url) if settings.ratelimit_url else None
    return [] if fault is None else [Remark(WARNS, f"TRACKER_RATELIMIT_URL {fault}")]


def look_at_others(settings: Settings, database: Database, is_start: bool = True) -> Looked:
    """Look at the clocks, at the other instances that write to the database, and at how its tables are spread.

    Before a start, leases of this instance are of an earlier run, whose clock may have been another.

    Raises StorageUnavailable.
    """
    if not database.engine.is_remote:
        return {"ServerClock": [], "Instances": [], "Shards": []}
    seen = database.read(writers_seen)
    return {
        "ServerClock": clock_remarks(seen, utc_ms(), settings.instance if is_start else None),
        "Instances": _of_instances(settings, seen),
        "Shards": database.read(lambda transaction: spread_remarks(transaction, settings.shards)),
    }


def heed(looked: Looked, warn: Callable[[str], object]) -> None:
    """Tell each remark as a warning. Raises IncompatibleDatabase with the first one that forbids the start."""
    found = [remark for remarks in looked.values() for remark in remarks]
    refused = next((remark for remark in found if remark.weight != WARNS), None)
    for remark in found:
        if remark is not refused:
            warn(f"Warning: {remark.text}")
    if refused is not None:
        way_out = " (TRACKER_ACCEPT_WEAK_DURABILITY=1 starts all the same)" if refused.weight == LOSES else ""
        raise IncompatibleDatabase(refused.text + way_out)


def utc_ms() -> int:
    """Return this machine's clock in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def _of_backups(settings: Settings) -> list[Remark]:
    folder = settings.backup_folder
    fault = None if folder is None else BackupFolder(folder.absolute(), settings.backups_kept).fault()
    return [] if fault is None else [Remark(WARNS, f"TRACKER_BACKUP_FOLDER {fault}")]


def _of_instances(settings: Settings, seen: WritersSeen) -> list[Remark]:
    others = [name for name in seen.instances if name != settings.instance]
    found = [Remark(WARNS, two_writers(nodes))] if (nodes := seen.nodes_at_once) else []
    if others and settings.ratelimit_url is None:
        found.append(Remark(WARNS, uncounted(others)))
    return found
