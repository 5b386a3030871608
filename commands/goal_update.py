"""Goal change: the command `goal.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command, CommandError
from tracker.api.goal_params import (
    INVALID_GOAL_EVENT,
    INVALID_NAME,
    INVALID_RULE,
    NAME_TAKEN,
    NO_SUCH_GOAL,
    ONE_GOAL_ERRORS,
    answering_goals,
    checked_rule,
    goal_event,
    goal_id,
    goal_name,
    goal_rule,
)
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class GoalUpdate(Command):
    """Change a goal's name, event or conditions. Parameters that are not sent stay as they are; `Where` `[]` removes all."""

    name = "goal.update"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*ONE_GOAL_ERRORS, INVALID_NAME, INVALID_GOAL_EVENT, INVALID_RULE, NAME_TAKEN)
    example = (
        {"ListID": 123, "GoalID": 5, "Name": "Large order"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the goal"})
        GoalID = goal_id()
        Name = goal_name()
        Event = goal_event()
        Where = goal_rule()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, number, goals = own_list_id(self, params), params["GoalID"], self.services.stores.goals
        found = goals.find(list_id, number, self.deadline)
        if found is None:
            raise CommandError(NO_SUCH_GOAL)
        changes: dict[str, Any] = {
            column: params[name] for name, column in (("Name", "name"), ("Event", "event")) if name in params
        }
        if "Where" in params:
            changes["rule"] = checked_rule(params.get("Event", found.event), params["Where"])
        with answering_goals():
            goals.change(list_id, number, changes, audit_entry(self, "goal", list_id), self.deadline)
        return success()
