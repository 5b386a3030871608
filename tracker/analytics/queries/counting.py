"""Counting: one statement for all measures that count events, people or visits, in every cell and on every level.

Events are first gathered by cell and tie (or visit), so that people are told apart among far fewer rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracker.analytics.queries.selection import IS_VIEW, Selection
from tracker.questions import Head


def counting_sql(
    selection: Selection, keys: Sequence[str], levels: Sequence[Sequence[str]], kinds: set[str], head: Head
) -> tuple[str, list[str]]:
    """Return the statement, and the names of its last columns. `levels` are the keys of each level, null for the others."""
    goal = selection.goal_of(head) if kinds & {"conversions", "rate"} else "FALSE"
    sums = _sums(kinds, goal)
    of_visits, of_people = selection.visits.needs_lengths, bool(kinds & {"people", "rate"})
    owner = ["p.actor AS actor", "p.visit AS visit"] if of_visits else ["e.tie AS tie"] if of_people else []
    flags = {"reached": f"bool_or({goal})"} if "rate" in kinds else {}
    if of_visits:
        flags |= {"length": "any_value(p.ended - p.began)", "real": "any_value(p.events)"}
    columns = [*keys, *owner, *(f"{sql} AS {name}" for name, sql in (sums | flags).items())]
    gathered = f"d AS MATERIALIZED (SELECT {', '.join(columns)} {selection.source()} GROUP BY ALL)"
    outcomes = _outcomes(kinds, of_visits, sums)
    parts = [
        _level(selection, number, shown, list(sums), list(flags), owner, outcomes)
        for number, shown in enumerate(levels)
    ]
    return f"WITH {gathered} " + " UNION ALL ".join(parts), list(outcomes)


def _sums(kinds: set[str], goal: str) -> dict[str, str]:
    """Return SQL for what is added up over events."""
    counted = {
        "events": "count(*)",
        "views": f"count(*) FILTER (WHERE {IS_VIEW})",
        "conversions": f"count(*) FILTER (WHERE {goal})",
    }
    return {kind: sql for kind, sql in counted.items() if kind in kinds}


def _outcomes(kinds: set[str], of_visits: bool, sums: dict[str, str]) -> dict[str, str]:
    """Return SQL for the results of a cell, over its people or visits."""
    people = "count(DISTINCT actor)" if of_visits else "count(*)"
    results = {name: f"CAST(sum({name}) AS BIGINT)" for name in sums}
    if kinds & {"people", "rate"}:
        results["people"] = people
    if "rate" in kinds:
        results["reached"] = f"{people} FILTER (WHERE reached)"
    if of_visits:
        results |= {
            "visits": "count(*)",
            "bounces": "count(*) FILTER (WHERE real = 1)",
            "length": "CAST(sum(length) AS BIGINT)",
        }
    return results


def _level(
    selection: Selection, number: int, shown: Sequence[str], sums: Sequence[str], flags: Sequence[str],
    owner: Sequence[str], outcomes: dict[str, str],
) -> str:  # fmt: skip
    """Return the SELECT of a level: its people or visits first, then its cells."""
    keys = [key.rpartition(" ")[2] for key in shown]
    ended = ", ".join([f"{number} AS level", *keys, *(f"{sql} AS {name}" for name, sql in outcomes.items())])
    if not owner:
        inner = f"SELECT {', '.join([*shown, *sums])} FROM d"
    else:
        own = "actor, visit" if len(owner) == 2 else "w.actor AS actor"
        added = [f"sum({name}) AS {name}" for name in sums]
        kept = [f"{'bool_or' if name == 'reached' else 'any_value'}({name}) AS {name}" for name in flags]
        joined = "" if len(owner) == 2 else f" JOIN {selection.writer.schema.table('who')} w ON w.tie = d.tie"
        inner = f"SELECT {', '.join([*shown, own, *added, *kept])} FROM d{joined} GROUP BY ALL"
    return f"SELECT {ended} FROM ({inner}) GROUP BY ALL"
