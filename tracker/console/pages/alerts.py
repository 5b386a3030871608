"""Alerts pages at `/lists/<id>/alerts`: what is watched and how it stands, forms to make and change alerts, and the history of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.alert_form import (
    CHOICES,
    KINDS,
    WORDS,
    AlertForm,
    form_of,
    read_alert_form,
)
from tracker.console.client import CallRefused, ask, ask_if_allowed
from tracker.console.current_list import CurrentList, list_of
from tracker.console.filter_words import condition_words
from tracker.console.goal_form import OFFERED_OPERATORS
from tracker.console.offered_steps import offered_names
from tracker.console.page_context import Route

#: What is said of a message, and whether it is good.
TOLD = {"accepted": "good", "given up": "bad", "waiting": "warn", "unknown": "warn"}
#: What a goal or segment is called that the list has no more.
GONE = "one that is gone"


def show(list_id: str) -> str:
    form = {"Kind": request.args.get("kind", ""), "Event": request.args.get("event", "")}
    return _page(list_of(list_id), read_alert_form(form))


def draft(list_id: str) -> str:
    """Show the form again with a condition more, or without the one of the button that was pressed."""
    form = read_alert_form(request.form).drafted(request.form.get("remove"))
    return _page(list_of(list_id), form)


def create(list_id: str) -> Any:
    """Make an alert. The answer to the form shows its secret: that belongs in no address and no cookie."""
    place, form = list_of(list_id), read_alert_form(request.form).added()
    try:
        made = ask("alert.create", **place.params, **form.params)
    except CallRefused as refused:
        return _page(place, form, refused.beside(WORDS)), refused.status
    if made["Secret"] is None:
        return redirect(f"{place.path}/alerts/{made['AlertID']}", 303)
    return _page(place, AlertForm(form.kind), made={**made, "Name": form.event.name})


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


def edit(list_id: str, alert_id: str) -> str:
    place = list_of(list_id)
    alert = _alert(place, alert_id)["Alerts"][0]
    return _edit_page(place, alert, form_of(alert))


def draft_edit(list_id: str, alert_id: str) -> str:
    """Show the form again as `draft` does."""
    place = list_of(list_id)
    alert = _alert(place, alert_id)["Alerts"][0]
    return _edit_page(place, alert, read_alert_form(request.form).drafted(request.form.get("remove")))


def save(list_id: str, alert_id: str) -> Any:
    """Change an alert to what its form says. Without a URL in the form it has none any more."""
    place, form = list_of(list_id), read_alert_form(request.form).added()
    sent = {"URL": "", **form.params}
    try:
        changed = ask("alert.update", **place.params, AlertID=alert_id, **sent)
    except CallRefused as refused:
        alert = _alert(place, alert_id)["Alerts"][0]
        return _edit_page(place, alert, form, refused.beside(WORDS)), refused.status
    if changed["Secret"] is None:
        return redirect(f"{place.path}/alerts/{alert_id}", 303)
    return _one_page(place, alert_id, secret=changed["Secret"])


def test(list_id: str, alert_id: str) -> str:
    place = list_of(list_id)
    return _one_page(place, alert_id, tested=ask("alert.test", **place.params, AlertID=alert_id))


def delete(list_id: str, alert_id: str) -> Response:
    place = list_of(list_id)
    ask("alert.delete", **place.params, AlertID=alert_id)
    return redirect(f"{place.path}/alerts", 303)


def _page(
    place: CurrentList,
    form: AlertForm,
    faults: Mapping[str, str] | None = None,
    made: Mapping[str, Any] | None = None,
) -> str:
    answer = ask("alerts.get", **place.params)
    return render_template(
        "alerts.html",
        place=place,
        alerts=[{**each, "Words": words} for each, words in _with_words(place, answer["Alerts"])],
        is_mail_sent=answer["IsMailSent"],
        kinds=KINDS,
        made=made,
        **_offered(place, form, faults),
    )


def _edit_page(
    place: CurrentList,
    alert: Mapping[str, Any],
    form: AlertForm,
    faults: Mapping[str, str] | None = None,
) -> str:
    return render_template("alert_edit.html", place=place, alert=alert, **_offered(place, form, faults))


def _offered(place: CurrentList, form: AlertForm, faults: Mapping[str, str] | None) -> dict[str, Any]:
    """Return the form as its template takes it, with what its fields offer: names that the user may read."""
    events, properties = offered_names(place) if form.kind != "refusals" else ((), ())
    return {
        "tab": "alerts",
        "form": form,
        "faults": faults or {},
        "choices": CHOICES[form.kind],
        "events": events,
        "properties": properties,
        "operators": OFFERED_OPERATORS,
        "goals": _named(place, form, "GoalID", "any conversion"),
        "segments": _named(place, form, "SegmentID", "everybody"),
    }


def _named(place: CurrentList, form: AlertForm, key: str, none: str) -> dict[str, str]:
    """Return goals or segments to choose from, with what no choice means; nothing if there are none. The chosen one is among them."""
    if form.kind != "number":
        return {}
    found, chosen = (
        {str(number): name for number, name in _names(place, key).items()},
        form.texts.get(key, ""),
    )
    if chosen and chosen not in found:
        found[chosen] = GONE
    return {"": none, **found} if found else {}


def _names(place: CurrentList, key: str) -> dict[int, str]:
    """Return the names of the list's goals or segments by number; none if the user may not read them."""
    command, rows = {"GoalID": ("goals.get", "Goals"), "SegmentID": ("segments.get", "Segments")}[key]
    return {each[key]: each["Name"] for each in ask_if_allowed(command, **place.params).get(rows, [])}


def _one_page(place: CurrentList, alert_id: str, **more: Any) -> str:
    answer = _alert(place, alert_id)
    [(alert, words)] = _with_words(place, answer["Alerts"])
    return render_template(
        "alert.html",
        tab="alerts",
        place=place,
        alert=alert,
        is_mail_sent=answer["IsMailSent"],
        words=words,
        told=TOLD,
        **more,
    )


def _with_words(
    place: CurrentList, alerts: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Return each alert with what its numbers are narrowed to, in words. Names are asked for where one is needed."""
    names: dict[str, dict[int, str]] = {}
    for alert in alerts:
        found = list(map(condition_words, alert["Where"]))
        for key, what in (("GoalID", "the goal is"), ("SegmentID", "somebody is in")):
            if alert[key] is not None:
                known = names[key] if key in names else names.setdefault(key, _names(place, key))
                found.append(f"{what} {known.get(alert[key], GONE)}")
        yield alert, " and ".join(found)


def _alert(place: CurrentList, alert_id: str) -> Any:
    """Return the answer with one alert."""
    if not alert_id.isdecimal() or len(alert_id) > 18:
        abort(404)
    return ask("alerts.get", **place.params, AlertID=alert_id)


_ONE = "/lists/<list_id>/alerts/<alert_id>"
ROUTES = (
    Route("GET", "/lists/<list_id>/alerts", show),
    Route("POST", "/lists/<list_id>/alerts", create),
    Route("POST", "/lists/<list_id>/alerts/draft", draft),
    Route("GET", _ONE, show_one),
    Route("POST", _ONE, change),
    Route("GET", f"{_ONE}/edit", edit),
    Route("POST", f"{_ONE}/edit", save),
    Route("POST", f"{_ONE}/edit/draft", draft_edit),
    Route("POST", f"{_ONE}/test", test),
    Route("POST", f"{_ONE}/delete", delete),
)
