"""Journey answers: the schemas, wire forms and tables of funnels and retention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields

from tracker.api.csv_rows import MeasureColumns
from tracker.api.report_answers import local_iso, money_field
from tracker.questions import Head

#: What a table of a funnel has no place for.
BY_LEFT_OUT = "By is in no table with Interval: send one of them"
NEXT_LEFT_OUT = "Next is in no table: ask without Format"


def _share(about: str) -> fields.Float:
    return fields.Float(required=True, allow_none=True, metadata={"description": about})


class WentOn(Schema):
    Event = fields.String(
        required=True, allow_none=True, metadata={"description": "Its name; null: nothing more"}
    )
    Page = fields.String(
        required=True, allow_none=True, metadata={"description": "Of a page view: its `$pathname`"}
    )
    People = fields.Integer(required=True)


class FunnelStep(Schema):
    Name = fields.String(required=True)
    People = fields.Integer(
        required=True, metadata={"description": "People, or visits, that reached the step"}
    )
    OfFirst = _share("Their share of those who reached the first step")
    OfBefore = _share("Their share of those who reached the step before; null at the first")
    MedianSeconds = _share("Median seconds from the step before; null at the first")
    Left = fields.Integer(
        required=True, metadata={"description": "Those who went no further; at the last step none"}
    )
    Revenue = money_field()
    Next = fields.List(
        fields.Nested(WentOn),
        metadata={"description": "With `Next`: what those who went no further did next"},
    )


class FunnelGroup(Schema):
    Value = fields.String(required=True, allow_none=True, metadata={"description": "Null: not set"})
    Steps = fields.List(fields.Nested(FunnelStep), required=True)


class FunnelPoint(Schema):
    Steps = fields.List(fields.Integer(), required=True, metadata={"description": "People at each step"})


class Cohort(Schema):
    Start = fields.DateTime(
        required=True, metadata={"description": "With the offset of the list's time zone"}
    )
    People = fields.Integer(required=True)
    Returned = fields.List(
        fields.Integer(allow_none=True),
        required=True,
        metadata={"description": "How many came back in each period after; null: it has not begun"},
    )
    Complete = fields.Integer(required=True, metadata={"description": "How many of these periods are over"})


#: A step of examples.
STEP_EXAMPLE = {
    "Name": "page_view", "People": 91, "OfFirst": 1.0, "OfBefore": None, "MedianSeconds": None, "Left": 79,
    "Revenue": {"EUR": "59.90"},
}  # fmt: skip


def steps_shown(names: Sequence[str], steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the `FunnelStep`s of the engine's steps."""
    return [_step(name, step) for name, step in zip(names, steps, strict=True)]


def _step(name: str, step: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "Name": name,
        "People": step["people"],
        "OfFirst": step["of_first"],
        "OfBefore": step["of_before"],
        "MedianSeconds": step["seconds"],
        "Left": step["left"],
        "Revenue": step["revenue"],
    }
    if "next" not in step:
        return shown
    went = [{"Event": each["event"], "Page": each["page"], "People": each["people"]} for each in step["next"]]
    return {**shown, "Next": went}


def cohorts_shown(head: Head, cohorts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the `Cohort`s of the engine's cohorts."""
    return [
        {
            "Start": local_iso(each["begins"], head.zone),
            "People": each["people"],
            "Returned": each["returned"],
            "Complete": each["complete"],
        }
        for each in cohorts
    ]


def funnel_rows(answer: dict[str, Any], by: str | None) -> Iterator[list[Any]]:
    """Yield a funnel: a row for each step or, with `By`, for each group and step; with times, for each time."""
    if answer["Times"]:
        yield ["time", *(step["Name"] for step in answer["Steps"])]
        for time, point in zip(answer["Times"], answer["Over"], strict=True):
            yield [time, *point["Steps"]]
        return
    groups = answer["Groups"] if by else [{"Value": None, "Steps": answer["Steps"]}]
    money = MeasureColumns(["Revenue"], [step for group in groups for step in group["Steps"]])
    names = ("Name", "People", "OfFirst", "OfBefore", "MedianSeconds", "Left")
    yield [*([by] if by else []), "Step", *names, *money.names]
    for group in groups:
        for number, step in enumerate(group["Steps"], 1):
            yield [
                *([group["Value"]] if by else []),
                number,
                *(step[name] for name in names),
                *money.of(step),
            ]


def left_out_of(params: Mapping[str, Any]) -> str:
    """Return what is asked of a funnel and is in no table of it, in words; "" if there is nothing."""
    told = [BY_LEFT_OUT] if {"By", "Interval"} <= params.keys() else []
    return "; ".join([*told, NEXT_LEFT_OUT] if params["Next"] else told)


def retention_rows(answer: dict[str, Any], periods: int) -> Iterator[list[Any]]:
    """Yield retention: a row for each cohort, with a column for each period."""
    yield ["Start", "People", *range(1, periods + 1)]
    for cohort in answer["Cohorts"]:
        yield [cohort["Start"], cohort["People"], *cohort["Returned"]]
