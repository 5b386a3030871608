"""How many take one step after the other: the command `reports.funnel`."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from tracker import Command, CsvStream, Stream
from tracker.api.funnel_params import (
    FUNNEL_ERRORS,
    INVALID_INTERVAL,
    INVALID_STEPS,
    FunnelParams,
    read_funnel,
)
from tracker.api.journey_answers import (
    STEP_EXAMPLE,
    FunnelGroup,
    FunnelPoint,
    FunnelStep,
    funnel_rows,
    left_out_of,
    steps_shown,
)
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, local_iso, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_params import HEAD_ERRORS, HeadParams, head_of, refusing
from tracker.api.report_tables import report_table
from tracker.questions import Funnel


class ReportsFunnel(Command):
    """Count how many take the steps of a funnel, where the others leave, how long each step takes, and what is spent.

    An attempt begins at an event of the first step and takes the first event of each next step after the one before, `Within` the
    time. Of the attempts of a person the one that gets furthest counts, of several the first. All events must match the
    question and lie in its range. `Order`: with `in_order` anything may happen between; with `strict` nothing but `identify`
    and robots may; with `any` all steps up to each must have happened within the time, in any order.

    `People` are those who reached the step, `Left` those of them who went no further, `Revenue` what they spent within the time from
    the begin of their attempt. With `By` there are `Groups`, by the value that the first event has; with `Interval` `Over` tells how
    many of those who began at each of `Times` reached each step; with `Next` each step tells what those who left did next.
    `Before` has the steps of the range compared with. Any number opens with the `Cell` of `reports.people`.
    """

    name = "reports.funnel"
    method = "GET"
    permission = "Reports.Get"
    is_report = True
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (*HEAD_ERRORS, *FUNNEL_ERRORS)
    example = (
        {"ListID": 123, "Steps": ["page_view", "conversion"], "Compare": "none"},
        {
            **READY,
            "Steps": [
                STEP_EXAMPLE,
                STEP_EXAMPLE
                | {"Name": "conversion", "People": 12, "OfFirst": 0.131868, "OfBefore": 0.131868, "MedianSeconds": 93.5, "Left": 0},
            ],
            "Groups": [],
            "Times": [],
            "Over": [],
            "Before": None,
            "Scope": SCOPE_EXAMPLE | {"Compare": None},
        },
    )  # fmt: skip

    class Params(HeadParams, FunnelParams):
        pass

    class Answer(ReportAnswer):
        Steps = fields.List(fields.Nested(FunnelStep), required=True)
        Groups = fields.List(fields.Nested(FunnelGroup), required=True)
        Times = fields.List(
            fields.DateTime(metadata={"description": "With the offset of the list's time zone"}),
            required=True,
        )
        Over = fields.List(fields.Nested(FunnelPoint), required=True)
        Before = fields.List(fields.Nested(FunnelStep), required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        head = head_of(self, params, self.now)
        steps, plan = read_funnel(self, head.list_id, params)
        with refusing({"interval": INVALID_INTERVAL}):
            question = Funnel(head, plan, params["Top"], params.get("Interval"), params["Next"])
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv, bad_step=INVALID_STEPS)
        told = found.answer or {"steps": [], "groups": [], "times": [], "over": [], "before": None}
        names = [step.name for step in steps] if found.answer else []
        answer = {
            **found.status,
            "Steps": steps_shown(names, told["steps"]),
            "Groups": [
                {"Value": each["value"], "Steps": steps_shown(names, each["steps"])}
                for each in told["groups"]
            ],
            "Times": [local_iso(moment, head.zone) for moment in told["times"]],
            "Over": [{"Steps": people} for people in told["over"]],
            "Before": None if told["before"] is None else steps_shown(names, told["before"]),
            "Scope": scope_of(head, found.answer),
        }
        if not is_csv:
            return answer
        self.item_notes = left_out_of(params)
        return report_table(funnel_rows(answer, params.get("By")), answer["Scope"])
