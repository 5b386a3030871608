"""Saved page at `/lists/<id>/saved`: the saved reports of a list, each with a page of its own to rename, pin and delete it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.page_context import Route
from tracker.console.report_address import ReportAddress
from tracker.console.report_pages import report_page
from tracker.console.saved_answers import page_of, shown

WORDS = {
    "Name": "A name of 1 to 100 characters that no other saved report of this list has.",
    "Params": "The numbers cannot be saved as they are: change the question and try again.",
    "": "There is no room for another one: take away what nobody needs.",
}
#: The code of `savedreport.create` and `.update` for a name that another report has.
NAME_TAKEN = 7
#: What reports are called on the page.
KINDS = {
    "reports.trend": "Over time",
    "reports.breakdown": "By value",
    "reports.funnel": "Funnel",
    "reports.retention": "Retention",
    "reports.paths": "Paths",
    "reports.attribution": "Revenue",
    "reports.products": "Products",
}


def show(list_id: str) -> str:
    return _page(list_of(list_id))


def create(list_id: str) -> Any:
    """Save the numbers of a page, and pin them or go on to their link, if that was the button."""
    place, then = list_of(list_id), request.form.get("then", "")
    form = {name: request.form.get(name, "").strip() for name in ("Name", "Report", "Params")}
    try:
        made = ask("savedreport.create", **place.params, **form, IsPinned=then == "pin")
    except CallRefused as refused:
        return _page(place, form | {"then": then}, _faults(refused)), refused.status
    if then == "share":
        return redirect(f"{place.path}/links?saved={made['SavedReportID']}", 303)
    return redirect(
        f"{place.path}#pinned" if then == "pin" else f"{place.path}/saved/{made['SavedReportID']}", 303
    )


@report_page
def show_one(place: CurrentList, _: ReportAddress, saved_report_id: str) -> Any:
    """Show a report's numbers. One that is refused, such as for a goal that is gone, says so: it can still be deleted."""
    saved = saved_report(place, saved_report_id)
    try:
        answer, fault = shown(place, saved["Report"], saved["Params"], with_notes=True), None
    except CallRefused as refused:
        answer, fault = {}, " ".join(f"{message} (error {code})" for code, message in refused.rows)
    return render_template(
        "saved_one.html",
        tab="overview",
        place=place,
        saved=saved,
        shown=answer,
        fault=fault,
        scope=answer.get("scope"),
        annotations=answer.get("annotations"),
        page=page_of(place, saved["Report"], saved["Params"]),
    )


def change(list_id: str, saved_report_id: str) -> Any:
    """Rename a report, or pin it or take it off the overview."""
    place = list_of(list_id)
    sent = {name: request.form[name].strip() for name in ("Name", "IsPinned") if name in request.form}
    try:
        ask("savedreport.update", **place.params, SavedReportID=saved_report_id, **sent)
    except CallRefused as refused:
        faults = _faults(refused)
        return _page(place, faults={"changed": next(iter(faults.values()))}), refused.status
    return redirect(f"{place.path}/saved/{saved_report_id}", 303)


def delete(list_id: str, saved_report_id: str) -> Response:
    place = list_of(list_id)
    ask("savedreport.delete", **place.params, SavedReportID=saved_report_id)
    return redirect(f"{place.path}/saved", 303)


def _faults(refused: CallRefused) -> dict[str, str]:
    """Return the texts beside the fields. That a name is taken is about the name, though its row names no parameter."""
    if refused.code == NAME_TAKEN:
        return {"Name": f"{WORDS['Name']} (error {NAME_TAKEN})"}
    return refused.beside_form(WORDS)


def saved_report(place: CurrentList, number: str) -> dict[str, Any]:
    """Return a saved report of the list; another number is the 404 page."""
    found = [each for each in saved_reports(place) if str(each["SavedReportID"]) == number]
    if not found:
        abort(404)
    return found[0]


def saved_reports(place: CurrentList) -> list[dict[str, Any]]:
    reports: list[dict[str, Any]] = ask("savedreports.get", **place.params)["SavedReports"]
    return [{**each, "Kind": KINDS.get(each["Report"], each["Report"])} for each in reports]


def _page(
    place: CurrentList, form: Mapping[str, str] | None = None, faults: Mapping[str, str] | None = None
) -> str:
    """Render the list; with a `form` that was refused, the form again above it."""
    return render_template(
        "saved.html",
        tab="overview",
        place=place,
        reports=saved_reports(place),
        form=form,
        faults=faults or {},
    )


ROUTES = (
    Route("GET", "/lists/<list_id>/saved", show),
    Route("POST", "/lists/<list_id>/saved", create),
    Route("GET", "/lists/<list_id>/saved/<saved_report_id>", show_one),
    Route("POST", "/lists/<list_id>/saved/<saved_report_id>", change),
    Route("POST", "/lists/<list_id>/saved/<saved_report_id>/delete", delete),
)
