"""Triggers pages at `/lists/<id>/triggers`: what is told to whom, a form for another trigger, and the log of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask import abort, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.filter_words import condition_words
from tracker.console.goal_form import OFFERED_OPERATORS, GoalForm, read_form
from tracker.console.offered_steps import offered_names
from tracker.console.page_context import Route

#: What is wrong with a field; None: as the command says it, which has the reason.
WORDS = {
    "Name": "A name of 1 to 100 characters that no other trigger of this list has.",
    "Event": "The name of an event, of at most 200 bytes.",
    "Where": None,
    "SegmentID": "A segment of this list.",
    "URL": None,
}
#: What starts a trigger: an event, or what `On` of the command says of a segment.
EVENT = "event"
STARTS = {
    EVENT: "an event happens",
    "enter": "somebody comes into a segment",
    "exit": "somebody leaves a segment",
}
#: Why a trigger is paused.
PAUSED = {
    "user": "It is paused: nothing starts it, and what waits is kept.",
    "failures": "It is paused: nothing was accepted for a day. Mend the target, then set it going.",
    "backlog": "It is paused: more than 100,000 deliveries wait.",
    "conditions": "It is paused: a regular expression among its conditions cannot be matched.",
}
#: Deliveries that a page shows.
SHOWN = 50


@dataclass(frozen=True, slots=True)
class TriggerForm:
    """The trigger in the form: what starts it, and the event with its conditions."""

    event: GoalForm = field(default_factory=GoalForm)
    start: str = EVENT
    segment: str = ""
    url: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of `trigger.create`."""
        common = {"Name": self.event.name, "URL": self.url}
        if self.start == EVENT:
            return {**common, "Event": self.event.event, "Where": list(self.event.conditions) or None}
        return {**common, "SegmentID": self.segment, "On": self.start}


def show(list_id: str) -> str:
    return _page(list_of(list_id))


def draft(list_id: str) -> str:
    """Show the form again with a condition more, or without the one of the button that was pressed."""
    form, removed = _read_form(), request.form.get("remove")
    event = form.event.added() if removed is None else form.event.without(removed)
    return _page(list_of(list_id), replace(form, event=event))


def create(list_id: str) -> Any:
    """Make a trigger. The answer to the form shows its secret: that belongs in no address and no cookie."""
    place, form = list_of(list_id), _read_form()
    form = replace(form, event=form.event.added())
    try:
        made = ask("trigger.create", **place.params, **form.params)
    except CallRefused as refused:
        return _page(place, form, refused.beside(WORDS)), refused.status
    return _page(place, made={**made, "Name": form.event.name})


def show_one(list_id: str, trigger_id: str) -> str:
    return _one_page(list_of(list_id), trigger_id)


def change(list_id: str, trigger_id: str) -> Any:
    """Pause a trigger, set it going, or exchange its secret: whatever the button says that was pressed."""
    place, pressed = list_of(list_id), request.form.get("do", "")
    if pressed == "secret":
        changed = ask("trigger.update", **place.params, TriggerID=trigger_id, NewSecret=True)
        return _one_page(place, trigger_id, secret=changed["Secret"])
    ask("trigger.update", **place.params, TriggerID=trigger_id, IsActive=pressed == "go")
    return _back(place, trigger_id)


def test(list_id: str, trigger_id: str) -> str:
    place = list_of(list_id)
    return _one_page(place, trigger_id, tested=ask("trigger.test", **place.params, TriggerID=trigger_id))


def delete(list_id: str, trigger_id: str) -> Response:
    place = list_of(list_id)
    ask("trigger.delete", **place.params, TriggerID=trigger_id)
    return redirect(f"{place.path}/triggers", 303)


def show_delivery(list_id: str, trigger_id: str, delivery_id: str) -> str:
    """One delivery with its bodies."""
    place = list_of(list_id)
    named = {"TriggerID": trigger_id, "DeliveryID": delivery_id}
    [delivery] = ask("deliveries.get", **place.params, **named)["Deliveries"]
    return render_template(
        "delivery.html", tab="triggers", place=place, trigger=_trigger(place, trigger_id), delivery=delivery,
        request_body=json.dumps(delivery["Request"], indent=2, ensure_ascii=False),
    )  # fmt: skip


def retry(list_id: str, trigger_id: str, delivery_id: str) -> Response:
    place = list_of(list_id)
    ask("delivery.retry", **place.params, DeliveryID=delivery_id)
    return _back(place, trigger_id)


def _page(
    place: CurrentList,
    form: TriggerForm | None = None,
    faults: Mapping[str, str] | None = None,
    made: Mapping[str, Any] | None = None,
) -> str:
    triggers, segments = ask("triggers.get", **place.params)["Triggers"], _segments(place)
    events, properties = offered_names(place)
    return render_template(
        "triggers.html", tab="triggers", place=place, triggers=[_row(each, segments) for each in triggers],
        segments=segments, events=events, properties=properties, operators=OFFERED_OPERATORS, starts=STARTS,
        form=form or TriggerForm(), faults=faults or {}, made=made,
    )  # fmt: skip


def _one_page(place: CurrentList, trigger_id: str, **more: Any) -> str:
    trigger = _trigger(place, trigger_id)
    deliveries = ask("deliveries.get", **place.params, TriggerID=trigger_id, Limit=SHOWN)["Deliveries"]
    return render_template(
        "trigger.html", tab="triggers", place=place, trigger=trigger, deliveries=deliveries,
        start=_row(trigger, _segments(place)), paused=PAUSED.get(trigger["PausedBy"] or ""),
        **more,
    )  # fmt: skip


def _read_form() -> TriggerForm:
    sent = {name: request.form.get(name, "").strip() for name in ("start", "SegmentID", "URL")}
    start = sent["start"] if sent["start"] in STARTS else EVENT
    return TriggerForm(read_form(request.form), start, sent["SegmentID"], sent["URL"])


def _segments(place: CurrentList) -> dict[int, str]:
    """Return the names of the list's segments by number."""
    found = ask("segments.get", **place.params)["Segments"]
    return {each["SegmentID"]: each["Name"] for each in found}


def _row(trigger: Mapping[str, Any], segments: Mapping[int, str]) -> dict[str, Any]:
    """Return a trigger with its conditions and its segment in words."""
    words = " and ".join(map(condition_words, trigger["Where"]))
    return {
        **trigger,
        "Words": words,
        "Segment": segments.get(trigger["SegmentID"], "a segment that is gone"),
    }


def _trigger(place: CurrentList, trigger_id: str) -> dict[str, Any]:
    found = ask("triggers.get", **place.params)["Triggers"]
    trigger: dict[str, Any] | None = next((t for t in found if str(t["TriggerID"]) == trigger_id), None)
    return trigger or abort(404)


def _back(place: CurrentList, trigger_id: str) -> Response:
    return redirect(f"{place.path}/triggers/{trigger_id}", 303)


_ONE = "/lists/<list_id>/triggers/<trigger_id>"
ROUTES = (
    Route("GET", "/lists/<list_id>/triggers", show),
    Route("POST", "/lists/<list_id>/triggers", create),
    Route("POST", "/lists/<list_id>/triggers/draft", draft),
    Route("GET", _ONE, show_one),
    Route("POST", _ONE, change),
    Route("POST", f"{_ONE}/test", test),
    Route("POST", f"{_ONE}/delete", delete),
    Route("GET", f"{_ONE}/deliveries/<delivery_id>", show_delivery),
    Route("POST", f"{_ONE}/deliveries/<delivery_id>/retry", retry),
)
