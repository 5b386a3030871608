"""Funnel chart: a row for each step, with a bar of those who reached it before the bar of those who were lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tracker.console.charts.svg import element, join


@dataclass(frozen=True, slots=True)
class FunnelBar:
    """A step: its numbers in words, its `part` of the first step and that of the step before, and where two numbers lead, if anywhere.

    `change` is markup beside the number, such as that against the time before.
    """

    name: str
    reached: str
    part: float
    part_before: float
    of_first: str
    of_before: str
    median: str
    left: str
    revenue: str = ""
    path: str = ""
    left_path: str = ""
    change: str = ""


def funnel(
    title: str, bars: Sequence[FunnelBar], counted: str = "People", *, is_small: bool = False
) -> Markup:
    """Return the funnel as a table that is read from top to bottom. A small one has the numbers of those who came alone."""
    names = (
        [counted, "Of all"] if is_small else [counted, "Of all", "Of the step before", "Time, median", "Left"]
    )
    has_money = not is_small and any(bar.revenue for bar in bars)
    names += ["Revenue"] if has_money else []
    head = join(element("th", name, scope="col", class_="num") for name in names)
    rows = join(_row(number, bar, is_small, has_money) for number, bar in enumerate(bars, 1))
    return element(
        "table",
        element("caption", title, class_="visually-hidden"),
        element("thead", element("tr", element("th", "Step", scope="col"), head)),
        element("tbody", rows),
        class_="table funnel" + ("" if is_small else " stacked"),
    )


def _row(number: int, bar: FunnelBar, is_small: bool, has_money: bool) -> Markup:
    name = element("span", f"{number}", class_="step-number") + element("span", bar.name, class_="given")
    cells = [
        _linked("People", bar.reached, bar.path, f"{bar.reached}: who reached {bar.name}?", bar.change),
        _cell("Of all", bar.of_first),
    ]
    if not is_small:
        cells += [
            _cell("Of the step before", bar.of_before),
            _cell("Time, median", bar.median),
            _linked("Left", bar.left, bar.left_path, f"{bar.left}: who left after {bar.name}?"),
        ]
    cells += [_cell("Revenue", bar.revenue or "–")] if has_money else []
    return element(
        "tr", element("th", element("div", name, class_="step-name"), _bar(bar), scope="row"), join(cells)
    )


def _bar(bar: FunnelBar) -> Markup:
    before, reached = (100 * min(max(part, 0.0), 1.0) for part in (bar.part_before, bar.part))
    return element(
        "svg",
        element("rect", class_="lost", width=max(before, reached), height=1),
        element("rect", class_="kept", width=reached, height=1),
        class_="step-bar",
        view_box="0 0 100 1",
        aspect="none",
        aria_hidden="true",
    )


def _cell(label: str, words: str) -> Markup:
    return element("td", words, class_="num" if words != "–" else "num blank", data_label=label)


def _linked(label: str, words: str, path: str, told: str, change: str = "") -> Markup:
    number: Markup | str = element("a", words, class_="opens", href=path, aria_label=told) if path else words
    more = element("span", change, class_="step-change muted") if change else None
    return element("td", number, more, class_="num" if words != "–" else "num blank", data_label=label)
