"""Saved report deletion: the command `savedreport.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.report_params import own_list_id
from tracker.api.saved_report_params import ONE_ERRORS, answering_saved, saved_report_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class SavedreportDelete(Command):
    """Delete a saved report of a list. Its share links end with it."""

    name = "savedreport.delete"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = ONE_ERRORS
    example = (
        {"ListID": 123, "SavedReportID": 7},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the report"})
        SavedReportID = saved_report_id(required=True)

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        then = audit_entry(self, "savedreport", list_id)
        with answering_saved():
            self.services.stores.saved_reports.remove(list_id, params["SavedReportID"], then, self.deadline)
        return success()
