"""Annotation creation: the command `annotation.create`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.annotation_params import (
    INVALID_AT,
    INVALID_TEXT,
    INVALID_URL,
    MISSING_TEXT,
    NOTE_EXAMPLE,
    TOO_MANY,
    NoteUrl,
    answering_notes,
    moment_at,
    note_text,
    note_time,
)
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, audit_entry, success
from tracker.fields import ListID


class AnnotationCreate(Command):
    """Write a note on a moment of a list, such as a release: all charts over time show it. A list has up to 2,000.

    Without `At` it is about now, which suits the last step of a deployment.
    """

    name = "annotation.create"
    permission = "Annotations.Update"
    rate_limit = "100 per 60 seconds"
    errors = (*LIST_ERRORS, INVALID_AT, INVALID_TEXT, INVALID_URL, TOO_MANY, MISSING_TEXT)
    example = (
        {"ListID": 123, **{name: NOTE_EXAMPLE[name] for name in ("Text", "Url")}},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "AnnotationID": 3},
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the note"})
        At = note_time("A day, which means its first moment, or a time with an offset; without it now")
        Text = note_text(required=True)
        Url = NoteUrl(load_default="")

    class Answer(Success):
        AnnotationID = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        at = moment_at(self, list_id, params["At"], INVALID_AT) if "At" in params else self.now
        columns = {"at": at, "text": params["Text"], "url": params["Url"] or None}
        with answering_notes():
            made = self.services.stores.annotations.insert(
                list_id, columns, audit_entry(self, "annotation", list_id), self.deadline
            )
        return success(AnnotationID=made)
