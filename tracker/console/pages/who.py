"""Page of the people behind a number at `/lists/<id>/who`: who they are, where they came from first, what they brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import render_template

from tracker.console.current_list import CurrentList
from tracker.console.number_words import written
from tracker.console.page_context import Route
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import api_call, csv_path, frame, report, report_page

PEOPLE_PER_PAGE = 50
#: Orders of `reports.people`, with the column that each sorts.
SORTS = {"LastSeenAt": "Last seen", "Revenue": "Revenue", "Events": "Events", "FirstSeenAt": "First seen"}


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    sort, event = address.args.get("Sort", "LastSeenAt"), address.args.get("Event")
    params = {"Event": event, "Sort": sort if sort in SORTS else "LastSeenAt"}
    found = report(
        "reports.people",
        place,
        address,
        **params,
        Limit=PEOPLE_PER_PAGE,
        Cursor=address.args.get("Cursor") or None,
    )
    named = {name: value for name, value in params.items() if value}
    return render_template(
        "who.html",
        tab="people",
        people=[_person(each, place) for each in found["People"]],
        total=found["Total"],
        event=event,
        everybody=address.link(Event=None, Cursor=None),
        sorts=[
            (name, address.link(Sort=word, Cursor=None), word == params["Sort"])
            for word, name in SORTS.items()
        ],
        following=address.link(Cursor=found["Cursor"]) if found["Cursor"] else None,
        first=address.link(Cursor=None) if address.args.get("Cursor") else None,
        numbers=f"{place.path}{address.question()}",
        csv=csv_path("reports.people", place, address, **named),
        call=api_call("reports.people", place, address, **named),
        **frame(place, address, found),
    )


def _person(person: Mapping[str, Any], place: CurrentList) -> dict[str, Any]:
    """Return a row: the address or ID of a subscriber, else that it is a visitor whom nobody knows."""
    subscriber, uuid = person["SubscriberID"], person["UUID"]
    path = f"/people/{subscriber}" if subscriber else f"/visitors/{uuid}"
    named = person["EmailAddress"] or person["ExternalID"] or (f"Person {subscriber}" if subscriber else None)
    return {
        "name": named or f"Visitor {(uuid or '')[:8]}",
        "is_known": subscriber is not None,
        "path": f"{place.path}{path}" if subscriber or uuid else "",
        "source": person["Source"],
        "events": written("events", person["Events"], ""),
        "revenue": written("revenue", person["Revenue"], place.described["Currency"]),
        "first": person["FirstSeenAt"],
        "last": person["LastSeenAt"],
    }


ROUTES = (Route("GET", "/lists/<list_id>/who", show),)
