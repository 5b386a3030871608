"""Funnel parameters: steps, their window and order, as the report and its cells take them."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.dimension_params import FORMS, read_dimension
from tracker.api.report_params import INVALID_BY, refusing
from tracker.api.step_params import FORMS as STEP_FORMS
from tracker.api.step_params import NamedStep, StepParam, goals_of_list, read_steps
from tracker.errors import Error, invalid, missing
from tracker.fields import Choice, Text, WholeNumber, YesOrNo
from tracker.questions import BadQuestion, FunnelPlan
from tracker.questions.funnel_plan import COUNTS, MAX_STEPS, MAX_WITHIN_MS, MIN_STEPS, MIN_WITHIN_MS, ORDERS
from tracker.questions.question import MAX_TOP

VISIT = "visit"
WITHIN_FORMS = f"Minutes, hours or days such as 30m, 12h or 7d, at most 90 days, or `{VISIT}`"
MISSING_STEPS, INVALID_STEPS = missing("Steps", 30), invalid("Steps", 31)
INVALID_WITHIN = invalid("Within", 32, hint=WITHIN_FORMS)
INVALID_ORDER, INVALID_COUNT, INVALID_INTERVAL = (
    invalid("Order", 33),
    invalid("Count", 34),
    invalid("Interval", 35),
)
INVALID_TOP, INVALID_NEXT = invalid("Top", 43), invalid("Next", 48)
FUNNEL_ERRORS = (
    INVALID_BY, MISSING_STEPS, INVALID_STEPS, INVALID_WITHIN, INVALID_ORDER, INVALID_COUNT, INVALID_INTERVAL, INVALID_TOP,
    INVALID_NEXT,
)  # fmt: skip
_WITHIN = re.compile("([1-9][0-9]{0,5})([mhd])")
_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
#: The window of people who do not say one.
_USUAL = "7d"


class FunnelParams(Schema):
    Steps = StepParam(
        INVALID_STEPS,
        MIN_STEPS,
        MAX_STEPS,
        required=True,
        metadata={"description": f"{MIN_STEPS} to {MAX_STEPS} steps. {STEP_FORMS}"},
    )
    Within = Text(
        1,
        10,
        metadata={
            "description": f"Time from the first step to the last. {WITHIN_FORMS}. By default `{_USUAL}`, of visits `{VISIT}`",
            "pattern": f"^({_WITHIN.pattern}|{VISIT})$",
        },
    )
    Order = Choice(
        *ORDERS,
        load_default="in_order",
        metadata={
            "description": "`in_order`: whatever may happen between; `strict`: nothing; `any`: in any order"
        },
    )
    Count = Choice(
        *COUNTS, load_default="people", metadata={"description": "Whether people or visits are counted"}
    )
    By = Text(1, metadata={"description": f"What groups are told apart by, at the first step: {FORMS}"})
    Top = WholeNumber(1, MAX_TOP, load_default=5, metadata={"description": "Groups to show of `By`"})
    Interval = Choice(
        "hour", "day", "week", "month", metadata={"description": "Count also by when the first step was"}
    )
    Next = YesOrNo(
        load_default=False, metadata={"description": "Tell also what those did next who went no further"}
    )


def read_funnel(
    command: Command, list_id: int, params: dict[str, Any]
) -> tuple[tuple[NamedStep, ...], FunnelPlan]:
    """Return the steps with their names, and the plan. Raises CommandError (10, 22, 31 to 34, 403)."""
    steps = read_steps(params["Steps"], INVALID_STEPS, goals_of_list(command, list_id), MIN_STEPS, MAX_STEPS)
    usual = VISIT if params["Count"] == "visits" else _USUAL
    rows: dict[str, Error] = {"steps": INVALID_STEPS, "within": INVALID_WITHIN}
    with refusing(rows):
        by = read_dimension(command, list_id, params["By"]) if "By" in params else None
        within = _milliseconds(params.get("Within", usual))
        goals = tuple(step.goal for step in steps)
        return steps, FunnelPlan(goals, within, params["Order"], params["Count"], by)


def _milliseconds(text: str) -> int | None:
    """Return how long a text says; None for a visit."""
    if text == VISIT:
        return None
    found = _WITHIN.fullmatch(text)
    within = int(found[1]) * _MS[found[2]] if found else 0
    if not MIN_WITHIN_MS <= within <= MAX_WITHIN_MS:
        raise BadQuestion("within", WITHIN_FORMS)
    return within
