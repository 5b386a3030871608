"""Data commands: `tracker import`, `tracker bots recheck` and `tracker retention`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from io import BufferedReader, RawIOBase
from itertools import chain, islice
from pathlib import Path
from typing import Any, cast

import click

from tracker.api.event_params import EventParams
from tracker.api.relayed_events import relayed
from tracker.cli.context import check_own_list, find_user, open_services
from tracker.cli.output import INTERRUPTED, progress, say
from tracker.domain.event import Event
from tracker.errors import CommandError
from tracker.garbage import collect_rarely
from tracker.importing.encodings import as_utf_8
from tracker.importing.exports import EXPORTS, ExportedRecord, ExportRecords
from tracker.importing.importer import GROUP_EVENTS, LONE_GROUP_EVENTS, Import, ImportCounts, Target
from tracker.importing.interrupts import Interrupts
from tracker.importing.lines import Lines
from tracker.importing.records import CsvRecords, Record, is_property, ndjson_records
from tracker.integrity.bot_recheck import recheck
from tracker.privacy.retention import (
    DAY_MS,
    NO_SUBJECT,
    RETENTION,
    expired_events,
    lists_that_expire,
    schedule_retention,
)
from tracker.private_file import open_private
from tracker.services import Services
from tracker.storage.engine import trusted_time
from tracker.storage.events import scan
from tracker.times import iso_utc

FORMATS = {".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv"}
NEWEST_FIRST = (
    f"Note: the newest events come first. They were sorted within each {GROUP_EVENTS} to {LONE_GROUP_EVENTS} lines. Events are"
    " assigned by their time in any case, but of several values for one IdentifyProperty the one further down in the file stays"
)
#: The exit code when lines were rejected.
REJECTED = 3


class SomeRejected(click.ClickException):
    """The import went through, and some lines were rejected."""

    exit_code = REJECTED


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--user", "email", required=True, metavar="EMAIL", help="Import for this user.")
@click.option("--list", "list_id", type=int, metavar="ID", help="Put events without a ListID into this list.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["ndjson", "csv"]),
    help="Read this format, if the file's name does not tell.",
)
@click.option(
    "--from",
    "vendor",
    type=click.Choice([*EXPORTS]),
    help="FILE is an export of this tracker, as it gives it out: packed or not.",
)
@click.option(
    "--rejected",
    type=click.Path(dir_okay=False),
    help="Write rejected lines there, with the reasons.  [default: FILE.rejected]",
)
def import_file(
    file: str, email: str, list_id: int | None, kind: str | None, vendor: str | None, rejected: str | None
) -> None:
    """Import events from FILE, or from standard input if it is '-'.

    NDJSON: a line is an event with the parameters of event.track. CSV: the header names the parameters, columns
    'Properties.x' and 'IdentifyProperties.x' become properties, empty cells are absent; cells may be separated by commas,
    semicolons or tabs, and the text may be UTF-8 or UTF-16. SentAt is not used.

    Lines may be in any order: an event is assigned by its Timestamp. Each 100 to 500 lines are stored in the order
    of their Timestamps. Of several values for one IdentifyProperty the last one stored stays, so a file is best oldest first.

    A line without EventID gets one derived from its bytes, so importing a file again stores nothing twice: after Ctrl-C,
    or when lines were rejected (exit code 3), run it again. Each line of the rejected file is a JSON object with Line,
    Errors and Sent.

    An export of another tracker (--from) is read as what its SDK would have sent: docs/sdks.md tells what to export. What
    its SDK has sent here is not stored again, where the vendor gives events ids; what a page sent, only if the export says the
    same of it. Lines are counted through all parts of a zip file; in an array, its items.
    """
    if kind is not None and vendor is not None:
        raise click.UsageError("An export has its own format: leave out --format.")
    kind = kind or FORMATS.get(Path(file).suffix.lower())
    if kind is None and vendor is None:
        raise click.UsageError("Say --format ndjson or --format csv.")
    rejects = Path(rejected or ("stdin.rejected" if file == "-" else f"{file}.rejected"))
    if file != "-" and rejects.absolute() == Path(file).absolute():
        raise click.UsageError("FILE cannot take its own rejected lines.")
    with _opened(file) as source, open_services() as services:
        collect_rarely()
        target = _target(services, email, list_id, kind == "csv" and vendor is None, vendor is not None)
        size = 0 if file == "-" else Path(file).stat().st_size
        with _records(source, target, vendor) as records:
            rejecting = _rejecting(rejects, is_chosen=rejected is not None)
            counts = _run(services, target, records, partial(_position, source, size), size, rejecting)
    click.echo(_summary(counts))
    if counts.is_newest_first:
        click.echo(NEWEST_FIRST, err=True)
    if counts.ignored:
        names = ", ".join(map(repr, sorted(counts.ignored)))
        click.echo(f"Note: IdentifyProperties that were not written, at least once: {names}", err=True)
    if counts.rejected:
        raise SomeRejected(
            f"{counts.rejected_lines:,} of {counts.lines:,} lines were rejected: see {rejects}"
        )


def _position(source: BufferedReader, size: int) -> int:
    return source.tell() if size else 0


def _target(services: Services, email: str, list_id: int | None, is_csv: bool, is_export: bool) -> Target:
    user_id = find_user(services, email).id
    if list_id is not None:
        check_own_list(services, email, user_id, list_id)
    return Target(user_id, list_id, is_csv, is_export)


def _run(
    services: Services,
    target: Target,
    records: Iterable[Record],
    position: Callable[[], int],
    size: int,
    rejecting: AbstractContextManager[Callable[[Record, CommandError], None]],
) -> ImportCounts:
    complete = partial(_completed, services) if target.is_export else _as_it_is
    with rejecting as reject, progress(size, "Importing") as at, Interrupts() as interrupts:
        job = Import(services.ingest, services.stores.lists, target, interrupts, say, reject, complete)
        try:
            for _ in job.run(records):
                at(position())
        except KeyboardInterrupt:
            say(f"Interrupted. {_summary(job.counts)} Run the same again to go on.")
            raise SystemExit(INTERRUPTED) from None
        return job.counts


def _as_it_is(_: Record, event: Event) -> Event:
    return event


def _completed(services: Services, record: Record, event: Event) -> Event:
    """Add to an event of an export what follows from the browser that it came from."""
    if not isinstance(record, ExportedRecord):
        return event
    settings = services.stores.list_settings.of(event.list_id)
    return relayed(event, record.agent, record.address, settings, is_sdk=True)


@contextmanager
def _records(source: BufferedReader, target: Target, vendor: str | None) -> Iterator[Iterable[Record]]:
    """Yield the records of a file, of which the first has been read. Raises UnusableFile."""
    if vendor is None:
        yield _own_records(Lines(as_utf_8(source)), target.is_form)
        return
    with closing(ExportRecords(EXPORTS[vendor](), source)) as exported:
        records = iter(exported)
        yield chain([*islice(records, 1)], records)


def _own_records(lines: Lines, is_csv: bool) -> Iterable[Record]:
    if not is_csv:
        return ndjson_records(lines)
    records = CsvRecords(lines)
    known = {name.lower() for name in EventParams().load_fields}
    for name in records.columns:
        if name.lower() not in known and not is_property(name):
            click.echo(f"Note: the column '{name}' is no parameter of event.track and is left out", err=True)
    return records


@contextmanager
def _opened(file: str) -> Iterator[BufferedReader]:
    if file == "-":
        stdin = sys.stdin.buffer
        yield stdin if isinstance(stdin, BufferedReader) else BufferedReader(cast(RawIOBase, stdin))
    else:
        with Path(file).open("rb") as opened:
            yield opened


@contextmanager
def _rejecting(path: Path, is_chosen: bool) -> Iterator[Callable[[Record, CommandError], None]]:
    """Yield a function that writes a rejected line. Without rejected lines the file is removed.

    A link is followed only if somebody chose it. Raises ClickException.
    """
    count = 0
    if not is_chosen and path.is_symlink():
        raise click.ClickException(f"{path} is a link: say with --rejected where rejected lines go")
    with open_private(path, "w", "utf-8", is_link_followed=is_chosen) as file:

        def reject(record: Record, refusal: CommandError) -> None:
            nonlocal count
            count += 1
            sent = record.raw.decode(errors="replace")
            row: dict[str, Any] = {"Line": record.line, **refusal.body, "Sent": sent}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

        try:
            yield reject
        finally:
            if not count:
                path.unlink()


def _summary(counts: ImportCounts) -> str:
    stored = f"Stored {counts.stored:,} events; {counts.duplicates:,} were there already"
    return stored + (f"; {counts.tests:,} test events were checked only." if counts.tests else ".")


@click.group()
def bots() -> None:
    """Recheck which events were sent by robots."""


@bots.command("recheck")
@click.option("--list", "list_id", type=int, metavar="N", help="Take this list alone.")
@click.option("--dry-run", is_flag=True, help="Change nothing, and print how many it would be.")
def recheck_bots(list_id: int | None, dry_run: bool) -> None:
    """Recheck by their user agents whether events of browsers were sent by robots.

    Run it after an update: the lists of robots change. Counters, totals and the catalogue follow. Can be run while Tracker
    serves, and again at any time.
    """
    with open_services() as services:
        lists = services.storage.read(scan.list_ids)
        if list_id is not None and list_id not in lists:
            raise click.ClickException(f"there is no list {list_id}")
        for each in lists if list_id is None else [list_id]:
            found = recheck(services.storage, each, is_dry_run=dry_run)
            verb = "would change" if dry_run else "changed"
            click.echo(
                f"list {each}: {found.events:,} events of browsers checked; {len(found.people):,} {verb} from robot to person,"
                f" {len(found.robots):,} from person to robot"
            )


@click.command()
@click.option("--list", "list_id", type=int, metavar="N", help="Take this list alone.")
@click.option("--dry-run", is_flag=True, help="Delete nothing, and print how many it would be.")
@click.option(
    "--clock-is-right", is_flag=True, help="Delete, though the clock is days ahead of the last start."
)
def retention(list_id: int | None, dry_run: bool, clock_is_right: bool) -> None:
    """Delete events older than the RetentionDays of their lists, as Tracker does by itself once a day."""
    with open_services() as services:
        retain(services, list_id, is_dry_run=dry_run, is_clock_right=clock_is_right)


def retain(services: Services, list_id: int | None, is_dry_run: bool, is_clock_right: bool) -> None:
    """Delete expired events, or with `is_dry_run` count them. Prints a line for each list. Raises ClickException."""
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
    """Refuse to delete by a clock that may have jumped, unless the operator confirms it. Raises ClickException."""
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
    storage.write(lambda transaction: schedule_retention(transaction, list_id, now), list_id=list_id)
    job = services.jobs.find(list_id, RETENTION, NO_SUBJECT)
    claimed = services.jobs.claim(job) if job is not None else None
    if claimed is None:
        return "another process is deleting them"
    while claimed.is_open:
        claimed.step()
        claimed.throttle(1.0)
    last = claimed.job.state.get("last")
    if last is None:
        return "another process has taken over"
    kept_from = iso_utc(last["cutoff"]) if last["cutoff"] is not None else "ever"
    return f"{last['removed']:,} events older than {days} days deleted, events are kept from {kept_from}"
