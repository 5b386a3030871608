"""Names pages at `/lists/<id>/names`: spellings treated as one, hidden names, and what a name is used by before it is changed."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.page_context import Route

#: What is wrong with a form; None: as the command says it.
WORDS = {"As": None, "Description": "At most 500 characters.", "From": None, "To": None, "": None}


def show(list_id: str) -> str:
    """Render what is noted of names, each with its way back."""
    place = list_of(list_id)
    names = ask("eventnames.get", **place.params)["Names"]
    return render_template(
        "names.html", tab="events", place=place, names=names, done=request.args.get("done", "")
    )


def one(list_id: str) -> str:
    """Render what can be done with a name; `name` may be given several times, for names that look alike."""
    return _page(list_of(list_id))


def merge(list_id: str) -> Any:
    """Treat all chosen names as the one that is to be shown."""
    place, (kind, names) = list_of(list_id), _chosen()
    shown = request.form.get("as", "").strip() or request.form.get("other", "").strip()
    try:
        for name in names:
            if name != shown:
                ask("event.alias", **place.params, **{kind: name}, As=shown)
    except CallRefused as refused:
        told = refused.beside(WORDS)
        return _page(place, {"As": "; ".join(told.values())}), refused.status
    return redirect(f"{place.path}/names?done=merged", 303)


def part(list_id: str) -> Any:
    """Have a name stand for itself again."""
    place, (kind, names) = list_of(list_id), _chosen()
    ask("event.unalias", **place.params, **{kind: names[0]})
    return redirect(f"{place.path}/names?done=parted", 303)


def hide(list_id: str) -> Any:
    place, (kind, names) = list_of(list_id), _chosen()
    is_hidden = request.form.get("hidden") == "1"
    ask("event.hide", **place.params, **{kind: names[0]}, IsHidden=is_hidden)
    return redirect(f"{place.path}/names?done={'hidden' if is_hidden else 'listed'}", 303)


def describe(list_id: str) -> Any:
    place, (kind, names) = list_of(list_id), _chosen()
    text = request.form.get("description", "").strip()
    try:
        ask("event.describe", **place.params, **{kind: names[0]}, Description=text)
    except CallRefused as refused:
        return _page(place, refused.beside(WORDS)), refused.status
    return redirect(f"{place.path}/names?done=described", 303)


def delete_events(list_id: str) -> Any:
    """Delete the events of a name, which must be typed."""
    place, (_, names) = list_of(list_id), _chosen()
    if request.form.get("typed", "") != names[0]:
        return _page(place, {"typed": "Type the name of the event, letter by letter."}), 422
    times = {key: request.form.get(key, "").strip() or None for key in ("From", "To")}
    try:
        ask("events.delete", **place.params, Event=names[0], **times)
    except CallRefused as refused:
        return _page(place, refused.beside(WORDS)), refused.status
    return redirect(f"{place.path}/names?done=deleted", 303)


def _chosen() -> tuple[str, list[str]]:
    """Return the parameter that names what is chosen, and the names."""
    kind = "Property" if request.values.get("kind") == "property" else "Event"
    return kind, request.values.getlist("name") or [""]


def _page(place: CurrentList, faults: dict[str, str] | None = None) -> str:
    kind, names = _chosen()
    noted = {
        each["Name"]: each
        for each in ask("eventnames.get", **place.params)["Names"]
        if each["Kind"] == kind.lower()
    }
    uses = [use for name in names for use in ask("event.uses", **place.params, **{kind: name})["Uses"]]
    return render_template(
        "name.html",
        tab="events",
        place=place,
        kind=kind.lower(),
        names=names,
        noted=noted.get(names[0]),
        counts=_counts(place, names) if kind == "Event" else {},
        typed=request.form,
        uses=[use for number, use in enumerate(uses) if use not in uses[:number]],
        faults=faults or {},
    )


def _counts(place: CurrentList, names: list[str]) -> dict[str, int]:
    """Return how many events each name has."""
    found = {name: ask("website_events.catalogue", **place.params, Event=name)["Events"] for name in names}
    return {name: events[0]["Count"] for name, events in found.items() if events}


ROUTES = (
    Route("GET", "/lists/<list_id>/names", show),
    Route("GET", "/lists/<list_id>/names/one", one),
    Route("POST", "/lists/<list_id>/names/merge", merge),
    Route("POST", "/lists/<list_id>/names/part", part),
    Route("POST", "/lists/<list_id>/names/hide", hide),
    Route("POST", "/lists/<list_id>/names/describe", describe),
    Route("POST", "/lists/<list_id>/names/delete", delete_events),
)
