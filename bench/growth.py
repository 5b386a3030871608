"""Does ingest stay as fast while the database grows? From nothing to millions of events."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from bench.load import Load, load
from bench.plan import FILL_PER_SECOND, Plan, check_stored, echo, fill, known
from bench.report import LOAD_HEADS, Report, load_row
from bench.site import Database

STEP = 500_000
#: Millions of events at which the grown database is held against young ones; and at the end. `event.track` is measured
#: at the beginning too.
STOPS = (1, 5)


@dataclass
class Stop:
    """What was measured when so many events were stored."""

    stored: int
    floors: list[Load] = field(default_factory=list)
    tracks: list[Load] = field(default_factory=list)
    batches: list[Load] = field(default_factory=list)
    young: dict[str, list[Load]] = field(default_factory=lambda: {"empty": [], "known": []})


def expected_seconds(plan: Plan) -> float:
    turn = 5 * (plan.seconds + 0.5) + 8
    return 40 + plan.stored(plan.millions * 1e6) / FILL_PER_SECOND + len(_stops(plan)) * plan.turns * turn


def _stops(plan: Plan) -> list[int]:
    stops = {millions for millions in (*STOPS, plan.millions) if millions <= plan.millions}
    return [0, *sorted({plan.stored(millions * 1e6) for millions in stops})]


def measure(plan: Plan) -> Report:
    _, known_events = known(plan)
    database = plan.site.database("grown")
    stops: list[Stop] = []
    growth: list[list[str]] = []
    loads: list[Load] = []
    with echo(plan) as floor, database.serve() as grown:
        for until in _stops(plan):
            growth += _grow(plan, database, grown, until, loads)
            stops.append(_stop(plan, floor, grown, loads))
    stored = check_stored(database, loads)
    report = Report("growth", "Growing")
    report.say(
        f"From an empty database to {stored:,} events through `event.batch` of 1,000, with EventIDs as random as those of "
        "clients (ones that count up would flatter every index). Then the grown database and young ones take batches in "
        f"turn, {plan.turns} times {plan.seconds:g} s: one that is empty, and one of {known_events:,} events in which every "
        "visitor is known, as in the grown one, so that an event is the same work."
    )
    report.table(("stored", "events/s since the row above", "file, MB"), growth)
    report.table(LOAD_HEADS, [row for stop in stops for row in _rows(stop)])
    report.say(f"Events answered with 200 and events stored: {stored:,} both.")
    return report


def _grow(plan: Plan, database: Database, url: str, until: int, loads: list[Load]) -> list[list[str]]:
    rows = []
    while (stored := sum(one.stored for one in loads)) < until:
        filled = fill(plan, url, min(plan.stored(STEP), until - stored))
        loads.append(filled)
        row = [
            f"{stored + filled.stored:,}",
            f"{filled.per_second:,.0f}",
            f"{database.size() / 1e6:,.0f}",
        ]
        sys.stderr.write(f"{row[0]} events, {row[1]} a second\n")
        rows.append(row)
    return rows


def _stop(plan: Plan, floor: str, grown: str, loads: list[Load]) -> Stop:
    stop = Stop(sum(one.stored for one in loads))
    for _ in range(plan.turns):
        stop.floors.append(load(floor, plan.site, "event", seconds=plan.seconds))
        stop.tracks.append(load(grown, plan.site, "event", seconds=plan.seconds))
        if stop.stored:
            stop.batches.append(load(grown, plan.site, "batch", seconds=plan.seconds, events=1_000))
            for name, taken in stop.young.items():
                taken.append(_into_young(plan, name))
    loads += [*stop.tracks, *stop.batches]
    return stop


def _into_young(plan: Plan, name: str) -> Load:
    database = plan.site.database("young", copied_from=name)
    with database.serve() as url:
        load(url, plan.site, "event", seconds=min(1.0, plan.seconds))  # the processes have begun
        taken = load(url, plan.site, "batch", seconds=plan.seconds, events=1_000)
    database.remove()
    return taken


def _rows(stop: Stop) -> list[list[str]]:
    at = f"{stop.stored:,}: "
    rows = [
        load_row(f"{at}bare Flask JSON echo", stop.floors),
        load_row(f"{at}`event.track`, to the echo", stop.tracks, stop.floors),
    ]
    for name, title in (("empty", "an empty database"), ("known", "a young one with known visitors")):
        if stop.batches:
            rows.append(load_row(f"{at}batches, to {title}", stop.batches, stop.young[name], "≥ 0.90"))
    return rows
