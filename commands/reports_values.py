"""Values to choose from, with their counts: the command `reports.values`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CsvStream, Stream, invalid
from tracker.api.dimension_params import FORMS, read_dimension
from tracker.api.name_params import shown_names
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_cursors import Page, note_of_cut
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_BY,
    INVALID_EVENT,
    INVALID_LIMIT,
    MISSING_BY,
    HeadParams,
    event_param,
    head_of,
    limit_param,
    refusing,
    with_limit,
)
from tracker.api.report_tables import plain_rows, report_table
from tracker.fields import Text, YesOrNo
from tracker.questions import Dimension, Values

#: Rows of an answer without `Limit`.
USUAL_ROWS = 20
INVALID_SEARCH, INVALID_WITH_HIDDEN = invalid("Search", 30), invalid("WithHidden", 31)
#: Characters of a search.
MAX_SEARCH = 200


class ReportsValues(Command):
    """List the values that a property, an event's name or a custom field has in a range, most frequent first.

    `By` names it as in `reports.breakdown`. `Search` selects values with the text in them, in any letter case: enough to offer
    values while somebody types. A `Value` of null stands for events without the property. Names of hidden events and values of
    hidden properties (`event.hide`) are listed with `WithHidden` only.
    """

    name = "reports.values"
    method = "GET"
    permission = "Reports.Get"
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (
        *HEAD_ERRORS,
        INVALID_EVENT,
        INVALID_BY,
        INVALID_LIMIT,
        MISSING_BY,
        INVALID_SEARCH,
        INVALID_WITH_HIDDEN,
    )
    example = (
        {"ListID": 123, "By": "Event", "Search": "page", "Limit": 10},
        {**READY, "Values": [{"Value": "page_view", "Events": 78}], "Scope": SCOPE_EXAMPLE},
    )

    class Params(HeadParams):
        By = Text(1, 300, required=True, metadata={"description": f"What to list the values of: {FORMS}"})
        Event = event_param()
        Search = Text(
            0, MAX_SEARCH, load_default="", metadata={"description": "Only values that contain this text"}
        )
        Limit = limit_param(USUAL_ROWS)
        WithHidden = YesOrNo(
            load_default=False,
            metadata={"description": "Names of hidden events and values of hidden properties too"},
        )

    class Answer(ReportAnswer):
        class Counted(Schema):
            Value = fields.String(required=True, allow_none=True, metadata={"description": "Null: not set"})
            Events = fields.Integer(required=True)

        Values = fields.List(fields.Nested(Counted), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        params = with_limit(params, USUAL_ROWS)
        head = head_of(self, params, self.now)
        with refusing({"search": INVALID_SEARCH}):
            by = read_dimension(self, head.list_id, params["By"])
            shown = shown_names(self, head.list_id, with_hidden=params["WithHidden"])
            left_out = sorted(shown.hidden_events) if by == Dimension("event") else ()
            question = Values(
                head, by, params.get("Event"), params["Search"], params["Limit"], tuple(left_out)
            )
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv)
        told = [] if found.answer is None else found.answer["values"]
        if by.property is not None and shown.hides_property(by.property):
            told = []
        values = [{"Value": each["value"], "Events": each["events"]} for each in told]
        if is_csv:
            self.item_notes = note_of_cut(params, Page(0, self.now), len(values), None)
            return report_table(plain_rows(values, ("Value", "Events")), scope_of(head, found.answer))
        return {**found.status, "Values": values, "Scope": scope_of(head, found.answer)}
