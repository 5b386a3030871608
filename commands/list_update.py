"""List settings: the command `list.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields

from tracker import Command, Error, invalid, missing
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
    """Change a list's name and settings. Parameters that are not sent leave their setting as it is; the answer has all.

    - `RetentionDays`: events that happened longer ago are deleted daily, for the first time one hour after the call; 0 keeps
      them for ever. Counters, totals and subscribers stay; a subscriber's `Revenue` shrinks with the deleted conversions.
      `EventsFrom` is the time from which on all events are stored.
    - `HonourPrivacySignal`: nothing is stored of a browser that sends `Sec-GPC: 1` or `DNT: 1` to the collect endpoint
      (`/t/…`); the answer is the same as for others. Calls with a key are not affected: such a header would be that of your
      own back end.
    - `AllowedOrigins`: the origins whose pages may send events to the collect endpoint, `[]` for all.
    - `KeepAddress`: the client's IP address is stored with an event, truncated.
    - `HiddenQueryParameters`: query parameters removed from page URLs (`$current_url`, `$referrer`) that the collect endpoint
      receives, compared without letter case, `-` and `_`. A leading `*` stands for any beginning of a name, and `email`
      also hides values that are email addresses. `[]` hides none.
    - `ConversionIdIs`: what a conversion-id names, for conversions from now on.
    - `ConversionsNeedKey`: conversions without a key, as at the collect endpoint, are stored and not counted, from now on.

    All workers apply the change within 5 seconds.
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
        SubscriberListName = ListName(metadata={"description": "New name"})
        ConversionIdIs = Choice(
            "order",
            "goal",
            metadata={"description": "What a conversion-id names: an order counts once, a goal each time"},
        )
        RetentionDays = Days(metadata={"description": "Days for which events are kept; 0: for ever", "minimum": 0, "maximum": MAX_DAYS})  # fmt: skip
        AllowedOrigins = Origins(
            metadata={
                "type": "array",
                "items": {"type": "string"},
                "description": "Origins whose pages may send events to the collect endpoint",
            }
        )
        HonourPrivacySignal = YesOrNo(
            metadata={"description": "Whether browsers that ask not to be tracked are not stored"}
        )
        KeepAddress = YesOrNo(
            metadata={"description": "Whether the client's IP address is stored, truncated"}
        )
        ConversionsNeedKey = YesOrNo(
            metadata={"description": "Whether conversions count only if sent with a key"}
        )
        HiddenQueryParameters = QueryParameters(
            metadata={
                "type": "array",
                "items": {"type": "string"},
                "description": "Query parameters to remove from page URLs",
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
        stores, list_id = self.services.stores, self.own_list(params["ListID"], NOT_FOUND).id
        name, conversion_id_is = params.get("SubscriberListName"), params.get("ConversionIdIs")
        stores.lists.change(self.user_id, list_id, name, conversion_id_is, self.deadline)
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
        found = self.own_list(list_id, NOT_FOUND)
        named = {"ListID": list_id, "Name": found.name, "ConversionIdIs": found.conversion_id_is}
        return {"Success": True, "ErrorCode": 0, "ErrorText": "", **named, **settings_answer(settings)}
