"""Health checks: whether this Tracker runs well, each check with its state and what to do. The page and the CLI show the same."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tracker import __version__
from tracker.analytics.reports_client import HUNG
from tracker.api.setup_checks import BAD, OK, UNKNOWN, WARN, Check
from tracker.errors import StorageUnavailable
from tracker.formats.database_url import DatabaseURL
from tracker.metrics import SLOW_SECONDS
from tracker.preflight import look_at_others, look_at_store
from tracker.storage import job_queue
from tracker.storage.accounts import mails_tried
from tracker.storage.engine import EVENT_IDS, parts_of_all_lists, secret_of
from tracker.storage.recovery import BackupFolder, night_of
from tracker.times import iso_utc

if TYPE_CHECKING:
    from tracker.services import Services

HEALTH_CHECKS = (
    "Backup", "Workers", "Queue", "Disk", "Log", "Jobs", "Mails", "Reports", "Writers", "RateLimits", "Versions",
)  # fmt: skip
HOUR_MS = 3_600_000
#: Milliseconds that a nightly backup may take, and after which a job that is due and does not go on hangs.
BACKUP_MS, HANGING_MS = HOUR_MS, 10 * 60_000
#: Bytes free below which a disk is full soon, and the share below which it wants a look.
LEAST_FREE_BYTES, LEAST_FREE_SHARE = 512 * 2**20, 0.1
#: Bytes of the write-ahead log from which on something holds it, and from which on it is a trouble.
LONG_LOG_BYTES, TOO_LONG_LOG_BYTES = 256 * 2**20, 2 * 2**30
#: Hung jobs that are counted.
MOST_HUNG = 100
#: Milliseconds for which a slow commit is worth a look, and rows that wait from which on writing does not keep up.
SLOW_MS, LONG_QUEUE_ROWS = 10 * 60_000, 10_000


def health(services: Services, now: int, deadline: float | None) -> list[Check]:
    """Return every check, at `now` (UTC milliseconds). One that cannot be looked at is bad; nothing is raised."""
    looks: dict[str, Callable[[], Check]] = {
        "Backup": partial(_backup, services, now, deadline),
        "Workers": partial(_workers, services),
        "Queue": partial(_queue, services, now),
        "Disk": partial(_disk, services),
        "Log": partial(_log, services),
        "Jobs": partial(_jobs, services, now, deadline),
        "Mails": partial(_mails, services, deadline),
        "Reports": partial(_reports, services),
        "Writers": partial(_writers, services),
        "RateLimits": partial(_rate_limits, services),
        "Versions": partial(_versions, services, deadline),
    }
    return [_looked(name, look) for name, look in looks.items()]


def _looked(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except StorageUnavailable as failure:
        return Check(name, BAD, f"The database does not answer: {failure}", "See /ready and the log")
    except OSError as failure:
        return Check(
            name, BAD, f"It cannot be looked at: {failure}", "Let the user that Tracker runs as read it"
        )


def _workers(services: Services) -> Check:
    totals = services.metrics.seen()
    if totals is None:
        return Check("Workers", UNKNOWN, "No Tracker that serves is seen from here")
    alive, asked = len(totals.workers), totals.asked
    detail = f"{alive} of {asked} workers live, since {iso_utc(totals.started_at)}"
    if alive >= asked:
        return Check("Workers", OK, detail)
    fix = "The log says why they end; they are started again by themselves"
    return Check("Workers", WARN, detail, fix) if alive else Check("Workers", BAD, detail, "Start Tracker")


def _queue(services: Services, now: int) -> Check:
    totals = services.metrics.seen()
    if totals is None or not totals.workers:
        return Check("Queue", UNKNOWN, "No Tracker that serves is seen from here")
    detail = f"{totals.waiting:,} requests with {totals.waiting_rows:,} rows wait to be written, {totals.in_flight:,} are being written"
    if totals.slow_at:
        detail += (
            f"; the last commit that took {SLOW_SECONDS:.0f} s or longer was at {iso_utc(totals.slow_at)}"
        )
    fix = "See whether the disk or the database server is slow, or another program holds the database"
    if totals.waiting_rows >= LONG_QUEUE_ROWS:
        return Check("Queue", BAD, detail, fix)
    is_slow = totals.slow_at and now - totals.slow_at < SLOW_MS
    return Check("Queue", WARN, detail, fix) if is_slow else Check("Queue", OK, detail)


def _backup(services: Services, now: int, deadline: float | None) -> Check:
    folder = services.backups.folder
    if services.storage.engine.is_remote:
        return Check(
            "Backup", UNKNOWN, "A server's backups are made by its own tools, and not seen from here"
        )
    if folder is None:
        fix = "Set TRACKER_BACKUP_FOLDER to a folder on another disk"
        return Check("Backup", WARN, "No nightly backups are made", fix)
    if os.path.exists(folder.path) and (fault := folder.fault()):
        return Check(
            "Backup", BAD, f"TRACKER_BACKUP_FOLDER {fault}", "Mend the folder, or name another and restart"
        )
    return _last_backup(services, folder, now, deadline)


def _last_backup(services: Services, folder: BackupFolder, now: int, deadline: float | None) -> Check:
    secret = services.storage.read(partial(secret_of, name=EVENT_IDS), deadline)
    named = list(folder.named(now, secret))
    fix = "See the log, or run 'tracker db backup', which says what fails"
    backups = [each for each in named if each.fault is None]
    passed = [f"{each.path.name} {each.fault}" for each in named if each.fault is not None]
    more = f", nor do {len(passed) - 1} more" if passed[1:] else ""
    not_counted = f". Does not count: {passed[0]}{more}" if passed else ""
    if not backups:
        return Check("Backup", BAD, f"There is none in {folder.path}{not_counted}", fix)
    newest, due_at = backups[0], night_of(now)
    detail = (
        f"The last one is of {iso_utc(newest.began_at)}, {newest.bytes / 1e6:,.1f} MB, checked; {len(backups)} of"
        f" {folder.kept} are kept{not_counted}"
    )
    if newest.began_at < due_at and now - due_at > BACKUP_MS:
        return Check("Backup", BAD, f"{detail}. That of {iso_utc(due_at)} is missing", fix)
    if lacking := folder.lacks_bytes(services.settings.database_url):
        detail += f". The next one has no room: {lacking / 1e6:,.0f} MB are lacking"
        return Check("Backup", BAD, detail, f"Make room in {folder.path}, or set TRACKER_BACKUPS_KEPT lower")
    if newest.began_at < due_at:
        return Check("Backup", WARN, f"{detail}. That of {iso_utc(due_at)} is due", "Look again in an hour")
    if passed:
        fix = f"Move what is no backup out of {folder.path}, or give each database a folder of its own; if dates are ahead, see the clock"
        return Check("Backup", WARN, detail, fix)
    return Check("Backup", OK, detail)


def _disk(services: Services) -> Check:
    path = _file_of(services)
    if path is None:
        return Check("Disk", UNKNOWN, "The disk of a database server is not seen from here")
    usage = shutil.disk_usage(path.absolute().parent)
    share = usage.free / usage.total
    detail = f"{usage.free / 1e9:,.1f} GB ({share:.0%}) are free on the disk of the database"
    fix = "Make room: events are refused (503) when it is full, and none that was taken is lost"
    if usage.free < LEAST_FREE_BYTES:
        return Check("Disk", BAD, detail, fix)
    return Check("Disk", WARN, detail, fix) if share < LEAST_FREE_SHARE else Check("Disk", OK, detail)


def _log(services: Services) -> Check:
    path = _file_of(services)
    if path is None:
        return Check("Log", UNKNOWN, "The log of a database server is its own")
    log = path.with_name(f"{path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    detail = f"The write-ahead log has {size / 1e6:,.1f} MB"
    fix = "End what reads the database for long, such as a copy by hand or a program that has it open"
    if size > LONG_LOG_BYTES:
        return Check("Log", BAD if size > TOO_LONG_LOG_BYTES else WARN, detail, fix)
    return Check("Log", OK, detail)


def _file_of(services: Services) -> Path | None:
    """Return the database file; None for a server's database."""
    url = DatabaseURL.parse(services.settings.database_url)
    return url.path if url.kind == "sqlite" else None


def _jobs(services: Services, now: int, deadline: float | None) -> Check:
    look = partial(job_queue.hung, before=now - HANGING_MS, most=MOST_HUNG)
    parts = parts_of_all_lists(services.storage)
    hung = [job for among in parts for job in services.storage.read(partial(look, among=among), deadline)][
        :MOST_HUNG
    ]
    if not hung:
        return Check("Jobs", OK, "No job waits that could go on")
    kinds = ", ".join(sorted({kind for _, kind in hung}))
    count = f"{len(hung)}{'' if len(hung) < MOST_HUNG else ' or more'}"
    detail = f"{count} have not gone on for 10 minutes ({kinds}), the first one of list {hung[0][0]}"
    fix = "The log says why: look for lines that begin with 'job'. If no Tracker serves, start it"
    return Check("Jobs", WARN, detail, fix)


def _mails(services: Services, deadline: float | None) -> Check:
    if services.mails.sender is None:
        return Check("Mails", UNKNOWN, "No mails are sent: TRACKER_SMTP_URL is empty")
    tried = services.storage.read(mails_tried, deadline)
    last = (
        f"The last one was accepted {iso_utc(tried.accepted_at)}"
        if tried.accepted_at
        else "None was accepted yet"
    )
    if not tried.failing:
        return Check("Mails", OK, last)
    detail = f"{last}. To {tried.failing} of {tried.addresses} addresses the last one failed: {tried.failure}"
    state = BAD if tried.failing == tried.addresses else WARN
    return Check("Mails", state, detail, "Try the server: /console/mail, or 'tracker mail test ADDRESS'")


def _reports(services: Services) -> Check:
    client = services.analytics
    if not client.is_installed():
        return Check(
            "Reports",
            WARN,
            "DuckDB is not installed: reports are not answered",
            "pip install 'tracker[reports]'",
        )
    if not client.has_copies():
        return Check("Reports", UNKNOWN, "No list has a copy yet: the first report makes one")
    told = client.status_if_running()
    if told is None:
        return Check("Reports", OK, "The process rests until somebody asks")
    if "error" in told and client.is_asker:
        fix = "See that 'tracker reports serve' runs there, with the same secret, version and database"
        return Check("Reports", BAD, f"Not answered here: {told['detail']}", fix)
    if told.get("error") == HUNG:
        fix = "It is replaced within some seconds; if not, see the file log beside the copies"
        return Check("Reports", BAD, "The process does not answer", fix)
    if "error" in told:
        fix = "See the file log beside the copies, and for ClickHouse the URL in TRACKER_REPORTS_URL"
        return Check("Reports", BAD, f"Reports are not answered: {told.get('detail')}", fix)
    failed = [each for each in told["status"] if each.get("failure")]
    if failed:
        detail = f"The copy of list {failed[0]['list']} was not built: {failed[0]['failure']}"
        return Check("Reports", WARN, detail, f"tracker reports rebuild --list {failed[0]['list']}")
    ages = [each["as_of"] for each in told["status"] if each["as_of"] is not None]
    behind = f", looked at last {iso_utc(max(ages))}" if ages else ""
    return Check("Reports", OK, f"{len(told['status'])} copies, {len(ages)} open{behind}")


def _writers(services: Services) -> Check:
    if not services.storage.engine.is_remote:
        return Check("Writers", OK, "One SQLite file has one writer at a time")
    looked = look_at_others(services.settings, services.storage, is_start=False)
    remarks = [remark for found in looked.values() for remark in found]
    if remarks:
        return Check("Writers", BAD, remarks[0].text)
    return Check("Writers", OK, "One database node is written to, by clocks that agree")


def _rate_limits(services: Services) -> Check:
    fault = next(iter(look_at_store(services.settings)), None)
    if fault is not None:
        return Check("RateLimits", BAD, fault.text)
    where = (
        "in Redis, by all instances"
        if services.settings.ratelimit_url
        else "in a file, by this instance's workers"
    )
    return Check("RateLimits", OK, f"Calls are counted {where}")


def _versions(services: Services, deadline: float | None) -> Check:
    found, python = services.storage.versions(deadline), platform.python_version()
    ours = f"tables as of {found.migrations[-1]}"
    return Check("Versions", OK, f"Tracker {__version__}, {found.engine}, Python {python}; {ours}")
