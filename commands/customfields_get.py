"""Custom field listing: the command `customfields.get`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, invalid, missing
from tracker.api.subscriber_responses import Success, success
from tracker.domain.field_types import DATA_TYPES
from tracker.fields import ListID
from tracker.times import iso_utc

INVALID_LIST = invalid("SubscriberListID", 3)


class CustomFieldsGet(Command):
    """List the custom fields of a list, oldest first."""

    name = "customfields.get"
    method = "GET"
    permission = "CustomFields.Get"
    rate_limit = "100 per 60 seconds"
    errors = (missing("SubscriberListID", 1), INVALID_LIST)
    example = (
        {"SubscriberListID": 123},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "TotalFieldCount": 1,
            "CustomFields": [
                {
                    "CustomFieldID": 12,
                    "FieldName": "First name",
                    "MergeTagAlias": "First-Name",
                    "DataType": "text",
                    "UniqueIdentifier": False,
                    "CreatedOn": "2026-01-31T09:30:00.125Z",
                }
            ],
        },
    )

    class Params(Schema):
        SubscriberListID = ListID(required=True, metadata={"description": "List of the fields"})

    class Answer(Success):
        class Row(Schema):
            CustomFieldID = fields.Integer(required=True)
            FieldName = fields.String(required=True)
            MergeTagAlias = fields.String(required=True, allow_none=True)
            DataType = fields.String(required=True, metadata={"enum": list(DATA_TYPES)})
            UniqueIdentifier = fields.Boolean(required=True)
            CreatedOn = fields.DateTime(required=True)

        TotalFieldCount = fields.Integer(required=True)
        CustomFields = fields.List(fields.Nested(Row), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        list_id = self.own_list(params["SubscriberListID"], INVALID_LIST).id
        rows = [_row(each) for each in self.services.stores.fields.of_list(list_id, self.deadline)]
        return success(TotalFieldCount=len(rows), CustomFields=rows)


def _row(found: Any) -> dict[str, Any]:
    return {
        "CustomFieldID": found.id,
        "FieldName": found.name,
        "MergeTagAlias": found.alias,
        "DataType": found.data_type,
        "UniqueIdentifier": found.is_unique,
        "CreatedOn": iso_utc(found.created_at),
    }
