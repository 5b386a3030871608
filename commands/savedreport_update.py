"""Saved report change: the command `savedreport.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command, CommandError
from tracker.api.report_params import own_list_id
from tracker.api.saved_report_params import (
    INVALID_NAME,
    INVALID_PARAMS,
    INVALID_PINNED,
    INVALID_REPORT,
    NAME_TAKEN,
    NOT_FOUND,
    ONE_ERRORS,
    TOO_MANY_PINNED,
    answering_saved,
    checked_params,
    pinned_flag,
    report_command,
    report_name,
    report_of,
    report_values,
    saved_report_id,
    stored_params,
)
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class SavedreportUpdate(Command):
    """Change a saved report's name, command or parameters, pin it, or take it off the overview.

    Parameters that are not sent stay as they are; `Params` takes the place of all of the report's parameters. Share links of
    the report show what it asks from now on.
    """

    name = "savedreport.update"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (
        *ONE_ERRORS,
        INVALID_NAME,
        INVALID_REPORT,
        INVALID_PARAMS,
        NAME_TAKEN,
        INVALID_PINNED,
        TOO_MANY_PINNED,
    )
    example = (
        {"ListID": 123, "SavedReportID": 7, "IsPinned": False},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the report"})
        SavedReportID = saved_report_id(required=True)
        Name = report_name()
        Report = report_command()
        Params = report_values()
        IsPinned = pinned_flag()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, number = own_list_id(self, params), params["SavedReportID"]
        saved = self.services.stores.saved_reports
        found = saved.find(list_id, number, self.deadline)
        if found is None:
            raise CommandError(NOT_FOUND)
        named = {"Name": "name", "IsPinned": "is_pinned"}
        columns = {column: params[name] for name, column in named.items() if name in params}
        if "Report" in params or "Params" in params:
            entry = report_of(self, params.get("Report", found.command))
            sent = params.get("Params", stored_params(found))
            columns |= {"command": entry.command.name, "params": checked_params(self, entry, sent, list_id)}
        with answering_saved():
            saved.change(list_id, number, columns, audit_entry(self, "savedreport", list_id), self.deadline)
        return success()
