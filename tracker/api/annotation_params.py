"""Annotations on the wire: their parameters, error rows and answers."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_params import LIST_ERRORS, TIME_PATTERN, TIMES, calendar
from tracker.api.row_refusals import answering
from tracker.errors import CommandError, Error, because, invalid, missing
from tracker.fields import Text, WholeNumber
from tracker.questions import BadQuestion, moment_of_word
from tracker.storage.accounts import MAX_ANNOTATIONS, Annotation, RowFault
from tracker.times import iso_utc

#: Characters of a note, and of the address of more about it.
MAX_TEXT, MAX_URL = 300, 500
INVALID_AT, INVALID_TEXT = invalid("At", 6, hint=TIMES), invalid("Text", 7)
INVALID_URL = invalid("Url", 8, hint="An address that begins with https:// or http://")
INVALID_NUMBER, NOT_FOUND = invalid("AnnotationID", 9), Error(10, "Annotation not found")
TOO_MANY = Error(11, f"The list has {MAX_ANNOTATIONS} annotations, the most a list can have")
MISSING_TEXT, MISSING_NUMBER = missing("Text", 12), missing("AnnotationID", 13)
ONE_ERRORS = (*LIST_ERRORS, INVALID_NUMBER, NOT_FOUND, MISSING_NUMBER)
#: Answers a refusal of the store: raises CommandError (10, 11).
answering_notes = answering(
    {
        RowFault.GONE: NOT_FOUND,
        RowFault.TOO_MANY: TOO_MANY,
    }
)
URL_PATTERN = "^(https?://[!-~]+)?$"


def note_time(about: str) -> Text:
    return Text(1, 40, metadata={"description": about, "pattern": TIME_PATTERN})


def note_text(**options: Any) -> Text:
    return Text(1, MAX_TEXT, False, metadata={"description": "What happened then"}, **options)


class NoteUrl(Text):
    """The address of more about a note; empty text is none."""

    def __init__(self, **options: Any) -> None:
        about = {"description": "Address of more about it; empty: none", "pattern": URL_PATTERN}
        super().__init__(0, MAX_URL, metadata=about, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        if not re.fullmatch(URL_PATTERN[1:-1], text):
            raise self.make_error("invalid", input=value)
        return text


def annotation_id() -> WholeNumber:
    return WholeNumber(1, required=True, metadata={"description": "The annotation's number"})


class AnnotationInformation(Schema):
    AnnotationID = fields.Integer(required=True)
    At = fields.DateTime(required=True)
    Text = fields.String(required=True)
    Url = fields.String(required=True, allow_none=True)
    CreatedOn = fields.DateTime(required=True)


#: The annotation of examples.
NOTE_EXAMPLE = {
    "AnnotationID": 3,
    "At": "2026-01-31T09:30:00.000Z",
    "Text": "Release 2.4",
    "Url": "https://git.example.com/shop/releases/2.4",
    "CreatedOn": "2026-01-31T09:30:00.125Z",
}


def annotation_information(annotation: Annotation) -> dict[str, Any]:
    """Return an `AnnotationInformation`."""
    return {
        "AnnotationID": annotation.id,
        "At": iso_utc(annotation.at),
        "Text": annotation.text,
        "Url": annotation.url,
        "CreatedOn": iso_utc(annotation.created_at),
    }


def moment_at(command: Command, list_id: int, word: str, row: Error, *, is_end: bool = False) -> int:
    """Return UTC milliseconds of a day of the list's zone, or of a time. Raises CommandError with `row`."""
    zone, *_ = calendar(command, list_id)
    try:
        return moment_of_word(word, zone, command.now, is_end=is_end)
    except BadQuestion as fault:
        raise CommandError(because(row, fault.reason)) from None
