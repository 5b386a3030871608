"""Goal listing: the command `goals.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.goal_params import GOAL_EXAMPLE, GoalInformation, goal_information
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID


class GoalsGet(Command):
    """List the goals of a list, oldest first."""

    name = "goals.get"
    method = "GET"
    permission = "Reports.Get"
    rate_limit = "1000 per 60 seconds"
    errors = LIST_ERRORS
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalGoalCount": 1,
            "Goals": [GOAL_EXAMPLE],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the goals"})

    class Answer(Success):
        TotalGoalCount = fields.Integer(required=True)
        Goals = fields.List(fields.Nested(GoalInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.services.stores.goals.of_list(own_list_id(self, params), self.deadline)
        return success(TotalGoalCount=len(found), Goals=[goal_information(goal) for goal in found])
