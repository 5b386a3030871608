"""Retention answers: cohorts, how many of each came back in the periods after, and the shares over all cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.retention_cohorts import cohorts_of
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Retention


def answer_retention(workspace: Workspace, schema: CopySchema, retention: Retention) -> dict[str, Any]:
    """Return the cohorts and the average share of each period.

    A number is null while its period has not begun, `complete` is how many of the first periods are over.
    """
    head, plan = retention.head, retention.plan
    found = cohorts_of(workspace, schema, head, plan)
    sums = [
        f"coalesce(CAST(sum({found.came_back(later)}) AS BIGINT), 0)" for later in range(1, plan.periods + 1)
    ]
    people = "count(*)" if found.is_one_word else "count(DISTINCT f.actor)"
    rows = workspace.rows(
        f"SELECT f.cohort, {people}, {', '.join(sums)} "
        f"FROM {found.firsts} f LEFT JOIN {found.seen} s ON s.actor = f.actor GROUP BY 1"
    )
    numbers = {cohort: counts for cohort, *counts in rows}
    cohorts = []
    for cohort in range(found.count):
        size, *returned = numbers.get(cohort, [0] * (plan.periods + 1))
        bounds = found.periods[cohort + 1 : cohort + plan.periods + 2]
        cohorts.append(
            {
                "begins": found.periods[cohort],
                "people": size,
                "returned": [
                    n if begins <= head.now else None for n, begins in zip(returned, bounds, strict=False)
                ],
                "complete": sum(ends <= head.now for ends in bounds[1:]),
            }
        )
    return {"cohorts": cohorts, "average": [_average(cohorts, number) for number in range(plan.periods)]}


def _average(cohorts: Sequence[dict[str, Any]], number: int) -> float | None:
    """Return who came back among all people of the cohorts of which this period is over."""
    over = [each for each in cohorts if each["complete"] > number]
    people = sum(each["people"] for each in over)
    return round(sum(each["returned"][number] for each in over) / people, 6) if people else None
