"""Events page at `/lists/<id>/events`: the catalogue of events and properties, with sample values on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import jsonify, redirect, render_template, request

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import place_of
from tracker.console.error_pages import is_asked_by_script
from tracker.console.event_view import TYPES, is_of_tracker
from tracker.console.page_context import Route

EVENTS_PER_PAGE = 50
WORDS = {"Search": "Search for at most 200 characters."}
#: Look-alikes shown at once; the others are folded away.
MAX_SHOWN = 5


def show(list_id: str) -> Any:
    place, search, after = place_of(list_id), request.args.get("search", ""), request.args.get("after", "")
    found: dict[str, Any] = {"Events": [], "HasMore": False, "IsFull": False}
    faults: dict[str, str] = {}
    try:
        found = ask("website_events.catalogue", **place.params, Search=search or None, AfterEvent=after or None, RecordsPerRequest=EVENTS_PER_PAGE)  # fmt: skip
    except CallRefused as refused:
        faults = refused.beside_form(WORDS)
    events = [_with_shares(event) for event in found["Events"]]
    page = render_template(
        "events.html",
        tab="events",
        place=place,
        search=search,
        after=after,
        events=events,
        following=events[-1]["Event"] if found["HasMore"] else None,
        look_alikes=found.get("LookAlikes", []),
        most_shown=MAX_SHOWN,
        is_full=found["IsFull"],
        is_removed="removed" in request.args,
        faults=faults,
    )
    return page, 422 if faults else 200


def values(list_id: str) -> Any:
    """Answer with sample values: a page of its own, or JSON for the catalogue's script."""
    place = place_of(list_id)
    event, name = request.args.get("event", ""), request.args.get("property", "")
    found = ask("website_events.values", **place.params, Event=event, Property=name)
    if is_asked_by_script():
        return jsonify(found)
    return render_template("values.html", tab="events", place=place, event=event, name=name, found=found)


def remove(list_id: str) -> Any:
    """Remove a name from the catalogue, or all names that only browsers have sent, once."""
    place, event = place_of(list_id), request.form.get("event")
    if event is None:
        ask("website_events.remove", **place.params, FromBrowsersOnly=True)
    else:
        ask("website_events.remove", **place.params, Event=event)
    return redirect(f"{place.path}/events?removed=1", 303)


def _with_shares(event: Mapping[str, Any]) -> dict[str, Any]:
    ordered = sorted(event["Properties"], key=lambda each: is_of_tracker(each["Property"]))
    properties = [{**each, "Shares": list(_shares(each["Types"]))} for each in ordered]
    return {**event, "Properties": properties}


def _shares(types: Mapping[str, int]) -> Iterable[dict[str, Any]]:
    """Yield start and width of each type's part of a bar of 100, in the order of TYPES; a part is always wide enough to be seen."""
    total, start = sum(types.values()), 0.0
    for name, word in TYPES.items():
        if name in types:
            width = 100 * types[name] / total
            yield {
                "name": name,
                "word": word,
                "count": types[name],
                "x": round(start, 2),
                "width": round(max(width, 2), 2),
            }
            start += width


ROUTES = (
    Route("GET", "/lists/<list_id>/events", show),
    Route("GET", "/lists/<list_id>/events/values", values),
    Route("POST", "/lists/<list_id>/events/remove", remove),
)
