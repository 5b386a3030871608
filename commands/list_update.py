"""How is a list changed? The command `list.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields

from tracker import Command, CommandError, Error, invalid, missing
from tracker.api.list_settings_answer import (
    MAX_DAYS,
    as_browsers_spell,
    fault_of_origins,
    fault_of_parameters,
    parameters_to_keep,
    settings_answer,
)
from tracker.errors import because
from tracker.fields import Choice, ListID, ListName, WholeNumber, YesOrNo
from tracker.privacy.retention import GRACE_MS, schedule_retention

NOT_FOUND = Error(3, "List not found")
INVALID_DAYS = invalid("RetentionDays", 6)
INVALID_ORIGINS = invalid("AllowedOrigins", 7)
INVALID_PARAMETERS = invalid("HiddenQueryParameters", 11)
SETTINGS = {
    "AllowedOrigins": "allowed_origins",
    "HonourPrivacySignal": "is_privacy_signal_honoured",
    "KeepAddress": "is_address_kept",
    "ConversionsNeedKey": "is_key_needed_for_conversions",
}


class Days(WholeNumber):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        days = super()._deserialize(value, *args, **kwargs)
        if not 0 <= days <= MAX_DAYS:
            raise ValidationError([because(INVALID_DAYS, f"0 to {MAX_DAYS}")])
        return int(days)


class Origins(fields.Field[list[str]]):
    """An array of origins, such as `https://shop.example`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        fault = fault_of_origins(value)
        if fault is not None:
            raise ValidationError([because(INVALID_ORIGINS, fault)])
        return list(dict.fromkeys(map(as_browsers_spell, value)))


class QueryParameters(fields.Field[list[str]]):
    """An array of names, such as `token` or `*token`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        fault = fault_of_parameters(value)
        if fault is not None:
            raise ValidationError([because(INVALID_PARAMETERS, fault)])
        return list(value)


class ListUpdate(Command):
    """Change a list's name and settings. What is not sent stays as it is; the answer says all of them.

    `RetentionDays`: events that happened longer ago are deleted, day by day, for the first time an hour from now; 0 keeps
    them for ever. Counters, totals and people stay, a person's `Revenue` does not; `EventsFrom` is the time from which on all
    events are there.
    `HonourPrivacySignal`: of a browser that sends `Sec-GPC: 1` or `DNT: 1` to the public door nothing is stored; it is
    answered as any other. What your own back end sends with a key is not meant by it: the header would be the back end's.
    `AllowedOrigins` are the pages that may send events, `[]` for all; with `KeepAddress` the client's address is kept with
    an event, truncated. `HiddenQueryParameters` are left out of the addresses of pages (`$current_url`, `$referrer`) that come
    through the public door, in any letter case, with `-` and `_` or without; `*` stands for anything before the rest of a
    name, and `email` also hides values that are addresses. `[]` hides none. `ConversionIdIs` holds for conversions from now
    on, as does `ConversionsNeedKey`: those that come without one, as through the public door, are stored and not counted.
    All workers know of it within 5 seconds.
    """

    name = "list.update"
    permission = "List.Update"
    rate_limit = "100 per 60 seconds"
    errors = (
        missing("ListID", 1),
        invalid("ListID", 2),
        NOT_FOUND,
        invalid("SubscriberListName", 4),
        invalid("ConversionIdIs", 5),
        INVALID_DAYS,
        INVALID_ORIGINS,
        invalid("HonourPrivacySignal", 8),
        invalid("KeepAddress", 9),
        invalid("ConversionsNeedKey", 10),
        INVALID_PARAMETERS,
    )
    example = (
        {"ListID": 123, "SubscriberListName": "Web shop", "RetentionDays": 365},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "ListID": 123,
            "Name": "Web shop",
            "ConversionIdIs": "order",
            "RetentionDays": 365,
            "EventsFrom": None,
            "HonourPrivacySignal": False,
            "AllowedOrigins": [],
            "KeepAddress": False,
            "ConversionsNeedKey": False,
            "HiddenQueryParameters": ["*token", "code", "*password", "*email"],
        },
    )

    class Params(Schema):
        ListID = ListID(required=True, metadata={"description": "List to change"})
        SubscriberListName = ListName(metadata={"description": "Another name"})
        ConversionIdIs = Choice("order", "goal", metadata={"description": "What a conversion-id names"})
        RetentionDays = Days(metadata={"description": "How long events are kept; 0: for ever", "minimum": 0, "maximum": MAX_DAYS})  # fmt: skip
        AllowedOrigins = Origins(
            metadata={
                "type": "array",
                "items": {"type": "string"},
                "description": "Pages that may send events to the public door",
            }
        )
        HonourPrivacySignal = YesOrNo(
            metadata={"description": "Whether nothing is stored of browsers that ask not to be tracked"}
        )
        KeepAddress = YesOrNo(metadata={"description": "Whether a client's address is kept, truncated"})
        ConversionsNeedKey = YesOrNo(
            metadata={"description": "Whether conversions count only if they come with a key"}
        )
        HiddenQueryParameters = QueryParameters(
            metadata={
                "type": "array",
                "items": {"type": "string"},
                "description": "Query parameters to leave out of addresses of pages",
            }
        )

    class Answer(Schema):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        ListID = fields.Integer(required=True)
        Name = fields.String(required=True)
        ConversionIdIs = fields.String(required=True, metadata={"enum": ["order", "goal"]})
        RetentionDays = fields.Integer(required=True, metadata={"description": "0: for ever"})
        EventsFrom = fields.DateTime(required=True, allow_none=True)
        HonourPrivacySignal = fields.Boolean(required=True)
        AllowedOrigins = fields.List(fields.String(), required=True)
        KeepAddress = fields.Boolean(required=True)
        ConversionsNeedKey = fields.Boolean(required=True)
        HiddenQueryParameters = fields.List(fields.String(), required=True)

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        stores, user_id, list_id = self.services.stores, self.user_id, params["ListID"]
        if stores.lists.owned(user_id, list_id, self.deadline) is None:
            raise CommandError(NOT_FOUND)
        name, conversion_id_is = params.get("SubscriberListName"), params.get("ConversionIdIs")
        stores.lists.change(user_id, list_id, name, conversion_id_is, self.deadline)
        changes = {column: params[name] for name, column in SETTINGS.items() if name in params}
        if "AllowedOrigins" in params:
            changes["allowed_origins"] = tuple(params["AllowedOrigins"])
        if "HiddenQueryParameters" in params:
            changes["hidden_parameters"] = parameters_to_keep(params["HiddenQueryParameters"])
        if "RetentionDays" in params:
            changes["retention_days"] = params["RetentionDays"] or None
        settings = stores.list_settings.change(list_id, self.deadline, **changes)
        if params.get("RetentionDays"):
            self.services.storage.write(
                lambda transaction: schedule_retention(transaction, list_id, self.now, GRACE_MS),
                self.deadline,
            )
        return self._answer(list_id, settings)

    def _answer(self, list_id: int, settings: Any) -> dict[str, Any]:
        found = self.services.stores.lists.owned(self.user_id, list_id, self.deadline)
        if found is None:  # it went meanwhile
            raise CommandError(NOT_FOUND)
        named = {"ListID": list_id, "Name": found.name, "ConversionIdIs": found.conversion_id_is}
        return {"Success": True, "ErrorCode": 0, "ErrorText": "", **named, **settings_answer(settings)}
