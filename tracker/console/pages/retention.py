"""Retention page at `/lists/<id>/retention`: of those who began in a week, how many came back in the weeks after."""

from __future__ import annotations

from typing import Any

from flask import render_template

from tracker.console.current_list import CurrentList
from tracker.console.journey_question import asked, cell_path, step_text, taken_along
from tracker.console.offered_steps import offered_steps
from tracker.console.page_context import Route
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import frame, report, report_page
from tracker.console.retention_view import PERIODS, retention_table

COMMAND = "reports.retention"
#: Numbers of periods that the form offers.
COUNTS = ("4", "8", "12", "24")
#: The range of an address without one: enough for cohorts of the interval.
USUAL = {"day": "-13d", "week": "-55d", "month": "-364d"}


@report_page
def show(place: CurrentList, address: ReportAddress) -> Any:
    params = asked(COMMAND, address)
    interval = params.get("Interval", "week")
    if not address.args.get("From") and not address.args.get("To"):
        address = ReportAddress({**address.args, "From": USUAL.get(interval, USUAL["week"]), "To": "today"})
    offered = offered_steps(place, address)
    first, again, periods = params.get("First"), params.get("Return"), params.get("Periods", "8")
    answer = report(COMMAND, place, address, **params)
    began = f"Who first did {offered.words(first)}" if first else "Who came first"
    came = f"did {offered.words(again)}" if again else "came back"
    return render_template(
        "retention.html",
        tab="retention",
        first_text=step_text(first) if first else "",
        again_text=step_text(again) if again else "",
        groups=offered.groups(first, again),
        interval=interval,
        intervals=list(PERIODS),
        count=periods,
        counts=COUNTS if periods in COUNTS else (*COUNTS, periods),
        chart=retention_table(
            answer,
            interval,
            f"{began}, and {came} later",
            lambda day, period: cell_path(place, address, COMMAND, params, Cohort=day, Period=period),
        ),
        **taken_along(COMMAND, place, address, params),
        **frame(place, address, answer, keeps_interval=True),
    )


ROUTES = (Route("GET", "/lists/<list_id>/retention", show),)
