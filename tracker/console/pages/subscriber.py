"""Person page at `/lists/<id>/people/<subscriber id>`: profile, timeline, links and their reasons; and visitor pages."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import Unanswered, ask
from tracker.console.current_list import CurrentList, is_number, list_of
from tracker.console.error_pages import is_asked_by_script
from tracker.console.event_view import name_of, text_of
from tracker.console.explanations import why_linked, why_theirs
from tracker.console.live_stream import sent_on
from tracker.console.money import sums
from tracker.console.page_context import Route
from tracker.console.pages.people import uuid_in
from tracker.console.timeline_view import timeline

LINKS_PER_PAGE = 10


def show(list_id: str, subscriber_id: str) -> str:
    place, who = list_of(list_id), {"SubscriberID": subscriber_id}
    subscriber = described(place, subscriber_id)
    number = subscriber["SubscriberInformation"]["SubscriberID"]
    links = ask("subscriber.explain", **place.params, **who, Cursor=request.args.get("links") or None, RecordsPerRequest=LINKS_PER_PAGE)  # fmt: skip
    return render_template(
        "subscriber.html",
        tab="people",
        place=place,
        subscriber=subscriber,
        path=f"{place.path}/people/{number}",
        title=name_of(subscriber["SubscriberInformation"]),
        revenue=sums(subscriber["Revenue"], place.described.get("Currency", "")),
        custom_fields=_custom_fields(place, subscriber["SubscriberInformation"]["CustomFields"]),
        links=[{**link, "Why": why_linked(link)} for link in links["Links"]],
        links_cursor=links["Cursor"],
        unmerged=request.args.get("unmerged"),
        **timeline(place, who, number),
    )


def visitor(list_id: str, uuid: str) -> str:
    """Render the events of a visitor without a subscriber."""
    place = list_of(list_id)
    return render_template("visitor.html", tab="people", place=place, uuid=uuid, path=f"{place.path}/visitors/{uuid}", **timeline(place, {"UUID": uuid}))  # fmt: skip


def why(list_id: str, subscriber_id: str, event_id: str) -> Any:
    """Explain why one event is the subscriber's, for the script of the timeline or as a page."""
    place = list_of(list_id)
    told = ask("subscriber.explain", **place.params, SubscriberID=subscriber_id, EventID=event_id, RecordsPerRequest=1)  # fmt: skip
    because = why_theirs(told["Event"])
    if is_asked_by_script():
        return jsonify(Why=because)
    path = f"{place.path}/people/{told['SubscriberID']}"
    return render_template("why.html", tab="people", place=place, path=path, event=told["Event"]["Event"], because=because)  # fmt: skip


def ask_to_unmerge(list_id: str, subscriber_id: str, uuid: str, span: str) -> str:
    place = list_of(list_id)
    subscriber = described(place, subscriber_id)["SubscriberInformation"]
    if uuid_in(uuid) is None or not is_number(span):
        abort(404)
    return render_template(
        "unmerge.html",
        tab="people",
        place=place,
        path=f"{place.path}/people/{subscriber['SubscriberID']}",
        name=name_of(subscriber),
        uuid=uuid,
        span=span,
    )


def unmerge(list_id: str, subscriber_id: str, uuid: str, span: str) -> Response:
    place = list_of(list_id)
    done = ask("subscriber.unmerge", **place.params, SubscriberID=subscriber_id, UUID=uuid, Span=span)
    return redirect(f"{place.path}/people/{done['SubscriberID']}?unmerged={done['Status']}", 303)


def leave_out(list_id: str, subscriber_id: str) -> Response:
    """Leave the subscriber out of reports, or count them again, as the form says."""
    place = list_of(list_id)
    is_left_out = request.form.get("out", "1")
    done = ask("subscriber.update", **place.params, SubscriberID=subscriber_id, IsLeftOut=is_left_out)
    return redirect(f"{place.path}/people/{done['SubscriberID']}", 303)


def export(list_id: str, subscriber_id: str) -> Response:
    """Stream the export. It is written to the audit log, so a form asks for it, not a link."""
    place = list_of(list_id)
    stream = ask("subscriber.export", **place.params, SubscriberID=subscriber_id)
    return sent_on(
        stream, {"Content-Disposition": f'attachment; filename="person-{int(subscriber_id)}.json"'}
    )


def described(place: CurrentList, subscriber_id: str) -> dict[str, Any]:
    """Return the answer of `subscriber.get`."""
    found: dict[str, Any] = ask("subscriber.get", **place.params, SubscriberID=subscriber_id)
    return found


def _custom_fields(place: CurrentList, values: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Return each field's name and value; its alias where the user may not read custom fields."""
    if not values:
        return []
    names: dict[str, str] = {}
    try:
        for each in ask("customfields.get", SubscriberListID=place.params["ListID"])["CustomFields"]:
            names[each["MergeTagAlias"] or f"CustomField{each['CustomFieldID']}"] = each["FieldName"]
    except Unanswered as failure:
        if failure.status != 403:
            raise
    return [
        (names.get(name, name), None if value is None else text_of(value)) for name, value in values.items()
    ]


SUBSCRIBER = "/lists/<list_id>/people/<subscriber_id>"
ROUTES = (
    Route("GET", SUBSCRIBER, show),
    Route("GET", f"{SUBSCRIBER}/why/<event_id>", why),
    Route("GET", f"{SUBSCRIBER}/visitors/<uuid>/<span>/unmerge", ask_to_unmerge),
    Route("POST", f"{SUBSCRIBER}/visitors/<uuid>/<span>/unmerge", unmerge),
    Route("POST", f"{SUBSCRIBER}/reports", leave_out),
    Route("POST", f"{SUBSCRIBER}/export", export),
    Route("GET", "/lists/<list_id>/visitors/<uuid>", visitor),
)
