"""Tracking page at `/lists/<id>/tracking`: whether events arrive, what is refused, and how to mend it.

That of `none` has the calls that named no list, and for administrators those of strangers.
"""

from __future__ import annotations

import json
from typing import Any

from flask import jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.check_words import in_words
from tracker.console.client import CallRefused, Unanswered, ask
from tracker.console.current_list import CurrentList, list_of, place_of
from tracker.console.page_context import Route

#: Checks in the words of the page.
TITLES = {
    "Events": "Events arrive",
    "Origins": "Pages may send",
    "Script": "The script is the present one",
    "PrivacySignals": "Wishes not to be tracked",
    "Clock": "Clocks are right",
    "Robots": "Robots",
    "Keys": "Back ends send",
    "WithoutList": "Events name their list",
    "Refused": "Events are as they should be",
    "PublicAddress": "The public address works",
}
#: What senders are called.
SENDERS = {
    "origin": "page",
    "key": "key",
    "session": "a signed-in user",
    "network": "network",
    "others": "others",
}
#: Rejections that the page lists.
MOST_SHOWN = 50


def show(list_id: str) -> str:
    place = place_of(list_id)
    return _page(place) if place.described else _inbox_page(place)


def status(list_id: str) -> Any:
    """Answer the page's script, which shows the page anew when what it is about has changed."""
    place = place_of(list_id)
    return jsonify(State=place.described.get("TrackingState", "ok"), Mark=_mark(_rejections(place) or []))


def allow(list_id: str) -> Any:
    """Add an origin that is refused to those that may send; one that cannot be allowed is told."""
    place = list_of(list_id)
    allowed, origin = place.described["AllowedOrigins"], request.form.get("origin", "")
    if origin and origin not in allowed:
        try:
            ask("list.update", **place.params, AllowedOrigins=[*allowed, origin])
        except CallRefused as refused:
            told = "; ".join(f"{message} (error {code})" for code, message in refused.rows)
            return _page(place, f"{origin} cannot be allowed: {told}"), refused.status
    return redirect(f"{place.path}/tracking", 303)


def rejection(list_id: str, rejection_id: str) -> str:
    return _rejection(place_of(list_id), rejection_id)


def dismiss(list_id: str, rejection_id: str) -> Response:
    place = place_of(list_id)
    ask("rejection.dismiss", **place.params, RejectionID=rejection_id)
    return redirect(f"{place.path}/tracking", 303)


def replay(list_id: str, rejection_id: str) -> Any:
    """Send an edited body again; what is wrong with it is told beside it."""
    place = place_of(list_id)
    body_id, text = request.form.get("BodyID", ""), request.form.get("Body", "")
    try:
        ask("rejection.replay", **place.params, BodyID=body_id, Body=text)
    except CallRefused as refused:
        told = "; ".join(f"{message} (error {code})" for code, message in refused.rows)
        return _rejection(place, rejection_id, {body_id: (text, told)}), refused.status
    return redirect(f"{place.path}/tracking?sent=1", 303)


def _page(place: CurrentList, fault: str = "") -> str:
    checked = ask("setup.check", **place.params, Probe="probe" in request.args)
    listed = _rejections(place)
    return render_template(
        "tracking.html",
        tab="tracking",
        place=place,
        checks=in_words(checked["Checks"], TITLES),
        state=checked["State"],
        refused=[each for each in checked["Origins"] if not each["IsAllowed"]],
        rejections=None if listed is None else [_row(each) for each in listed[:MOST_SHOWN]],
        mark=_mark(listed or []),
        is_probed="probe" in request.args,
        is_sent="sent" in request.args,
        fault=fault,
    )


def _inbox_page(place: CurrentList) -> str:
    listed = _rejections(place)
    return render_template(
        "tracking.html",
        tab="tracking",
        place=place,
        checks=[],
        rejections=None if listed is None else [_row(each) for each in listed[:MOST_SHOWN]],
        strangers=[_row(each) for each in _of_strangers()[:MOST_SHOWN]],
        mark=_mark(listed or []),
        is_sent="sent" in request.args,
    )


def _of_strangers() -> list[dict[str, Any]]:
    """Return what was refused of callers whom nobody knows; nothing for who is no administrator."""
    try:
        found: list[dict[str, Any]] = ask("rejections.get", OfStrangers=True)["Rejections"]
    except (CallRefused, Unanswered) as failure:
        if failure.status != 403:
            raise
        return []
    return found


def _rejections(place: CurrentList) -> list[dict[str, Any]] | None:
    """Return what was refused; None if the user may not see it."""
    try:
        found: list[dict[str, Any]] = ask("rejections.get", **place.params)["Rejections"]
    except Unanswered as failure:
        if failure.status != 403:
            raise
        return None
    return found


def _mark(listed: list[dict[str, Any]]) -> str:
    """Return a text that changes with each refusal."""
    return f"{len(listed)}-{max((each['LastAt'] for each in listed), default='')}"


def _row(each: dict[str, Any]) -> dict[str, Any]:
    name, kind = each["Sender"]["Name"], SENDERS[each["Sender"]["Kind"]]
    return {**each, "From": name if each["Sender"]["Kind"] == "origin" else f"{kind} {name}".strip()}


def _rejection(place: CurrentList, rejection_id: str, tried: dict[str, tuple[str, str]] | None = None) -> str:
    """Show a rejection with its bodies; `tried` are texts that were sent, with what is wrong with them."""
    found = ask("rejection.get", **place.params, RejectionID=rejection_id)["Rejection"]
    bodies = []
    for each in found["Bodies"]:
        text, fault = (tried or {}).get(each["BodyID"], (None, ""))
        shown = json.dumps(each["Sent"], indent=2, ensure_ascii=False)
        bodies.append({**each, "Text": shown if text is None else text, "Fault": fault})
    return render_template("rejection.html", tab="tracking", place=place, found=_row(found), bodies=bodies)


ROUTES = (
    Route("GET", "/lists/<list_id>/tracking", show),
    Route("GET", "/lists/<list_id>/tracking/status", status),
    Route("POST", "/lists/<list_id>/tracking/allow", allow),
    Route("GET", "/lists/<list_id>/tracking/<rejection_id>", rejection),
    Route("POST", "/lists/<list_id>/tracking/<rejection_id>", replay),
    Route("POST", "/lists/<list_id>/tracking/<rejection_id>/dismiss", dismiss),
)
