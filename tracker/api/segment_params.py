"""Segments on the wire: their parameters, error rows, answers, and the rule that a call asks about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from marshmallow import Schema, ValidationError, fields

from tracker import Command
from tracker.api.report_params import (
    INVALID_SEGMENT,
    LIST_ERRORS,
    SEGMENT_NOT_FOUND,
    calendar,
    check_people_allowed,
    field_finder,
)
from tracker.api.segment_rules import SegmentRules, check_rule, until_of
from tracker.api.where_params import EXAMPLE, NoSegment
from tracker.errors import CommandError, Error, because, hinted, invalid, missing
from tracker.fields import Text, WholeNumber
from tracker.questions import EVER, BadQuestion, Condition, Head, in_segment
from tracker.storage.accounts import MAX_SEGMENTS, ListSegment
from tracker.times import iso_utc

#: Characters of a segment's name.
MAX_NAME = 100
#: The error rows of segments; each command declares those it can answer with.
INVALID_NAME, MISSING_NAME = invalid("Name", 4), missing("Name", 5)
INVALID_RULE, MISSING_RULE = invalid("Rule", 6), missing("Rule", 9)
NAME_TAKEN = Error(7, "Name is already used by another segment")
TOO_MANY_SEGMENTS = Error(8, f"The list has {MAX_SEGMENTS} segments, the most a list can have")
MISSING_SEGMENT = missing("SegmentID", 10)
CIRCLE = Error(
    16, "A segment cannot be made of itself", hint="Take it out of the segments that the rule names"
)
IN_USE = Error(17, "Segment is used", hint="Change or delete first what is named here")
ONE_SEGMENT_ERRORS = (*LIST_ERRORS, INVALID_SEGMENT, SEGMENT_NOT_FOUND, MISSING_SEGMENT)
ASKED_ERRORS = (
    *LIST_ERRORS, INVALID_RULE, hinted(MISSING_RULE, "Send Rule, or the SegmentID of a segment that is there"), INVALID_SEGMENT,
    SEGMENT_NOT_FOUND, CIRCLE,
)  # fmt: skip


class RuleParam(fields.Field[Any]):
    """A rule, kept as it was sent: which custom fields and segments a list has is known to the call alone."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            check_rule(value, INVALID_RULE)
        except CommandError as refused:
            raise ValidationError(list(refused.errors)) from None
        return value


def segment_name(**options: Any) -> Text:
    about = {"description": "Display name; no two segments of a list share one, in any letter case"}
    return Text(1, MAX_NAME, False, metadata=about, **options)


def segment_rule(**options: Any) -> RuleParam:
    about = (
        f"Who is in it: conditions as in `Where` of reports, `{EXAMPLE}`, or rules `"
        '{"type": "website-events", "event": "purchase", "operator": "happened in the last 30 days"}`'
    )
    schema = {
        "type": ["array", "object", "string"],
        "items": {"type": ["object", "array"]},
        "description": about,
    }
    return RuleParam(metadata=schema, **options)


def segment_id(**options: Any) -> WholeNumber:
    return WholeNumber(1, metadata={"description": "The segment's number"}, **options)


class SegmentInformation(Schema):
    SegmentID = fields.Integer(required=True)
    Name = fields.String(required=True)
    Rule = fields.List(
        fields.Raw(metadata={"type": ["object", "array"]}),
        required=True,
        metadata={"description": "The conditions, as they were sent"},
    )
    CreatedOn = fields.DateTime(required=True)
    UpdatedOn = fields.DateTime(required=True)
    UsedBy = fields.List(
        fields.Integer(), required=True, metadata={"description": "The segments that are made of this one"}
    )
    People = fields.Integer(
        required=True, allow_none=True, metadata={"description": "How many are in it now; null: not counted"}
    )
    IsIn = fields.Boolean(
        required=True,
        allow_none=True,
        metadata={"description": "Whether the subscriber asked about is in it"},
    )


#: The segment of examples.
SEGMENT_EXAMPLE = {
    "SegmentID": 5,
    "Name": "Buyers",
    "Rule": [{"Of": "person", "Event": "conversion", "Is": "happened", "Times": 2}],
    "CreatedOn": "2026-01-31T09:30:00.125Z",
    "UpdatedOn": "2026-01-31T09:30:00.125Z",
    "UsedBy": [],
    "People": 37,
    "IsIn": None,
}


def segment_information(segment: ListSegment, used_by: Sequence[int]) -> dict[str, Any]:
    """Return a `SegmentInformation` without what is counted."""
    return {
        "SegmentID": segment.id,
        "Name": segment.name,
        "Rule": orjson.loads(segment.rule),
        "CreatedOn": iso_utc(segment.created_at),
        "UpdatedOn": iso_utc(segment.updated_at),
        "UsedBy": list(used_by),
        "People": None,
        "IsIn": None,
    }


def ever(command: Command, list_id: int, now: int, segment: Condition | None = None) -> Head:
    """Return the head of a question about all that is kept, of the people in a segment if one is given."""
    zone, visit_gap_ms, events_from = calendar(command, list_id)
    where = () if segment is None else ((segment,),)
    return Head(
        list_id, *EVER, zone, where=where, visit_gap_ms=visit_gap_ms, events_from=events_from, now=now
    )


def asked_segment(command: Command, list_id: int, params: dict[str, Any], now: int) -> Condition:
    """Return the segment of `Rule` or `SegmentID`; of both, the segment as it would be with this rule.

    Raises CommandError (6, 9, 14, 15, 16, 403).
    """
    number, sent = params.get("SegmentID"), params.get("Rule")
    if number is None and sent is None:
        raise CommandError(hinted(MISSING_RULE, "Send Rule, or the SegmentID of a segment that is there"))
    kept = command.services.stores.segments.of_list(list_id, command.deadline)
    if number is not None and all(each.id != number for each in kept):
        raise CommandError(SEGMENT_NOT_FOUND)
    rules = SegmentRules(kept, INVALID_RULE, field_finder(command, list_id), until_of(now))
    with refusing_rule(rules, INVALID_SEGMENT if sent is None else INVALID_RULE):
        found = rules(number)[0] if sent is None and number is not None else rules.checked(sent, number)
    segment = in_segment(found, until_of(now))
    check_people_allowed(command, ((segment,),))
    return segment


@contextmanager
def refusing_rule(rules: SegmentRules, row: Error) -> Iterator[None]:
    """Answer a rule inside the block that cannot be asked with the row, or that of circles: raises CommandError."""
    try:
        yield
    except BadQuestion as fault:
        raise CommandError(because(row, fault.reason)) from None
    except NoSegment as fault:
        raise CommandError(because(row, str(fault))) from None
    except CommandError:
        if rules.circle is not None:
            raise CommandError(CIRCLE) from None
        raise
