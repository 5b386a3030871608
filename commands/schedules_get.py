"""Schedule listing: the command `schedules.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.schedule_params import (
    SCHEDULE_EXAMPLE,
    ScheduleInformation,
    list_zone,
    schedule_information,
)
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID


class SchedulesGet(Command):
    """List the schedules of a list, oldest first, with what became of the last mail to each address."""

    name = "schedules.get"
    method = "GET"
    permission = "Shares.Update"
    rate_limit = "1000 per 60 seconds"
    errors = LIST_ERRORS
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "IsMailSent": True,
            "TotalScheduleCount": 1,
            "Schedules": [SCHEDULE_EXAMPLE],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the schedules"})

    class Answer(Success):
        IsMailSent = fields.Boolean(
            required=True, metadata={"description": "False: the administrator has set no mail server"}
        )
        TotalScheduleCount = fields.Integer(required=True)
        Schedules = fields.List(fields.Nested(ScheduleInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, store = own_list_id(self, params), self.services.stores.schedules
        found, to = store.of_list(list_id, self.deadline), store.recipients(list_id, self.deadline)
        zone = list_zone(self, list_id)
        return success(
            IsMailSent=self.services.mails.sender is not None,
            TotalScheduleCount=len(found),
            Schedules=[schedule_information(each, to.get(each.id, []), zone, self.now) for each in found],
        )
