"""Funnels page at `/lists/<id>/funnels`: how many take one step after the other, where they leave, and what they did then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from flask import redirect, render_template, request

from tracker.console.current_list import CurrentList
from tracker.console.dimension_words import OFFERED, DimensionWords
from tracker.console.filter_words import OPERATORS
from tracker.console.funnel_view import course, funnel_chart, group_rows, opened_step, went_on
from tracker.console.goal_form import OFFERED_OPERATORS
from tracker.console.journey_question import asked, read, step_text, taken_along, text_of
from tracker.console.offered_steps import OfferedSteps, names_of, offered_steps, with_condition
from tracker.console.page_context import Route
from tracker.console.report_address import WITHOUT_VALUE, Condition, ReportAddress
from tracker.console.report_pages import annotations_of, frame, report, report_page

COMMAND = "reports.funnel"
#: Steps of a funnel at least and at most.
LEAST, MOST = 2, 8
COUNTS = {"people": "people", "visits": "visits"}
ORDERS = {"in_order": "in this order", "strict": "directly after each other", "any": "in any order"}
WINDOWS = {
    "30m": "30 minutes",
    "1h": "an hour",
    "1d": "a day",
    "7d": "7 days",
    "30d": "30 days",
    "90d": "90 days",
    "visit": "one visit",
}
INTERVALS = ("day", "week", "month", "hour")
#: The fields of the form that become `Steps`, each with the number of its step.
FIELDS = ("step", "with", "how", "what")


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    if any(f"step{number}" in address.args for number in range(1, MOST + 1)):
        return redirect(request.path + _written(address), 303)
    offered, params = offered_steps(place, address), asked(COMMAND, address)
    steps = _steps(params.get("Steps") or [], offered.suggested(place.described.get("Products") or {}))
    by = DimensionWords(params["By"]) if params.get("By") else None
    form = {
        "steps": [_row(steps, number, address, offered) for number in range(len(steps))],
        "following": offered.groups() if len(steps) < MOST else None,
        "counted": params.get("Count", "people"),
        "order": params.get("Order", "in_order"),
        "within": params.get("Within", "visit" if params.get("Count") == "visits" else "7d"),
        "by": by,
        "interval": params.get("Interval", ""),
        "dimensions": {each: DimensionWords(each).name for each in (*OFFERED, *([by.form] if by else []))},
        "operators": {word: OPERATORS[word] for word in OFFERED_OPERATORS},
        "counts": COUNTS,
        "orders": ORDERS,
        "windows": WINDOWS
        | ({} if params.get("Within") in (None, *WINDOWS) else {params["Within"]: params["Within"]}),
        "intervals": INTERVALS,
        "is_suggested": "Steps" not in params,
    }
    if len(steps) < LEAST:
        return render_template("funnels_none.html", tab="funnels", place=place, address=address, form=form)
    return render_template(
        "funnels.html",
        tab="funnels",
        form=form,
        **_answered(place, address, {**params, "Steps": steps}, by, offered),
    )


def _steps(sent: Any, suggested: Sequence[Any]) -> list[Any]:
    """Return the steps of an address, or where they are no funnel yet those that are suggested, after what there is."""
    steps = sent if isinstance(sent, list) else [sent]
    if len(steps) >= LEAST:
        return steps
    added = [*steps, *(each for each in suggested if each not in steps)]
    return added[:LEAST] if steps else added


def _answered(
    place: CurrentList,
    address: ReportAddress,
    params: Mapping[str, Any],
    by: DimensionWords | None,
    offered: OfferedSteps,
) -> dict[str, Any]:
    """Ask, and return what the answer's part of the page shows."""
    answer, names = report(COMMAND, place, address, **params), names_of(params["Steps"], offered)
    opened = partial(opened_step, place, address, params)
    notes = annotations_of(place, answer) if answer["Times"] else []
    return {
        "chart": funnel_chart(
            answer, names, place.described["Currency"], params.get("Count", "people"), opened
        ),
        "is_empty": not answer["Steps"][0]["People"],
        "names": names,
        "groups": group_rows(answer, by, address, opened) if by else [],
        "course": course(answer, names, params.get("Interval", "day"), address, notes),
        "went": went_on(answer, names),
        "next_link": address.link(Steps=text_of(params["Steps"]), Next=None if params.get("Next") else "1"),
        **taken_along(COMMAND, place, address, params),
        **frame(place, address, answer, annotations=notes, keeps_interval=True),
    }


def _row(steps: Sequence[Any], number: int, address: ReportAddress, offered: OfferedSteps) -> dict[str, Any]:
    """Return a step of the form, with the addresses that move it up and take it away."""
    others = [*steps[:number], *steps[number + 1 :]]
    up = [*others[: number - 1], steps[number], *others[number - 1 :]] if number else []
    return {
        "text": step_text(steps[number]),
        "name": offered.words(steps[number]),
        "groups": offered.groups(steps[number]),
        "up": address.link(Steps=text_of(up)) if up else None,
        "away": address.link(Steps=text_of(others)) if len(steps) > LEAST else None,
    }


def _written(address: ReportAddress) -> str:
    """Return the address in which the fields of the form have become `Steps`. A step without a name is left out."""
    steps: list[Any] = []
    for number in range(1, MOST + 1):
        sent = address.args.get(f"step{number}", "")
        if sent.strip():
            condition = _condition(address, number)
            steps.append(with_condition(read(sent), condition) if condition else read(sent))
    cleared = {f"{name}{number}": None for name in FIELDS for number in range(1, MOST + 1)}
    return address.link(**cleared, Steps=text_of(steps) if steps else None)


def _condition(address: ReportAddress, number: int) -> Condition | None:
    name, how, what = (address.args.get(f"{field}{number}", "").strip() for field in FIELDS[1:])
    if not name:
        return None
    condition = {"Of": "event", "Property": name, "Is": how or "equals"}
    return condition if how in WITHOUT_VALUE else {**condition, "Value": what}


ROUTES = (Route("GET", "/lists/<list_id>/funnels", show),)
