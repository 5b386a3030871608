"""How fast is `website_events.properties`, and does it matter how many events are stored?"""

from __future__ import annotations

from bench.load import Load, load
from bench.plan import FILL_PER_SECOND, Plan, check_stored, echo, fill
from bench.report import LOAD_HEADS, Report, load_row

FEW, MANY = 10_000, 1_000_000


def expected_seconds(plan: Plan) -> float:
    return 20 + plan.stored(MANY) / FILL_PER_SECOND + plan.turns * 3 * (plan.seconds + 0.5)


def measure(plan: Plan) -> Report:
    few, many = plan.site.database("few"), plan.site.database("many")
    with echo(plan) as floor, few.serve() as of_few, many.serve() as of_many:
        # One by one: batches, of one list each, would leave most lists empty.
        filled_few = load(of_few, plan.site, "event", requests=plan.stored(FEW))
        filled_many = fill(plan, of_many, plan.stored(MANY))
        floors: list[Load] = []
        listings: dict[str, list[Load]] = {of_few: [], of_many: []}
        for address in (floor, *listings):
            load(address, plan.site, "event" if address == floor else "listing", seconds=plan.seconds / 5)
        for _ in range(plan.turns):
            floors.append(load(floor, plan.site, "event", seconds=plan.seconds))
            for address, loads in listings.items():
                loads.append(load(address, plan.site, "listing", seconds=plan.seconds))
    stored = check_stored(few, [filled_few]), check_stored(many, [filled_many])
    report = Report("listings", "Listing events and their properties")
    report.say(
        "`website_events.properties` on two databases, in turn with the echo. 50 lists, 20 events in each; names of events "
        f"and properties to be listed: {few.count_names():,} and {many.count_names():,}."
    )
    rows = [
        load_row("bare Flask JSON echo", floors),
        load_row(f"{stored[0]:,} events stored", listings[of_few], floors, "≥ 0.80"),
        load_row(f"{stored[1]:,} events stored", listings[of_many], floors, "≥ 0.80"),
        load_row("… as a share of the row above", listings[of_many], listings[of_few], "0.90–1.10"),
    ]
    report.table(LOAD_HEADS, rows)
    return report
