"""Schedule creation: the command `schedule.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.saved_report_params import saved_report_id
from tracker.api.schedule_params import (
    DEFAULT_HOUR,
    INVALID_AT,
    INVALID_EVERY,
    INVALID_FORMAT,
    INVALID_TO,
    MISSING_EVERY,
    MISSING_TO,
    TOO_MANY,
    Addresses,
    answering_schedules,
    at_hour,
    check_mailable,
    columns_of,
    every,
    mail_format,
)
from tracker.api.share_params import (
    INVALID_OVERVIEW,
    INVALID_SAVED,
    NOT_SHAREABLE,
    ONE_OF_TWO,
    SAVED_NOT_FOUND,
)
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID, YesOrNo


class ScheduleCreate(Command):
    """Have a saved report, or the overview, sent by mail each day, week or month, to up to 20 addresses.

    The first mail is that of the next hour `At`. The overview is about the day, week or month that is over then, a saved report
    about the days that it names. Each address gets one mail of each period, never two: a mail whose outcome is not known, since
    the connection broke off, is not sent again. Of what was missed while Tracker was down only the latest is sent. Each mail has
    a link that ends them for that address, with no account needed. It shows numbers, so `Reports.Get` is needed too.
    """

    name = "schedule.create"
    permission = "Shares.Update"
    rate_limit = "100 per 60 seconds"
    errors = (
        *LIST_ERRORS, INVALID_SAVED, SAVED_NOT_FOUND, INVALID_OVERVIEW, ONE_OF_TWO, INVALID_EVERY, INVALID_AT, INVALID_TO,
        INVALID_FORMAT, TOO_MANY, NOT_SHAREABLE, MISSING_EVERY, MISSING_TO,
    )  # fmt: skip
    example = (
        {"ListID": 123, "SavedReportID": 7, "Every": "week", "At": 8, "To": ["ada@example.com"]},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "ScheduleID": 3},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List whose numbers are sent"})
        SavedReportID = saved_report_id()
        Overview = YesOrNo(load_default=False, metadata={"description": "Send the overview"})
        Every = every(required=True)
        At = at_hour(load_default=DEFAULT_HOUR)
        To = Addresses(required=True)
        Format = mail_format(load_default="mail")

    class Answer(Success):
        ScheduleID = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        saved_id = params.get("SavedReportID")
        if (saved_id is None) is not params["Overview"]:
            raise CommandError(ONE_OF_TWO)
        list_id = own_list_id(self, params)
        check_mailable(self, list_id, saved_id)
        columns = {**columns_of(params), "saved_report_id": saved_id}
        then, schedules = audit_entry(self, "schedule", list_id), self.services.stores.schedules
        with answering_schedules():
            made = schedules.make(list_id, columns, params["To"], then, self.deadline)
        return success(ScheduleID=made)
