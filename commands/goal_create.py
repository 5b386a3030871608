"""Goal creation: the command `goal.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.goal_params import (
    GOAL_EXAMPLE,
    INVALID_GOAL_EVENT,
    INVALID_NAME,
    INVALID_RULE,
    MISSING_EVENT,
    MISSING_NAME,
    NAME_TAKEN,
    TOO_MANY_GOALS,
    answering_goals,
    checked_rule,
    goal_event,
    goal_name,
    goal_rule,
)
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class GoalCreate(Command):
    """Create a goal of a list: a name for events that are worth counting. A list has up to 100.

    The goal is reached by events named `Event` that meet all conditions of `Where`, which are about the event itself. Reports
    with its `GoalID` count it in `conversions` and `rate`. A goal is only a name for a condition, so it counts events from
    before its creation too.
    """

    name = "goal.create"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (
        *LIST_ERRORS, INVALID_NAME, INVALID_GOAL_EVENT, INVALID_RULE, NAME_TAKEN, TOO_MANY_GOALS, MISSING_NAME, MISSING_EVENT,
    )  # fmt: skip
    example = (
        {"ListID": 123, **{name: GOAL_EXAMPLE[name] for name in ("Event", "Where")}, "Name": "Large order"},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "GoalID": 5},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to add the goal to"})
        Name = goal_name(required=True)
        Event = goal_event(required=True)
        Where = goal_rule()

    class Answer(Success):
        GoalID = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, event = own_list_id(self, params), params["Event"]
        rule, then = checked_rule(event, params.get("Where", [])), audit_entry(self, "goal", list_id)
        with answering_goals():
            made = self.services.stores.goals.add(list_id, params["Name"], event, rule, then, self.deadline)
        return success(GoalID=made)
