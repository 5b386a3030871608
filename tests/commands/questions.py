"""The commands that take the head of reports, with what each needs beside the list."""

from __future__ import annotations

from typing import Any

#: Command -> the parameters that it needs.
HEADED: dict[str, dict[str, Any]] = {
    "reports.trend": {},
    "reports.breakdown": {"By": "plan"},
    "reports.people": {},
    "reports.values": {"By": "plan"},
    "visits.get": {},
    "events.export": {},
    "reports.funnel": {"Steps": ["seen", "conversion"]},
    "reports.retention": {},
    "reports.paths": {"Around": "seen"},
    "reports.attribution": {},
    "reports.products": {},
}
#: Those of them that compare nothing with a range before.
WITHOUT_BEFORE = frozenset(["reports.paths", "reports.attribution", "reports.products"])
#: Those that take no `Event`.
WITHOUT_EVENT = WITHOUT_BEFORE | {"reports.funnel", "reports.retention"}
#: A step of a funnel that nobody reached.
NO_STEP = {"people": 0, "of_first": None, "of_before": None, "seconds": None, "left": 0, "revenue": {}}
#: The engine's answer with which each is content.
EMPTY: dict[str, Any] = {
    "times": [], "series": [], "has_more": False, "rows": [], "others": None, "total": 0, "before_total": None, "people": [], "values": [],
    "visits": [], "ids": [], "next": None, "steps": [NO_STEP, NO_STEP], "groups": [], "over": [], "before": None, "cohorts": [],
    "average": [],
}  # fmt: skip
EQUALS = {"Of": "event", "Property": "plan", "Is": "equals", "Value": "pro"}


_ITS_OWN: dict[str, dict[str, Any]] = {
    "reports.breakdown": {"total": {}},
    "reports.paths": {"visits": 0, "people": 0, "nodes": []},
    "reports.attribution": {"total": None},
    "reports.products": {"total": None},
}


def empty_for(command: str) -> dict[str, Any]:
    """The engine's empty answer for a command."""
    return EMPTY | _ITS_OWN.get(command, {})
