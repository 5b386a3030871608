"""What is made of a name: the command `event.uses`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema

from tracker import Command
from tracker.api.dimension_params import PREFIXES
from tracker.api.name_params import INVALID_EVENT, INVALID_PROPERTY, MAX_PROPERTY, ONE_NAME, ByteText, named
from tracker.api.name_uses import SOURCES, ListUses, Use
from tracker.api.report_params import LIST_ERRORS, own_list_id
from tracker.api.subscriber_responses import Success, success
from tracker.domain.spellings import NameKind
from tracker.fields import ListID
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.questions.measures import OF_PROPERTY

#: The kind of another spelling of the name.
ALIAS = "alias"


class EventUses(Command):
    """List what names an event or a property of a list, in whichever spelling, and its other spellings.

    That are goals, segments, triggers, alerts, saved reports with the share links and schedules that show them, the list's `Products`, and
    tiles of plugins that show a report. Without both it is all of that, without tiles. Ask it before deleting, hiding or treating
    names as one.
    """

    name = "event.uses"
    method = "GET"
    permission = "List.Get"
    rate_limit = "300 per 60 seconds"
    errors = (*LIST_ERRORS, INVALID_EVENT, INVALID_PROPERTY, ONE_NAME)
    example = (
        {"ListID": 123, "Event": "signed up"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "Uses": [{"Kind": "alias", "ID": None, "Name": "registered"}],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List of the name"})
        Event = ByteText(1, MAX_NAME_BYTES, False, metadata={"description": "Name of an event"})
        Property = ByteText(
            1, MAX_PROPERTY, False, metadata={"description": "Instead of Event: name of a property"}
        )

        @validates_schema(skip_on_field_errors=False, pass_original=True)
        def check_name(self, read: dict[str, Any], sent: dict[str, Any], **_: Any) -> None:
            if {"Event", "Property"} <= sent.keys():
                raise ValidationError([ONE_NAME])

    class Answer(Success):
        class Use(Schema):
            Kind = fields.String(
                required=True,
                metadata={"enum": [*SOURCES, ALIAS]},
            )
            ID = fields.Integer(
                required=True,
                allow_none=True,
                metadata={"description": "Null for an alias, a tile and products"},
            )
            Name = fields.String(
                required=True,
                allow_none=True,
                metadata={
                    "description": "Of share links and schedules that of the report; null: the overview"
                },
            )

        Uses = fields.List(fields.Nested(Use), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = own_list_id(self, params)
        if "Event" not in params and "Property" not in params:
            return success(Uses=[use.told() for use in ListUses(self, list_id) if use.kind != "tile"])
        kind, name = named(params)
        book = self.services.stores.names.book(list_id, self.deadline)
        spelled = (
            book.spellings.of_event(name) if kind is NameKind.EVENT else book.spellings.of_property(name)
        )
        wanted = {*spelled}
        if kind is NameKind.PROPERTY:
            wanted |= {f"{word}:{each}" for word in (*OF_PROPERTY, *PREFIXES) for each in spelled}
        uses = [use for use in ListUses(self, list_id) if wanted & use.texts]
        uses += [Use(ALIAS, None, each) for each in spelled if each != name]
        return success(Uses=[use.told() for use in uses])
