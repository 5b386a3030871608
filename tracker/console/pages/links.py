"""Links page at `/lists/<id>/links`: links that show numbers to people without an account, a form to make one, and to revoke it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.filter_words import condition_words
from tracker.console.page_context import Route
from tracker.console.pages.saved import saved_reports
from tracker.console.report_scope import day_words, last_day

WORDS = {
    "SavedReportID": "Choose one of the saved reports.",
    "Until": "A day that is still to come, or nothing.",
    "FrameOrigins": "Origins such as https://intranet.example.com, each on a line of its own.",
    "Password": "8 to 200 characters, or nothing.",
}


def show(list_id: str) -> str:
    return _page(list_of(list_id), {"SavedReportID": request.args.get("saved", "")})


def create(list_id: str) -> Any:
    """Make a link. The answer to the form shows it: a secret belongs in no address and no cookie."""
    place, form = list_of(list_id), {name: request.form.get(name, "").strip() for name in WORDS}
    number = form["SavedReportID"]
    sent: dict[str, Any] = {"SavedReportID": number} if number else {"Overview": True}
    sent |= {name: form[name] for name in ("Until", "Password") if form[name]}
    try:
        made = ask("share.create", **place.params, **sent, FrameOrigins=form["FrameOrigins"].split())
    except CallRefused as refused:
        told = refused.beside(WORDS)
        if not told.keys() & {*WORDS, ""}:
            raise
        return _page(place, form, faults=told), refused.status
    return _page(place, {}, made=made["URL"])


def revoke(list_id: str, share_id: str) -> Response:
    place = list_of(list_id)
    ask("share.revoke", **place.params, ShareID=share_id)
    return redirect(f"{place.path}/links", 303)


def _page(
    place: CurrentList,
    form: Mapping[str, str],
    faults: Mapping[str, str] | None = None,
    made: str | None = None,
) -> str:
    reports = saved_reports(place)
    names = {each["SavedReportID"]: each["Name"] for each in reports}
    shares = ask("shares.get", **place.params)["Shares"]
    return render_template(
        "links.html",
        tab="overview",
        place=place,
        reports=reports,
        links=[
            {
                **each,
                "Name": names.get(each["SavedReportID"], "Overview"),
                "Words": " and ".join(map(condition_words, each["Where"])),
                "LastDay": _last_day(each["Until"], place.described["Timezone"]),
            }
            for each in shares[::-1]
        ],
        form=form,
        faults=faults or {},
        made=made,
    )


def _last_day(until: str | None, zone: str) -> str | None:
    """Return the last day of a link, in the list's time zone: one that ends at midnight ends with the day before."""
    if until is None:
        return None
    return day_words(last_day(datetime.fromisoformat(until).astimezone(ZoneInfo(zone))))


ROUTES = (
    Route("GET", "/lists/<list_id>/links", show),
    Route("POST", "/lists/<list_id>/links", create),
    Route("POST", "/lists/<list_id>/links/<share_id>/revoke", revoke),
)
