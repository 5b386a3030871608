"""Segment size: the command `segment.count`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.people_rows import SOMEONE_EXAMPLE, SomeoneInformation, shown_people
from tracker.api.report_answers import READY, AsOfAnswer, as_of
from tracker.api.report_asking import asked
from tracker.api.report_params import TOO_LARGE, TOO_SLOW, own_list_id
from tracker.api.segment_params import (
    ASKED_ERRORS,
    INVALID_RULE,
    asked_segment,
    ever,
    segment_id,
    segment_rule,
)
from tracker.fields import ListID
from tracker.questions import SegmentSizes

#: People who are shown beside the count.
EXAMPLES = 5


class SegmentCount(Command):
    """Count the people of a segment, or of a rule before it is saved, with five examples: those who were seen last.

    `Of` is the number of all people with an event that is kept; visitors whom nobody knows are people too. With `Rule` and
    `SegmentID` the segment is counted as it would be with this rule. Examples are shown with the permission `Subscribers.Get`.
    """

    name = "segment.count"
    method = "GET"
    permission = "Reports.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*ASKED_ERRORS, TOO_LARGE, TOO_SLOW)
    example = (
        {"ListID": 123, "SegmentID": 5},
        {**READY, "People": 1, "Of": 146, "Examples": [SOMEONE_EXAMPLE], "AsOf": "2026-02-01T09:30:00.125Z"},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the segment"})
        SegmentID = segment_id()
        Rule = segment_rule()

    class Answer(AsOfAnswer):
        People = fields.Integer(required=True, metadata={"description": "People in the segment"})
        Of = fields.Integer(required=True, metadata={"description": "All people of the list"})
        Examples = fields.List(fields.Nested(SomeoneInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        segment = asked_segment(self, list_id, params, self.now)
        examples = EXAMPLES if self.caller.may("Subscribers.Get") else 0
        question = SegmentSizes(ever(self, list_id, self.now), (segment,), examples=examples)
        found = asked(self, question, bad_regex=INVALID_RULE)
        told = found.answer or {"sizes": [0], "of": 0, "people": []}
        return {
            **found.status,
            "People": told["sizes"][0],
            "Of": told["of"],
            "Examples": shown_people(self, list_id, told["people"]),
            "AsOf": as_of(found.answer),
        }
