"""Sample values of an event property: the command `website_events.values`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, invalid, missing
from tracker.api.event_list import EVENT_LIST_ERRORS, EventsParams, event_list_id
from tracker.api.name_params import event_names, spellings_of
from tracker.fields import Text

#: Values of one answer, and characters of each.
MAX_VALUES, MAX_CHARACTERS = 20, 200


class WebsiteEventsValues(Command):
    """List sample values of a property, from the latest events of a name, most frequent first.

    `WithoutList` instead of `ListID` selects the events that were sent without a list. Of the last 5,000 events of the list
    up to the time when one of this name was last seen, up to 1,000 of the name are read, without those of robots.
    `EventsRead` is their number, `DistinctValues` the number of different values, of which 20 are returned. `Value` is JSON,
    so that `"1"` and `1` differ; if `IsCut` is true it is cut after 200 characters. Names that are treated as one
    (`event.alias`) are read as one.
    """

    name = "website_events.values"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "300 per 60 seconds"
    errors = (
        *EVENT_LIST_ERRORS,
        missing("Event", 6),
        invalid("Event", 7),
        missing("Property", 8),
        invalid("Property", 9),
    )
    example = (
        {"ListID": 123, "Event": "page_view", "Property": "$current_url"},
        {
            "Values": [{"Value": '"https://example.com/pricing"', "Count": 2, "IsCut": False}],
            "DistinctValues": 1,
            "EventsRead": 2,
        },
    )

    class Params(EventsParams):
        Event = Text(1, 200, required=True, metadata={"description": "Name of the event"})
        Property = Text(0, 255, required=True, metadata={"description": "Name of the property; may be empty"})

    class Answer(Schema):
        class Value(Schema):
            Value = fields.String(required=True, metadata={"description": "JSON"})
            Count = fields.Integer(required=True)
            IsCut = fields.Boolean(
                required=True, metadata={"description": "Whether only its beginning is returned"}
            )

        Values = fields.List(fields.Nested(Value), required=True)
        DistinctValues = fields.Integer(required=True, metadata={"description": "Different values found"})
        EventsRead = fields.Integer(
            required=True, metadata={"description": "Events of the name that were read"}
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = event_list_id(self, params)
        events = event_names(self, list_id, params) or frozenset()
        spelled = spellings_of(self, list_id).of_property(params["Property"])
        found = self.services.reports.values(list_id, events, spelled, self.deadline)
        most_frequent = found.counts.most_common(MAX_VALUES)
        return {
            "Values": [_described(value.decode(), count) for value, count in most_frequent],
            "DistinctValues": len(found.counts),
            "EventsRead": found.events_read,
        }


def _described(value: str, count: int) -> dict[str, Any]:
    return {"Value": value[:MAX_CHARACTERS], "Count": count, "IsCut": len(value) > MAX_CHARACTERS}
