"""Annotation deletion: the command `annotation.delete`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.annotation_params import ONE_ERRORS, annotation_id, answering_notes
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class AnnotationDelete(Command):
    """Delete an annotation of a list."""

    name = "annotation.delete"
    permission = "Annotations.Update"
    rate_limit = "100 per 60 seconds"
    errors = ONE_ERRORS
    example = (
        {"ListID": 123, "AnnotationID": 3},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the note"})
        AnnotationID = annotation_id()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        then = audit_entry(self, "annotation", list_id)
        with answering_notes():
            self.services.stores.annotations.remove(list_id, params["AnnotationID"], then, self.deadline)
        return success()
