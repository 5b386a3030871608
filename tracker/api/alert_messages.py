"""Alert messages: the bodies of what alerts tell."""

from __future__ import annotations

from typing import Any

import orjson

from tracker.api.alert_words import rule_words
from tracker.domain.alert_rule import AlertReading
from tracker.domain.alert_state import Turn
from tracker.storage.alerts import DueAlert
from tracker.times import iso_utc

#: The words for what a message tells.
TURNS = {Turn.ALARM: "alarm", Turn.WELL: "well", Turn.TEST: "test"}
#: How the text of a message begins.
_BEGINS = {Turn.ALARM: "Alarm", Turn.WELL: "Well again", Turn.TEST: "A test"}


def reading_answer(reading: AlertReading | None) -> dict[str, Any] | None:
    """Return a `ReadingSchema`; None before the first look, and where nothing can be said."""
    if reading is None or reading.value is None:
        return None
    compared = None if reading.compared is None else float(reading.compared)
    return {"Value": float(reading.value), "Compared": compared, "Names": list(reading.names)}


def found_words(reading: AlertReading) -> str:
    """Return what was read, or why nothing can be said."""
    return reading.words if reading.trouble is None else f"Nothing can be said: {reading.trouble}"


def alert_body(
    alert: DueAlert, turn: Turn, number: int, firing_id: int, reading: AlertReading, now: int
) -> bytes:
    """Return the body of a message."""
    rule, found = rule_words(alert.rule), found_words(reading)
    return orjson.dumps({
        "Type": TURNS[turn],
        "MessageID": str(number),
        "ListID": alert.list_id,
        "List": alert.list_name,
        "AlertID": alert.id,
        "Alert": alert.name,
        "FiringID": str(firing_id) if firing_id else None,
        "At": iso_utc(now),
        "Text": f"{_BEGINS[turn]}: {alert.name}. {rule}. {found}.",
        "Rule": rule,
        "Found": found,
        "Reading": reading_answer(reading),
    })  # fmt: skip
