"""Setup page at `/lists/<id>/setup`: the lines that send events, filled in, a test event, and whether events arrive."""

from __future__ import annotations

from typing import Any

from flask import jsonify, redirect, render_template, request

from tracker import browser
from tracker.console.client import ask, ask_if_allowed
from tracker.console.current_list import CurrentList, list_of
from tracker.console.page_context import Route, desk
from tracker.console.sdk_settings import SdkSeen, sdk_settings, sdks_seen
from tracker.console.send_examples import NO_KEY, send_examples

#: The event of the button, of which nothing is stored.
TEST_EVENT = {"Event": "test", "Properties": {"isTest": True}}
#: How many of the newest events tell which SDKs a list receives from: nothing is kept for it while events come in.
EVENTS_READ = 100


def show(list_id: str) -> str:
    return _page(list_of(list_id))


def make_key(list_id: str) -> str:
    """Make a key that sends events, and show the lines with it. A secret belongs in no address: it is in this answer alone."""
    place = list_of(list_id)
    made = ask("apikey.create", Name=f"Back end of {place.name}"[:250], Permissions="")
    return _page(place, made["APIKey"])


def send_test(list_id: str) -> Any:
    """Send an event of which everything is checked and nothing is stored."""
    place = list_of(list_id)
    ask("event.track", **place.params, **TEST_EVENT)
    return redirect(f"{place.path}/setup?tested=1", 303)


def status(list_id: str) -> Any:
    """Answer the page's script, which polls until there is an event."""
    described = list_of(list_id).described
    return jsonify(LastEventTrackedAt=described["LastEventTrackedAt"])


def _page(place: CurrentList, key: str | None = None) -> str:
    return render_template(
        "setup.html",
        tab="setup",
        place=place,
        list=place.described,
        key=key,
        is_tested="tested" in request.args,
        sdks_seen=_sdks_seen(place),
        **_lines(place, key or NO_KEY),
    )


def _lines(place: CurrentList, key: str) -> dict[str, Any]:
    """Return the further ways to send events, beside the snippet of `list.get`."""
    described, settings = place.described, desk().settings
    address = f"{settings.public_url}{settings.collect_path}/{described['EventListTrackerID']}"
    is_honoured = described["HonourPrivacySignal"]
    door = f"{settings.public_url}{settings.sdk_path}"
    adapters = [listed.adapter for listed in desk().adapters]
    script = f"{settings.public_url}{settings.script_path}"
    snippet, list_id = described["EventTrackerJS"], described["ListID"]
    return {
        "examples": send_examples(settings.public_url, key, list_id, snippet, address),
        "sdks": sdk_settings(adapters, door, described["EventListTrackerID"], key),
        "pinned": browser.snippet(script, address, is_honoured, browser.current()),
        "pixel": f'<img src="{address}.gif?Event=opened" width="1" height="1" alt="">',
    }


def _sdks_seen(place: CurrentList) -> list[SdkSeen]:
    newest = ask_if_allowed("events.recent", **place.params, RecordsPerRequest=EVENTS_READ)
    return sdks_seen(newest.get("Events", ()))


ROUTES = (
    Route("GET", "/lists/<list_id>/setup", show),
    Route("GET", "/lists/<list_id>/setup/status", status),
    Route("POST", "/lists/<list_id>/setup/key", make_key),
    Route("POST", "/lists/<list_id>/setup/test", send_test),
)
