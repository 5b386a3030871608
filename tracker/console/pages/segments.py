"""Segments pages at `/lists/<id>/segments`: all with their sizes, one in sentences with its size while it is written, its people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask import abort, jsonify, redirect, render_template, request

from tracker.console.client import CallRefused, Unanswered, ask, ask_if_allowed
from tracker.console.current_list import CurrentList, is_number, list_of
from tracker.console.event_view import name_of
from tracker.console.journey_question import read
from tracker.console.offered_steps import offered_names
from tracker.console.page_context import Route
from tracker.console.pages.who import someone_row
from tracker.console.report_address import ReportAddress
from tracker.console.segment_form import BEGINNINGS, MAX_ROWS, FormRow, rows_in, rows_of, rule_of
from tracker.console.segment_words import rule_words
from tracker.errors import REPORTS_UNAVAILABLE

PEOPLE_PER_PAGE = 50
#: Operators of a value, as a sentence has them.
HOWS = {
    "equals": "is", "does not equal": "is not", "contains": "contains", "does not contain": "does not contain",
    "begins with": "begins with", "ends with": "ends with", "matches regex": "matches", "greater than": "is more than",
    "less than": "is less than", "at least": "is at least", "at most": "is at most", "is set": "is set", "is not set": "is not set",
}  # fmt: skip
#: Which field of the form each error is told beside: of the name, of the rule, and that there are too many.
FIELDS = {4: "Name", 5: "Name", 7: "Name", 8: "Name", 6: "Rule", 9: "Rule", 16: "Rule"}

#: The error of a segment that is used.
IN_USE = 17


def show(list_id: str) -> str:
    return _all(list_of(list_id))


def _all(place: CurrentList, fault: str = "") -> str:
    counted, trouble = _counted(place)
    segments = counted["Segments"]
    names = _names(segments)
    return render_template(
        "segments.html",
        tab="segments",
        place=place,
        segments=[
            {
                **each,
                "Words": rule_words(each["Rule"], names),
                "Users": [names[user] for user in each["UsedBy"]],
            }
            for each in segments
        ],
        of=counted.get("Of"),
        as_of=counted.get("AsOf"),
        trouble=trouble,
        fault=fault,
    )


def edit(list_id: str, segment_id: str) -> Any:
    """Render the form of a segment, or of a new one; a rule in the address is the one that is being written."""
    place = list_of(list_id)
    kept = _segments(place)
    chosen = _chosen(kept, segment_id)
    return _form(place, kept, chosen, _draft(kept, chosen, request.args))


def count(list_id: str, segment_id: str) -> Any:
    """Answer the form's script: how many people the rule has that is being written, and who are examples."""
    place = list_of(list_id)
    kept = _segments(place)
    chosen = _chosen(kept, segment_id)
    return jsonify(_size(place, chosen, _draft(kept, chosen, request.args)))


def save(list_id: str, segment_id: str) -> Any:
    place = list_of(list_id)
    kept = _segments(place)
    chosen = _chosen(kept, segment_id)
    draft = _draft(kept, chosen, request.form)
    command = "segment.create" if chosen is None else "segment.update"
    number = {} if chosen is None else {"SegmentID": chosen["SegmentID"]}
    try:
        ask(command, **place.params, **number, Name=draft["name"], Rule=draft["rule"] or None)
    except CallRefused as refused:
        faults: dict[str, list[str]] = {}
        for code, message in refused.rows:
            if code not in FIELDS:
                raise
            faults.setdefault(FIELDS[code], []).append(f"{message} (error {code})")
        told = {field: "; ".join(messages) for field, messages in faults.items()}
        return _form(place, kept, chosen, draft, told), refused.status
    return redirect(f"{place.path}/segments", 303)


def delete(list_id: str, segment_id: str) -> Any:
    """Delete a segment; of one that is used, say by what."""
    place = list_of(list_id)
    try:
        ask("segment.delete", **place.params, SegmentID=segment_id)
    except CallRefused as refused:
        if refused.code != IN_USE:
            raise
        return _all(place, "; ".join(refused.beside({}).values())), refused.status
    return redirect(f"{place.path}/segments", 303)


def people(list_id: str, segment_id: str) -> Any:
    place, address = list_of(list_id), ReportAddress(dict(request.args.items()))
    chosen = _chosen(_segments(place), segment_id)
    if chosen is None:
        abort(404)
    number = chosen["SegmentID"]
    answer = ask(
        "segment.people",
        **place.params,
        SegmentID=number,
        Limit=PEOPLE_PER_PAGE,
        Cursor=address.args.get("Cursor") or None,
    )
    return render_template(
        "segment_people.html",
        tab="segments",
        place=place,
        segment=chosen,
        people=[someone_row(each, place) for each in answer["People"]],
        total=answer["Total"],
        is_building=answer["Status"] == "building",
        following=address.link(Cursor=answer["Cursor"]) if answer["Cursor"] else None,
        first=address.link() if address.args.get("Cursor") else None,
    )


def of_subscriber(list_id: str, subscriber_id: str) -> Any:
    """Render which segments a subscriber is in."""
    place = list_of(list_id)
    found = ask("subscriber.get", **place.params, SubscriberID=subscriber_id)["SubscriberInformation"]
    told = ask("segments.get", **place.params, SubscriberID=found["SubscriberID"])
    names = _names(told["Segments"])
    return render_template(
        "segments_of_subscriber.html",
        tab="people",
        place=place,
        path=f"{place.path}/people/{found['SubscriberID']}",
        title=name_of(found),
        segments=[{**each, "Words": rule_words(each["Rule"], names)} for each in told["Segments"]],
        is_building=told["Status"] == "building",
    )


def _form(
    place: CurrentList,
    kept: list[dict[str, Any]],
    chosen: dict[str, Any] | None,
    draft: dict[str, Any],
    faults: dict[str, str] | None = None,
) -> str:
    rows = draft["rows"]
    more = (
        [FormRow()]
        if rows is not None and (not rows or ("more" in request.args and len(rows) < MAX_ROWS))
        else []
    )
    size = _size(place, chosen, draft) if draft["rule"] and not faults else {}
    return render_template(
        "segment.html",
        tab="segments",
        place=place,
        segment=chosen,
        path=f"{place.path}/segments/{chosen['SegmentID'] if chosen else 'new'}",
        rows=None if rows is None else [*rows, *more],
        draft=draft,
        size=size,
        faults=faults or {},
        beginnings=BEGINNINGS,
        hows=HOWS,
        offered=_offered(place, kept, chosen),
    )


def _draft(
    kept: list[dict[str, Any]], chosen: dict[str, Any] | None, sent: Mapping[str, str]
) -> dict[str, Any]:
    """Return the name and the rule of what is being written, as rows of the form or as JSON."""
    names = _names(kept)
    numbers = {name: number for number, name in names.items()}
    name = sent.get("Name", chosen["Name"] if chosen else "").strip()
    if "Rule" in sent or sent.get("as") == "json":
        text = sent.get("Rule", orjson.dumps(chosen["Rule"]).decode() if chosen else "[]")
        return {
            "name": name,
            "rows": None,
            "text": text,
            "rule": text.strip() if text.strip() != "[]" else "",
        }
    if any(key.startswith("what-") for key in sent):
        rows: list[FormRow] | None = rows_in(sent)
        return {"name": name, "rows": rows, "text": "", "rule": rule_of(rows or [], numbers)}
    rule = read(sent.get("Made", "")) or (chosen["Rule"] if chosen else [])
    rule = rule if isinstance(rule, list) else []
    rows = rows_of(rule, names)
    text = "" if rows is not None else orjson.dumps(rule, option=orjson.OPT_INDENT_2).decode()
    return {"name": name, "rows": rows, "text": text, "rule": rule}


def _size(place: CurrentList, chosen: dict[str, Any] | None, draft: dict[str, Any]) -> dict[str, Any]:
    """Return how many people a rule has: `Words`, and the names of `Examples`; or what is wrong with it."""
    if not draft["rule"]:
        return {"Words": "", "Examples": []}
    number = {} if chosen is None else {"SegmentID": chosen["SegmentID"]}
    try:
        told = ask("segment.count", **place.params, **number, Rule=draft["rule"])
    except CallRefused as refused:
        return {"Fault": "; ".join(message for _, message in refused.rows), "Examples": []}
    except Unanswered as failure:
        if failure.code != REPORTS_UNAVAILABLE.code:
            raise
        return {"Fault": failure.rows[0][1], "Examples": []}
    if told["Status"] == "building":
        return {"Words": "The numbers are being made ready: count again in a moment", "Examples": []}
    count = f"{told['People']:,} {'person' if told['People'] == 1 else 'people'} of {told['Of']:,}"
    return {"Words": count, "Examples": [someone_row(each, place)["name"] for each in told["Examples"]]}


def _counted(place: CurrentList) -> tuple[dict[str, Any], str]:
    """Return all segments with their sizes; without, and why, if they cannot be counted now."""
    try:
        found = ask("segments.get", **place.params, WithCounts=True)
    except (CallRefused, Unanswered) as failure:
        if isinstance(failure, Unanswered) and failure.code != REPORTS_UNAVAILABLE.code:
            raise
        return ask("segments.get", **place.params), failure.rows[0][1]
    is_building = found["Status"] == "building"
    return found, "The numbers are being made ready. Load the page again in a moment." if is_building else ""


def _segments(place: CurrentList) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask("segments.get", **place.params)["Segments"]
    return found


def _names(segments: list[dict[str, Any]]) -> dict[int, str]:
    return {each["SegmentID"]: each["Name"] for each in segments}


def _chosen(kept: list[dict[str, Any]], segment_id: str) -> dict[str, Any] | None:
    """Return the segment of a path; None for a new one. Anything else becomes the 404 page."""
    if segment_id == "new":
        return None
    found = [each for each in kept if is_number(segment_id) and each["SegmentID"] == int(segment_id)]
    if not found:
        abort(404)
    return found[0]


def _offered(
    place: CurrentList, kept: list[dict[str, Any]], chosen: dict[str, Any] | None
) -> dict[str, list[str]]:
    """Return the names that a form offers: of events, custom fields and segments, as far as the user may see them."""
    events, _ = offered_names(place)
    fields = ask_if_allowed("customfields.get", SubscriberListID=place.params["ListID"])
    found = fields.get("CustomFields", [])
    return {
        "events": events,
        "fields": [each["MergeTagAlias"] or f"CustomField{each['CustomFieldID']}" for each in found],
        "segments": [
            each["Name"] for each in kept if chosen is None or each["SegmentID"] != chosen["SegmentID"]
        ],
    }


SEGMENT = "/lists/<list_id>/segments/<segment_id>"
ROUTES = (
    Route("GET", "/lists/<list_id>/segments", show),
    Route("GET", SEGMENT, edit),
    Route("POST", SEGMENT, save),
    Route("GET", f"{SEGMENT}/count", count),
    Route("GET", f"{SEGMENT}/people", people),
    Route("POST", f"{SEGMENT}/delete", delete),
    Route("GET", "/lists/<list_id>/people/<subscriber_id>/segments", of_subscriber),
)
