"""Description of a list: the command `list.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Error, invalid, missing
from tracker.api.list_settings_answer import EXAMPLE_SETTINGS, SettingsAnswer, settings_answer
from tracker.api.name_params import shown_names
from tracker.api.setup_checks import is_any_origin_refused
from tracker.browser import snippet_of_list
from tracker.fields import ListID
from tracker.times import iso_utc

NOT_FOUND = Error(3, "List not found")


class ListGet(Command):
    """Describe a list: its name, public ids, settings, and the names of its events and properties.

    `EventTrackerJS` is the snippet for the head of a website's pages. `EventListTrackerID` and `EventUserTrackerID` are
    opaque and public. `EventTrackerProperties` is what `website_events.properties` lists. `LastEventTrackedAt` is null until
    an event has been received. Times are ISO 8601 in UTC. The settings are described at `list.update`.
    """

    name = "list.get"
    method = "GET"
    permission = "List.Get"
    rate_limit = "1000 per 60 seconds"
    errors = (missing("ListID", 1), invalid("ListID", 2), NOT_FOUND)
    example = (
        {"ListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "List": {
                "ListID": 123,
                "Name": "Web shop",
                "CreatedOn": "2026-01-31T09:30:00.125Z",
                "ConversionIdIs": "order",
                "EventListTrackerID": "nJ0xW2bq_3Zt8Jm1",
                "EventUserTrackerID": "Lx5Nc7Wd2Rf4Hg6P",
                "EventTrackerJS": "<script>…</script>",
                "EventTrackerProperties": {"page_view": ["$current_url", "$page_title"]},
                "LastEventTrackedAt": "2026-02-01T12:00:00.000Z",
                "TrackingState": "ok",
                **EXAMPLE_SETTINGS,
            },
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to describe"})

    class Answer(Schema):
        class Described(SettingsAnswer):
            ListID = fields.Integer(required=True)
            Name = fields.String(required=True)
            CreatedOn = fields.DateTime(required=True)
            ConversionIdIs = fields.String(
                required=True,
                metadata={"enum": ["order", "goal"], "description": "An order counts once, a goal each time"},
            )
            EventListTrackerID = fields.String(
                required=True, metadata={"description": "Public id of the list"}
            )
            EventUserTrackerID = fields.String(
                required=True, metadata={"description": "Public id of the user"}
            )
            EventTrackerJS = fields.String(
                required=True, metadata={"description": "HTML for the head of a page, which tracks the page"}
            )
            EventTrackerProperties = fields.Dict(
                fields.String(),
                fields.List(fields.String()),
                required=True,
                metadata={"description": "Names of properties by name of event"},
            )
            LastEventTrackedAt = fields.DateTime(required=True, allow_none=True)
            TrackingState = fields.String(
                required=True,
                metadata={
                    "enum": ["ok", "bad"],
                    "description": "`bad`: pages that may not send events tried to in the last 24 hours (`setup.check`)",
                },
            )

        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        List = fields.Nested(Described, required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.own_list(params["ListID"], NOT_FOUND)
        return {"Success": True, "ErrorCode": 0, "ErrorText": "", "List": self._described(found)}

    def _described(self, found: Any) -> dict[str, Any]:
        reports = self.services.reports
        user = self.services.stores.users.get(self.user_id, self.deadline)
        if user is None:  # a user who is gone has no lists
            raise self.error(NOT_FOUND.code)
        counted = reports.counted_names(found.id, self.deadline, shown_names(self, found.id))
        last_event_at = reports.last_event_at(found.id, self.deadline)
        return {
            "ListID": found.id,
            "Name": found.name,
            "CreatedOn": iso_utc(found.created_at),
            "ConversionIdIs": found.conversion_id_is,
            "EventListTrackerID": found.tracker_id,
            "EventUserTrackerID": user.tracker_id,
            "EventTrackerJS": self._snippet(found),
            "EventTrackerProperties": {name: list(each.properties) for name, each in counted.items()},
            "LastEventTrackedAt": None if last_event_at is None else iso_utc(last_event_at),
            "TrackingState": "bad"
            if is_any_origin_refused(self.services, found.id, self.now, self.deadline)
            else "ok",
            **settings_answer(self.services.stores.list_settings.of(found.id, self.deadline), counted),
        }

    def _snippet(self, found: Any) -> str:
        honoured = self.services.stores.list_settings.of(found.id, self.deadline).is_privacy_signal_honoured
        return snippet_of_list(self.services.settings, found.tracker_id, honoured)
