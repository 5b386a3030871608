"""Attribution parameters: what has the credit, by which model, for which events, as the report and its cells take them."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.report_params import INVALID_BY, refusing
from tracker.api.step_params import FORMS, StepParam, goals_of_list, read_step
from tracker.errors import invalid
from tracker.fields import Choice, WholeNumber
from tracker.questions import ENTRIES, MODELS, AttributionPlan, Goal
from tracker.questions.attribution_plan import MAX_CREDIT_DAYS, USUAL_CREDIT_DAYS

INVALID_MODEL, INVALID_DAYS = invalid("Model", 44), invalid("Days", 45)
INVALID_CONVERSION = invalid("Conversion", 46)
ATTRIBUTION_ERRORS = (INVALID_BY, INVALID_MODEL, INVALID_DAYS, INVALID_CONVERSION)


class AttributionParams(Schema):
    By = Choice(
        *ENTRIES,
        load_default="channel",
        metadata={"description": "What conversions are credited to: what their visits began with"},
    )
    Model = Choice(
        *MODELS,
        load_default="last_non_direct",
        metadata={
            "description": "Which visit has the credit: the last that was not direct, the first, or all evenly"
        },
    )
    Days = WholeNumber(
        1,
        MAX_CREDIT_DAYS,
        load_default=USUAL_CREDIT_DAYS,
        metadata={"description": "Days before a conversion in which a visit that is credited may begin"},
    )
    Conversion = StepParam(
        INVALID_CONVERSION,
        metadata={
            "description": f"The events to credit: {FORMS}. By default the goal, else conversions that count"
        },
    )


def read_attribution(command: Command, list_id: int, params: dict[str, Any]) -> AttributionPlan:
    """Return the plan. Raises CommandError (10, 46)."""
    conversion: Goal | None = None
    name = str(INVALID_CONVERSION.param)
    if name in params:
        find = goals_of_list(command, list_id)
        conversion = read_step(params[name], INVALID_CONVERSION, find, name).goal
    with refusing({"model": INVALID_MODEL, "days": INVALID_DAYS}):
        return AttributionPlan(params["By"], params["Model"], params["Days"], conversion)
