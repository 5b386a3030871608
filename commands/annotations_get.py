"""Annotation listing: the command `annotations.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.annotation_params import (
    NOTE_EXAMPLE,
    AnnotationInformation,
    annotation_information,
    moment_at,
    note_time,
)
from tracker.api.report_params import INVALID_FROM, INVALID_TO, LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.fields import ListID

#: Annotations of one answer: more than a chart can show.
MAX_SHOWN = 500


class AnnotationsGet(Command):
    """List the annotations of a list and a time, in the order of their times: the latest 500 of them."""

    name = "annotations.get"
    method = "GET"
    permission = "Reports.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (*LIST_ERRORS, INVALID_FROM, INVALID_TO)
    example = (
        {"ListID": 123, "From": "2026-01-01"},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "Annotations": [NOTE_EXAMPLE]},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the notes"})
        From = note_time("First day, or the moment at which the time begins; without it from the oldest on")
        To = note_time("Last day, or the moment at which the time ends; without it up to the newest")

    class Answer(Success):
        Annotations = fields.List(fields.Nested(AnnotationInformation), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        begins = moment_at(self, list_id, params["From"], INVALID_FROM) if "From" in params else None
        ends = moment_at(self, list_id, params["To"], INVALID_TO, is_end=True) if "To" in params else None
        found = self.services.stores.annotations.between(list_id, begins, ends, MAX_SHOWN, self.deadline)
        return success(Annotations=[annotation_information(each) for each in found])
