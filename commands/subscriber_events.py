"""What has this subscriber, or this visitor, done? The command `subscriber.events`."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from tracker import CommandError, Error, invalid, missing
from tracker.api.event_params import TIME, Time, VisitorUUID
from tracker.api.event_responses import EXAMPLE, WebsiteEvent, described
from tracker.api.subscriber_params import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, who
from tracker.api.subscriber_responses import ListCommand, Success, success
from tracker.domain.cursors import cursor_of, position_in
from tracker.fields import Text, WholeNumber
from tracker.reports.ownership import SubscriberTimeline, TimelineOwner, VisitorTimeline
from tracker.reports.timeline_pages import Wanted, has_property
from tracker.times import TIME_FORMS

#: Events of one answer: usually, and at most.
USUAL_RECORDS, MAX_RECORDS = 25, 100
MISSING_WHO = missing("EmailAddress", 1, "Missing EmailAddress, SubscriberID, ExternalID or UUID parameter")
MISSING_PROPERTY = missing("Property", 12)
INVALID_CURSOR = invalid("Cursor", 16)
VISITOR_NOT_FOUND = Error(17, "Visitor not found")


class Value(fields.Field[Any]):
    """A text, a number or a truth value."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, (str, int, float)):
            raise self.make_error("validator_failed")
        return value


class SubscriberEvents(ListCommand):
    """Give a page of what a subscriber has done, newest first; also what they did before anybody knew who they are.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent says who it is. `UUID` instead names a visitor:
    then it is what the visitor did while it was nobody's, and `SubscriberID` of the answer says whose it is now.

    `Event` keeps events of one name, `From` (inclusive) and `To` (exclusive) those that happened between, `Property` those
    that have it at the top level, and with `Value` those where it is exactly that. A `Value` sent as text also fits a number
    or truth value that is written so.

    `Cursor` of the answer is where the next page begins: send it with the same parameters; it is null at the end. Events
    that come meanwhile do not move the pages. A page looks through 5,000 events at most for a name or a property, so it may have fewer
    events than `RecordsPerRequest`, even none, and a cursor all the same.
    """

    name = "subscriber.events"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (
        MISSING_WHO, *NAMED[1:], invalid("UUID", 8), invalid("Event", 9), invalid("From", 10, hint=TIME_FORMS), invalid("To", 11, hint=TIME_FORMS),
        MISSING_PROPERTY, invalid("Property", 13), invalid("Value", 14), invalid("RecordsPerRequest", 15), INVALID_CURSOR,
        VISITOR_NOT_FOUND,
    )  # fmt: skip
    example = (
        {"ListID": 123, "EmailAddress": "subscriber@example.com", "RecordsPerRequest": 25},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "SubscriberID": "358117233766563840",
            "Events": [EXAMPLE],
            "Cursor": None,
        },
    )

    class Params(NamedParams):
        UUID = VisitorUUID(metadata={"description": "A visitor instead of a subscriber", "format": "uuid"})
        Event = Text(1, 200, metadata={"description": "Only events of this name"})
        From = Time(metadata=TIME | {"description": "Only events from this time on"})
        To = Time(metadata=TIME | {"description": "Only events before this time"})
        Property = Text(1, 255, metadata={"description": "Only events that have this property"})
        Value = Value(
            metadata={"description": "And this value of it", "type": ["string", "number", "boolean"]}
        )
        RecordsPerRequest = WholeNumber(
            1, MAX_RECORDS, load_default=USUAL_RECORDS, metadata={"description": "Events to give at most"}
        )
        Cursor = Text(1, 200, metadata={"description": "Where the page begins, from the answer before"})

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check_named(self, _: dict[str, Any], sent: dict[str, Any], **__: Any) -> None:
            if not sent.keys() & {"SubscriberID", "EmailAddress", "ExternalID", "UUID"}:
                raise ValidationError([MISSING_WHO])

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check_value(self, _: dict[str, Any], sent: dict[str, Any], **__: Any) -> None:
            if "Value" in sent and "Property" not in sent:
                raise ValidationError([MISSING_PROPERTY])

    class Answer(Success):
        SubscriberID = fields.String(
            required=True, allow_none=True, metadata={"description": "Whose the visitor is; null: nobody's"}
        )
        Events = fields.List(fields.Nested(WebsiteEvent), required=True)
        Cursor = fields.String(
            required=True, allow_none=True, metadata={"description": "Where the next page begins"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list_id(params["ListID"], INVALID_LIST)
        whose, subscriber_id = self._whose(list_id, params)
        page = self.services.reports.timeline(whose, _wanted(whose, params), self.deadline)
        return success(
            SubscriberID=None if subscriber_id is None else str(subscriber_id),
            Events=described(page),
            Cursor=None if page.rest is None else cursor_of(list_id, whose.id, page.rest),
        )

    def _whose(self, list_id: int, params: dict[str, Any]) -> tuple[TimelineOwner, int | None]:
        if params.keys() & {"SubscriberID", "EmailAddress", "ExternalID"}:
            person = self.services.stores.subscribers.find(list_id, who(params), self.deadline)
            if person is None:
                raise self.error(NOT_FOUND.code)
            return SubscriberTimeline(list_id, person.id), person.id
        visitor = self.services.reports.visitor(list_id, params["UUID"], self.deadline)
        if visitor is None:
            raise self.error(VISITOR_NOT_FOUND.code)
        visitor_id, subscriber_id = visitor
        return VisitorTimeline(list_id, visitor_id), subscriber_id


def _wanted(whose: TimelineOwner, params: dict[str, Any]) -> Wanted:
    """Raises CommandError (16)."""
    before = None
    if "Cursor" in params:
        before = position_in(whose.list_id, whose.id, params["Cursor"])
        if before is None:
            raise CommandError(INVALID_CURSOR)
    value = (params["Value"],) if "Value" in params else ()
    wants = has_property(params["Property"], *value) if "Property" in params else None
    size, name = params["RecordsPerRequest"], params.get("Event")
    return Wanted(size, name, params.get("From"), params.get("To"), before, wants)
