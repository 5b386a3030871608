"""Funnel answers: how many reach each step, how long it takes them and what they spend, in all, by value and by their begin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.duckdb_dialect import buckets
from tracker.analytics.queries.funnel_attempts import FunnelAttempts
from tracker.analytics.queries.numbers_of_cells import money
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import IDENTIFY, Funnel, bucket_begins

#: What leavers did next that is shown of a step, the most frequent.
NEXT = 5


def answer_funnel(workspace: Workspace, schema: CopySchema, funnel: Funnel) -> dict[str, Any]:
    """Return the steps of everybody and of each group, those of the range before, and people by the time they began."""
    head = funnel.head
    now = _Walked(workspace, schema, funnel, Range(head.begins, head.ends, head.events_from))
    answer: dict[str, Any] = {"steps": now.steps(), "groups": [], "times": [], "over": [], "before": None}
    if funnel.has_next:
        for step, went in zip(answer["steps"], now.next(), strict=True):
            step["next"] = went
    if funnel.plan.by is not None:
        answer["groups"] = now.groups()
    if funnel.interval is not None:
        answer["times"] = bucket_begins(funnel.interval, head.begins, head.ends, head.zone)
        answer["over"] = now.over(answer["times"])
    if head.before is not None:
        answer["before"] = _Walked(workspace, schema, funnel, Range(*head.before, head.events_from)).steps()
    return answer


class _Walked:
    """The attempts of one range, counted."""

    def __init__(self, workspace: Workspace, schema: CopySchema, funnel: Funnel, range_: Range) -> None:
        self._workspace, self._funnel, self._range, self._dialect = workspace, funnel, range_, schema.dialect
        self._attempts = FunnelAttempts(workspace, schema, funnel.head, funnel.plan, range_)
        self._best = self._attempts.best()
        self._numbers = range(1, len(funnel.plan.steps) + 1)

    def steps(self) -> list[dict[str, Any]]:
        [counted] = self._workspace.rows(f"SELECT {self._counts()} FROM {self._best}")
        return self._shown(counted, self._spent("NULL").get(None, {}))

    def groups(self) -> list[dict[str, Any]]:
        """Return the steps of those whose attempts began with each value, of the values with most of them."""
        rows = self._workspace.rows(
            f"SELECT value, {self._counts()} FROM {self._best} GROUP BY 1 "
            f"ORDER BY count(*) DESC, value ASC NULLS LAST LIMIT {self._funnel.top}"
        )
        spent = self._spent("b.value")
        return [
            {"value": value, "steps": self._shown(counted, spent.get(value, {}))} for value, *counted in rows
        ]

    def over(self, begins: Sequence[int]) -> list[list[int]]:
        """Return how many of those who began in each bucket reached each step."""
        bucket = buckets("began", begins, self._range.ends, self._dialect)
        reached = ", ".join(f"count(*) FILTER (WHERE depth >= {number})" for number in self._numbers)
        rows = self._workspace.rows(f"SELECT {bucket}, {reached} FROM {self._best} GROUP BY 1")
        found = {number: counts for number, *counts in rows}
        return [found.get(number, [0] * len(self._numbers)) for number in range(len(begins))]

    def next(self) -> list[list[dict[str, Any]]]:
        """Return what those who went no further than each step did next, most frequent first; null: nothing."""
        selection = self._attempts.select()
        selection.add(f"e.name <> '{IDENTIFY}'")
        at, page = f"e.{selection.dialect.event_time}", selection.writer.text("$pathname")
        columns = [
            f"{selection.dialect.position(at, 'e.id')} AS pos",
            f"{selection.writer.event_name()} AS name",
            f"CASE WHEN {selection.writer.is_view()} THEN {page} END AS page",
        ]
        did = self._dialect.record(("name", "page"), "c")
        rows = self._workspace.rows(
            f"WITH l AS (SELECT unit, depth, last FROM {self._best} WHERE depth < {len(self._numbers)}), "
            f"n AS (SELECT l.unit AS unit, l.depth AS depth, {self._dialect.first(did, 'c.pos')} AS did FROM l "
            f"LEFT JOIN ({self._attempts.events(selection, columns)}) c ON c.unit = l.unit AND c.pos > l.last GROUP BY 1, 2) "
            "SELECT depth, did.name, did.page, count(*) AS people FROM n GROUP BY 1, 2, 3 "
            f"QUALIFY row_number() OVER (PARTITION BY depth ORDER BY people DESC, did.name NULLS LAST, did.page NULLS LAST) <= {NEXT} "
            "ORDER BY people DESC, 2 NULLS LAST, 3 NULLS LAST",
            selection.parameters.values,
        )
        return [
            [
                {"event": name, "page": page, "people": people}
                for depth, name, page, people in rows
                if depth == number
            ]
            for number in self._numbers
        ]

    def _counts(self) -> str:
        """Return SQL for the number of those who reached each step, and the median of the time from the step before."""
        columns = [f"count(*) FILTER (WHERE depth >= {number})" for number in self._numbers]
        columns += [
            f"{self._dialect.median(f't{number} - t{number - 1}')} FILTER (WHERE depth >= {number})"
            for number in self._numbers[1:]
        ]
        return ", ".join(columns)

    def _spent(self, key: str) -> dict[Any, dict[int, dict[str, Decimal]]]:
        """Return {value of the key: {depth: {currency: amount}}} of the conversions within the window from the begin on."""
        selection = self._attempts.select()
        selection.add("e.worth IS NOT NULL")
        columns = [f"e.{selection.dialect.event_time} AS tm", "e.worth AS worth", "e.currency AS currency"]
        within = self._funnel.plan.within_ms
        window = "" if within is None else f" AND c.tm - b.began <= {within}"
        rows = self._workspace.rows(
            f"SELECT {key}, b.depth, c.currency, sum(c.worth) FROM {self._best} b "
            f"JOIN ({self._attempts.events(selection, columns)}) c ON c.unit = b.unit AND c.tm >= b.began{window} GROUP BY 1, 2, 3",
            selection.parameters.values,
        )
        spent: dict[Any, dict[int, dict[str, Decimal]]] = defaultdict(lambda: defaultdict(dict))
        for value, depth, currency, worth in rows:
            spent[value][depth][currency or ""] = worth
        return spent

    def _shown(self, counted: Sequence[Any], spent: dict[int, dict[str, Decimal]]) -> list[dict[str, Any]]:
        """Return the steps from a row of `_counts`."""
        count = len(self._numbers)
        people, medians = counted[:count], [None, *counted[count:]]
        return [
            {
                "people": people[number],
                "of_first": _share(people[number], people[0]),
                "of_before": _share(people[number], people[number - 1]) if number else None,
                "seconds": None if medians[number] is None else round(medians[number] / 1000, 6),
                "left": people[number] - people[number + 1] if number + 1 < count else 0,
                "revenue": _sum(amounts for depth, amounts in spent.items() if depth > number),
            }
            for number in range(count)
        ]


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _sum(parts: Iterable[dict[str, Decimal]]) -> dict[str, str]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        for currency, amount in part.items():
            sums[currency] += amount
    return money(sums)
