"""The people behind a number: the command `reports.people`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CsvStream, Stream, invalid
from tracker.api.cell_params import INVALID_CELL, cell_param, read_cell
from tracker.api.report_answers import READY, SCOPE_EXAMPLE, ReportAnswer, money_field, scope_of
from tracker.api.report_asking import asked
from tracker.api.report_cursors import cursor_after, note_of_cut, page_of
from tracker.api.report_params import (
    HEAD_ERRORS,
    INVALID_CURSOR,
    INVALID_EVENT,
    INVALID_LIMIT,
    INVALID_SORT,
    HeadParams,
    SubscriberNumbers,
    cursor_param,
    event_param,
    head_of,
    limit_param,
    refusing,
    with_limit,
)
from tracker.api.report_tables import plain_rows, report_table
from tracker.fields import Choice, YesOrNo
from tracker.formats.event_limits import uuid_text
from tracker.questions import OPENED_MEASURES, People
from tracker.questions.time_range import MAX_RANGE_DAYS
from tracker.reports.known_actors import KnownActors
from tracker.times import iso_utc

#: What people are sorted by, and what the question calls it.
SORTS = {
    "LastSeenAt": "last_seen",
    "FirstSeenAt": "first_seen",
    "Events": "events",
    "Revenue": "revenue",
}
COLUMNS = (
    "SubscriberID", "EmailAddress", "ExternalID", "UUID", "FirstSeenAt", "LastSeenAt", "Events", "Source",
)  # fmt: skip


#: Rows of an answer without `Limit`.
USUAL_ROWS = 100
INVALID_SUBSCRIBERS, INVALID_ONLY = invalid("SubscriberIDs", 27), invalid("OnlySubscribers", 28)
INVALID_MEASURE = invalid("Measure", 29)
#: The range of a question about some subscribers.
LONGEST = {"From": f"-{MAX_RANGE_DAYS - 1}d", "Compare": "none"}


class ReportsPeople(Command):
    """List the people behind a number: ask the same question, with the condition of the row and the range of the point.

    A person is a subscriber or, where nobody knows who it is, a visitor, whose `SubscriberID` is null; `UUID` is one of their
    visitors. `Events` and `Revenue` are of the events that match, in the range that is asked for. `FirstSeenAt`, `LastSeenAt` and
    `Source`, the channel that they came from first, are of all their events that are kept, whatever the range. `Total` is the
    number of people on all pages: it equals the measure `people`.

    `Measure` is the number to open: `conversions` and `rate` restrict the answer, and its `Events` and `Revenue`, to conversions that
    count or, with a `GoalID`, to events that reach the goal; `revenue` to conversions that count, `views` to page views.

    `Cell` opens a number of another report, such as those who left a funnel: `Total` equals that number. Send it with the list, the
    range and the `Where` of that report, and without an `Event`; `Events` and `Revenue` are those of all events that match.

    `SubscriberIDs` restricts the answer to these subscribers, for whom the range is the longest there is unless you send one.
    Somebody without a matching event is in no answer, as somebody who does not exist.

    `Sort` puts the largest first. `Cursor` is where the next page begins: send it within a day, with the same parameters.
    """

    name = "reports.people"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    other_media_types = (CsvStream.media_type,)
    errors = (
        *HEAD_ERRORS,
        INVALID_EVENT,
        INVALID_SORT,
        INVALID_LIMIT,
        INVALID_CURSOR,
        INVALID_SUBSCRIBERS,
        INVALID_ONLY,
        INVALID_MEASURE,
        INVALID_CELL,
    )
    example = (
        {"ListID": 123, "Event": "conversion"},
        {
            **READY,
            "Total": 1,
            "People": [
                {
                    "SubscriberID": "358117233766563840",
                    "EmailAddress": "subscriber@example.com",
                    "ExternalID": "user-12345",
                    "UUID": "0f8fad5b-d9cb-469f-a165-70867728950e",
                    "FirstSeenAt": "2026-01-02T18:00:00.000Z",
                    "LastSeenAt": "2026-01-31T09:30:00.125Z",
                    "Events": 2,
                    "Revenue": {"EUR": "59.90"},
                    "Source": "search",
                }
            ],
            "Cursor": None,
            "Scope": SCOPE_EXAMPLE,
        },
    )

    class Params(HeadParams):
        Event = event_param()
        Measure = Choice(
            *OPENED_MEASURES,
            load_default="people",
            metadata={"description": "Only people who are in this number, by the events that it counts"},
        )
        Cell = cell_param()
        SubscriberIDs = SubscriberNumbers(
            metadata={"description": "Only these subscribers; by default over the longest range"}
        )
        OnlySubscribers = YesOrNo(
            load_default=False, metadata={"description": "Leave out visitors whom nobody knows"}
        )
        Sort = Choice(*SORTS, load_default="LastSeenAt", metadata={"description": "What to sort by"})
        Limit = limit_param(USUAL_ROWS)
        Cursor = cursor_param()

    class Answer(ReportAnswer):
        class Someone(Schema):
            SubscriberID = fields.String(
                required=True, allow_none=True, metadata={"description": "Null: nobody knows who it is"}
            )
            EmailAddress = fields.String(required=True, allow_none=True)
            ExternalID = fields.String(required=True, allow_none=True)
            UUID = fields.String(
                required=True, allow_none=True, metadata={"description": "A visitor of theirs"}
            )
            FirstSeenAt = fields.DateTime(
                required=True, metadata={"description": "Their first event that is kept, whatever the range"}
            )
            LastSeenAt = fields.DateTime(
                required=True, metadata={"description": "Their last event, whatever the range"}
            )
            Events = fields.Integer(
                required=True, metadata={"description": "Events that match, in the range"}
            )
            Revenue = money_field()
            Source = fields.String(
                required=True,
                allow_none=True,
                metadata={"description": "The channel that they came from first, whatever the range"},
            )

        Total = fields.Integer(required=True, metadata={"description": "People on all pages"})
        People = fields.List(fields.Nested(Someone), required=True)
        Cursor = fields.String(required=True, allow_none=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any] | Stream:
        params = with_limit(params, USUAL_ROWS)
        page = page_of(self, params)
        wanted = params.get("SubscriberIDs")
        is_ever = wanted is not None and "From" not in params and "To" not in params
        head = head_of(self, LONGEST | params if is_ever else params, page.now)
        with refusing({"cell": INVALID_CELL}):
            question = People(
                head,
                params.get("Event"),
                SORTS[params["Sort"]],
                params["Limit"],
                page.offset,
                None if wanted is None else tuple(wanted),
                params["OnlySubscribers"],
                params["Measure"],
                read_cell(self, head, params["Cell"]) if "Cell" in params else None,
            )
        is_csv = params["Format"] == "csv"
        found = asked(self, question, is_whole=is_csv, bad_step=INVALID_CELL)
        told = found.answer or {"people": [], "total": 0}
        known = self.services.reports.actors(head.list_id, told["people"], self.deadline)
        people = [_someone(each, known) for each in told["people"] if known.has(each)]
        cursor = cursor_after(self, params, page, len(told["people"]))
        if is_csv:
            self.item_notes = note_of_cut(params, page, len(told["people"]), cursor, told["total"])
            return report_table(plain_rows(people, COLUMNS, "Revenue"), scope_of(head, found.answer))
        return {
            **found.status,
            "Total": told["total"],
            "People": people,
            "Cursor": cursor,
            "Scope": scope_of(head, found.answer),
        }


def _someone(found: dict[str, Any], known: KnownActors) -> dict[str, Any]:
    subscriber = known.subscribers.get(found["person"])
    uuid = known.uuids.get(found["visitor"])
    return {
        "SubscriberID": None if subscriber is None else str(subscriber.id),
        "EmailAddress": None if subscriber is None else subscriber.email,
        "ExternalID": None if subscriber is None else subscriber.external_id,
        "UUID": None if uuid is None else uuid_text(uuid),
        "FirstSeenAt": iso_utc(found["first_seen"]),
        "LastSeenAt": iso_utc(found["last_seen"]),
        "Events": found["events"],
        "Revenue": found["revenue"],
        "Source": found["source"],
    }
