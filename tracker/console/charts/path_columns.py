"""Path columns: what came step by step, a column for each step, of which one entry leads on to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from tracker.console.charts.bar_chart import share
from tracker.console.charts.svg import element, join


@dataclass(frozen=True, slots=True)
class PathEntry:
    """A value of a step: its share of all, 0 to 1, in words too, its number, and where name and number lead, if anywhere."""

    name: str
    part: float
    share: str
    number: str
    link: str = ""
    people: str = ""
    is_chosen: bool = False
    is_value: bool = True


@dataclass(frozen=True, slots=True)
class PathColumn:
    """A step: its name, what it follows, and its entries, the largest first."""

    name: str
    after: str
    entries: tuple[PathEntry, ...]


def columns(title: str, steps: Sequence[PathColumn]) -> Markup:
    """Return the steps beside each other; on a phone below each other."""
    return element("ol", join(_column(step) for step in steps), class_="path-columns", aria_label=title)


def _column(step: PathColumn) -> Markup:
    after = element("span", f" after {step.after}", class_="muted given") if step.after else None
    entries = join(_entry(entry) for entry in step.entries)
    return element(
        "li", element("p", step.name, after, class_="path-head"), element("ul", entries), class_="path-step"
    )


def _entry(entry: PathEntry) -> Markup:
    named = f"row-link given{'' if entry.is_value else ' muted'}"
    name = (
        element(
            "a", entry.name, class_=named, href=entry.link, aria_current="true" if entry.is_chosen else None
        )
        if entry.link
        else element("span", entry.name, class_=named)
    )
    number = (
        element(
            "a",
            entry.number,
            class_="opens",
            href=entry.people,
            aria_label=f"{entry.number}: who is behind {entry.name}?",
        )
        if entry.people
        else element("span", entry.number)
    )
    return element(
        "li",
        element("div", share(entry.part), name, class_="shared"),
        number,
        element("span", entry.share, class_="muted"),
        class_="path-entry chosen" if entry.is_chosen else "path-entry",
    )
