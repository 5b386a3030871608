"""Paths view: an answer of `reports.paths` as columns, of which the address chooses the way from one to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tracker.console.charts import PathColumn, PathEntry, columns
from tracker.console.number_words import percent, plain

ENDED = {"after": "(the visit ended)", "before": "(the visit began here)"}
ORDINALS = ("1st", "2nd", "3rd", "4th", "5th")
NOT_SET = "(not set)"
#: Return the address of a chosen way, and of the people on one (`people(way, is_others)`).
Linker = Callable[[list[Any]], str]
Opener = Callable[[list[Any], bool], str]


def path_columns(
    answer: Mapping[str, Any],
    around: str,
    direction: str,
    chosen: Sequence[Any] = (),
    link: Linker = lambda _: "",
    people: Opener = lambda *_: "",
) -> Markup | None:
    """Return the columns; None if no visit has the event. Where the address chooses nothing, the largest value leads on."""
    nodes: Sequence[Mapping[str, Any]] = answer["Nodes"]
    if not nodes:
        return None
    way: list[Any] = []
    steps: list[PathColumn] = []
    after = around
    while nodes:
        on = _chosen(nodes, chosen[len(way)] if len(way) < len(chosen) else None)
        entries = tuple(_entry(node, way, node is on, direction, link, people) for node in nodes)
        steps.append(PathColumn(f"{ORDINALS[len(steps)]} step", after, entries))
        if on is None:
            break
        way, after, nodes = [*way, on["Value"]], _name(on, direction), on["Next"]
    word = "after" if direction == "after" else "before"
    return columns(f"Steps {word} {around}", steps)


def _chosen(nodes: Sequence[Mapping[str, Any]], value: Any) -> Mapping[str, Any] | None:
    """Return the node that leads on: that with the value, else the first that can."""
    going = [node for node in nodes if not node["IsEnd"] and not node["IsOthers"] and node["Next"]]
    return next(
        (node for node in going if value is not None and node["Value"] == value), going[0] if going else None
    )


def _entry(
    node: Mapping[str, Any], way: list[Any], is_chosen: bool, direction: str, link: Linker, people: Opener
) -> PathEntry:
    leads = bool(node["Next"]) and not node["IsEnd"] and not node["IsOthers"]
    on = way if node["IsOthers"] else [*way, None if node["IsEnd"] else node["Value"]]
    return PathEntry(
        _name(node, direction),
        node["Share"],
        percent(node["Share"]),
        plain(node["People"]),
        link([*way, node["Value"]]) if leads else "",
        people(on, bool(node["IsOthers"])),
        is_chosen,
        not (node["IsEnd"] or node["IsOthers"]),
    )


def _name(node: Mapping[str, Any], direction: str) -> str:
    if node["IsEnd"]:
        return ENDED[direction]
    if node["IsOthers"]:
        return "(others)"
    return NOT_SET if node["Value"] is None else str(node["Value"]) or "(empty)"
