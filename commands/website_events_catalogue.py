"""Event catalogue with counts and types: the command `website_events.catalogue`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import Schema, fields

from tracker import Command, CommandError, invalid
from tracker.api.event_list import EVENT_LIST_ERRORS, EventsParams, event_list_id
from tracker.api.name_params import shown_names
from tracker.domain.spellings import NameKind, is_reserved
from tracker.errors import because
from tracker.fields import Choice, Text, WholeNumber, YesOrNo
from tracker.reports.catalogue_listing import TYPE_NAMES, CataloguePage, NameOrder
from tracker.reports.spelled_names import ListedName, ShownNames
from tracker.times import iso_utc

#: Events of one answer: by default, and at most.
USUAL_RECORDS, MAX_RECORDS = 100, 500
INVALID_AFTER = invalid("AfterEvent", 8)
#: Sort -> how the listing calls the order.
ORDERS: dict[str, NameOrder] = {"Count": "count", "LastSeenAt": "last_seen"}
_TIMES = {
    "FirstSeenAt": "2026-01-31T09:30:00.125Z",
    "LastSeenAt": "2026-01-31T10:15:00.000Z",
    "LastReceivedAt": "2026-01-31T10:15:00.250Z",
}


class SeenAnswer(Schema):
    """The times of a name in an answer."""

    FirstSeenAt = fields.DateTime(
        required=True, metadata={"description": "When the first event with it happened"}
    )
    LastSeenAt = fields.DateTime(
        required=True, metadata={"description": "When the last event with it happened"}
    )
    LastReceivedAt = fields.DateTime(
        required=True, metadata={"description": "When an event with it last arrived"}
    )


class WebsiteEventsCatalogue(Command):
    """List the event names of a list and the properties seen with each, with counts, first and last time, and value types.

    Both are in alphabetical order (of their bytes); `Sort` puts the most frequent events first, or those seen last. `WithoutList` instead of `ListID` selects the events that were sent
    without a list. Robots are not counted. Counts, types and times are written up to 5 seconds late; a name is listed with its
    first event.

    `FirstSeenAt` and `LastSeenAt` are times at which events happened, `LastReceivedAt` is when one last arrived: an import brings
    old events today. They stay when events are deleted.

    `Event` selects one event. `Search` selects events with the text in their name, in any letter case, and of all other
    events only the properties with the text in their name. An answer holds up to 2,000 properties, unless its first event has
    more. If `HasMore` is true, send the name of the last event as `AfterEvent` for the next page. In the order of `Sort` that has
    to be an event that is listed (else error 8), and the page begins after the place where it is now.

    Names that are treated as one (`event.alias`) are listed once, with the counts of all; hidden ones (`event.hide`) with
    `WithHidden` only. What else is noted of names is in `eventnames.get`.

    `LookAlikes` are names that differ only in letter case, accents, `_`, `-`, spaces and `$`, and are probably one thing
    spelled twice: up to 100 groups of each kind. They are present unless `Event`, `Search` or `AfterEvent` was sent. `IsFull`
    says that the list has had more names than the catalogue can hold.
    """

    name = "website_events.catalogue"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "300 per 60 seconds"
    errors = (
        *EVENT_LIST_ERRORS,
        invalid("Event", 6),
        invalid("Search", 7),
        INVALID_AFTER,
        invalid("RecordsPerRequest", 9),
        invalid("WithHidden", 10),
        invalid("Sort", 11),
    )
    example = (
        {"ListID": 123},
        {
            "Events": [
                {
                    "Event": "conversion",
                    "Count": 3,
                    **_TIMES,
                    "Properties": [
                        {
                            "Property": "conversion-id",
                            "Count": 3,
                            **_TIMES,
                            "Types": {"number": 2, "string": 1},
                        }
                    ],
                }
            ],
            "HasMore": False,
            "LookAlikes": [{"Kind": "event", "Names": ["pageView", "page_view"], "CanBeOne": True}],
            "IsFull": False,
        },
    )

    class Params(EventsParams):
        Event = Text(1, 200, metadata={"description": "Only the event of this name"})
        Search = Text(1, 200, metadata={"description": "Only names that contain this text"})
        AfterEvent = Text(0, 200, load_default="", metadata={"description": "Only events after this name"})
        Sort = Choice(
            "Event",
            *ORDERS,
            load_default="Event",
            metadata={"description": "`Count`: the most frequent first; `LastSeenAt`: those seen last first"},
        )
        WithHidden = YesOrNo(load_default=False, metadata={"description": "Hidden names too"})
        RecordsPerRequest = WholeNumber(
            1, MAX_RECORDS, load_default=USUAL_RECORDS, metadata={"description": "Events to return at most"}
        )

    class Answer(Schema):
        class Event(SeenAnswer):
            class Property(SeenAnswer):
                Property = fields.String(required=True)
                Count = fields.Integer(required=True, metadata={"description": "Events with the property"})
                Types = fields.Dict(
                    fields.String(metadata={"enum": list(TYPE_NAMES)}),
                    fields.Integer(),
                    required=True,
                    metadata={"description": "Number of values per JSON type seen"},
                )

            Event = fields.String(required=True)
            Count = fields.Integer(required=True)
            Properties = fields.List(fields.Nested(Property), required=True)

        class LookAlike(Schema):
            Kind = fields.String(required=True, metadata={"enum": ["event", "property"]})
            Names = fields.List(fields.String(), required=True)
            CanBeOne = fields.Boolean(
                required=True, metadata={"description": "Whether `event.alias` may treat them as one"}
            )

        Events = fields.List(fields.Nested(Event), required=True)
        HasMore = fields.Boolean(
            required=True, metadata={"description": "Whether more events follow the last one"}
        )
        LookAlikes = fields.List(
            fields.Nested(LookAlike),
            metadata={"description": "Present if neither Event, Search nor AfterEvent was sent"},
        )
        IsFull = fields.Boolean(
            required=True,
            metadata={"description": "Whether there were more names than the catalogue can hold"},
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id, reports = event_list_id(self, params), self.services.reports
        shown = shown_names(self, list_id, with_hidden=params["WithHidden"])
        names = self._names(list_id, params, shown)
        answer = {"Events": [_described(each) for each in names.events], "HasMore": names.has_more}
        if not params.keys() & {"Event", "Search"} and not params["AfterEvent"]:
            groups = reports.similar_names(list_id, self.deadline, shown)
            answer["LookAlikes"] = [_alike(kind, names) for kind, found in groups.items() for names in found]
        return {**answer, "IsFull": reports.is_catalogue_full(list_id, self.deadline)}

    def _names(self, list_id: int, params: dict[str, Any], shown: ShownNames) -> CataloguePage:
        reports = self.services.reports
        if "Event" in params:
            found: CataloguePage = reports.name(list_id, params["Event"], self.deadline, shown)
            return found
        after, search, size = params["AfterEvent"], params.get("Search"), params["RecordsPerRequest"]
        if params["Sort"] in ORDERS:
            most: CataloguePage | None = reports.most(
                list_id, ORDERS[params["Sort"]], after, search, size, self.deadline, shown
            )
            if most is None:
                raise CommandError(because(INVALID_AFTER, "no event of this name is listed"))
            return most
        page: CataloguePage = reports.names(list_id, after, search, size, self.deadline, shown)
        return page


def _alike(kind: str, names: list[str]) -> dict[str, Any]:
    can_be_one = not any(is_reserved(NameKind[kind.upper()], name) for name in names)
    return {"Kind": kind, "Names": names, "CanBeOne": can_be_one}


def _described(listed: ListedName) -> dict[str, Any]:
    event, properties = listed
    return {
        "Event": event.name.decode(),
        "Count": event.events,
        **_seen(event.times),
        "Properties": [
            {
                "Property": each.name.decode(),
                "Count": sum(each.types),
                **_seen(each.times),
                "Types": {name: count for name, count in zip(TYPE_NAMES, each.types, strict=True) if count},
            }
            for each in properties
        ],
    }


def _seen(times: Iterable[int]) -> dict[str, str]:
    first, last, received = map(iso_utc, times)
    return {"FirstSeenAt": first, "LastSeenAt": last, "LastReceivedAt": received}
