"""Subscriber responses: the wire form of subscribers, and what commands about them share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from marshmallow import Schema, fields

from tracker import Command
from tracker.domain.field_matching import name_of
from tracker.domain.field_types import CustomField, shown_value
from tracker.domain.provenance import By
from tracker.errors import CommandError, Error
from tracker.storage.engine import Transaction
from tracker.storage.subscribers import After, Refused, StoredSubscriber
from tracker.storage.subscribers import Refusal as Refusal
from tracker.times import iso_utc

#: Kinds of things whose rows lie in the shard of their list.
IN_SHARD = {"subscriber", "customfield", "trigger"}


@contextmanager
def answering(rows: Mapping[Refusal, Error]) -> Iterator[None]:
    """Answer a refusal of the store inside the block with the command's row for it: raises CommandError."""
    try:
        yield
    except Refused as refused:
        raise CommandError(rows[refused.refusal]) from None


def audit_entry(command: Command, kind: str, list_id: int) -> After:
    """Return a function that writes the audit log's entry of this call, in the transaction of the change itself."""
    shard = list_id if kind in IN_SHARD else None

    def write(transaction: Transaction, number: int) -> None:
        thing = f"list:{list_id} {kind}:{number}"
        command.services.audit.note(transaction, command.caller, command.name, thing, shard)

    return write


class Success(Schema):
    """The keys with which every answer of list and subscriber commands begins."""

    Success = fields.Boolean(required=True, metadata={"const": True})
    ErrorCode = fields.Integer(required=True, metadata={"const": 0})
    ErrorText = fields.String(required=True, metadata={"const": ""})


def _provenance(what: str) -> fields.String:
    """Return the schema of a provenance."""
    description = f"Provenance of the {what}; null if there is none. `public`: only browsers gave it"
    return fields.String(
        required=True, allow_none=True, metadata={"description": description, "enum": [*map(_name, By), None]}
    )


def _name(by: By) -> str:
    return by.name.lower()


class SubscriberInformation(Schema):
    SubscriberID = fields.String(
        required=True, metadata={"description": "Digits: more than a double can hold"}
    )
    EmailAddress = fields.String(required=True, allow_none=True, metadata={"description": "As first sent"})
    EmailAddressBy = _provenance("address")
    ExternalID = fields.String(required=True, allow_none=True)
    ExternalIDBy = _provenance("ID")
    CreatedOn = fields.DateTime(required=True)
    IsLeftOut = fields.Boolean(
        required=True, metadata={"description": "Whether reports leave their events out"}
    )
    CustomFields = fields.Dict(
        fields.String(),
        fields.Raw(metadata={"type": ["string", "number", "boolean", "null"]}),
        required=True,
        metadata={
            "description": "All fields of the list by alias or `CustomField<ID>`; null for an empty one"
        },
    )


class Written(Success):
    """The answer to the creation or change of a subscriber."""

    SubscriberID = fields.String(required=True)
    IgnoredCustomFields = fields.List(
        fields.String(),
        metadata={"description": "Names that no field of the list has; absent if there are none"},
    )


def success(**answer: Any) -> dict[str, Any]:
    return {"Success": True, "ErrorCode": 0, "ErrorText": "", **answer}


def written(subscriber_id: int, unknown: Sequence[str]) -> dict[str, Any]:
    answer = success(SubscriberID=str(subscriber_id))
    return {**answer, "IgnoredCustomFields": list(unknown)} if unknown else answer


def described(subscriber: StoredSubscriber, custom_fields: Sequence[CustomField]) -> dict[str, Any]:
    """Return a `SubscriberInformation`."""
    return {
        "SubscriberID": str(subscriber.id),
        "EmailAddress": subscriber.email,
        "EmailAddressBy": None if subscriber.email is None else _name(subscriber.email_by),
        "ExternalID": subscriber.external_id,
        "ExternalIDBy": None if subscriber.external_id is None else _name(subscriber.external_id_by),
        "CreatedOn": iso_utc(subscriber.created_at),
        "IsLeftOut": subscriber.is_left_out,
        "CustomFields": {name_of(each): _value(subscriber, each) for each in custom_fields},
    }


def _value(subscriber: StoredSubscriber, custom_field: CustomField) -> Any:
    if custom_field.is_unique:
        return subscriber.external_id
    stored = subscriber.values.get(custom_field.id)
    return None if stored is None else shown_value(custom_field.data_type, stored)
