"""Subscriber parameters: fields that select, describe, sort and search subscribers, and their error rows."""

from __future__ import annotations

import unicodedata
from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, validates_schema

from tracker.domain.field_matching import FieldValues, read_values, unique_fault
from tracker.domain.field_types import CustomField
from tracker.errors import CommandError, Error, because, invalid, missing
from tracker.fields import EmailAddress, JsonObject, ListID, Text, WholeNumber, YesOrNo
from tracker.formats.email_address import begun_label, email_key
from tracker.formats.event_limits import MAX_ID_BYTES, trimmed
from tracker.storage.subscribers import Changes, Refusal, Who
from tracker.storage.subscribers import Slice as Slice

#: The error rows of all commands about one subscriber; each command declares those it can answer with.
MISSING_SUBSCRIBER = missing("EmailAddress", 1, "Missing EmailAddress, SubscriberID or ExternalID parameter")
MISSING_IDENTIFIER = missing("EmailAddress", 1, "Missing EmailAddress or ExternalID parameter")
MISSING_LIST = missing("ListID", 2)
NOT_FOUND = Error(3, "Subscriber not found")
INVALID_LIST = invalid("ListID", 4)
INVALID_EMAIL = invalid("EmailAddress", 5)
INVALID_SUBSCRIBER_ID = invalid("SubscriberID", 6)
INVALID_EXTERNAL_ID = invalid("ExternalID", 7)
EMAIL_TAKEN = Error(8, "EmailAddress is another subscriber's")
EXTERNAL_ID_TAKEN = Error(9, "ExternalID is another subscriber's")
INVALID_CUSTOM_FIELDS = invalid("CustomFields", 10)
INVALID_LEFT_OUT = invalid("IsLeftOut", 12)
IS_NOBODY = Error(11, "ExternalID cannot be emptied: the subscriber has no EmailAddress")
NAMED = (
    MISSING_SUBSCRIBER, MISSING_LIST, NOT_FOUND, INVALID_LIST, INVALID_EMAIL, INVALID_SUBSCRIBER_ID, INVALID_EXTERNAL_ID,
)  # fmt: skip
REFUSALS = {
    Refusal.GONE: NOT_FOUND,
    Refusal.EMAIL_TAKEN: EMAIL_TAKEN,
    Refusal.EXTERNAL_ID_TAKEN: EXTERNAL_ID_TAKEN,
    Refusal.IS_NOBODY: IS_NOBODY,
}
#: {OrderField: the column it sorts by}. Ids ascend with the time of creation.
ORDERS = {"SubscriberID": "id", "CreatedOn": "id", "EmailAddress": "email", "ExternalID": "external_id"}
#: The values of SearchField.
SEARCHED = ("EmailAddress", "ExternalID")
#: What the parameters of events and other programs call them: {parameter: words}.
ALIASES = {"EmailAddress": ("email", "mail"), "ExternalID": ("id", "user_id", "customer_id", "uid")}
#: The description of CustomFields.
CUSTOM_FIELDS = {
    "description": "Values by merge-tag alias or `CustomField<ID>`; null or empty text empties a field"
}


class ExternalID(Text):
    """An ID that could create a subscriber in `event.track`, trimmed; empty only where that removes the ID."""

    def __init__(self, is_empty_allowed: bool = False, **options: Any) -> None:
        super().__init__(0 if is_empty_allowed else 1, MAX_ID_BYTES, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(str(value) if type(value) is int else value, *args, **kwargs)
        external_id = trimmed(text)
        if text and (fault := unique_fault(external_id)):
            raise ValidationError([because(INVALID_EXTERNAL_ID, fault)])
        return external_id


class NamedParams(Schema):
    """Select a subscriber of a list by the first of SubscriberID, EmailAddress and ExternalID that is sent."""

    aliases: ClassVar[dict[str, tuple[str, ...]]] = {**ALIASES, "SubscriberID": ("id",)}
    ListID = ListID(required=True, metadata={"description": "List of the subscriber"})
    SubscriberID = WholeNumber(metadata={"description": "The subscriber's number"})
    EmailAddress = EmailAddress(metadata={"description": "Their address", "format": "email"})
    ExternalID = ExternalID(metadata={"description": "Their ID in your system"})

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_named(self, _: dict[str, Any], sent: dict[str, Any], **__: Any) -> None:
        if not sent.keys() & {"SubscriberID", "EmailAddress", "ExternalID"}:
            raise ValidationError([MISSING_SUBSCRIBER])


class ChangeParams(NamedParams):
    ExternalID = ExternalID(True, metadata={"description": "Their ID in your system; empty text removes it"})
    CustomFields = JsonObject(metadata=CUSTOM_FIELDS)
    IsLeftOut = YesOrNo(
        metadata={"description": "Whether reports leave the subscriber's events out, past ones too"}
    )


class CreateParams(Schema):
    aliases = ALIASES
    ListID = ListID(required=True, metadata={"description": "List to add the subscriber to"})
    EmailAddress = EmailAddress(metadata={"description": "Their address", "format": "email"})
    ExternalID = ExternalID(metadata={"description": "Their ID in your system"})
    CustomFields = JsonObject(metadata=CUSTOM_FIELDS)

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def check_named(self, _: dict[str, Any], sent: dict[str, Any], **__: Any) -> None:
        if not sent.keys() & {"EmailAddress", "ExternalID", "CustomFields"}:
            raise ValidationError([MISSING_IDENTIFIER])


def subscriber_key(params: dict[str, Any]) -> Who:
    """Return the column and value that select the subscriber."""
    if "SubscriberID" in params:
        return "id", params["SubscriberID"]
    if "EmailAddress" in params:
        return "email_key", params["EmailAddress"][1]
    return "external_id", params["ExternalID"]


def new_subscriber(params: dict[str, Any], fields: list[CustomField]) -> tuple[Changes, FieldValues]:
    """Return the subscriber to create. Raises CommandError (1, 7, 10)."""
    new, values = _wanted(params, fields)
    if new.email is None and not new.external_id:
        raise CommandError(MISSING_IDENTIFIER)
    return new, values


def changes(params: dict[str, Any], fields: list[CustomField]) -> tuple[Changes, FieldValues]:
    """Return the changes: all parameters except the one that selects the subscriber. Raises CommandError (7, 10)."""
    names = {"id": "SubscriberID", "email_key": "EmailAddress", "external_id": "ExternalID"}
    named_by = names[subscriber_key(params)[0]]
    return _wanted({name: value for name, value in params.items() if name != named_by}, fields)


def _wanted(params: dict[str, Any], fields: list[CustomField]) -> tuple[Changes, FieldValues]:
    read = read_values(params.get("CustomFields", {}), fields)
    if read.unfit:
        raise CommandError(*(because(INVALID_CUSTOM_FIELDS, f"{n}: {why}") for n, why in read.unfit.items()))
    external_id = params.get("ExternalID")
    if read.unique is not None:
        name, value = read.unique
        if external_id not in (None, value):
            raise CommandError(because(INVALID_EXTERNAL_ID, f"{name} has another value"))
        external_id = value
    return Changes(params.get("EmailAddress"), external_id, read.values, params.get("IsLeftOut")), read


def search_key(order: str, search: str, is_prefix: bool) -> bytes | None:
    """Return the searched text as it is stored, addresses in lower case, or None for no search."""
    if not search or order == "external_id":
        return trimmed(search).encode() or None
    if is_prefix and (begun := begun_label(search)):
        return "".join(begun).encode()
    address = None if is_prefix else email_key(search)
    return (address[1] if address else unicodedata.normalize("NFC", search.strip().lower())).encode() or None
