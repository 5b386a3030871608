"""Notes page at `/lists/<id>/notes`: what happened on which day, as charts show it, and forms to note, change and delete it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.page_context import Route
from tracker.console.report_scope import moment_words

WORDS = {
    "At": "A day from 1971 on.",
    "Text": "A note of 1 to 300 characters.",
    "Url": "An address that begins with https:// or http://, or nothing.",
}


def show(list_id: str) -> str:
    """Render the page; `At`, a day of a chart, is what the form begins with."""
    return _page(list_of(list_id), {"At": request.args.get("At", "")})


def create(list_id: str) -> Any:
    """Note something, and go back to the page with the form, whose chart shows it."""
    place, form = list_of(list_id), _form()
    try:
        ask("annotation.create", **place.params, **form)
    except CallRefused as refused:
        return _page(place, form, refused.beside_form(WORDS)), refused.status
    return redirect(f"{place.path}/notes", 303)


def change(list_id: str, annotation_id: str) -> Any:
    place, form = list_of(list_id), _form()
    try:
        ask("annotation.update", **place.params, AnnotationID=annotation_id, **form)
    except CallRefused as refused:
        return _page(place, form, refused.beside_form(WORDS), annotation_id), refused.status
    return redirect(f"{place.path}/notes", 303)


def delete(list_id: str, annotation_id: str) -> Response:
    place = list_of(list_id)
    ask("annotation.delete", **place.params, AnnotationID=annotation_id)
    return redirect(f"{place.path}/notes", 303)


def _form() -> dict[str, str]:
    """Return the fields of the form. A day that was not changed is left out, so that a note keeps its hour."""
    sent = {name: request.form.get(name, "").strip() for name in WORDS}
    if sent["At"] and sent["At"] == request.form.get("before"):
        del sent["At"]
    return sent


def _page(
    place: CurrentList,
    form: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    changed: str | None = None,
) -> str:
    found = ask("annotations.get", **place.params)["Annotations"][::-1]
    zone = ZoneInfo(place.described["Timezone"])
    today = datetime.now(zone).date().isoformat()
    return render_template(
        "notes.html",
        tab="overview",
        place=place,
        notes=[
            {
                **note,
                "Day": datetime.fromisoformat(note["At"]).astimezone(zone).date().isoformat(),
                "Words": moment_words(note["At"], zone.key),
            }
            for note in found
        ],
        form=form or {},
        today=today,
        faults=faults or {},
        changed=changed,
    )


ROUTES = (
    Route("GET", "/lists/<list_id>/notes", show),
    Route("POST", "/lists/<list_id>/notes", create),
    Route("POST", "/lists/<list_id>/notes/<annotation_id>", change),
    Route("POST", "/lists/<list_id>/notes/<annotation_id>/delete", delete),
)
