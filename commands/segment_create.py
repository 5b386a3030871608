"""Segment creation: the command `segment.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.segment_changes import SegmentChanges
from tracker.api.segment_params import (
    INVALID_NAME,
    INVALID_RULE,
    MISSING_NAME,
    MISSING_RULE,
    NAME_TAKEN,
    SEGMENT_EXAMPLE,
    TOO_MANY_SEGMENTS,
    segment_name,
    segment_rule,
)
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class SegmentCreate(Command):
    """Create a segment of a list: a name for the people who meet a rule. A list has up to 100.

    Somebody is in it as long as one of their events meets all conditions of `Rule`; a condition of the person holds for all of
    their events. Nobody is put into it: who is in it is looked up whenever somebody asks. `{"Segment": 5, "Is": "in"}` asks for
    the people of another segment, up to five within each other.

    Octeth's rules, `{"type": "website-events", "event": …, "operator": …, "event_parameter": …, "value": …}`, are taken as they are.
    """

    name = "segment.create"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (
        *LIST_ERRORS, INVALID_NAME, MISSING_NAME, INVALID_RULE, NAME_TAKEN, TOO_MANY_SEGMENTS, MISSING_RULE,
    )  # fmt: skip
    example = (
        {"ListID": 123, "Name": "Regular customers", "Rule": SEGMENT_EXAMPLE["Rule"]},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "SegmentID": 5},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to add the segment to"})
        Name = segment_name(required=True)
        Rule = segment_rule(required=True)

    class Answer(Success):
        SegmentID = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        changes = SegmentChanges(self, list_id, audit_entry(self, "segment", list_id))
        return success(SegmentID=changes.add(params["Name"], params["Rule"]))
