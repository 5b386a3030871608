"""Event and property names of a list: the command `website_events.properties`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Error, invalid, missing
from tracker.api.name_params import shown_names
from tracker.fields import ListID

NOT_FOUND = Error(3, "List not found")


class WebsiteEventsProperties(Command):
    """List the events of a list and the properties seen with each, both in alphabetical order (of their bytes).

    Names that are treated as one (`event.alias`) stand here once, hidden ones (`event.hide`) not at all.
    """

    name = "website_events.properties"
    method = "GET"
    permission = "Subscribers.Get"
    rate_limit = "100 per 60 seconds"
    errors = (missing("ListID", 1), invalid("ListID", 2), NOT_FOUND)
    example = (
        {"ListID": 123},
        {
            "ListID": 123,
            "Properties": {"conversion": ["conversion-id", "conversion-name", "conversion-value"]},
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to describe"})

    class Answer(Schema):
        ListID = fields.Integer(required=True)
        Properties = fields.Dict(
            fields.String(),
            fields.List(fields.String()),
            required=True,
            metadata={"description": "Names of properties by name of event"},
        )

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["ListID"], NOT_FOUND).id
        properties = self.services.reports.properties_by_event(
            list_id, self.deadline, shown_names(self, list_id)
        )
        return {"ListID": list_id, "Properties": properties}
