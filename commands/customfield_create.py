"""Custom field creation: the command `customfield.create`."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields

from tracker import Command, CommandError, Error, invalid, missing
from tracker.api.subscriber_responses import Refusal, Success, answering, success
from tracker.domain.field_matching import BY_NUMBER
from tracker.domain.field_types import DATA_TYPES, MAX_FIELDS, TEXT
from tracker.errors import because
from tracker.fields import Choice, ListID, Text, YesOrNo

INVALID_LIST = invalid("SubscriberListID", 3)
INVALID_ALIAS = invalid("MergeTagAlias", 5)
INVALID_UNIQUE = invalid("UniqueIdentifier", 7)
ALIAS_TAKEN = Error(8, "MergeTagAlias is already used by another field")
HAS_UNIQUE = Error(9, "The list already has a unique identifier")
TOO_MANY = Error(10, f"The list has {MAX_FIELDS} custom fields, the most a list can have")
REFUSALS = {
    Refusal.ALIAS_TAKEN: ALIAS_TAKEN,
    Refusal.HAS_UNIQUE: HAS_UNIQUE,
    Refusal.TOO_MANY: TOO_MANY,
}
_ALIAS = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Alias(Text):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        alias = super()._deserialize(value, *args, **kwargs)
        if not _ALIAS.fullmatch(alias):
            raise ValidationError([because(INVALID_ALIAS, "1 to 64 of A-Z a-z 0-9 _ -")])
        if BY_NUMBER.fullmatch(alias):
            raise ValidationError(
                [because(INVALID_ALIAS, "names of this form are reserved for field numbers")]
            )
        return alias


class CustomFieldCreate(Command):
    """Create a custom field for the subscribers of a list. A list has up to 200.

    `MergeTagAlias` names the field in calls, in any letter case. Every field can also be named `CustomField<ID>`.
    `DataType` is `text` (the default, up to 8 KiB), `number`, `boolean`, `date` (`2026-01-31`) or `datetime` (ISO 8601 with
    offset, returned in UTC). One text field of a list may be the `UniqueIdentifier`. It replaces the built-in external id:
    its values are the subscribers' `ExternalID`, `ID` of `event.track` is matched with it, and no two subscribers share a
    value. Deleting the field leaves the external ids as they are.
    """

    name = "customfield.create"
    permission = "CustomField.Create"
    rate_limit = "100 per 60 seconds"
    errors = (
        missing("SubscriberListID", 1),
        missing("FieldName", 2),
        INVALID_LIST,
        invalid("FieldName", 4),
        INVALID_ALIAS,
        invalid("DataType", 6),
        INVALID_UNIQUE,
        ALIAS_TAKEN,
        HAS_UNIQUE,
        TOO_MANY,
    )
    example = (
        {"SubscriberListID": 123, "FieldName": "Last name", "MergeTagAlias": "Last-Name", "DataType": "text"},
        {"Success": True, "ErrorCode": 0, "ErrorText": "", "CustomFieldID": 12},
    )

    class Params(Schema):
        SubscriberListID = ListID(required=True, metadata={"description": "List to add the field to"})
        FieldName = Text(1, 250, False, required=True, metadata={"description": "Display name"})
        MergeTagAlias = Alias(
            1, 64, metadata={"description": "Name of the field in calls", "pattern": "^[A-Za-z0-9_-]+$"}
        )
        DataType = Choice(*DATA_TYPES, load_default=TEXT, metadata={"description": "Type of its values"})
        UniqueIdentifier = YesOrNo(
            load_default=False,
            metadata={"description": "Whether its values are the ExternalIDs of the subscribers"},
        )

    class Answer(Success):
        CustomFieldID = fields.Integer(required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        data_type, is_unique = params["DataType"], params["UniqueIdentifier"]
        if is_unique and data_type != TEXT:
            raise CommandError(because(INVALID_UNIQUE, "only a text field can be the unique identifier"))
        list_id = self.own_list(params["SubscriberListID"], INVALID_LIST).id
        name, alias = params["FieldName"], params.get("MergeTagAlias")
        with answering(REFUSALS):
            made = self.services.stores.fields.add(list_id, name, alias, data_type, is_unique, self.deadline)
        return success(CustomFieldID=made)
