"""Timeline view: the page of a subscriber's or visitor's events that the address asks for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import request

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList
from tracker.console.event_view import shown

EVENTS_PER_PAGE = 50
WORDS = {
    "Event": "A name has at most 200 characters.",
    "From": "Enter a date such as 2026-01-31.",
    "To": "Enter a date such as 2026-01-31.",
}


def timeline(place: CurrentList, who: dict[str, Any], subscriber: str | None = None) -> dict[str, Any]:
    """Return the values of the template: `events`, `cursor`, `filters` as they were sent, and their `faults`.

    `who` names the owner to the command. Raises Refused if there is none.
    """
    filters = {name: request.args.get(name, "") for name in ("event", "from", "to")}
    state = {
        "filters": filters,
        "is_filtered": any(filters.values()),
        "is_newest": "cursor" not in request.args,
    }
    try:
        found = ask(
            "subscriber.events",
            **place.params,
            **who,
            Event=filters["event"] or None,
            From=_start_of(filters["from"]),
            To=_start_of(filters["to"], 1),
            Cursor=request.args.get("cursor") or None,
            RecordsPerRequest=EVENTS_PER_PAGE,
        )
    except CallRefused as refused:
        return {**state, "events": [], "cursor": None, "whose": None, "faults": refused.beside_form(WORDS)}
    events = [shown(event, place.path, subscriber) for event in found["Events"]]
    return {
        **state,
        "events": events,
        "cursor": found["Cursor"],
        "whose": found["SubscriberID"],
        "faults": {},
    }


def _start_of(day: str, days_later: int = 0) -> str | None:
    """Return the start of a day in UTC. Text that is no date is returned as it is, for the command to refuse."""
    if not day:
        return None
    try:
        return f"{date.fromisoformat(day) + timedelta(days_later)}T00:00:00Z"
    except (ValueError, OverflowError):
        return day
