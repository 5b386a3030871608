"""Credits: conversions, the visits that began before each, and which of these are credited with it by a model.

Only the visits of those who converted are made, which are far fewer than all.
"""

from __future__ import annotations

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.predicates import PredicateWriter
from tracker.analytics.queries.selection import Selection
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.visit_table import VisitTable
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import DIRECT, ENTRIES, AttributionPlan, Head

_DAY_MS = 86_400_000


class Credits:
    """The conversions of a question with what they are credited to."""

    def __init__(self, workspace: Workspace, schema: CopySchema, head: Head, plan: AttributionPlan) -> None:
        self._workspace, self._schema, self._head, self._plan = workspace, schema, head, plan
        self._conversions = self._made_conversions()
        self._touches = self._made_touches()

    def table(self, model: str) -> str:
        """Return the name of the table of credits: `actor`, `worth`, `currency`, `value`, and among how many it is `shared`.

        A conversion has as many rows as visits share it; one before which nothing was has one, without a value.
        """
        on, shared = f"k.n = c.n AND k.{model}", "greatest(k.touches, 1)" if model == "even" else "1"
        if model == "even":
            on = "k.n = c.n"
        return self._workspace.table(
            f"SELECT c.actor, c.worth, c.currency, {shown('k.value', self._plan)} AS value, "
            f"coalesce({shared}, 1) AS shared FROM {self._conversions} c LEFT JOIN {self._touches} k ON {on}",
            [],
        )

    def _made_conversions(self) -> str:
        head, conversion = self._head, self._plan.conversion
        selection = selection_of(self._workspace, self._schema, head)
        selection.needs_ties = True
        selection.add(selection.goal_of(head) if conversion is None else selection.writer.goal_is(conversion))
        at = f"e.{selection.dialect.event_time}"
        return self._workspace.table(
            f"SELECT row_number() OVER () AS n, w.actor AS actor, {at} AS moment, e.worth AS worth, e.currency AS currency "
            f"{selection.source()}",
            selection.parameters.values,
        )

    def _made_touches(self) -> str:
        """Return the name of the table of conversions with each visit that began before, within the days."""
        head, days = self._head, self._plan.days * _DAY_MS
        writer = PredicateWriter.of(self._schema)
        visits = VisitTable(
            writer, head.begins - days, head.ends, head.events_from, head.visit_gap_ms, self._conversions
        )
        value = visits.value(ENTRIES[self._plan.entry], "entry")
        is_direct = f"{value} IS NULL"
        if self._plan.entry != "pr":
            is_direct = f"coalesce({visits.value(ENTRIES['channel'], 'entry')}, '{DIRECT}') = '{DIRECT}'"
        table = self._workspace.table(
            f"SELECT c.n AS n, p.began AS began, {value} AS value, {is_direct} AS is_direct FROM {self._conversions} c "
            f"JOIN {visits.visits_in(self._workspace)} p ON p.actor = c.actor "
            f"WHERE p.began <= c.moment AND p.began >= c.moment - {days}",
            [],
        )
        chosen = (
            "SELECT n, count(*) AS touches, min(began) AS earliest, "
            f"coalesce(max(began) FILTER (WHERE NOT is_direct), max(began)) AS told FROM {table} GROUP BY 1"
        )
        return self._workspace.table(
            f"SELECT t.n AS n, t.value AS value, k.touches AS touches, t.began = k.earliest AS first, t.began = k.told AS last_non_direct "
            f"FROM {table} t JOIN ({chosen}) k USING (n)",
            [],
        )


def selection_of(workspace: Workspace, schema: CopySchema, head: Head) -> Selection:
    """Return the events of the range that match."""
    return Selection(workspace, schema, head, None, Range(head.begins, head.ends, head.events_from))


def shown(value: str, plan: AttributionPlan) -> str:
    """Return SQL for a value as rows show it: a visit without a channel is direct."""
    return f"coalesce({value}, '{DIRECT}')" if plan.entry == "channel" else value
