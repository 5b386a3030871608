"""A visit as the engine answers it, and as it is shown."""

from __future__ import annotations

from typing import Any

AT = 1_769_853_600_000
SHOWN: dict[str, Any] = {
    "EventID": "5",
    "SubscriberID": None,
    "StartedAt": "2026-01-31T10:00:00.000Z",
    "EndedAt": "2026-01-31T10:01:00.000Z",
    "Seconds": 60.0,
    "Events": 3,
    "Entry": "/",
    "Exit": "=exit",
    "Channel": "email",
    "Campaign": None,
    "Device": "mobile",
    "Country": "DE",
    "Revenue": {},
}


def visit(visitor: int, person: int | None = None) -> dict[str, Any]:
    names = ("entry", "exit", "channel", "campaign", "device", "country")
    values = {name: SHOWN[name.title()] for name in names}
    times = {"begins": AT, "ends": AT + 60_000, "seconds": 60.0, "events": 3}
    return {
        "visit": 5,
        "actor": visitor,
        "person": person,
        "visitor": visitor,
        **times,
        **values,
        "revenue": {},
    }
