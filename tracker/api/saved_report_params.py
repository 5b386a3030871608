"""Saved reports on the wire: a report's command with its parameters, their error rows and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import orjson
from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS
from tracker.api.row_refusals import answering
from tracker.api.where_params import rule_of
from tracker.errors import FORBIDDEN, CommandError, Error, because, hinted, invalid, missing
from tracker.fields import JsonObject, Text, WholeNumber, YesOrNo
from tracker.registry import Entry
from tracker.storage.accounts import MAX_PINNED, MAX_SAVED_REPORTS, RowFault, SavedReport
from tracker.times import iso_utc

#: Characters of a name, and bytes of the JSON of parameters.
MAX_NAME, MAX_PARAMS_BYTES = 100, 16_000
#: Parameters of reports that are no part of a saved one: whose list it is, in which form it is answered, and which page of it.
NOT_KEPT = ("ListID", "Format", "Cursor")
INVALID_NAME, INVALID_REPORT = invalid("Name", 4), invalid("Report", 5)
INVALID_PARAMS = invalid("Params", 6)
NAME_TAKEN = Error(7, "Name is already used by another saved report")
TOO_MANY = Error(8, f"The list has {MAX_SAVED_REPORTS} saved reports, the most a list can have")
INVALID_NUMBER, NOT_FOUND = invalid("SavedReportID", 9), Error(10, "Saved report not found")
MISSING_NAME, MISSING_REPORT = missing("Name", 11), missing("Report", 12)
MISSING_NUMBER, INVALID_PINNED = missing("SavedReportID", 13), invalid("IsPinned", 14)
TOO_MANY_PINNED = Error(15, f"{MAX_PINNED} reports of the list are pinned, the most that can be")
ONE_ERRORS = (*LIST_ERRORS, INVALID_NUMBER, NOT_FOUND, MISSING_NUMBER)
#: Answers a refusal of the store: raises CommandError (7, 8, 10, 15).
answering_saved = answering(
    {
        RowFault.GONE: NOT_FOUND,
        RowFault.NAME_TAKEN: NAME_TAKEN,
        RowFault.TOO_MANY: TOO_MANY,
        RowFault.TOO_MANY_PINNED: TOO_MANY_PINNED,
    }
)


def report_name(**options: Any) -> Text:
    about = {"description": "Display name; no two saved reports of a list share one, in any letter case"}
    return Text(1, MAX_NAME, False, metadata=about, **options)


def report_command(**options: Any) -> Text:
    about = {"description": "The report's command, such as `reports.trend`"}
    return Text(1, 100, metadata=about, **options)


def report_values(**options: Any) -> JsonObject:
    about = {"description": "The parameters of that command, without `ListID`"}
    return JsonObject(metadata=about, **options)


def pinned_flag(**options: Any) -> YesOrNo:
    about = {"description": "Whether the overview shows it"}
    return YesOrNo(metadata=about, **options)


def saved_report_id(**options: Any) -> WholeNumber:
    return WholeNumber(1, metadata={"description": "The saved report's number"}, **options)


class SavedReportInformation(Schema):
    SavedReportID = fields.Integer(required=True)
    Name = fields.String(required=True)
    Report = fields.String(required=True, metadata={"description": "Name of the command"})
    Params = fields.Dict(
        required=True, metadata={"description": "Parameters of the command, as they were sent"}
    )
    IsPinned = fields.Boolean(required=True)
    CreatedOn = fields.DateTime(required=True)


#: The saved report of examples.
SAVED_EXAMPLE = {
    "SavedReportID": 7,
    "Name": "Sales by campaign",
    "Report": "reports.breakdown",
    "Params": {"By": "visit:$utm_campaign", "Measures": ["people", "revenue"], "From": "-29d"},
    "IsPinned": True,
    "CreatedOn": "2026-01-31T09:30:00.125Z",
}


def information(saved: SavedReport) -> dict[str, Any]:
    """Return a `SavedReportInformation`."""
    return {
        "SavedReportID": saved.id,
        "Name": saved.name,
        "Report": saved.command,
        "Params": stored_params(saved),
        "IsPinned": saved.is_pinned,
        "CreatedOn": iso_utc(saved.created_at),
    }


def report_of(command: Command, name: str) -> Entry:
    """Return the report with this name. Raises CommandError (5) for a command that is no report, and for none."""
    registry = command.services.registry
    found = registry.find(name)
    if found is None or not found.command.is_report:
        reports = ", ".join(entry.command.name for entry in registry if entry.command.is_report)
        raise CommandError(hinted(INVALID_REPORT, f"The reports are: {reports}"[:250]))
    return found


def checked_params(command: Command, entry: Entry, sent: Mapping[str, Any], list_id: int) -> bytes:
    """Return a report's parameters as they are stored. Raises CommandError (6) for those that the report refuses.

    Parameters that it does not know are left out, and with them every credential. What the caller may not see is no fault of theirs.
    """
    kept = {
        name: value
        for name, value in entry.params.spelled(sent).items()
        if name in entry.params.schema.load_fields and name not in NOT_KEPT and value is not None
    }
    try:
        _call(command, entry, {**kept, "ListID": list_id})
    except CommandError as refused:
        if refused.status >= 500:
            raise
        reasons = [f"{row.message} (error {row.code})" for row in refused.errors]
        raise CommandError(because(INVALID_PARAMS, "; ".join(reasons)[:250])) from None
    if "Where" in kept:
        kept["Where"] = rule_of(kept["Where"])
    stored = orjson.dumps(kept)
    if len(stored) > MAX_PARAMS_BYTES:
        raise CommandError(because(INVALID_PARAMS, f"they take more than {MAX_PARAMS_BYTES} bytes"))
    return stored


class NobodyAnswers:
    """The reports engine of a call that is only checked: it is about to answer, and is asked nothing."""

    def __init__(self, analytics: Any) -> None:
        self._analytics = analytics

    def ask(self, *_: Any) -> dict[str, Any]:
        return {"building": 0.0}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._analytics, name)


def _call(command: Command, entry: Entry, sent: Mapping[str, Any]) -> None:
    """Call a report as far as its question. Raises CommandError for what it refuses, save what others than the caller may see."""
    read = entry.params.read(sent)
    services = replace(command.services, analytics=cast("Any", NobodyAnswers(command.services.analytics)))
    asking = entry.command(command.caller, services, command.now, deadline=command.deadline)
    try:
        asking.run(read)
    except CommandError as refused:
        if refused.status != FORBIDDEN.status:
            raise


def stored_params(saved: SavedReport) -> dict[str, Any]:
    """Return the parameters of a saved report."""
    found: dict[str, Any] = orjson.loads(saved.params)
    return found
