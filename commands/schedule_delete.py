"""Schedule deletion: the command `schedule.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.report_params import own_list_id
from tracker.api.schedule_params import ONE_ERRORS, answering_schedules, schedule_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class ScheduleDelete(Command):
    """End a schedule. Its addresses are deleted with it."""

    name = "schedule.delete"
    permission = "Shares.Update"
    rate_limit = "100 per 60 seconds"
    errors = ONE_ERRORS
    example = ({"ListID": 123, "ScheduleID": 3}, {"Success": True, "ErrorCode": 0, "ErrorText": ""})

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the schedule"})
        ScheduleID = schedule_id()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        then, schedules = audit_entry(self, "schedule", list_id), self.services.stores.schedules
        with answering_schedules():
            schedules.remove(list_id, params["ScheduleID"], then, self.deadline)
        return success()
