"""Report answers: the schemas and the wire form of what all reports share: status, scope, measures, values, times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from marshmallow import INCLUDE, Schema, fields

from tracker.questions import Head
from tracker.times import iso_utc

#: The header with the `Scope` of a table or of an export, as JSON.
SCOPE_HEADER = "X-Tracker-Scope"
_EPOCH, _MILLISECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)
_NOTHING = {"events": 0, "robots": 0, "left_out": 0, "as_of": 0, "is_complete": False}
_LOCAL = {"description": "ISO 8601 with the offset of the list's time zone"}


class ComparedRange(Schema):
    From = fields.DateTime(required=True, metadata=_LOCAL)
    To = fields.DateTime(required=True, metadata=_LOCAL)


class Scope(Schema):
    """What an answer is about, and how far it can be trusted."""

    From = fields.DateTime(required=True, metadata=_LOCAL)
    To = fields.DateTime(required=True, metadata={"description": "The moment at which the range ends"})
    Timezone = fields.String(required=True, metadata={"description": "IANA name of the list's time zone"})
    Compare = fields.Nested(ComparedRange, required=True, allow_none=True, metadata={"description": "The range compared with; null: none"})  # fmt: skip
    Events = fields.Integer(required=True, metadata={"description": "Events that were looked at"})
    RobotsLeftOut = fields.Integer(required=True, metadata={"description": "Events of robots in the range"})
    PeopleLeftOut = fields.Integer(
        required=True,
        metadata={"description": "Events in the range of subscribers who are left out of reports"},
    )
    IsComplete = fields.Boolean(
        required=True, metadata={"description": "False while the range lasts, or the copy catches up"}
    )
    AsOf = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "All events received until then are counted; null while the copy is built"},
    )


class StatusAnswer(Schema):
    """The keys that say whether there is an answer yet."""

    Status = fields.String(
        required=True,
        metadata={
            "enum": ["ready", "building"],
            "description": "`building` while the copy of the list is made: numbers are missing, ask again",
        },
    )
    Progress = fields.Float(
        required=True, metadata={"description": "How much of the copy is made, from 0 to 1"}
    )


class AsOfAnswer(StatusAnswer):
    """The keys of answers about people as they are now."""

    AsOf = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "All events received until then are looked at; null: none were, or not yet"},
    )


class ReportAnswer(StatusAnswer):
    """The keys with which every report answers."""

    Scope = fields.Nested(Scope, required=True)


def _count(about: str) -> fields.Integer:
    return fields.Integer(allow_none=True, metadata={"description": about})


def money_field(key: str | None = None) -> fields.Dict:
    about = {"description": "Decimal by currency, empty for conversions without one"}
    return fields.Dict(fields.String(), fields.String(), required=True, metadata=about, data_key=key)


class MeasureValues(Schema):
    """One value for each measure that was asked for, under its name: also `sum:<property>` and the like. Null: none."""

    class Meta:
        unknown = INCLUDE

    people = _count("Subscribers and, of visitors nobody knows, visitors")
    visits = _count("Visits")
    views = _count("Events named `page_view`")
    events = _count("Events")
    conversions = _count("Conversions that count, or events that reach the goal")
    bounces = _count("Visits with one event")
    revenue = fields.Dict(
        fields.String(), fields.String(), allow_none=True, metadata={"description": "Decimal by currency"}
    )
    rate = fields.Float(allow_none=True, metadata={"description": "People with a conversion, of all people"})
    seconds = fields.Float(
        allow_none=True, metadata={"description": "Average seconds from first to last event of a visit"}
    )


class SeriesBefore(Schema):
    Points = fields.List(fields.Raw(metadata={}), required=True)
    Total = fields.Raw(required=True, allow_none=True, metadata={})


class SeriesSchema(SeriesBefore):
    """One line of a trend. A point is a number, null for none, or an object of decimals by currency."""

    Measure = fields.String(required=True)
    Value = fields.String(
        required=True, allow_none=True, metadata={"description": "Value of `By`; null: not set, or no `By`"}
    )
    Before = fields.Nested(SeriesBefore, required=True, allow_none=True)


class BreakdownRow(MeasureValues):
    """A row has its values, and each measure under its name."""

    Values = fields.List(
        fields.String(allow_none=True),
        required=True,
        metadata={"description": "One for each `By`; null: not set"},
    )
    Before = fields.Nested(MeasureValues, required=True, allow_none=True)


def local_iso(moment: int, zone: str) -> str:
    """Return ISO 8601 with milliseconds and the zone's offset: `2026-01-31T00:00:00.000+01:00`."""
    return (_EPOCH + moment * _MILLISECOND).astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")


def scope_of(head: Head, answer: dict[str, Any] | None) -> dict[str, Any]:
    """Return the `Scope` of an engine's answer, or of none yet."""
    found = _NOTHING if answer is None else answer["scope"]
    return {
        **_range(head.begins, head.ends, head.zone),
        "Timezone": head.zone,
        "Compare": None if head.before is None else _range(*head.before, head.zone),
        "Events": found["events"],
        "RobotsLeftOut": found["robots"],
        "PeopleLeftOut": found["left_out"],
        "IsComplete": found["is_complete"],
        "AsOf": as_of(answer),
    }


def scope_header(scope: dict[str, Any]) -> dict[str, str]:
    """Return the header that tells the scope of an answer of lines, which have no place for it."""
    return {SCOPE_HEADER: orjson.dumps(scope).decode()}


def as_of(answer: dict[str, Any] | None) -> str | None:
    """Return until when an engine's answer is complete; None without one."""
    moment = answer["scope"]["as_of"] if answer else 0
    return iso_utc(moment) if moment else None


def _range(begins: int, ends: int, zone: str) -> dict[str, str]:
    return {"From": local_iso(begins, zone), "To": local_iso(ends, zone)}


#: The scope of examples.
SCOPE_EXAMPLE = {
    "From": "2026-01-30T00:00:00.000+01:00",
    "To": "2026-02-01T00:00:00.000+01:00",
    "Timezone": "Europe/Berlin",
    "Compare": {"From": "2026-01-28T00:00:00.000+01:00", "To": "2026-01-30T00:00:00.000+01:00"},
    "Events": 1204,
    "RobotsLeftOut": 17,
    "PeopleLeftOut": 0,
    "IsComplete": True,
    "AsOf": "2026-02-01T09:30:00.125Z",
}
#: How the answers of examples begin.
READY = {"Status": "ready", "Progress": 1.0}
