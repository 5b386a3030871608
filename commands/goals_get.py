"""Goal listing: the command `goals.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, invalid
from tracker.api.goal_counts import REASONS, GoalNumbers, goals_counted, not_counted
from tracker.api.goal_params import GOAL_EXAMPLE, GoalInformation, goal_information
from tracker.api.report_answers import Scope
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID, YesOrNo

INVALID_COUNTS = invalid("WithCounts", 14)


class GoalsGet(Command):
    """List the goals of a list, oldest first, with `WithCounts` counted as they were reached in the last 30 days with today.

    `People` and `Conversions` are those of `reports.trend` for the goal's event and conditions, and `Rate` is the share of all
    people. Counts need the permission `Reports.Get` too. Where they are null, `CountsMissing` says why: `building` while the
    copy of the list is made, `not available` while reports are, `not permitted`, `too slow`, `too large`, `cannot be matched`
    for a regular expression that RE2 refuses, and `not asked`. `Scope` is that of the counts, null without any.
    """

    name = "goals.get"
    method = "GET"
    permission = "List.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*LIST_ERRORS, INVALID_COUNTS)
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalGoalCount": 1,
            "Goals": [{**GOAL_EXAMPLE, "Counts": None, "CountsMissing": "not asked"}],
            "Scope": None,
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the goals"})
        WithCounts = YesOrNo(
            load_default=False, metadata={"description": "Whether to count what reached them"}
        )

    class Answer(Success):
        class CountedGoal(GoalInformation):
            Counts = fields.Nested(GoalNumbers, required=True, allow_none=True)
            CountsMissing = fields.String(
                required=True,
                allow_none=True,
                metadata={"enum": [*REASONS, None], "description": "Why there are no counts"},
            )

        TotalGoalCount = fields.Integer(required=True)
        Goals = fields.List(fields.Nested(CountedGoal), required=True)
        Scope = fields.Nested(Scope, required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        goals = self.services.stores.goals.of_list(list_id, self.deadline)
        counted = goals_counted(self, list_id, goals) if params["WithCounts"] else not_counted(goals)
        listed = [
            {**goal_information(goal), "Counts": numbers, "CountsMissing": reason}
            for goal, (numbers, reason) in zip(goals, counted.goals, strict=True)
        ]
        return success(TotalGoalCount=len(goals), Goals=listed, Scope=counted.scope)
