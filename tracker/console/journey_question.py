"""Journey question: the parameters of funnels, retention, paths, attribution and products as addresses, commands, files and cells have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson

from tracker.console.current_list import CurrentList
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import api_call, csv_path, kept

#: Reports: the page of each below its list's, and the parameters besides the head that stand in its address.
JOURNEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "reports.funnel": ("/funnels", ("Steps", "Within", "Order", "Count", "By", "Top", "Interval", "Next")),
    "reports.retention": ("/retention", ("First", "Return", "Interval", "Periods")),
    "reports.paths": ("/paths", ("Around", "Direction", "Depth", "Top", "By")),
    "reports.attribution": ("/revenue", ("By", "Model", "Days", "Conversion")),
    "reports.products": ("/products", ("Sort",)),
}
#: Parameters that are steps, which are JSON where they are more than an event's name.
STEPS = ("Steps", "First", "Return", "Around", "Conversion")
#: Parameters of a funnel that change what is told beside its numbers; its cells have none of them.
BESIDE = ("Interval", "Next", "Top")


def asked(command: str, address: ReportAddress) -> dict[str, Any]:
    """Return the parameters that an address has of a report. What is no JSON goes to the command as it is, which says what is wrong."""
    found = {name: address.args[name] for name in JOURNEYS[command][1] if address.args.get(name)}
    return {name: read(value) if name in STEPS else value for name, value in found.items()}


def read(text: Any) -> Any:
    """Return what a step's text stands for: JSON where it begins like it, else the text. What is no text is read already."""
    if not isinstance(text, str) or not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return orjson.loads(text)
    except ValueError:
        return text


def text_of(value: Any) -> str:
    """Return a parameter as an address has it: text, or compact JSON."""
    is_bare = isinstance(value, str) and not value.lstrip().startswith(("{", "["))
    return value if is_bare else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def step_text(step: Any) -> str:
    """Return a step as an address has it. A name that looks like JSON is an object, so that it is not read as such."""
    return text_of(
        {"Event": step} if isinstance(step, str) and step.lstrip().startswith(("{", "[")) else step
    )


def journey_path(command: str, params: Mapping[str, Any], head: ReportAddress) -> str:
    """Return the address of a report's page below its list's, for the question of `head`."""
    path, names = JOURNEYS[command]
    known = {name: params[name] for name in names if params.get(name) is not None}
    texts = {name: text_of(value) if name in STEPS else _plain(value) for name, value in known.items()}
    return path + head.question(**texts)


def cell_path(
    place: CurrentList, address: ReportAddress, command: str, params: Mapping[str, Any], **at: Any
) -> str:
    """Return the address of the people in a number of a report: `at` is its place there. "" where a place has no pages."""
    if not place.path:
        return ""
    known = {
        name: value for name, value in params.items() if command != "reports.funnel" or name not in BESIDE
    }
    cell = {"Report": command, **known, **at}
    return f"{place.path}/who{address.question(Cell=text_of(cell))}"


def taken_along(
    command: str, place: CurrentList, address: ReportAddress, params: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the question as a file, as a call of the API, and as the form that saves it has it."""
    texts = {name: text_of(value) if name in STEPS else str(value) for name, value in params.items()}
    return {
        "csv": csv_path(command, place, address, {}, **texts),
        "call": api_call(command, place, address, **params),
        "keep": kept(command, address, **params),
    }


def _plain(value: Any) -> str:
    return ("1" if value else "") if isinstance(value, bool) else str(value)
