"""Saved report creation: the command `savedreport.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.saved_report_params import (
    INVALID_NAME,
    INVALID_PARAMS,
    INVALID_PINNED,
    INVALID_REPORT,
    MISSING_NAME,
    MISSING_REPORT,
    NAME_TAKEN,
    SAVED_EXAMPLE,
    TOO_MANY,
    TOO_MANY_PINNED,
    answering_saved,
    checked_params,
    pinned_flag,
    report_command,
    report_name,
    report_of,
    report_values,
)
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class SavedreportCreate(Command):
    """Save a report of a list: a command with its parameters, under a name. A list has up to 100, of which 8 can be pinned.

    `Report` is the name of a report's command, `Params` are its parameters without `ListID`, which it checks as if it were
    called. Words of time such as `-29d` stay words: a saved report goes with the days. The overview shows the pinned ones.
    """

    name = "savedreport.create"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (
        *LIST_ERRORS, INVALID_NAME, INVALID_REPORT, INVALID_PARAMS, NAME_TAKEN, TOO_MANY, MISSING_NAME, MISSING_REPORT,
        INVALID_PINNED, TOO_MANY_PINNED,
    )  # fmt: skip
    example = (
        {
            "ListID": 123,
            "Name": "Sales by source",
            **{name: SAVED_EXAMPLE[name] for name in ("Report", "Params")},
        },
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "SavedReportID": 7},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the report"})
        Name = report_name(required=True)
        Report = report_command(required=True)
        Params = report_values(load_default=dict)
        IsPinned = pinned_flag(load_default=False)

    class Answer(Success):
        SavedReportID = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, entry = own_list_id(self, params), report_of(self, params["Report"])
        columns = {
            "name": params["Name"],
            "command": entry.command.name,
            "params": checked_params(self, entry, params["Params"], list_id),
            "is_pinned": params["IsPinned"],
        }
        with answering_saved():
            made = self.services.stores.saved_reports.insert(
                list_id, columns, audit_entry(self, "savedreport", list_id), self.deadline
            )
        return success(SavedReportID=made)
