"""Alerts pages at `/lists/<id>/alerts`: what is watched and how it stands, a form for another alert, and the history of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, Unanswered, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.filter_words import condition_words
from tracker.console.number_words import SIX, measure_name
from tracker.console.page_context import Route

#: What is wrong with a field; None: as the command says it, which has the reason.
WORDS = {
    "Name": "A name of 1 to 100 characters that no other alert of this list has.",
    "Is": None,
    "Event": "The name of an event, of at most 200 bytes.",
    "Measure": None,
    "Value": "A number that is not negative.",
    "Hours": "From 1 to 168 hours.",
    "Minimum": "A whole number.",
    "To": "Up to 20 addresses, with blanks between them.",
    "URL": None,
}
#: Kinds, and what is chosen of each, with whether a value is held against it.
KINDS = {
    "silence": "An event stopped arriving",
    "number": "A number of a report",
    "refusals": "Events are refused",
}
CHOICES = {
    "silence": {
        "not seen": "it is not seen at all",
        "less than usual": "it comes less than is usual in these hours",
    },
    "number": {
        "below": "it is below the value",
        "above": "it is above the value",
        "down": "it is down by so many percent",
        "up": "it is up by so many percent",
        "changed": "it is up or down by so many percent",
    },
    "refusals": {
        "above": "there are more than the value",
        "share above": "their share is more than so many percent",
        "new origin": "a website is refused that was not before",
    },
}
#: Words of `Is` without a value.
WITHOUT_VALUE = ("not seen", "new origin")
#: Words of `Is` that are judged from a least number of events on.
FROM_MINIMUM = ("less than usual", "down", "up", "changed", "share above")
HOURS = {
    1: "the last hour",
    3: "the last 3 hours",
    6: "the last 6 hours",
    24: "the last 24 hours",
    168: "the last 7 days",
}
MEASURES = (*SIX, "events")
#: Names of events that the form offers.
OFFERED_EVENTS = 100
#: What is said of a message, and whether it is good.
TOLD = {"accepted": "good", "given up": "bad", "waiting": "warn", "unknown": "warn"}


def show(list_id: str) -> str:
    form = {"Kind": request.args.get("kind", "silence"), "Event": request.args.get("event", "")}
    return _page(list_of(list_id), form)


def create(list_id: str) -> Any:
    """Make an alert. The answer to the form shows its secret: that belongs in no address and no cookie."""
    place, form = list_of(list_id), _form()
    sent = {name: form[name] for name in _fields(form) if form[name]}
    to = form["To"].replace(",", " ").split()
    try:
        made = ask("alert.create", **place.params, **sent, **({"To": to} if to else {}))
    except CallRefused as refused:
        return _page(place, form, refused.beside(WORDS)), refused.status
    if made["Secret"] is None:
        return redirect(f"{place.path}/alerts/{made['AlertID']}", 303)
    return _page(place, {"Kind": form["Kind"]}, made={**made, "Name": form["Name"]})


def show_one(list_id: str, alert_id: str) -> str:
    return _one_page(list_of(list_id), alert_id)


def change(list_id: str, alert_id: str) -> Any:
    """Pause an alert, set it going, or exchange its secret: whatever the button says that was pressed."""
    place, pressed = list_of(list_id), request.form.get("do", "")
    if pressed == "secret":
        changed = ask("alert.update", **place.params, AlertID=alert_id, NewSecret=True)
        return _one_page(place, alert_id, secret=changed["Secret"])
    ask("alert.update", **place.params, AlertID=alert_id, IsActive=pressed == "go")
    return redirect(f"{place.path}/alerts/{alert_id}", 303)


def test(list_id: str, alert_id: str) -> str:
    place = list_of(list_id)
    return _one_page(place, alert_id, tested=ask("alert.test", **place.params, AlertID=alert_id))


def delete(list_id: str, alert_id: str) -> Response:
    place = list_of(list_id)
    ask("alert.delete", **place.params, AlertID=alert_id)
    return redirect(f"{place.path}/alerts", 303)


def _form() -> dict[str, str]:
    sent = {name: request.form.get(name, "").strip() for name in (*WORDS, "Kind")}
    return {**sent, "Kind": sent["Kind"] if sent["Kind"] in KINDS else "silence"}


def _fields(form: Mapping[str, str]) -> list[str]:
    """Return the names of the fields that belong to what was chosen: others of the form are left alone."""
    left_out = {"To"}
    if form["Is"] in WITHOUT_VALUE:
        left_out.add("Value")
    if form["Is"] not in FROM_MINIMUM:
        left_out.add("Minimum")
    return [name for name in form if name not in left_out]


def _page(
    place: CurrentList,
    form: Mapping[str, str],
    faults: Mapping[str, str] | None = None,
    made: Mapping[str, Any] | None = None,
) -> str:
    answer = ask("alerts.get", **place.params)
    kind = form["Kind"] if form["Kind"] in KINDS else "silence"
    return render_template(
        "alerts.html",
        tab="alerts",
        place=place,
        alerts=answer["Alerts"],
        is_mail_sent=answer["IsMailSent"],
        kinds=KINDS,
        kind=kind,
        choices=CHOICES[kind],
        hours=HOURS,
        measures={word: measure_name(word) for word in MEASURES},
        events=_events(place) if kind != "refusals" else [],
        form={"Hours": "24", **form},
        faults=faults or {},
        made=made,
    )


def _one_page(place: CurrentList, alert_id: str, **more: Any) -> str:
    if not alert_id.isdecimal() or len(alert_id) > 18:
        abort(404)
    answer = ask("alerts.get", **place.params, AlertID=alert_id)
    [alert] = answer["Alerts"]
    return render_template(
        "alert.html",
        tab="alerts",
        place=place,
        alert=alert,
        is_mail_sent=answer["IsMailSent"],
        words=" and ".join(map(condition_words, alert["Where"])),
        told=TOLD,
        **more,
    )


def _events(place: CurrentList) -> list[str]:
    """Return the names that the list has seen; none if the user may not read them."""
    try:
        found = ask("website_events.catalogue", **place.params, RecordsPerRequest=OFFERED_EVENTS)["Events"]
    except Unanswered as failure:
        if failure.status != 403:
            raise
        return []
    return [each["Event"] for each in found]


_ONE = "/lists/<list_id>/alerts/<alert_id>"
ROUTES = (
    Route("GET", "/lists/<list_id>/alerts", show),
    Route("POST", "/lists/<list_id>/alerts", create),
    Route("GET", _ONE, show_one),
    Route("POST", _ONE, change),
    Route("POST", f"{_ONE}/test", test),
    Route("POST", f"{_ONE}/delete", delete),
)
