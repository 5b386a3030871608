"""Event orders: in which the events page lists names, and the page by people, whom reports count and the catalogue does not."""

from __future__ import annotations

from typing import Any

from tracker.console.client import CallRefused, Unanswered, ask
from tracker.console.current_list import CurrentList
from tracker.errors import FORBIDDEN, REPORTS_UNAVAILABLE

#: Orders of the page, with what each is called; those of the catalogue are the values of its `Sort`.
ORDERS = {"Event": "Name", "Count": "Count", "LastSeenAt": "Last seen", "People": "People"}
#: Names that are sorted by people: the most frequent ones. People are those of the last days.
MOST_NAMES, DAYS = 500, 30


def by_people(place: CurrentList, search: str, after: str, size: int) -> tuple[dict[str, Any], str]:
    """Return a page of the catalogue, each event with its `People` of the last days, most first; or none, and why."""
    found = ask("website_events.catalogue", **place.params, Search=search or None, Sort="Count", RecordsPerRequest=MOST_NAMES)  # fmt: skip
    people, reason = _people(place)
    if reason:
        return {}, reason
    counted = [{**each, "People": people.get(each["Event"], 0)} for each in found["Events"]]
    ordered = sorted(counted, key=lambda each: (-each["People"], each["Event"]))
    names = [each["Event"] for each in ordered]
    start = names.index(after) + 1 if after in names else 0
    page = ordered[start : start + size]
    return {**found, "Events": page, "HasMore": start + len(page) < len(ordered)}, ""


def _people(place: CurrentList) -> tuple[dict[str, int], str]:
    """Return how many people did each event; or why that is not known now."""
    asked = {
        "By": "Event",
        "Measures": ["people"],
        "From": f"-{DAYS - 1}d",
        "Compare": "none",
        "Limit": MOST_NAMES,
    }
    try:
        answer = ask("reports.breakdown", **place.params, **asked)
    except CallRefused as refused:
        return {}, f"Reports take too long for this list (error {refused.code})."
    except Unanswered as failure:
        if failure.code != REPORTS_UNAVAILABLE.code and failure.status != FORBIDDEN.status:
            raise
        return {}, f"People are not counted now (error {failure.code})."
    if answer["Status"] == "building":
        return {}, f"Reports of this list are being prepared, {answer['Progress']:.0%} done."
    return {row["Values"][0]: row["people"] for row in answer["Rows"] if row["Values"][0]}, ""
