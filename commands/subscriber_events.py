"""Timeline of a subscriber or a visitor, with cursor pagination: the command `subscriber.events`."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from tracker import Command, CommandError, Error, invalid, missing
from tracker.api.event_params import TIME, Time, VisitorUUID
from tracker.api.event_responses import EXAMPLE, WebsiteEvent, described
from tracker.api.name_params import event_names, spellings_of
from tracker.api.subscriber_params import INVALID_LIST, NAMED, NOT_FOUND, NamedParams, subscriber_key
from tracker.api.subscriber_responses import Success, success
from tracker.domain.cursors import cursor_of, position_in
from tracker.fields import Text, WholeNumber
from tracker.reports.ownership import SubscriberTimeline, TimelineOwner, VisitorTimeline
from tracker.reports.timeline_pages import Wanted, has_property
from tracker.times import TIME_FORMS

#: Events of one answer: by default, and at most.
USUAL_RECORDS, MAX_RECORDS = 25, 100
MISSING_OWNER = missing("EmailAddress", 1, "Missing EmailAddress, SubscriberID, ExternalID or UUID parameter")
MISSING_PROPERTY = missing("Property", 12)
INVALID_CURSOR = invalid("Cursor", 16)
VISITOR_NOT_FOUND = Error(17, "Visitor not found")


class Value(fields.Field[Any]):
    """A string, a number or a boolean."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, (str, int, float)):
            raise self.make_error("validator_failed")
        return value


class SubscriberEvents(Command):
    """List the events of a subscriber, newest first, including those from before the subscriber was identified.

    The first of `SubscriberID`, `EmailAddress` and `ExternalID` that is sent selects the subscriber. `UUID` selects a
    visitor instead: then the answer has the events of the visitor while it was linked to no subscriber, and `SubscriberID` is
    the subscriber it is linked to now.

    `Event` selects events of one name, `From` (inclusive) and `To` (exclusive) events that happened between these times,
    `Property` events that have the property at the top level, and `Value` those in which it has exactly this value. A
    `Value` sent as text also matches a number or boolean that is written like it. Names that are treated as one (`event.alias`)
    are looked for in all their spellings.

    `Cursor` of the answer is where the next page begins: send it with the same parameters; it is null at the end. Events
    that arrive meanwhile do not shift the pages. A page examines at most 5,000 events for a name or a property, so it may
    have fewer events than `RecordsPerRequest`, even none, and still a cursor.
    """

    name = "subscriber.events"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (
        MISSING_OWNER, *NAMED[1:], invalid("UUID", 8), invalid("Event", 9), invalid("From", 10, hint=TIME_FORMS), invalid("To", 11, hint=TIME_FORMS),
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
        UUID = VisitorUUID(
            metadata={"description": "Selects a visitor instead of a subscriber", "format": "uuid"}
        )
        Event = Text(1, 200, metadata={"description": "Only events of this name"})
        From = Time(metadata=TIME | {"description": "Only events from this time on"})
        To = Time(metadata=TIME | {"description": "Only events before this time"})
        Property = Text(1, 255, metadata={"description": "Only events that have this property"})
        Value = Value(
            metadata={
                "description": "Only events in which the property has this value",
                "type": ["string", "number", "boolean"],
            }
        )
        RecordsPerRequest = WholeNumber(
            1, MAX_RECORDS, load_default=USUAL_RECORDS, metadata={"description": "Events to return at most"}
        )
        Cursor = Text(1, 200, metadata={"description": "Where the page begins, from the previous answer"})

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check_named(self, _: dict[str, Any], sent: dict[str, Any], **__: Any) -> None:
            if not sent.keys() & {"SubscriberID", "EmailAddress", "ExternalID", "UUID"}:
                raise ValidationError([MISSING_OWNER])

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check_value(self, _: dict[str, Any], sent: dict[str, Any], **__: Any) -> None:
            if "Value" in sent and "Property" not in sent:
                raise ValidationError([MISSING_PROPERTY])

    class Answer(Success):
        SubscriberID = fields.String(
            required=True,
            allow_none=True,
            metadata={"description": "The subscriber; of a visitor the one it is linked to, or null"},
        )
        Events = fields.List(fields.Nested(WebsiteEvent), required=True)
        Cursor = fields.String(
            required=True, allow_none=True, metadata={"description": "Where the next page begins"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["ListID"], INVALID_LIST).id
        owner, subscriber_id = self._owner(list_id, params)
        page = self.services.reports.timeline(owner, self._wanted(owner, params), self.deadline)
        return success(
            SubscriberID=None if subscriber_id is None else str(subscriber_id),
            Events=described(page),
            Cursor=None if page.rest is None else cursor_of(list_id, owner.id, page.rest),
        )

    def _owner(self, list_id: int, params: dict[str, Any]) -> tuple[TimelineOwner, int | None]:
        if params.keys() & {"SubscriberID", "EmailAddress", "ExternalID"}:
            subscriber = self.services.stores.subscribers.find(list_id, subscriber_key(params), self.deadline)
            if subscriber is None:
                raise self.error(NOT_FOUND.code)
            return SubscriberTimeline(list_id, subscriber.id), subscriber.id
        visitor = self.services.reports.visitor(list_id, params["UUID"], self.deadline)
        if visitor is None:
            raise self.error(VISITOR_NOT_FOUND.code)
        visitor_id, subscriber_id = visitor
        return VisitorTimeline(list_id, visitor_id), subscriber_id

    def _wanted(self, owner: TimelineOwner, params: dict[str, Any]) -> Wanted:
        """Return the query that the parameters describe. Raises CommandError (16)."""
        before, wants = None, None
        if "Cursor" in params:
            before = position_in(owner.list_id, owner.id, params["Cursor"])
            if before is None:
                raise CommandError(INVALID_CURSOR)
        if "Property" in params:
            value = (params["Value"],) if "Value" in params else ()
            spelled = spellings_of(self, owner.list_id).of_property(params["Property"])
            wants = has_property(spelled, *value)
        size, names = params["RecordsPerRequest"], event_names(self, owner.list_id, params)
        return Wanted(size, names, params.get("From"), params.get("To"), before, wants)
