"""Schedule change: the command `schedule.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.report_params import own_list_id
from tracker.api.schedule_params import (
    INVALID_AT,
    INVALID_EVERY,
    INVALID_FORMAT,
    INVALID_TO,
    ONE_ERRORS,
    Addresses,
    answering_schedules,
    at_hour,
    columns_of,
    every,
    mail_format,
    schedule_id,
)
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class ScheduleUpdate(Command):
    """Change when a schedule's mails are sent, in which form, and to whom. Parameters that are not sent stay as they are.

    `To` takes the place of all addresses. Who has unsubscribed stays so.
    """

    name = "schedule.update"
    permission = "Shares.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*ONE_ERRORS, INVALID_EVERY, INVALID_AT, INVALID_TO, INVALID_FORMAT)
    example = (
        {"ListID": 123, "ScheduleID": 3, "Every": "day"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the schedule"})
        ScheduleID = schedule_id()
        Every = every()
        At = at_hour()
        To = Addresses()
        Format = mail_format()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, columns = own_list_id(self, params), columns_of(params)
        then, schedules = audit_entry(self, "schedule", list_id), self.services.stores.schedules
        with answering_schedules():
            schedules.alter(list_id, params["ScheduleID"], columns, params.get("To"), then, self.deadline)
        return success()
