"""What do pages of reports show? Answers in the shapes of the reports' commands, made up, so that each page can be full or odd."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.call import Answer, Call
from tracker.dispatch import Dispatcher
from tracker.registry import Registry

TODAY = datetime(2026, 11, 27, tzinfo=UTC)
NAMES = ("Direct", "Search", "Email", "Social", "Campaign", None)
READY = {"Status": "ready", "Progress": 1.0}
Made = Callable[[dict[str, Any]], Any]


def iso(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")


def scope(days: int = 14, ends: datetime = TODAY + timedelta(1), **changed: Any) -> dict[str, Any]:
    begins = ends - timedelta(days)
    return {
        "From": iso(begins),
        "To": iso(ends),
        "Timezone": "Europe/Berlin",
        "Compare": {"From": iso(begins - timedelta(days)), "To": iso(begins)},
        "Events": 1246,
        "RobotsLeftOut": 100,
        "PeopleLeftOut": 0,
        "IsComplete": False,
        "AsOf": "2026-11-27T15:40:00.000Z",
        **changed,
    }


def number(measure: str, seed: float) -> Any:
    """A number of this measure, always the same for a seed."""
    size = 20 + 12 * math.sin(seed * 1.7) + 6 * math.cos(seed * 3.1)
    if measure == "revenue":
        return {"EUR": f"{size * 4.25:.2f}"}
    if measure == "rate":
        return round(size / 300, 4)
    return round(size * {"views": 3.2, "conversions": 0.1}.get(measure, 1))


def total(measure: str, points: list[Any]) -> Any:
    if measure == "revenue":
        return {"EUR": f"{sum(float(each['EUR']) for each in points):.2f}"}
    return 0.101 if measure == "rate" else sum(points)


def measures_of(params: dict[str, Any]) -> list[str]:
    """The measures that are asked for, as commands read them."""
    sent = params.get("Measures", ["people"])
    return sent if isinstance(sent, list) else [sent]


def trend(params: dict[str, Any]) -> dict[str, Any]:
    times = (
        [] if params.get("Interval") == "none" else [TODAY - timedelta(days) for days in range(13, -1, -1)]
    )
    values = ([*NAMES, "A campaign with a rather long name"] if params.get("By") else [None])[
        : params.get("Top", 5)
    ]
    series = [
        _series(measure, value, index * 7 + number_ * 3, max(len(times), 1))
        for number_, measure in enumerate(measures_of(params))
        for index, value in enumerate(values)
    ]
    if not times:
        series = [{**each, "Points": [], "Before": {**each["Before"], "Points": []}} for each in series]
    return {
        **READY,
        "Interval": "day" if times else "none",
        "Times": [iso(time) for time in times],
        "Series": series,
        "Scope": scope(),
    }


def _series(measure: str, value: str | None, seed: int, count: int) -> dict[str, Any]:
    points = [number(measure, seed + day) for day in range(count)]
    before = [number(measure, seed + day + 0.6) for day in range(count)]
    return {
        "Measure": measure,
        "Value": value,
        "Points": points,
        "Total": total(measure, points),
        "Before": {"Points": before, "Total": total(measure, before)},
    }


def breakdown(params: dict[str, Any]) -> dict[str, Any]:
    by = params["By"] if isinstance(params["By"], str) else params["By"][0]
    if isinstance(params["By"], list):
        return _crossed(params)
    values = {
        "$pathname": ("/", "/products/cup-01", "/products/earl-grey-01", "/cart"),
        "$country": ("DE", "AT", "US"),
    }
    found = next((named for part, named in values.items() if part in by), NAMES)
    rows = [
        {
            "Values": [value],
            **{measure: number(measure, 9 - index) for measure in measures_of(params)},
            "Before": {measure: number(measure, index + 4) for measure in measures_of(params)},
        }
        for index, value in enumerate(found)
    ]
    rows.sort(key=lambda row: str(row[measures_of(params)[0]]), reverse=True)
    whole = {measure: total(measure, [row[measure] for row in rows]) for measure in measures_of(params)}
    return {
        **READY,
        "Rows": rows,
        "Others": None,
        "Total": whole,
        "TotalBefore": whole,
        "Cursor": None,
        "Scope": scope(),
    }


def _crossed(params: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {
            "Values": [one, other],
            **{measure: number(measure, index + 3 * at) for measure in measures_of(params)},
            "Before": {},
        }
        for index, one in enumerate(NAMES)
        for at, other in enumerate(("mobile", "desktop", None))
    ]
    return {
        **READY,
        "Rows": rows,
        "Others": None,
        "Total": None,
        "TotalBefore": None,
        "Cursor": None,
        "Scope": scope(),
    }


def people(params: dict[str, Any]) -> dict[str, Any]:
    known = {
        "SubscriberID": "358117233766563840",
        "EmailAddress": "ada@example.com",
        "ExternalID": None,
        "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "FirstSeenAt": "2026-11-02T18:00:00.000Z",
        "LastSeenAt": "2026-11-27T09:30:00.125Z",
        "Events": 12,
        "Revenue": {"EUR": "59.90"},
        "Source": "google",
    }
    nobody = {**known, "SubscriberID": None, "EmailAddress": None, "Events": 1, "Revenue": {}, "Source": None}
    return {**READY, "Total": 2, "People": [known, nobody], "Cursor": None, "Scope": scope()}


def funnel(params: dict[str, Any]) -> dict[str, Any]:
    """A funnel in which 60 of 100 go on at each step, and each of whom spends the same."""
    counts = [round(300 * 0.6**index) for index in range(len(params["Steps"]))]
    steps = [
        {
            "Name": each if isinstance(each, str) else each.get("Name") or each.get("Event") or "Goal",
            "People": count,
            "OfFirst": count / counts[0],
            "OfBefore": count / counts[index - 1] if index else None,
            "MedianSeconds": 125.0 if index else None,
            "Left": count - counts[index + 1] if index + 1 < len(counts) else 0,
            "Revenue": {"EUR": f"{count}.50"} if count == counts[-1] else {},
        }
        for index, (each, count) in enumerate(zip(params["Steps"], counts, strict=True))
    ]
    if params.get("Next"):
        went = [
            {"Event": "page_view", "Page": "/cart", "People": 7},
            {"Event": None, "Page": None, "People": 3},
        ]
        steps = [{**each, "Next": went if each["Left"] else []} for each in steps]
    has_times = bool(params.get("Interval"))
    return {
        **READY,
        "Steps": steps,
        "Groups": [{"Value": value, "Steps": steps} for value in ("mobile", None)]
        if params.get("By")
        else [],
        "Times": [iso(TODAY - timedelta(days)) for days in (2, 1, 0)] if has_times else [],
        "Over": [{"Steps": counts}, {"Steps": [0] * len(counts)}, {"Steps": counts}] if has_times else [],
        "Before": None if params.get("Compare") == "none" else steps,
        "Scope": scope(),
    }


def retention(params: dict[str, Any]) -> dict[str, Any]:
    starts = [TODAY - timedelta(25), TODAY - timedelta(18), TODAY - timedelta(11), TODAY - timedelta(4)]
    rows = [(40, [20, 10, 3], 2), (50, [5, 4, None], 1), (0, [0, None, None], 0), (20, [None, None, None], 0)]
    return {
        **READY,
        "Cohorts": [
            {"Start": iso(start), "People": people_, "Returned": returned, "Complete": complete}
            for start, (people_, returned, complete) in zip(starts, rows, strict=True)
        ],
        "Average": [0.28, 0.25, None],
        "Scope": scope(28),
    }


def node(value: str | None, count: int, *following: dict[str, Any], **more: bool) -> dict[str, Any]:
    return {
        "Value": value, "Visits": count + 1, "People": count, "Share": count / 100, "IsEnd": False, "IsOthers": False, "Next": list(following),
        **more,
    }  # fmt: skip


def paths(params: dict[str, Any]) -> dict[str, Any]:
    ended = node(None, 8, IsEnd=True)
    thanks, cup = node("/thank-you", 30, ended), node("/products/cup-01", 9, node("/cart", 5), ended)
    nodes = [
        node("/checkout", 50, thanks, node("", 2, ended), node(None, 9, IsOthers=True)),
        node("/products", 20, cup),
        ended,
    ]
    return {**READY, "Visits": 101, "People": 78, "Nodes": nodes, "Scope": scope(Compare=None)}


def attribution(params: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {
            "Value": value, "People": 40 + index, "Buyers": 9 - index, "Orders": "8.5", "Revenue": {"EUR": f"{160 - 40 * index}.00"},
            "FirstRevenue": {"EUR": "312.00"}, "PerPerson": {"EUR": "4.00"},
        }
        for index, value in enumerate(("Email", "Search", None))
    ]  # fmt: skip
    total = {
        "People": 293,
        "Buyers": 24,
        "Orders": "25.5",
        "Revenue": {"EUR": "360.00"},
        "PerPerson": {"EUR": "1.23"},
    }
    return {**READY, "Rows": rows, "Total": total, "Cursor": None, "Scope": scope(Compare=None)}


def products(params: dict[str, Any]) -> dict[str, Any]:
    names = {
        "Seen": "view_product", "InCart": "add_to_cart", "Bought": "conversion", "ID": "product_id", "Name": "product_name", "Price": "price",
        "Quantity": "quantity", "Items": "items", "Suggested": True,
    }  # fmt: skip
    cup = {
        "Product": "cup-01", "Name": "Cup", "Seen": 62, "InCart": 31, "Bought": 24, "Quantity": "26", "Revenue": {"EUR": "377.00"},
        "SeenToBought": 0.387097,
    }  # fmt: skip
    tea = {**cup, "Product": "tea-01", "Name": None, "Seen": 0, "Revenue": {}, "SeenToBought": None}
    return {
        **READY, "Names": names, "Rows": [cup, tea], "Total": {**cup, "Seen": 201}, "Cursor": None, "Scope": scope(Compare=None),
    }  # fmt: skip


MADE_UP: dict[str, Made] = {
    "reports.funnel": funnel,
    "reports.retention": retention,
    "reports.paths": paths,
    "reports.attribution": attribution,
    "reports.products": products,
    "reports.trend": trend,
    "reports.breakdown": breakdown,
    "reports.people": people,
    "reports.values": lambda _: {
        **READY,
        "Values": [{"Value": "Email", "Events": 9}, {"Value": None, "Events": 3}],
        "Scope": scope(),
    },
    "goals.get": lambda _: {
        "Goals": [
            {
                "GoalID": 1,
                "Name": "Newsletter",
                "Event": "newsletter_signup",
                "Where": [],
                "Counts": {"People": 1246, "Conversions": 1300, "Rate": 0.101},
                "CountsMissing": None,
            }
        ]
    },
}


class MadeUpReports:
    """A dispatcher that answers commands of `made` itself, and hands others on. `asked` has each such call."""

    def __init__(self, dispatcher: Dispatcher, made: dict[str, Made] | None = None) -> None:
        self._dispatcher, self.made = dispatcher, dict(MADE_UP if made is None else made)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    @property
    def registry(self) -> Registry:
        return self._dispatcher.registry

    def answer(self, call: Call) -> Answer:
        made = self.made.get(call.command or "")
        if made is None:
            return self._dispatcher.answer(call)
        self.asked.append((call.command or "", call.params))
        body = made(call.params)
        return Answer(body.get("_status", 200) if isinstance(body, dict) else 200, body, {})


def failure(status: int, *rows: tuple[int, str]) -> Made:
    """A command that fails with these errors."""
    errors = [{"Code": code, "Message": message} for code, message in rows]
    return lambda _: {
        "_status": status,
        "Success": False,
        "ErrorCode": rows[0][0],
        "ErrorText": rows[0][1],
        "Errors": errors,
    }
