"""Erasure page at `/lists/<id>/people/<subscriber id>/forget`: a warning, then the progress, and the proof."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.event_view import name_of
from tracker.console.page_context import Route
from tracker.console.pages.subscriber import described

#: `subscriber.get`: there is nobody, or no longer.
NOT_FOUND = 3


def show(list_id: str, subscriber_id: str) -> str:
    place = list_of(list_id)
    return _form(place, described(place, subscriber_id)["SubscriberInformation"])


def forget(list_id: str, subscriber_id: str) -> Any:
    """Erase the subscriber. Sent again while the erasure runs, the form shows its progress."""
    place, subscriber = list_of(list_id), None
    try:
        subscriber = described(place, subscriber_id)["SubscriberInformation"]
    except CallRefused as refused:
        if refused.code != NOT_FOUND:
            raise
    if subscriber is not None and request.form.get("typed", "").strip() != _to_type(subscriber):
        return _form(place, subscriber, "This does not match."), 422
    told = ask("subscriber.forget", **place.params, SubscriberID=subscriber_id)
    return render_template("forgotten.html", tab="people", place=place, told=told)


def _form(place: CurrentList, subscriber: dict[str, Any], fault: str = "") -> str:
    return render_template(
        "forget.html",
        tab="people",
        place=place,
        name=name_of(subscriber),
        path=f"{place.path}/people/{subscriber['SubscriberID']}",
        to_type=_to_type(subscriber),
        fault=fault,
    )


def _to_type(subscriber: dict[str, Any]) -> str:
    """Return the text to type: the address, else the number, since an ID may hold anything."""
    return str(subscriber["EmailAddress"] or subscriber["SubscriberID"])


FORGET = "/lists/<list_id>/people/<subscriber_id>/forget"
ROUTES = (Route("GET", FORGET, show), Route("POST", FORGET, forget))
