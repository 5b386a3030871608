"""Saved report listing: the command `savedreports.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.saved_report_params import SAVED_EXAMPLE, SavedReportInformation, information
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID


class SavedreportsGet(Command):
    """List the saved reports of a list, oldest first."""

    name = "savedreports.get"
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
            "TotalSavedReportCount": 1,
            "SavedReports": [SAVED_EXAMPLE],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the reports"})

    class Answer(Success):
        TotalSavedReportCount = fields.Integer(required=True)
        SavedReports = fields.List(fields.Nested(SavedReportInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.services.stores.saved_reports.of_list(own_list_id(self, params), self.deadline)
        return success(TotalSavedReportCount=len(found), SavedReports=[information(each) for each in found])
