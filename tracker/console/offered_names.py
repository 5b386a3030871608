"""Offered names: the events and properties that a list has seen, for forms in which one is written."""

from __future__ import annotations

from typing import Any

from tracker.console.client import Unanswered, ask
from tracker.console.current_list import CurrentList

#: Names of events that a form offers.
OFFERED_EVENTS = 100


def offered_names(place: CurrentList) -> tuple[list[str], list[str]]:
    """Return the names of events, and those of their properties."""
    events = asked_if_allowed(place, "website_events.catalogue", "Events", RecordsPerRequest=OFFERED_EVENTS)
    properties = {each["Property"] for event in events for each in event["Properties"] if each["Property"]}
    return [each["Event"] for each in events], sorted(properties)


def asked_if_allowed(place: CurrentList, command: str, key: str, **params: Any) -> list[dict[str, Any]]:
    """Return a part of a command's answer; nothing if the user may not call it."""
    try:
        found: list[dict[str, Any]] = ask(command, **place.params, **params)[key]
    except Unanswered as failure:
        if failure.status != 403:
            raise
        return []
    return found
