"""Segment deletion: the command `segment.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.report_params import own_list_id
from tracker.api.segment_changes import SegmentChanges
from tracker.api.segment_params import IN_USE, ONE_SEGMENT_ERRORS, segment_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class SegmentDelete(Command):
    """Delete a segment of a list. Its people stay.

    One that is used is refused, and what uses it is named: other segments that are made of it, alerts that look at it, saved reports with their schedules
    and share links, and what else `event.uses` tells of.
    """

    name = "segment.delete"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*ONE_SEGMENT_ERRORS, IN_USE)
    example = (
        {"ListID": 123, "SegmentID": 5},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the segment"})
        SegmentID = segment_id(required=True)

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        SegmentChanges(self, list_id, audit_entry(self, "segment", list_id)).remove(params["SegmentID"])
        return success()
