"""Setup page at `/lists/<id>/setup`: the snippet for a website, and whether events arrive."""

from __future__ import annotations

from typing import Any

from flask import jsonify, render_template

from tracker import browser
from tracker.console.current_list import CurrentList, list_of
from tracker.console.page_context import Route, desk


def show(list_id: str) -> str:
    place = list_of(list_id)
    return render_template("setup.html", tab="setup", place=place, list=place.described, **_lines(place))


def status(list_id: str) -> Any:
    """Answer the page's script, which polls until there is an event."""
    described = list_of(list_id).described
    return jsonify(LastEventTrackedAt=described["LastEventTrackedAt"])


def _lines(place: CurrentList) -> dict[str, str]:
    """Return the further ways to send events from a page, beside the snippet of `list.get`."""
    described, settings = place.described, desk().settings
    address = f"{settings.public_url}{settings.collect_path}/{described['EventListTrackerID']}"
    is_honoured = described["HonourPrivacySignal"]
    script = f"{settings.public_url}{settings.script_path}"
    return {
        "pinned": browser.snippet(script, address, is_honoured, browser.current()),
        "pixel": f'<img src="{address}.gif?Event=opened" width="1" height="1" alt="">',
    }


ROUTES = (
    Route("GET", "/lists/<list_id>/setup", show),
    Route("GET", "/lists/<list_id>/setup/status", status),
)
