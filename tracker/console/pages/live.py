"""Live page at `/lists/<id>/live`: the newest events, and each further one as it is committed."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import jsonify, make_response, render_template, request

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, place_of
from tracker.console.event_view import blank, shown
from tracker.console.live_stream import events_sent_on
from tracker.console.page_context import Route

EVENTS_PER_PAGE = 50
WORDS = {"Event": "A name has at most 200 characters."}
#: The command's own code for too many subscribers at once.
CROWDED = 9


def show(list_id: str) -> Any:
    """Render the newest events, or with a cursor a page of older ones, which does not update."""
    place, name, faults = place_of(list_id), _name(), {}
    found: dict[str, Any] = {"events": [], "cursor": None}
    try:
        found = _page(place, name)
    except CallRefused as refused:
        faults = refused.beside_form(WORDS)
    page = render_template(
        "live.html",
        tab="live",
        place=place,
        name=name or "",
        is_newest="cursor" not in request.args,
        blank=blank(place.path),
        faults=faults,
        **found,
    )
    return page, 422 if faults else 200


def rows(list_id: str) -> Any:
    """Answer the page's script with older events, or those that came before it was connected."""
    return jsonify(_page(place_of(list_id), _name()))


def events(list_id: str) -> Any:
    """Stream events to an EventSource. A browser that reconnects sends the id of the last event it has."""
    place = place_of(list_id)
    after = request.headers.get("Last-Event-ID") or request.args.get("after") or None
    try:
        stream = ask("events.follow", **place.params, Event=_name(), After=after)
    except CallRefused as refused:
        if refused.code != CROWDED:
            raise
        text = "Too many are watching at once. Close another live view."
        return make_response(jsonify(Text=text), refused.status, refused.retry_headers)
    return events_sent_on(stream, partial(shown, path=place.path))


def _name() -> str | None:
    return request.args.get("event") or None


def _page(place: CurrentList, name: str | None) -> dict[str, Any]:
    cursor = request.args.get("cursor") or None
    found = ask("events.recent", **place.params, Event=name, Cursor=cursor, RecordsPerRequest=EVENTS_PER_PAGE)
    return {"events": [shown(event, place.path) for event in found["Events"]], "cursor": found["Cursor"]}


ROUTES = (
    Route("GET", "/lists/<list_id>/live", show),
    Route("GET", "/lists/<list_id>/live/rows", rows),
    Route("GET", "/lists/<list_id>/live/events", events),
)
