"""Annotation change: the command `annotation.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema

from tracker import Command
from tracker.api.annotation_params import (
    INVALID_AT,
    INVALID_TEXT,
    INVALID_URL,
    ONE_ERRORS,
    NoteUrl,
    annotation_id,
    answering_notes,
    moment_at,
    note_text,
    note_time,
)
from tracker.api.report_params import own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class AnnotationUpdate(Command):
    """Change the time, text or address of an annotation. Parameters that are not sent stay as they are."""

    name = "annotation.update"
    permission = "Annotations.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*ONE_ERRORS, INVALID_AT, INVALID_TEXT, INVALID_URL)
    example = (
        {"ListID": 123, "AnnotationID": 3, "Text": "Release 2.4.1"},
        {"Success": True, "ErrorCode": 0, "ErrorText": ""},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the note"})
        AnnotationID = annotation_id()
        At = note_time("A day, which means its first moment, or a time with an offset")
        Text = note_text()
        Url = NoteUrl()

    class Answer(Success):
        pass

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        columns: dict[str, Any] = {}
        if "At" in params:
            columns["at"] = moment_at(self, list_id, params["At"], INVALID_AT)
        if "Text" in params:
            columns["text"] = params["Text"]
        if "Url" in params:
            columns["url"] = params["Url"] or None
        then = audit_entry(self, "annotation", list_id)
        with answering_notes():
            self.services.stores.annotations.change(
                list_id, params["AnnotationID"], columns, then, self.deadline
            )
        return success()
