"""Goals page at `/lists/<id>/goals`: the events that are worth counting, and forms to name one or take it away."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, Unanswered, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.filter_words import condition_words
from tracker.console.page_context import Route

WORDS = {
    "Name": "A name of 1 to 100 characters that no other goal of this list has.",
    "Event": "The name of an event, of at most 250 bytes.",
    "Where": "Conditions of the event itself.",
}


def show(list_id: str) -> str:
    return _page(list_of(list_id))


def create(list_id: str) -> Any:
    """Make a goal of an event's name and, if the form has one, a property that it must have."""
    place, form = list_of(list_id), {name: request.form.get(name, "").strip() for name in ("Name", "Event")}
    try:
        ask("goal.create", **place.params, **form)
    except CallRefused as refused:
        return _page(place, form, refused.beside_form(WORDS)), refused.status
    return redirect(f"{place.path}/goals", 303)


def delete(list_id: str, goal_id: str) -> Response:
    place = list_of(list_id)
    ask("goal.delete", **place.params, GoalID=goal_id)
    return redirect(f"{place.path}/goals", 303)


def _page(
    place: CurrentList, form: dict[str, str] | None = None, faults: dict[str, str] | None = None
) -> str:
    goals = ask("goals.get", **place.params)["Goals"]
    return render_template(
        "goals.html",
        tab="overview",
        place=place,
        goals=[{**goal, "Words": " and ".join(map(condition_words, goal["Where"]))} for goal in goals],
        events=_events(place),
        form=form or {"Name": "", "Event": request.args.get("event", "")},
        faults=faults or {},
    )


def _events(place: CurrentList) -> list[str]:
    """Return the names of events that were seen; none if the user may not read the catalogue."""
    try:
        found = ask("website_events.catalogue", **place.params, RecordsPerRequest=100)["Events"]
    except Unanswered as failure:
        if failure.status != 403:
            raise
        return []
    return [each["Event"] for each in found]


ROUTES = (
    Route("GET", "/lists/<list_id>/goals", show),
    Route("POST", "/lists/<list_id>/goals", create),
    Route("POST", "/lists/<list_id>/goals/<goal_id>/delete", delete),
)
