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
}
#: Those of them that take no `Event`.
WITHOUT_EVENT = frozenset(["reports.funnel", "reports.retention"])
#: A step of a funnel that nobody reached.
NO_STEP = {"people": 0, "of_first": None, "of_before": None, "seconds": None, "left": 0, "revenue": {}}
#: The engine's answer with which each is content.
EMPTY: dict[str, Any] = {
    "times": [], "series": [], "has_more": False, "rows": [], "others": None, "total": 0, "before_total": None, "people": [], "values": [],
    "visits": [], "ids": [], "next": None, "steps": [NO_STEP, NO_STEP], "groups": [], "over": [], "before": None, "cohorts": [],
    "average": [],
}  # fmt: skip
EQUALS = {"Of": "event", "Property": "plan", "Is": "equals", "Value": "pro"}


def empty_for(command: str) -> dict[str, Any]:
    """The engine's empty answer for a command: only that of a breakdown has a `total` which is no number."""
    return EMPTY | ({"total": {}} if command == "reports.breakdown" else {})
