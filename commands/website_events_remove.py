"""Catalogue pruning: the command `website_events.remove`."""

from __future__ import annotations

from functools import partial
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from tracker import Command, CommandError, Error, invalid
from tracker.api.event_list import EVENT_LIST_ERRORS, EventsParams, event_list_id
from tracker.fields import Text, WholeNumber, YesOrNo
from tracker.ingest.catalogue_pruning import prune_browsers, prune_name

NOTHING_NAMED = Error(10, "Missing Event or FromBrowsersOnly parameter")
NOT_FOUND = Error(11, "Name not found in the catalogue")


class WebsiteEventsRemove(Command):
    """Remove names of events and properties from the catalogue. The events themselves stay as they are.

    `Event` selects an event, with `Property` only that property of it. `FromBrowsersOnly` selects all names that no key has
    ever sent, and browsers at most `SeenAtMost` times (1 by default): made-up names, since anybody can send events to the
    collect endpoint. A name that is sent again is listed again within a minute. `WithoutList` instead of `ListID` selects the
    events that were sent without a list. The answer has the numbers of names that were removed.
    """

    name = "website_events.remove"
    permission = "WebsiteEvents.Delete"
    rate_limit = "100 per 60 seconds"
    errors = (
        *EVENT_LIST_ERRORS,
        invalid("Event", 6),
        invalid("Property", 7),
        invalid("FromBrowsersOnly", 8),
        invalid("SeenAtMost", 9),
        NOTHING_NAMED,
        NOT_FOUND,
    )
    example = (
        {"ListID": 123, "Event": "page_view", "Property": "$page_title"},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "RemovedEvents": 0, "RemovedProperties": 1},
    )

    class Params(EventsParams):
        Event = Text(1, 200, metadata={"description": "Name of the event"})
        Property = Text(0, 255, metadata={"description": "Only this property of the event"})
        FromBrowsersOnly = YesOrNo(
            metadata={"description": "All names that no key has sent, instead of an event"}
        )
        SeenAtMost = WholeNumber(
            load_default=1, metadata={"description": "How often browsers have sent such a name, at most"}
        )

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check_named(self, read: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
            is_refused = sent.keys() & {"Event", "FromBrowsersOnly"} - read.keys()
            if not is_refused and "Event" not in read and not read.get("FromBrowsersOnly"):
                raise ValidationError([NOTHING_NAMED])

    class Answer(Schema):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        RemovedEvents = fields.Integer(required=True)
        RemovedProperties = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = event_list_id(self, params)
        storage, deadline = self.services.storage, self.deadline
        thing = f"list:{list_id}"
        note = partial(
            self.services.audit.note, doer=self.caller, action=self.name, thing=thing, list_id=list_id
        )
        if "Event" in params:
            event, item = params["Event"], params.get("Property")
            events, properties = prune_name(storage, list_id, event, item, note, deadline)
            if not events and not properties:
                raise CommandError(NOT_FOUND)
        else:
            events, properties = prune_browsers(storage, list_id, params["SeenAtMost"], note, deadline)
        removed = {"RemovedEvents": events, "RemovedProperties": properties}
        return {"Success": True, "ErrorCode": 0, "ErrorText": "", **removed}
