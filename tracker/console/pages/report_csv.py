"""Reports for other programs: as CSV files at `/lists/<id>/csv/<command>`, and values to choose from for the filter form."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, request

from tracker.console.client import ask
from tracker.console.current_list import list_of
from tracker.console.journey_question import JOURNEYS
from tracker.console.live_stream import sent_on
from tracker.console.page_context import Route
from tracker.console.report_address import ReportAddress

#: Reports that a page links to, and the parameters besides the head that each takes.
REPORTS = {
    "reports.trend": ("Measures", "Event", "By", "Interval", "Top"),
    "reports.breakdown": ("Measures", "Event", "By", "Sort"),
    "reports.people": ("Event", "Measure", "Sort", "Cell"),
    "segment.people": ("Sort",),
    **{command: names for command, (_, names) in JOURNEYS.items()},
}
#: Values that a form offers at once.
OFFERED = 12
#: Parameters that stand in an address once for each value.
REPEATED = {"reports.trend": ("Measures",), "reports.breakdown": ("Measures", "By")}


def show(list_id: str, command: str) -> Any:
    if command not in REPORTS:
        abort(404)
    place, address = list_of(list_id), ReportAddress(dict(request.args.items()))
    sent: dict[str, Any] = {name: address.args[name] for name in REPORTS[command] if address.args.get(name)}
    sent |= {name: request.args.getlist(name) for name in REPEATED.get(command, ()) if name in sent}
    stream = ask(command, **place.params, **address.head, **sent, Format="csv")
    name = f"{command.removeprefix('reports.')}-{place.params['ListID']}.csv"
    return sent_on(stream, {"Content-Disposition": f'attachment; filename="{name}"'})


def values(list_id: str) -> Any:
    """Answer the filter form's script with values of a property that hold a text, most frequent first."""
    place, address = list_of(list_id), ReportAddress(dict(request.args.items()))
    prefix = "visit:" if request.args.get("of") == "visit" else "event:"
    sent = {"By": prefix + request.args.get("property", ""), "Search": request.args.get("search", "")}
    found = ask("reports.values", **place.params, **address.head, **sent, Limit=OFFERED)
    return jsonify(Values=[each["Value"] for each in found["Values"] if each["Value"] is not None])


ROUTES = (
    Route("GET", "/lists/<list_id>/csv/<command>", show),
    Route("GET", "/lists/<list_id>/values", values),
)
