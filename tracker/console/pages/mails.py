"""Mails page at `/lists/<id>/mails`: reports that are sent by mail, what became of the last ones, and a form to send another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.page_context import Route
from tracker.console.pages.saved import saved_reports

WORDS = {
    "SavedReportID": "Choose one of the saved reports.",
    "Every": "Each day, week or month.",
    "At": "An hour from 0 to 23.",
    "To": "Up to 20 addresses, with blanks between them.",
    "Format": "With a file or without.",
}
EVERY = {"day": "Each day", "week": "Each Monday", "month": "On the first of each month"}
#: What is said of the last mail to an address, and whether it is good.
LAST = {
    None: ("none yet", ""),
    "accepted": ("accepted", "good"),
    "refused": ("refused", "bad"),
    "failed": ("not sent yet", "warn"),
    "unknown": ("perhaps sent", "warn"),
}


def show(list_id: str) -> str:
    return _page(list_of(list_id), {"SavedReportID": request.args.get("saved", "")})


def create(list_id: str) -> Any:
    """Make a schedule."""
    place, form = list_of(list_id), {name: request.form.get(name, "").strip() for name in WORDS}
    number = form["SavedReportID"]
    what: dict[str, Any] = {"SavedReportID": number} if number else {"Overview": True}
    sent = {name: form[name] for name in ("Every", "At", "Format") if form[name]}
    to = form["To"].replace(",", " ").split()
    try:
        ask("schedule.create", **place.params, **what, **sent, To=to)
    except CallRefused as refused:
        told = refused.beside(WORDS)
        if not told.keys() & {*WORDS, ""}:
            raise
        return _page(place, form, told), refused.status
    return redirect(f"{place.path}/mails", 303)


def delete(list_id: str, schedule_id: str) -> Response:
    place = list_of(list_id)
    ask("schedule.delete", **place.params, ScheduleID=schedule_id)
    return redirect(f"{place.path}/mails", 303)


def _page(place: CurrentList, form: Mapping[str, str], faults: Mapping[str, str] | None = None) -> str:
    reports = saved_reports(place)
    names = {each["SavedReportID"]: each["Name"] for each in reports}
    answer = ask("schedules.get", **place.params)
    return render_template(
        "mails.html",
        tab="overview",
        place=place,
        reports=reports,
        schedules=[
            {
                **each,
                "Name": names.get(each["SavedReportID"], "Overview"),
                "When": f"{EVERY[each['Every']]}, {each['At']}:00 ({place.described['Timezone']})",
            }
            for each in answer["Schedules"][::-1]
        ],
        is_sent=answer["IsMailSent"],
        every=EVERY,
        last=LAST,
        form=form,
        faults=faults or {},
    )


ROUTES = (
    Route("GET", "/lists/<list_id>/mails", show),
    Route("POST", "/lists/<list_id>/mails", create),
    Route("POST", "/lists/<list_id>/mails/<schedule_id>/delete", delete),
)
