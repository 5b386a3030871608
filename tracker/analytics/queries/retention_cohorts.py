"""Retention cohorts: who did something for the first time, in which period, and in which periods they came back.

Periods are bits of a number of each person, as cells are in `people_bits`: there is no row for every person and period.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect, buckets
from tracker.analytics.queries.people_bits import BITS
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import Head, RetentionCell, RetentionPlan


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The begins of all periods and the last one's end, how many begin cohorts, and the tables of people.

    `firsts` has (actor, cohort), `seen` (actor, word, seen): a bit for each period in which they did it again.
    """

    periods: list[int]
    count: int
    firsts: str
    seen: str
    dialect: DuckDBDialect

    @property
    def is_one_word(self) -> bool:
        return len(self.periods) <= BITS

    def came_back(self, later: int) -> str:
        """Return SQL for 1 if a row of `firsts` f and `seen` s came back so many periods later, else 0."""
        number = f"(f.cohort + {later})"
        if self.is_one_word:
            return self.dialect.bit_of("s.seen", number)
        word = self.dialect.whole_quotient(number, BITS)
        return f"CASE WHEN s.word = {word} THEN {self.dialect.bit_of('s.seen', f'({number} % {BITS})')} ELSE 0 END"


def cohorts_of(workspace: Workspace, schema: CopySchema, head: Head, plan: RetentionPlan) -> Cohorts:
    """Return the cohorts of a range: whose first event of all that is kept lies in it."""
    periods = plan.periods_of(head.begins, head.ends, head.zone)
    count = len(periods) - plan.periods - 1
    firsts = _firsts(workspace, schema, head, plan, periods)
    return Cohorts(periods, count, firsts, _seen(workspace, schema, head, plan, periods), schema.dialect)


def _firsts(
    workspace: Workspace, schema: CopySchema, head: Head, plan: RetentionPlan, periods: list[int]
) -> str:
    ever = Range(head.events_from, head.ends, head.events_from)
    selection = Selection(workspace, schema, head, None, ever)
    selection.add_goals((plan.first,))
    at, who = f"e.{selection.dialect.event_time}", schema.table("who")
    cohort = buckets("began", periods[:-1], periods[-1], selection.dialect)
    return workspace.table(
        f"WITH d AS (SELECT e.tie AS tie, min({at}) AS began {selection.source()} GROUP BY 1), "
        f"a AS (SELECT w.actor AS actor, min(d.began) AS began FROM d JOIN {who} w ON w.tie = d.tie GROUP BY 1) "
        f"SELECT actor, CAST({cohort} AS INTEGER) AS cohort FROM a WHERE began >= {head.begins}",
        selection.parameters.values,
    )


def _seen(
    workspace: Workspace, schema: CopySchema, head: Head, plan: RetentionPlan, periods: list[int]
) -> str:
    later = Range(periods[1], periods[-1], head.events_from)
    selection = Selection(workspace, schema, head, None, later, days_before=head.ends)
    selection.add_goals((plan.again,))
    number = buckets(f"e.{selection.dialect.event_time}", periods[:-1], periods[-1], selection.dialect)
    word = selection.dialect.whole_quotient(f"({number})", BITS) if len(periods) > BITS else "0"
    bit = selection.dialect.bit(f"CAST(({number}) % {BITS} AS BIGINT)")
    who = schema.table("who")
    return workspace.table(
        f"WITH d AS (SELECT e.tie AS tie, {word} AS word, bit_or({bit}) AS seen {selection.source()} GROUP BY 1, 2) "
        f"SELECT w.actor AS actor, d.word AS word, bit_or(d.seen) AS seen FROM d JOIN {who} w ON w.tie = d.tie GROUP BY 1, 2",
        selection.parameters.values,
    )


def retention_actors(workspace: Workspace, schema: CopySchema, head: Head, cell: RetentionCell) -> str:
    """Return the table of the actors who are in a cell."""
    found = cohorts_of(workspace, schema, head, cell.plan)
    of_cohort = f"FROM {found.firsts} f"
    is_there = f"f.cohort = {found.periods.index(cell.cohort)}"
    if cell.period:
        of_cohort += f" JOIN {found.seen} s ON s.actor = f.actor"
        is_there += f" AND {found.came_back(cell.period)} = 1"
    return workspace.table(f"SELECT f.actor AS actor {of_cohort} WHERE {is_there}", [])
