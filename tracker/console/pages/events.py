"""Events page at `/lists/<id>/events`: the catalogue of events and properties, with sample values on demand, and one event in full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import abort, get_template_attribute, jsonify, redirect, render_template, request

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, is_number, place_of
from tracker.console.error_pages import is_asked_by_script
from tracker.console.event_orders import DAYS, ORDERS, by_people
from tracker.console.event_view import TYPES, in_full, is_of_tracker
from tracker.console.goal_form import goal_link
from tracker.console.page_context import Route

EVENTS_PER_PAGE = 50
WORDS = {"Search": "Search for at most 200 characters."}
#: Look-alikes shown at once; the others are folded away.
MAX_SHOWN = 5


def show(list_id: str) -> Any:
    place, search, after = place_of(list_id), request.args.get("search", ""), request.args.get("after", "")
    sort = request.args.get("sort", "")
    sort = sort if sort in ORDERS else "Event"
    reason = ""
    found: dict[str, Any] = {"Events": [], "HasMore": False, "IsFull": False}
    faults: dict[str, str] = {}
    try:
        if sort == "People":
            found, reason = by_people(place, search, after, EVENTS_PER_PAGE)
            sort = "Count" if reason else sort
        if sort != "People":
            found = ask("website_events.catalogue", **place.params, Search=search or None, AfterEvent=after or None, Sort=sort, RecordsPerRequest=EVENTS_PER_PAGE)  # fmt: skip
    except CallRefused as refused:
        faults = refused.beside_form(WORDS)
    events = [_with_shares(event, place) for event in found["Events"]]
    page = render_template(
        "events.html",
        tab="events",
        place=place,
        search=search,
        after=after,
        sort=sort,
        # The events without a list have no reports.
        orders={key: name for key, name in ORDERS.items() if key != "People" or place.described},
        reason=reason,
        people_days=DAYS,
        events=events,
        following=events[-1]["Event"] if found["HasMore"] else None,
        look_alikes=found.get("LookAlikes", []),
        most_shown=MAX_SHOWN,
        is_full=found["IsFull"],
        is_removed="removed" in request.args,
        faults=faults,
    )
    return page, 422 if faults else 200


def properties(list_id: str) -> Any:
    """Answer with the properties of one event: a page of its own, or a part for the catalogue's script."""
    place, name = place_of(list_id), request.args.get("event", "")
    found = ask("website_events.catalogue", **place.params, Event=name)["Events"]
    if not found:
        abort(404)
    event = _with_shares(found[0], place)
    if is_asked_by_script():
        return jsonify(Html=get_template_attribute("catalogue.html", "properties")(event, place))
    return render_template("event_properties.html", tab="events", place=place, event=event)


def values(list_id: str) -> Any:
    """Answer with sample values: a page of its own, or JSON for the catalogue's script."""
    place = place_of(list_id)
    event, name = request.args.get("event", ""), request.args.get("property", "")
    found = ask("website_events.values", **place.params, Event=event, Property=name)
    if is_asked_by_script():
        return jsonify(found)
    return render_template("values.html", tab="events", place=place, event=event, name=name, found=found)


def whole(list_id: str, event_id: str) -> Any:
    """Render the event; with `person` as that subscriber's timeline shows it."""
    place, sent = place_of(list_id), request.args.get("person", "")
    subscriber = sent if is_number(sent) and place.described else None
    event = in_full(ask("event.get", **place.params, EventID=event_id)["Event"], place.path, subscriber)
    if is_asked_by_script():
        return jsonify(Html=get_template_attribute("event_rows.html", "full")(event, place.described))
    back = f"{place.path}/people/{subscriber}" if subscriber else f"{place.path}/live"
    return render_template(
        "event.html", tab="people" if subscriber else "live", place=place, event=event, back=back
    )


def remove(list_id: str) -> Any:
    """Remove a name from the catalogue, or all names that only browsers have sent, once."""
    place, event = place_of(list_id), request.form.get("event")
    if event is None:
        ask("website_events.remove", **place.params, FromBrowsersOnly=True)
    else:
        ask("website_events.remove", **place.params, Event=event)
    return redirect(f"{place.path}/events?removed=1", 303)


def _with_shares(event: Mapping[str, Any], place: CurrentList) -> dict[str, Any]:
    ordered = sorted(event["Properties"], key=lambda each: is_of_tracker(each["Property"]))
    properties = [{**each, "Shares": list(_shares(each["Types"]))} for each in ordered]
    goal = goal_link(place.path, event["Event"]) if place.described else ""
    return {**event, "Properties": properties, "GoalPath": goal}


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
    Route("GET", "/lists/<list_id>/events/properties", properties),
    Route("GET", "/lists/<list_id>/events/values", values),
    Route("GET", "/lists/<list_id>/events/<event_id>", whole),
    Route("POST", "/lists/<list_id>/events/remove", remove),
)
