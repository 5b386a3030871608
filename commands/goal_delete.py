"""Goal deletion: the command `goal.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.goal_params import ONE_GOAL_ERRORS, answering_goals, goal_id
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class GoalDelete(Command):
    """Delete a goal of a list. The events that it counts stay."""

    name = "goal.delete"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = ONE_GOAL_ERRORS
    example = (
        {"ListID": 123, "GoalID": 5},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the goal"})
        GoalID = goal_id()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        then = audit_entry(self, "goal", list_id)
        with answering_goals():
            self.services.stores.goals.remove(list_id, params["GoalID"], then, self.deadline)
        return success()
