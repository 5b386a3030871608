"""Report pages: the list and the question of an address, and the pages for a copy that is built, reports that are not
available, and a question that is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, wraps
from typing import Any
from urllib.parse import quote

from flask import jsonify, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from tracker.console.client import CallRefused, Unanswered, ask
from tracker.console.current_list import WITHOUT_LIST, CurrentList, list_of
from tracker.console.error_pages import is_asked_by_script
from tracker.console.filter_words import OF, OPERATORS, chips
from tracker.console.page_context import desk
from tracker.console.report_address import ReportAddress, condition_of
from tracker.console.report_scope import ReportScope, moment_words
from tracker.errors import REPORTS_UNAVAILABLE

#: Periods: what they are called, `From`, `To`, and the key that chooses them.
PERIODS = (
    ("Today", "today", "today", "t"),
    ("Yesterday", "yesterday", "yesterday", ""),
    ("This week", "week", "today", "w"),
    ("Last 7 days", "-6d", "today", ""),
    ("Last 14 days", "-13d", "today", ""),
    ("Last 30 days", "-29d", "today", ""),
    ("This month", "month", "today", "m"),
    ("Last 90 days", "-89d", "today", ""),
    ("This year", "year", "today", ""),
    ("Last 12 months", "-364d", "today", ""),
)
#: Comparisons: what they are called, and `Compare`.
COMPARISONS = (("The time before", None), ("The year before", "year"), ("Nothing", "none"))
View = Callable[..., Any]


class CopyIsBuilt(Exception):
    """The list's copy for reports is being built. `progress` goes from 0 to 1."""

    def __init__(self, progress: float) -> None:
        super().__init__(f"built to {progress:.0%}")
        self.progress = progress


def report(command: str, place: CurrentList, address: ReportAddress, **params: Any) -> dict[str, Any]:
    """Return a report's answer to the question of the address. Raises CopyIsBuilt while there is none."""
    answer: dict[str, Any] = ask(command, **place.params, **address.head, **params)
    if answer.get("Status") == "building":
        raise CopyIsBuilt(answer["Progress"])
    return answer


def report_page(view: View) -> Callable[..., Any]:
    """Return the view of a route that gets the list, the question and further parts of the path, and answers what `view` has no page for.

    A list without any event leads to Setup; events without a list have no reports, only the live view.
    """

    @wraps(view)
    def shown(list_id: str, **parts: str) -> Any:
        if list_id == WITHOUT_LIST:
            return redirect(f"/lists/{WITHOUT_LIST}/live", 303)
        place, address = list_of(list_id), ReportAddress(dict(request.args.items()))
        if place.described["LastEventTrackedAt"] is None:
            return redirect(f"{place.path}/setup", 303)
        condition = condition_of(request.args)
        if condition is not None or "is" in request.args:
            return _filtered(address, condition)
        return _answered(partial(view, **parts), place, address)

    return shown


def _answered(view: View, place: CurrentList, address: ReportAddress) -> Any:
    try:
        return view(place, address)
    except CopyIsBuilt as copy:
        return _building(place, copy.progress)
    except Unanswered as failure:
        if failure.code != REPORTS_UNAVAILABLE.code:
            raise
        return _unavailable(place, failure)
    except CallRefused as refused:
        return _refused(place, address, refused)


def frame(
    place: CurrentList,
    address: ReportAddress,
    answer: dict[str, Any],
    goals: Sequence[dict[str, Any]] = (),
    annotations: Sequence[dict[str, Any]] = (),
    *,
    keeps_interval: bool = False,
) -> dict[str, Any]:
    """Return what the head and foot of a report's page are made of. Annotations are those that its chart shows.

    Another time has its own interval, unless the interval is a part of the question.
    """
    other_time: dict[str, str | None] = {} if keeps_interval else {"Interval": None}
    scope = ReportScope.of(answer["Scope"])
    segments = ask("segments.get", **place.params)["Segments"]
    return {
        "place": place,
        "address": address,
        "scope": scope,
        "annotations": annotations,
        "keeps_interval": keeps_interval,
        "chips": chips(address, goals, segments),
        "segments": [
            (
                each["Name"],
                address.link(SegmentID=str(each["SegmentID"])),
                address.args.get("SegmentID") == str(each["SegmentID"]),
            )
            for each in segments
        ],
        "operators": OPERATORS,
        "of": OF,
        "periods": [
            (name, address.link(From=first, To=last, **other_time), key) for name, first, last, key in PERIODS
        ],
        "earlier": scope.earlier(address),
        "later": scope.later(address),
        "comparisons": [
            (name, address.link(Compare=word), address.args.get("Compare") == word)
            for name, word in COMPARISONS
        ],
        "turned": address.link(Compare=None if address.args.get("Compare") == "none" else "none"),
    }


def _filtered(address: ReportAddress, condition: dict[str, Any] | None) -> Response:
    """Redirect the filter form to the address that has its condition in `Where`."""
    cleared = dict.fromkeys(("of", "event", "property", "is", "value", "times", "days"))
    path = address.link(**cleared) if condition is None else address.with_condition(condition, **cleared)
    return redirect(request.path + path, 303)


def _building(place: CurrentList, progress: float) -> Any:
    if is_asked_by_script():
        return jsonify(Progress=progress)
    return render_template("report_building.html", tab="overview", place=place, progress=progress)


def _unavailable(place: CurrentList, failure: Unanswered) -> Response:
    page = render_template("report_unavailable.html", tab="overview", place=place, reason=failure.rows[0][1])
    return make_response(page, failure.status, failure.retry_headers)


def _refused(place: CurrentList, address: ReportAddress, refused: CallRefused) -> Any:
    """Render the numbered errors beside the filters, of which one is to be taken away."""
    page = render_template(
        "report_refused.html",
        tab="overview",
        place=place,
        address=address,
        chips=chips(address),
        rows=refused.rows,
    )
    return page, refused.status


def api_call(command: str, place: CurrentList, address: ReportAddress, **params: Any) -> str:
    """Return the question as a line for a terminal, whose answer has the numbers of the page."""
    body = json.dumps({**place.params, **address.head, **params}, ensure_ascii=False, indent=None)
    quoted = body.replace("'", "'\\''")
    return (
        f"curl {desk().settings.public_url}/api/v1/{command} -H 'Authorization: Bearer YOUR_KEY' "
        f"-H 'Content-Type: application/json' -d '{quoted}'"
    )


def kept(command: str, address: ReportAddress, **params: Any) -> dict[str, str]:
    """Return the question as the form that saves it has it. Its words of time stay words, so that it goes with the days."""
    known = {name: value for name, value in {**address.head, **params}.items() if value is not None}
    return {"report": command, "params": json.dumps(known, ensure_ascii=False)}


def annotations_of(place: CurrentList, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the annotations of the time that an answer is about, with their moments in words."""
    scope = answer["Scope"]
    found: list[dict[str, Any]] = ask("annotations.get", **place.params, From=scope["From"], To=scope["To"])[
        "Annotations"
    ]
    return [{**each, "Words": moment_words(each["At"], scope["Timezone"])} for each in found]


def csv_path(
    command: str,
    place: CurrentList,
    address: ReportAddress,
    repeated: Mapping[str, Iterable[str]] | None = None,
    **params: str,
) -> str:
    """Return the path of the answer as a file. `repeated` are parameters that stand there once for each value."""
    pairs = ((name, value) for name, values in (repeated or {}).items() for value in values)
    listed = "".join(f"&{name}={quote(value, safe='')}" for name, value in pairs)
    return f"{place.path}/csv/{command}{address.question(**params)}{listed}"
