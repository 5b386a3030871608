"""Goals page at `/lists/<id>/goals`: the events that are worth counting, with their numbers, and a form to name one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, ask, ask_if_allowed
from tracker.console.current_list import CurrentList, list_of
from tracker.console.filter_words import condition_words
from tracker.console.goal_form import OFFERED_OPERATORS, GoalForm, read_form, suggestions, texts_of
from tracker.console.number_words import plain, written
from tracker.console.offered_steps import offered_names
from tracker.console.page_context import Route

#: What is wrong with a field; None: as the command says it, which names the place.
WORDS = {
    "Name": "A name of 1 to 100 characters that no other goal of this list has.",
    "Event": "The name of an event, of at most 200 bytes.",
    "Where": None,
}
#: Why numbers are missing, by the command's reason.
MISSING = {
    "building": "Numbers come as soon as the copy of this list for reports is built.",
    "not available": "Numbers are missing: reports are not available at the moment.",
    "not permitted": "Numbers are missing: they need the permission Reports.Get.",
    "too slow": "Some numbers are missing: counting takes too long at the moment.",
    "too large": "Some numbers are missing: counting takes too much memory.",
    "cannot be matched": "A goal's regular expression cannot be matched: it counts nothing.",
}


def show(list_id: str) -> str:
    return _page(list_of(list_id), read_form(request.args))


def draft(list_id: str) -> str:
    """Show the form again with a condition more, or without the one of the button that was pressed."""
    form, removed = read_form(request.form), request.form.get("remove")
    return _page(list_of(list_id), form.added() if removed is None else form.without(removed))


def create(list_id: str) -> Any:
    """Make a goal of an event's name and conditions; one that stands in its fields counts, too."""
    place, form = list_of(list_id), read_form(request.form).added()
    where = list(form.conditions) or None
    try:
        ask("goal.create", **place.params, Name=form.name, Event=form.event, Where=where)
    except CallRefused as refused:
        return _page(place, form, refused.beside(WORDS)), refused.status
    return redirect(f"{place.path}/goals", 303)


def delete(list_id: str, goal_id: str) -> Response:
    place = list_of(list_id)
    ask("goal.delete", **place.params, GoalID=goal_id)
    return redirect(f"{place.path}/goals", 303)


def _page(place: CurrentList, form: GoalForm, faults: dict[str, str] | None = None) -> str:
    goals = ask("goals.get", **place.params, WithCounts=True)["Goals"]
    missing = [goal["CountsMissing"] for goal in goals if goal["CountsMissing"] in MISSING]
    names, properties = offered_names(place)
    about = {"Event": "conversion", "Property": "conversion-name"}
    conversions = ask_if_allowed("website_events.values", **place.params, **about).get("Values", [])
    return render_template(
        "goals.html",
        tab="overview",
        place=place,
        goals=[_row(goal) for goal in goals],
        missing=MISSING[missing[0]] if missing else "",
        events=names,
        properties=properties,
        suggested=suggestions(place.path, names, texts_of(conversions), goals),
        form=form,
        operators=OFFERED_OPERATORS,
        faults=faults or {},
    )


def _row(goal: Mapping[str, Any]) -> dict[str, Any]:
    """Return a goal with its conditions and numbers in words."""
    counts = goal["Counts"]
    numbers = ("–",) * 3
    if counts is not None:
        numbers = (plain(counts["People"]), plain(counts["Conversions"]), written("rate", counts["Rate"], ""))
    return {**goal, "Words": " and ".join(map(condition_words, goal["Where"])), "Numbers": numbers}


ROUTES = (
    Route("GET", "/lists/<list_id>/goals", show),
    Route("POST", "/lists/<list_id>/goals", create),
    Route("POST", "/lists/<list_id>/goals/draft", draft),
    Route("POST", "/lists/<list_id>/goals/<goal_id>/delete", delete),
)
