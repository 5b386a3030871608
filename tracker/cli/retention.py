"""Which events are older than their lists keep them? `tracker retention`."""

from __future__ import annotations

import time

import click

from tracker.privacy.care import CARE, DAY_MS, NOBODY, care_for, expired_events, lists_that_expire
from tracker.services import Services
from tracker.times import iso_utc


def retain(services: Services, list_id: int | None, is_dry_run: bool) -> None:
    """Delete them, or with `is_dry_run` count them, and say it in one line a list."""
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


def _delete(services: Services, list_id: int, days: int) -> str:
    storage, now = services.storage, time.time_ns() // 1_000_000
    storage.write(lambda transaction: care_for(transaction, list_id, now))
    job = services.jobs.find(list_id, CARE, NOBODY)
    claimed = services.jobs.claim(job) if job is not None else None
    if claimed is None:
        return "another process is deleting them"
    while claimed.is_open:
        claimed.step()
        claimed.rest(1.0)
    last = claimed.job.state.get("last")
    if last is None:
        return "another process has gone on with it"
    kept_from = iso_utc(last["cutoff"]) if last["cutoff"] is not None else "ever"
    return f"{last['removed']:,} events older than {days} days deleted, events are kept from {kept_from}"
