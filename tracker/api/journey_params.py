"""Journey parameters: what paths, attribution and products are asked by, with their error rows, and the plans made of them."""

from __future__ import annotations

from typing import Any

import orjson

from tracker import Command
from tracker.api.dimension_params import EVENT_NAME, FORMS, read_dimension
from tracker.api.list_settings_answer import products_answer
from tracker.api.report_params import INVALID_BY, refusing
from tracker.api.step_params import FORMS as STEP_FORMS
from tracker.api.step_params import StepParam, goals_of_list, read_step
from tracker.errors import invalid, missing
from tracker.fields import Choice, Text, WholeNumber
from tracker.questions import (
    DIRECTIONS,
    ENTRIES,
    MODELS,
    AttributionPlan,
    Dimension,
    Goal,
    PathsPlan,
    ProductPlan,
)
from tracker.questions.attribution_plan import MAX_CREDIT_DAYS, USUAL_CREDIT_DAYS
from tracker.questions.paths_plan import MAX_DEPTH, MAX_WIDTH, USUAL_DEPTH, USUAL_WIDTH

MISSING_AROUND, INVALID_AROUND = missing("Around", 39), invalid("Around", 40)
INVALID_DIRECTION, INVALID_DEPTH, INVALID_TOP = (
    invalid("Direction", 41),
    invalid("Depth", 42),
    invalid("Top", 43),
)
INVALID_MODEL, INVALID_DAYS, INVALID_CONVERSION = (
    invalid("Model", 44),
    invalid("Days", 45),
    invalid("Conversion", 46),
)
PATHS_ERRORS = (INVALID_BY, MISSING_AROUND, INVALID_AROUND, INVALID_DIRECTION, INVALID_DEPTH, INVALID_TOP)
ATTRIBUTION_ERRORS = (INVALID_BY, INVALID_MODEL, INVALID_DAYS, INVALID_CONVERSION)
#: The short form of a step that is any event with a value.
_SHORT = ("property", "value")


class AroundParam(StepParam):
    """A step, or `{"Property": "$pathname", "Value": "/cart"}` for any event with that value."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(_as_step(value), *args, **kwargs)


def around_param() -> AroundParam:
    about = (
        f'The event that paths are around: {STEP_FORMS}, or `{{"Property": "$pathname", "Value": "/cart"}}`'
    )
    return AroundParam(INVALID_AROUND, required=True, metadata={"description": about})


def direction_param() -> Choice:
    about = "Whether to show what came after the event, or before it"
    return Choice(*DIRECTIONS, load_default="after", metadata={"description": about})


def depth_param() -> WholeNumber:
    return WholeNumber(1, MAX_DEPTH, load_default=USUAL_DEPTH, metadata={"description": "Steps to show"})


def top_param() -> WholeNumber:
    return WholeNumber(
        1, MAX_WIDTH, load_default=USUAL_WIDTH, metadata={"description": "Values to show of each step"}
    )


def path_by_param() -> Text:
    about = f"What a step is: `{EVENT_NAME}`, the event's name, or a property of the event. {FORMS}"
    return Text(1, 300, load_default="$pathname", metadata={"description": about})


def entry_param() -> Choice:
    about = "What conversions are credited to: what their visits began with"
    return Choice(*ENTRIES, load_default="channel", metadata={"description": about})


def model_param() -> Choice:
    about = "Which of the visits before a conversion has the credit: the last that was not direct, the first, or all evenly"
    return Choice(*MODELS, load_default="last_non_direct", metadata={"description": about})


def days_param() -> WholeNumber:
    about = "Days before a conversion in which a visit may begin that is credited with it"
    return WholeNumber(1, MAX_CREDIT_DAYS, load_default=USUAL_CREDIT_DAYS, metadata={"description": about})


def conversion_param() -> StepParam:
    about = f"The events that are credited: {STEP_FORMS}. By default the goal, or else conversions that count"
    return StepParam(INVALID_CONVERSION, metadata={"description": about})


def read_paths(command: Command, list_id: int, params: dict[str, Any]) -> PathsPlan:
    """Return the plan of `reports.paths`. Raises CommandError (10, 22, 40, 41, 42, 43)."""
    around = _goal(command, list_id, params["Around"], INVALID_AROUND)
    with refusing({"direction": INVALID_DIRECTION, "depth": INVALID_DEPTH, "top": INVALID_TOP}):
        by: Dimension = read_dimension(command, list_id, params["By"])
        return PathsPlan(around, by, params["Direction"], params["Depth"], params["Top"])


def read_attribution(command: Command, list_id: int, params: dict[str, Any]) -> AttributionPlan:
    """Return the plan of `reports.attribution`. Raises CommandError (10, 22, 44, 45, 46)."""
    sent = params.get("Conversion")
    conversion = None if sent is None else _goal(command, list_id, sent, INVALID_CONVERSION)
    with refusing({"model": INVALID_MODEL, "days": INVALID_DAYS}):
        return AttributionPlan(params["By"], params["Model"], params["Days"], conversion)


def product_names_of(command: Command, list_id: int) -> dict[str, Any]:
    """Return the names of the list's products as `list.get` answers them: those that are set, or those that were found."""
    settings = command.services.stores.list_settings.of(list_id, command.deadline)
    found = (
        {} if settings.products else command.services.reports.properties_by_event(list_id, command.deadline)
    )
    return products_answer(settings, found)


def product_plan(names: dict[str, Any]) -> ProductPlan:
    """Return the plan of `reports.products` by these names."""
    return ProductPlan(
        names["Seen"], names["InCart"], names["Bought"], names["ID"], names["Name"], names["Price"], names["Quantity"],
        names["Items"],
    )  # fmt: skip


def _goal(command: Command, list_id: int, sent: Any, row: Any) -> Goal:
    return read_step(sent, row, goals_of_list(command, list_id), row.param or "").goal


def _as_step(sent: Any) -> Any:
    """Return the step that the short form stands for; anything else as it is."""
    parts = sent
    if isinstance(sent, str) and sent.lstrip().startswith("{"):
        try:
            parts = orjson.loads(sent)
        except orjson.JSONDecodeError:
            return sent
    if not isinstance(parts, dict) or sorted(key.lower() for key in parts) != sorted(_SHORT):
        return sent
    named = {key.lower(): value for key, value in parts.items()}
    return {
        "Where": [{"Of": "event", "Property": named["property"], "Is": "equals", "Value": named["value"]}]
    }
