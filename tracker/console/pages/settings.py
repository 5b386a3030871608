"""Settings page of a list at `/lists/<id>/settings`: every setting of `list.update`."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request

from tracker.console.client import CallRefused, ask
from tracker.console.current_list import CurrentList, list_of
from tracker.console.page_context import Route

WORDS = {
    "Timezone": "A name of the list, such as Europe/Berlin.",
    "Currency": "Three capital letters, such as EUR.",
    "VisitGapMinutes": "A whole number of minutes from 1 to 240.",
    "ChannelRules": "One rule a line, such as source: partner = Partners. What it may begin with stands above.",
    "SubscriberListName": "A name has 1 to 250 characters.",
    "ConversionIdIs": "Choose one of the two values.",
    "RetentionDays": "A whole number of days from 0 to 3653.",
    "AllowedOrigins": "One origin a line, such as https://shop.example, without a path.",
    "OwnNetworks": "One network or address a line, such as 192.0.2.0/24.",
    "HiddenQueryParameters": "One name a line, such as token; a name may begin with *.",
}
SWITCHES = ("ConversionsNeedKey", "HonourPrivacySignal", "KeepRefusedValues", "KeepAddress")


def show(list_id: str) -> str:
    place = list_of(list_id)
    return _page(place, _described(place))


def save(list_id: str) -> Any:
    place, sent = list_of(list_id), _sent()
    lost = [] if request.form.get("refuse") == "1" else _would_refuse(place, sent["AllowedOrigins"])
    if lost:
        told = ", ".join(f"{each['Origin']} ({each['Seen']:,} events)" for each in lost)
        fault = {
            "AllowedOrigins": f"These pages sent events in the last 24 hours, and would be refused: {told}."
        }
        return _page(place, {**_described(place), **sent}, fault, would_refuse=True), 422
    try:
        ask("list.update", **place.params, **sent)
    except CallRefused as refused:
        return _page(place, {**_described(place), **sent}, refused.beside(WORDS)), refused.status
    return redirect(f"{place.path}/settings?saved=1", 303)


def _would_refuse(place: CurrentList, allowed: list[str]) -> list[dict[str, Any]]:
    """Return the origins that sent events in the last 24 hours, may do so now, and could not any more."""
    if set(allowed) == set(place.described["AllowedOrigins"]):
        return []
    try:
        now, then = (
            ask("setup.check", **place.params, Probe=False, AllowedOrigins=origins)["Origins"]
            for origins in (place.described["AllowedOrigins"], allowed)
        )
    except CallRefused:  # an origin that is none: saving says so
        return []
    taken = {each["Origin"] for each in now if each["IsAllowed"] and each["Seen"]}
    return [each for each in then if not each["IsAllowed"] and each["Origin"] in taken]


def _described(place: CurrentList) -> dict[str, Any]:
    """Return the answer of `list.get` under the names of `list.update`."""
    return {**place.described, "SubscriberListName": place.described["Name"]}


def _sent() -> dict[str, Any]:
    """Return the form's values. A browser does not send a box that is not ticked: it means no."""
    form = request.form
    return {
        "SubscriberListName": form.get("SubscriberListName", "").strip(),
        "Timezone": form.get("Timezone", "").strip() or "UTC",
        "Currency": form.get("Currency", "").strip().upper(),
        "VisitGapMinutes": form.get("VisitGapMinutes", "").strip() or "30",
        "ChannelRules": [_rule(line) for line in _lines(form.get("ChannelRules", ""))],
        "ConversionIdIs": form.get("ConversionIdIs", ""),
        "RetentionDays": form.get("RetentionDays", "").strip() or "0",
        **{
            name: _lines(form.get(name, ""))
            for name in ("AllowedOrigins", "HiddenQueryParameters", "OwnNetworks")
        },
        **{name: form.get(name) == "1" for name in SWITCHES},
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _rule(line: str) -> dict[str, str]:
    """Return the rule in a line such as `source: partner = Partners`; a line of another form is none that can be saved."""
    kind, _, rest = line.partition(":")
    value, _, channel = rest.rpartition("=")
    return {"Match": kind.strip(), "Value": value.strip(), "Channel": channel.strip()}


def _page(
    place: CurrentList,
    values: dict[str, Any],
    faults: dict[str, str] | None = None,
    would_refuse: bool = False,
) -> str:
    rules = ["{Match}: {Value} = {Channel}".format(**rule) for rule in values["ChannelRules"]]
    return render_template(
        "settings.html",
        tab="settings",
        place=place,
        values=values,
        rules=rules,
        faults=faults or {},
        is_saved="saved" in request.args,
        would_refuse=would_refuse,
    )


def delete(list_id: str) -> Any:
    """Delete the list, whose name was typed."""
    place = list_of(list_id)
    try:
        ask("list.delete", **place.params, Name=request.form.get("Name", ""))
    except CallRefused as refused:
        faults = refused.beside({"Name": "Type the name of the list, letter by letter."})
        return _page(place, _described(place), {"Name": next(iter(faults.values()))}), refused.status
    return redirect("/lists?deleted=1", 303)


ROUTES = (
    Route("POST", "/lists/<list_id>/delete", delete),
    Route("GET", "/lists/<list_id>/settings", show),
    Route("POST", "/lists/<list_id>/settings", save),
)
