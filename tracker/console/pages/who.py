"""Page of the people behind a number at `/lists/<id>/who`: who they are, where they came from first, what they brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import render_template

from tracker.console.cell_segment import PeopleAsked, segment_rule
from tracker.console.cell_words import cell_words, question_of
from tracker.console.current_list import CurrentList, is_number
from tracker.console.journey_question import read, text_of
from tracker.console.number_words import written
from tracker.console.page_context import Route
from tracker.console.report_address import ReportAddress, where_text
from tracker.console.report_pages import api_call, csv_path, frame, report, report_page
from tracker.console.report_scope import ReportScope

PEOPLE_PER_PAGE = 50
#: Orders of `reports.people`, with the column that each sorts.
SORTS = {"LastSeenAt": "Last seen", "Revenue": "Revenue", "Events": "Events", "FirstSeenAt": "First seen"}


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    sort, event = address.args.get("Sort", "LastSeenAt"), address.args.get("Event")
    measure = address.args.get("Measure") or None
    cell = read(address.args.get("Cell", "")) or None
    params = {
        "Event": event,
        "Measure": measure,
        "Cell": cell,
        "Sort": sort if sort in SORTS else "LastSeenAt",
    }
    answer = report(
        "reports.people",
        place,
        address,
        **params,
        Limit=PEOPLE_PER_PAGE,
        Cursor=address.args.get("Cursor") or None,
    )
    named = {name: value for name, value in params.items() if value}
    scope = ReportScope.of(answer["Scope"])
    rule, remark = segment_rule(_people_asked(address, params, scope), place.described["Products"])
    texts = {name: text_of(value) for name, value in named.items()}
    return render_template(
        "who.html",
        tab="people",
        people=[someone_row(each, place) for each in answer["People"]],
        total=answer["Total"],
        event=event,
        counted=cell_words(cell) if cell else _counted(measure, address),
        everybody=address.link(Event=None, Measure=None, Cell=None),
        sorts=[(name, address.link(Sort=word), word == params["Sort"]) for word, name in SORTS.items()],
        following=address.link(Cursor=answer["Cursor"]) if answer["Cursor"] else None,
        first=address.link() if address.args.get("Cursor") else None,
        numbers=place.path + (question_of(cell, address) if cell else address.question()),
        csv=csv_path("reports.people", place, address, {}, **texts),
        segment=f"{place.path}/segments/new?{urlencode({'Made': where_text(rule)})}" if rule else None,
        remark=remark,
        call=api_call("reports.people", place, address, **named),
        **frame(place, address, answer),
    )


def _people_asked(address: ReportAddress, params: Mapping[str, Any], scope: ReportScope) -> PeopleAsked:
    """Return the people that the page shows. Days that end now are those of a segment, too; other times are not."""
    segment = address.args.get("SegmentID", "")
    return PeopleAsked(
        address.conditions,
        params["Event"],
        params["Measure"],
        params["Cell"],
        int(segment) if is_number(segment) else None,
        address.args.get("GoalID"),
        scope.days if scope.is_running else None,
    )


def _counted(measure: str | None, address: ReportAddress) -> str:
    """Return what makes somebody one of those who are in a number; nothing if everybody is."""
    if measure in ("conversions", "rate") and address.args.get("GoalID"):
        return "who reached the goal"
    return {
        "views": "who saw a page",
        "conversions": "with a conversion",
        "revenue": "with a conversion",
        "rate": "with a conversion",
    }.get(measure or "", "")


def someone_row(found: Mapping[str, Any], place: CurrentList) -> dict[str, Any]:
    """Return a row: the address or ID of a subscriber, else that it is a visitor whom nobody knows."""
    subscriber, uuid = found["SubscriberID"], found["UUID"]
    path = f"/people/{subscriber}" if subscriber else f"/visitors/{uuid}"
    named = found["EmailAddress"] or found["ExternalID"] or (f"Person {subscriber}" if subscriber else None)
    return {
        "name": named or f"Visitor {(uuid or '')[:8]}",
        "is_known": subscriber is not None,
        "path": f"{place.path}{path}" if subscriber or uuid else "",
        "source": found["Source"],
        "events": written("events", found["Events"], ""),
        "revenue": written("revenue", found["Revenue"], place.described["Currency"]),
        "first": found["FirstSeenAt"],
        "last": found["LastSeenAt"],
    }


ROUTES = (Route("GET", "/lists/<list_id>/who", show),)
