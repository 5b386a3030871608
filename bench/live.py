"""How fast is tracking, by single events and in batches, as a share of what a bare Flask JSON echo does?"""

from __future__ import annotations

from functools import partial
from itertools import chain

from bench.load import Kind, Load, load
from bench.plan import Plan, check_stored, echo, known
from bench.report import LOAD_HEADS, Report, load_row
from bench.servers import workers_pss_megabytes

#: Batches by their size: over so many connections at most. 32 with a thousand events each wait longer than the 5 s of a request
#: where the disk is slow, and are refused.
BATCHES = {100: 32, 1_000: 8}
#: Events in a request of an SDK's client, and in the batch of the same that it is compared with.
SDK_BATCH = 100
WARMED_UP: tuple[Kind, ...] = ("event", "public")


def expected_seconds(plan: Plan) -> float:
    return 20 + plan.turns * (5 + len(BATCHES)) * (plan.seconds + 0.5)


def measure(plan: Plan) -> Report:
    _, before = known(plan)
    database = plan.site.database("live", copied_from="known")
    floors: list[Load] = []
    tracks: list[Load] = []
    publics: list[Load] = []
    batches: dict[int, list[Load]] = {size: [] for size in BATCHES}
    sdks: list[Load] = []
    same: list[Load] = []
    memory: dict[str, list[float]] = {"single": [], "batch": []}
    with echo(plan) as floor, database.serve() as tracker:
        # The first event of a browser makes each worker learn about user agents.
        warm_up = [load(tracker, plan.site, kind, seconds=plan.seconds / 5) for kind in WARMED_UP]
        load(floor, plan.site, "event", seconds=plan.seconds / 5)

        def note_memory(kind: str) -> None:
            memory[kind].extend(workers_pss_megabytes(tracker))

        for turn in range(plan.turns):
            floors.append(load(floor, plan.site, "event", seconds=plan.seconds))
            # What batches took is not given back: it belongs to them.
            midway = partial(note_memory, "single" if turn == 0 else "batch")
            tracks.append(load(tracker, plan.site, "event", seconds=plan.seconds, midway=midway))
            publics.append(load(tracker, plan.site, "public", seconds=plan.seconds))
            midway = partial(note_memory, "batch")
            for size, taken in batches.items():
                over = min(plan.site.connections, BATCHES[size])
                taken.append(
                    load(
                        tracker,
                        plan.site,
                        "batch",
                        seconds=plan.seconds,
                        events=size,
                        connections=over,
                        midway=midway,
                    )
                )
            same.append(load(tracker, plan.site, "same", seconds=plan.seconds, events=SDK_BATCH))
            sdks.append(load(tracker, plan.site, "sdk", seconds=plan.seconds, events=SDK_BATCH))
    stored = check_stored(
        database, [*warm_up, *tracks, *publics, *same, *sdks, *chain.from_iterable(batches.values())], before
    )
    report = Report("live", "Tracking")
    report.say(
        f"A bare Flask echo of the same bodies, and Tracker on one SQLite file (`synchronous=FULL`), {plan.turns} turns of "
        f"{plan.seconds:g} s each. The ratio of `event.track` is to the echo, that of the SDK's batches is to "
        "`event.batch` of the same (with `Timestamp`, `SentAt`, `$lib` and `$lib_version`), and that of the others is events a second to single calls a second; latencies are those of a "
        "request."
    )
    rows = [
        load_row("bare Flask JSON echo", floors),
        load_row("`event.track`", tracks, floors, "≥ 0.80"),
        load_row("the collect endpoint, `POST /t/<id>`", publics, tracks),
        load_row("`event.batch` of 100, events", batches[100], tracks),
        load_row("`event.batch` of 1,000 over 8 connections, events", batches[1_000], tracks, "≥ 8"),
        load_row("`event.batch` of 100 with what an SDK sends, events", same, tracks),
        load_row("`POST /sdk/segment/v1/batch` of 100, events", sdks, same, "≥ 0.8"),
    ]
    report.table(LOAD_HEADS, rows)
    report.say(
        f"Memory of a worker (PSS), at most: {max(memory['single']):.0f} MB under single calls (asked for: ≤ 90), "
        f"{max(memory['batch']):.0f} MB under batches. Events answered with 200 and events stored: {stored:,} both."
    )
    return report
