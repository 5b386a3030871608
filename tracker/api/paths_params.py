"""Paths parameters: the event that paths are around, and how far they go, as the report and its cells take them."""

from __future__ import annotations

from typing import Any

import orjson
from marshmallow import Schema

from tracker import Command
from tracker.api.dimension_params import EVENT_NAME, read_dimension
from tracker.api.report_params import INVALID_BY, refusing
from tracker.api.step_params import FORMS, StepParam, goals_of_list, read_step
from tracker.errors import invalid, missing
from tracker.fields import Choice, Text, WholeNumber
from tracker.questions import DIRECTIONS, PathsPlan
from tracker.questions.paths_plan import MAX_DEPTH, MAX_WIDTH, USUAL_DEPTH, USUAL_WIDTH

MISSING_AROUND, INVALID_AROUND = missing("Around", 39), invalid("Around", 40)
INVALID_DIRECTION, INVALID_DEPTH, INVALID_TOP = (
    invalid("Direction", 41),
    invalid("Depth", 42),
    invalid("Top", 43),
)
PATHS_ERRORS = (INVALID_BY, MISSING_AROUND, INVALID_AROUND, INVALID_DIRECTION, INVALID_DEPTH, INVALID_TOP)
#: The keys of the short form of a step that is any event with a value.
_SHORT = ["property", "value"]


class AroundParam(StepParam):
    """A step, or `{"Property": "$pathname", "Value": "/cart"}` for any event with that value."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(_as_step(value), *args, **kwargs)


class PathsParams(Schema):
    Around = AroundParam(
        INVALID_AROUND,
        required=True,
        metadata={
            "description": f'The event to look around: {FORMS}, or `{{"Property": "$pathname", "Value": "/cart"}}`'
        },
    )
    Direction = Choice(
        *DIRECTIONS,
        load_default="after",
        metadata={"description": "Whether to show what came after the event, or before it"},
    )
    Depth = WholeNumber(1, MAX_DEPTH, load_default=USUAL_DEPTH, metadata={"description": "Steps to show"})
    Top = WholeNumber(
        1, MAX_WIDTH, load_default=USUAL_WIDTH, metadata={"description": "Values to tell apart of each step"}
    )
    By = Text(
        1,
        300,
        load_default="$pathname",
        metadata={
            "description": f"What a step is: `{EVENT_NAME}` is the event's name, anything else a property of the event"
        },
    )


def read_paths(command: Command, list_id: int, params: dict[str, Any]) -> PathsPlan:
    """Return the plan. Raises CommandError (10, 22, 40, 42, 403)."""
    name = str(INVALID_AROUND.param)
    around = read_step(params[name], INVALID_AROUND, goals_of_list(command, list_id), name).goal
    with refusing({"depth": INVALID_DEPTH}):
        by = read_dimension(command, list_id, params["By"])
        return PathsPlan(around, by, params["Direction"], params["Depth"], params["Top"])


def _as_step(sent: Any) -> Any:
    """Return the step that the short form stands for; anything else as it is."""
    parts = sent
    if isinstance(sent, str) and sent.lstrip().startswith("{"):
        try:
            parts = orjson.loads(sent)
        except orjson.JSONDecodeError:
            return sent
    if not isinstance(parts, dict) or sorted(key.lower() for key in parts) != _SHORT:
        return sent
    named = {key.lower(): value for key, value in parts.items()}
    return {
        "Where": [{"Of": "event", "Property": named["property"], "Is": "equals", "Value": named["value"]}]
    }
