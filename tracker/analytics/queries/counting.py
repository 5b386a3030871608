"""Counting: one statement for all measures that count events, people or visits, in every cell and on every level.

Events are first gathered by cell and tie (or visit), so that people are told apart among far fewer rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracker.analytics.queries.selection import Selection
from tracker.questions import Head


def counting_sql(
    selection: Selection, keys: Sequence[str], levels: Sequence[Sequence[str]], kinds: set[str], head: Head
) -> tuple[str, list[str]]:
    """Return the statement, and the names of its last columns. `levels` are the keys of each level, null for the others."""
    if selection.is_of_stretches:
        return _of_stretches(selection, keys, levels, kinds)
    sums: dict[str, str] = {
        kind: selection.number_of(kind, head) for kind in ("events", "views", "conversions") if kind in kinds
    }
    of_visits, of_people = selection.visits.needs_lengths, bool(kinds & {"people", "rate"})
    owner = ["p.actor AS actor", "p.visit AS visit"] if of_visits else [selection.owner] if of_people else []
    flags = {"reached": f"bool_or({selection.has_reached(head)})"} if "rate" in kinds else {}
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


def _of_stretches(
    selection: Selection, keys: Sequence[str], levels: Sequence[Sequence[str]], kinds: set[str]
) -> tuple[str, list[str]]:
    """Return the same of stretches. A visit has one in each bucket, and counts once where buckets are added up."""
    sums = {"events": "total", "views": "views", "conversions": "counted"}
    outcomes = {kind: f"CAST(sum({column}) AS BIGINT)" for kind, column in sums.items() if kind in kinds}
    if kinds & {"people", "rate"}:
        outcomes["people"] = "count(DISTINCT actor)"
    if "rate" in kinds:
        outcomes["reached"] = "count(DISTINCT actor) FILTER (WHERE counted > 0)"
    of_visits = {
        "visits": "count(*)",
        "bounces": "count(CASE WHEN events = 1 THEN 1 END)",
        "length": "sum(ended - began)",
    }
    is_once = {True: " FILTER (WHERE TRUE)", False: " FILTER (WHERE is_first)"}
    parts = []
    for number, shown in enumerate(levels):
        own = dict(outcomes)
        if selection.visits.needs_lengths:
            is_by_time = selection.has_buckets and shown[0] == "k0"
            own |= {name: sql + is_once[is_by_time] for name, sql in of_visits.items()}
        columns = ", ".join(
            [f"{number} AS level", *shown, *(f"{sql} AS {name}" for name, sql in own.items())]
        )
        parts.append(f"SELECT {columns} FROM d GROUP BY ALL")
    names = [*outcomes, *(of_visits if selection.visits.needs_lengths else ())]
    return f"WITH d AS (SELECT {', '.join([*keys, 'p.*'])} {selection.source()}) " + " UNION ALL ".join(
        parts
    ), names


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
        own, joined = ("actor, visit", "") if len(owner) == 2 else selection.whose("d")
        added = [f"sum({name}) AS {name}" for name in sums]
        kept = [f"{'bool_or' if name == 'reached' else 'any_value'}({name}) AS {name}" for name in flags]
        inner = f"SELECT {', '.join([*shown, own, *added, *kept])} FROM d{joined} GROUP BY ALL"
    return f"SELECT {ended} FROM ({inner}) GROUP BY ALL"
