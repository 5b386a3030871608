"""Which events are older than their lists keep them? `tracker retention`."""

from __future__ import annotations

import time
from functools import partial

import click

from tracker.privacy.retention import (
    DAY_MS,
    NO_SUBJECT,
    RETENTION,
    expired_events,
    lists_that_expire,
    schedule_retention,
)
from tracker.services import Services
from tracker.storage.engine import trusted_time
from tracker.times import iso_utc


def retain(services: Services, list_id: int | None, is_dry_run: bool, is_clock_right: bool) -> None:
    """Delete them, or with `is_dry_run` count them, and say it in one line a list."""
    if not is_dry_run:
        _check_clock(services, is_clock_right)
    kept = lists_that_expire(services.storage, list_id)
    if not kept:
        click.echo("no list has RetentionDays" if list_id is None else f"list {list_id}: keeps its events")
    for each, days in kept.items():
        if is_dry_run:
            cutoff = time.time_ns() // 1_000_000 - days * DAY_MS
            count = expired_events(services.storage, each, cutoff)
            click.echo(f"list {each}: {count:,} events are older than {days} days")
        else:
            click.echo(f"list {each}: {_delete(services, each, days)}")


def _check_clock(services: Services, is_right: bool) -> None:
    """A clock that may have jumped deletes nothing unless somebody who looks at it says so."""
    now = time.time_ns() // 1_000_000
    reading = services.storage.read(trusted_time.read)
    if is_right:
        services.storage.write(partial(trusted_time.trust, now=now))
    elif reading.is_ahead(now):
        raise click.ClickException(
            f"the clock says {iso_utc(now)}, and this database has last seen {iso_utc(reading.seen_at)}: nothing was"
            " deleted. If the clock is right, add --clock-is-right"
        )


def _delete(services: Services, list_id: int, days: int) -> str:
    storage, now = services.storage, time.time_ns() // 1_000_000
    storage.write(lambda transaction: schedule_retention(transaction, list_id, now))
    job = services.jobs.find(list_id, RETENTION, NO_SUBJECT)
    claimed = services.jobs.claim(job) if job is not None else None
    if claimed is None:
        return "another process is deleting them"
    while claimed.is_open:
        claimed.step()
        claimed.throttle(1.0)
    last = claimed.job.state.get("last")
    if last is None:
        return "another process has gone on with it"
    kept_from = iso_utc(last["cutoff"]) if last["cutoff"] is not None else "ever"
    return f"{last['removed']:,} events older than {days} days deleted, events are kept from {kept_from}"
