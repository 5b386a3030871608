"""How are subscribers and the commands about lists answered?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.domain.custom_field import CustomField
from tracker.domain.field_matching import name_of
from tracker.domain.field_types import shown_value
from tracker.domain.provenance import By
from tracker.errors import CommandError, Error
from tracker.storage.engine import Transaction
from tracker.storage.subscribers import After, Subscriber
from tracker.times import iso_utc


class ListCommand(Command):
    """A command about one list of the caller's."""

    def own_list_id(self, list_id: int, row: Error) -> int:
        """Another user's list and one that does not exist are answered alike, with `row`."""
        if self.services.stores.lists.owned(self.user_id, list_id, self.deadline) is None:
            raise CommandError(row)
        return list_id

    def noted(self, kind: str, list_id: int) -> After:
        """What writes the audit log's entry of this call into the transaction that it tells of."""

        def note(transaction: Transaction, number: int) -> None:
            thing = f"list:{list_id} {kind}:{number}"
            self.services.audit.note(transaction, self.caller, self.name, thing)

        return note


class Success(Schema):
    """What every answer of the family begins with."""

    Success = fields.Boolean(required=True, metadata={"const": True})
    ErrorCode = fields.Integer(required=True, metadata={"const": 0})
    ErrorText = fields.String(required=True, metadata={"const": ""})


def _told_by(what: str) -> fields.String:
    """By whom a link was told."""
    said = f"Who told the {what}; null if there is none. `public`: nobody but browsers"
    return fields.String(
        required=True, allow_none=True, metadata={"description": said, "enum": [*map(_name, By), None]}
    )


def _name(by: By) -> str:
    return by.name.lower()


class SubscriberInformation(Schema):
    SubscriberID = fields.String(
        required=True, metadata={"description": "Digits: more than a double can hold"}
    )
    EmailAddress = fields.String(required=True, allow_none=True, metadata={"description": "As first given"})
    EmailAddressBy = _told_by("address")
    ExternalID = fields.String(required=True, allow_none=True)
    ExternalIDBy = _told_by("ID")
    CreatedOn = fields.DateTime(required=True)
    CustomFields = fields.Dict(
        fields.String(),
        fields.Raw(metadata={"type": ["string", "number", "boolean", "null"]}),
        required=True,
        metadata={"description": "All fields of the list by alias or `CustomField<ID>`; null where empty"},
    )


class Written(Success):
    """The answer to a subscriber that was written."""

    SubscriberID = fields.String(required=True)
    IgnoredCustomFields = fields.List(
        fields.String(),
        metadata={"description": "Names that no field of the list has; there if there are any"},
    )


def success(**said: Any) -> dict[str, Any]:
    return {"Success": True, "ErrorCode": 0, "ErrorText": "", **said}


def written(subscriber_id: int, unknown: Sequence[str]) -> dict[str, Any]:
    answer = success(SubscriberID=str(subscriber_id))
    return {**answer, "IgnoredCustomFields": list(unknown)} if unknown else answer


def described(person: Subscriber, custom_fields: Sequence[CustomField]) -> dict[str, Any]:
    """A `SubscriberInformation`."""
    return {
        "SubscriberID": str(person.id),
        "EmailAddress": person.email,
        "EmailAddressBy": None if person.email is None else _name(person.email_by),
        "ExternalID": person.external_id,
        "ExternalIDBy": None if person.external_id is None else _name(person.external_id_by),
        "CreatedOn": iso_utc(person.created_at),
        "CustomFields": {name_of(each): _value(person, each) for each in custom_fields},
    }


def _value(person: Subscriber, custom_field: CustomField) -> Any:
    if custom_field.is_unique:
        return person.external_id
    stored = person.values.get(custom_field.id)
    return None if stored is None else shown_value(custom_field.data_type, stored)
