"""Funnel view: an answer of `reports.funnel` as a chart, its groups as a table, and its course as lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tracker.console.charts import MAX_SERIES, Chart, FunnelBar, Series, funnel, line
from tracker.console.current_list import CurrentList
from tracker.console.dimension_words import DimensionWords
from tracker.console.journey_question import cell_path
from tracker.console.number_words import change, duration, percent, plain, written
from tracker.console.report_address import ReportAddress
from tracker.console.report_scope import ReportScope
from tracker.console.trend_chart import notes_at, time_axis

Steps = Sequence[Mapping[str, Any]]
#: Returns the address of those who reached a step, or who left after it: `opened(2, "left")`.
Opener = Callable[..., str]
#: What is counted, as its column is called.
COUNTED = {"people": "People", "visits": "Visits"}


def funnel_chart(
    answer: Mapping[str, Any],
    names: Sequence[str],
    currency: str,
    counted: str = "people",
    opened: Opener = lambda *_, **__: "",
    *,
    is_small: bool = False,
) -> Markup:
    """Return the steps of an answer as a chart. `names` are what the page calls them."""
    steps, before = answer["Steps"], answer["Before"] or []
    bars = [_bar(index, steps, before, name, currency, opened) for index, name in enumerate(names)]
    title = f"Funnel from {names[0]} to {names[-1]}" if names else "Funnel"
    return funnel(title, bars, COUNTED.get(counted, "People"), is_small=is_small)


def _bar(index: int, steps: Steps, before: Steps, name: str, currency: str, opened: Opener) -> FunnelBar:
    step, is_last = steps[index], index == len(steps) - 1
    changed = change("rate", step["OfFirst"], before[index]["OfFirst"], "") if index and before else None
    if before and not index:
        changed = change("people", step["People"], before[0]["People"], "")
    return FunnelBar(
        name,
        plain(step["People"]),
        step["OfFirst"] or 0.0,
        (steps[index - 1]["OfFirst"] or 0.0) if index else step["OfFirst"] or 0.0,
        percent(step["OfFirst"]),
        percent(step["OfBefore"]) if index else "–",
        "–" if step["MedianSeconds"] is None else duration(step["MedianSeconds"]),
        "–" if is_last else plain(step["Left"]),
        written("revenue", step["Revenue"], currency) if step["Revenue"] else "",
        opened(index + 1, "reached") if step["People"] else "",
        opened(index + 1, "left") if step["Left"] and not is_last else "",
        changed.words if changed else "",
    )


def opened_step(
    place: CurrentList, address: ReportAddress, params: Mapping[str, Any], step: int, kind: str, **at: Any
) -> str:
    """Return the address of those who reached a step, or left after it."""
    return cell_path(place, address, "reports.funnel", params, Step=step, Is=kind, **at)


def group_rows(
    answer: Mapping[str, Any], by: DimensionWords, address: ReportAddress, opened: Opener
) -> list[dict[str, Any]]:
    """Return a row for each group: its number at each step, with the share of its first."""
    return [
        {
            "name": by.value_words(group["Value"]),
            "link": address.with_condition(by.condition(group["Value"])),
            "cells": [
                {
                    "number": plain(step["People"]),
                    "share": percent(step["OfFirst"]) if index else "",
                    "people": opened(index + 1, "reached", Value=group["Value"]) if step["People"] else "",
                }
                for index, step in enumerate(group["Steps"])
            ],
        }
        for group in answer["Groups"]
    ]


def went_on(answer: Mapping[str, Any], names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what those who left did next, for each step that somebody left after."""
    return [
        {
            "name": name,
            "left": plain(step["Left"]),
            "next": [(_deed(each), plain(each["People"])) for each in step["Next"]],
        }
        for name, step in zip(names, answer["Steps"], strict=True)
        if step.get("Next")
    ]


def _deed(each: Mapping[str, Any]) -> str:
    if each["Event"] is None:
        return "nothing more"
    return f"saw {each['Page']}" if each["Page"] else str(each["Event"])


def course(
    answer: Mapping[str, Any],
    names: Sequence[str],
    interval: str,
    address: ReportAddress,
    annotations: Sequence[Mapping[str, Any]] = (),
) -> Markup | None:
    """Return the share of those who began at each time and reached each later step, as lines; None without times."""
    if not answer["Times"]:
        return None
    scope = ReportScope.of(answer["Scope"])
    times, axis = time_axis(answer["Times"], interval, scope, address)
    first = max(1, len(names) - MAX_SERIES)
    series = tuple(
        Series(names[step], tuple(_share(point["Steps"], step) for point in answer["Over"][: len(times)]))
        for step in range(first, len(names))
    )
    title = f"Share that went on, by the {interval} of the first step"
    return line(Chart(title, axis, series, percent, notes=tuple(notes_at(annotations, times))))


def _share(people: Sequence[int], step: int) -> float | None:
    return people[step] / people[0] if people[0] else None
