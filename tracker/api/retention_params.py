"""Retention parameters: what begins, what counts as coming back, and the periods, as the report and its cells take them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.report_params import refusing
from tracker.api.step_params import FORMS, StepParam, goals_of_list, read_step
from tracker.errors import Error, invalid
from tracker.fields import Choice, WholeNumber
from tracker.questions import ANYTHING, Goal, RetentionPlan
from tracker.questions.retention_plan import MAX_PERIODS, PERIODS, USUAL_PERIODS

INVALID_PERIOD_INTERVAL, INVALID_FIRST, INVALID_RETURN = (
    invalid("Interval", 35),
    invalid("First", 36),
    invalid("Return", 37),
)
INVALID_PERIODS = invalid("Periods", 38)
RETENTION_ERRORS = (INVALID_PERIOD_INTERVAL, INVALID_FIRST, INVALID_RETURN, INVALID_PERIODS)
_USUAL = "By default anything but `identify`"


class RetentionParams(Schema):
    First = StepParam(
        INVALID_FIRST, metadata={"description": f"What people do when they begin. {FORMS}. {_USUAL}"}
    )
    Return = StepParam(INVALID_RETURN, metadata={"description": f"What counts as coming back. {_USUAL}"})
    Interval = Choice(*PERIODS, load_default="week", metadata={"description": "How long a period is"})
    Periods = WholeNumber(
        1,
        MAX_PERIODS,
        load_default=USUAL_PERIODS,
        metadata={"description": "Periods after the first to look at"},
    )


def read_retention(command: Command, list_id: int, params: dict[str, Any]) -> RetentionPlan:
    """Return the plan. Raises CommandError (10, 36, 37)."""
    first = _goal(command, list_id, params, INVALID_FIRST)
    again = _goal(command, list_id, params, INVALID_RETURN)
    with refusing({"first": INVALID_FIRST}):
        return RetentionPlan(first, again, params["Interval"], params["Periods"])


def _goal(command: Command, list_id: int, params: dict[str, Any], row: Error) -> Goal:
    name = str(row.param)
    if name not in params:
        return ANYTHING
    return read_step(params[name], row, goals_of_list(command, list_id), name).goal
