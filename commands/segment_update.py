"""Segment change: the command `segment.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.report_params import own_list_id
from tracker.api.segment_changes import SegmentChanges
from tracker.api.segment_params import (
    CIRCLE,
    INVALID_NAME,
    INVALID_RULE,
    NAME_TAKEN,
    ONE_SEGMENT_ERRORS,
    segment_id,
    segment_name,
    segment_rule,
)
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class SegmentUpdate(Command):
    """Change a segment's name or rule. Parameters that are not sent stay as they are. Segments that are made of it change too."""

    name = "segment.update"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*ONE_SEGMENT_ERRORS, INVALID_NAME, INVALID_RULE, NAME_TAKEN, CIRCLE)
    example = (
        {"ListID": 123, "SegmentID": 5, "Name": "Regular customers"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the segment"})
        SegmentID = segment_id(required=True)
        Name = segment_name()
        Rule = segment_rule()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        changes = SegmentChanges(self, list_id, audit_entry(self, "segment", list_id))
        changes.change(params["SegmentID"], params.get("Name"), params.get("Rule"))
        return success()
