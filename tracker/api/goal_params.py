"""Goals on the wire: their parameters, error rows and answers."""

from __future__ import annotations

from typing import Any

import orjson
from marshmallow import Schema, fields

from tracker.api.report_params import LIST_ERRORS, WhereParam, refusing
from tracker.api.row_refusals import answering
from tracker.api.where_params import EXAMPLE, any_field, check_patterns, read_where, rule_of
from tracker.errors import Error, invalid, missing
from tracker.fields import Text, WholeNumber
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.questions import Goal
from tracker.storage.accounts import MAX_GOALS, ListGoal, RowFault
from tracker.times import iso_utc

#: Characters of a goal's name.
MAX_NAME = 100
#: The error rows of goals; each command declares those it can answer with.
INVALID_NAME, INVALID_GOAL_EVENT = invalid("Name", 4), invalid("Event", 5)
INVALID_RULE = invalid("Where", 6)
NAME_TAKEN = Error(7, "Name is already used by another goal")
TOO_MANY_GOALS = Error(8, f"The list has {MAX_GOALS} goals, the most a list can have")
INVALID_GOAL_ID, NO_SUCH_GOAL = invalid("GoalID", 9), Error(10, "Goal not found")
MISSING_NAME, MISSING_EVENT, MISSING_GOAL = missing("Name", 11), missing("Event", 12), missing("GoalID", 13)
ONE_GOAL_ERRORS = (*LIST_ERRORS, INVALID_GOAL_ID, NO_SUCH_GOAL, MISSING_GOAL)
#: Answers a refusal of the store: raises CommandError (7, 8, 10).
answering_goals = answering(
    {
        RowFault.GONE: NO_SUCH_GOAL,
        RowFault.NAME_TAKEN: NAME_TAKEN,
        RowFault.TOO_MANY: TOO_MANY_GOALS,
    }
)


def goal_name(**options: Any) -> Text:
    about = {"description": "Display name; no two goals of a list share one, in any letter case"}
    return Text(1, MAX_NAME, False, metadata=about, **options)


def goal_event(**options: Any) -> Text:
    return Text(
        1, MAX_NAME_BYTES, False, metadata={"description": "Name of the events that reach it"}, **options
    )


def goal_rule() -> WhereParam:
    about = f"Conditions of the event itself, as in reports: `{EXAMPLE}`"
    schema = {"type": ["array", "string"], "items": {"type": ["object", "array"]}, "description": about}
    return WhereParam(INVALID_RULE, metadata=schema)


def goal_id() -> WholeNumber:
    return WholeNumber(1, required=True, metadata={"description": "The goal's number"})


class GoalInformation(Schema):
    GoalID = fields.Integer(required=True)
    Name = fields.String(required=True)
    Event = fields.String(required=True)
    Where = fields.List(
        fields.Raw(metadata={"type": ["object", "array"]}),
        required=True,
        metadata={"description": "Conditions that the event meets; empty: none"},
    )
    CreatedOn = fields.DateTime(required=True)


#: The goal of examples.
GOAL_EXAMPLE = {
    "GoalID": 5,
    "Name": "Big order",
    "Event": "conversion",
    "Where": [{"Of": "event", "Property": "conversion-value", "Is": "at least", "Value": 100}],
    "CreatedOn": "2026-01-31T09:30:00.125Z",
}


def checked_rule(event: str, sent: Any) -> bytes:
    """Return a goal's conditions as they are stored. Raises CommandError (5, 6) for those that no goal can have."""
    with refusing({"goal": INVALID_RULE, "where": INVALID_RULE}):
        rule = Goal(event, read_where(sent, INVALID_RULE, any_field)).where
    check_patterns(rule, INVALID_RULE)
    return orjson.dumps(rule_of(sent))


def goal_information(goal: ListGoal) -> dict[str, Any]:
    """Return a `GoalInformation`."""
    return {
        "GoalID": goal.id,
        "Name": goal.name,
        "Event": goal.event,
        "Where": orjson.loads(goal.rule),
        "CreatedOn": iso_utc(goal.created_at),
    }
