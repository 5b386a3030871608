"""List settings: the command `list.update`."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from tracker import Command, Error, invalid, missing
from tracker.api.list_settings_answer import (
    EXAMPLE_SETTINGS,
    SettingsAnswer,
    parameters_to_keep,
    settings_answer,
)
from tracker.api.list_settings_fields import (
    CURRENCY_PATTERN,
    LEAST_GAP,
    MAX_DAYS,
    MAX_GAP,
    MAX_NETWORKS,
    SETTINGS_ERRORS,
    Currency,
    Days,
    Networks,
    Origins,
    ProductSetting,
    QueryParameters,
    Rules,
    Timezone,
)
from tracker.api.name_params import shown_names
from tracker.api.product_params import PRODUCT_KEYS
from tracker.domain.channel_rules import KINDS, MAX_CHANNEL_CHARACTERS, MAX_RULE_CHARACTERS, MAX_RULES
from tracker.fields import Choice, ListID, ListName, WholeNumber, YesOrNo
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.privacy.retention import GRACE_MS, schedule_retention

NOT_FOUND = Error(3, "List not found")
SETTINGS = {
    "AllowedOrigins": "allowed_origins",
    "HonourPrivacySignal": "is_privacy_signal_honoured",
    "KeepAddress": "is_address_kept",
    "ConversionsNeedKey": "is_key_needed_for_conversions",
    "Timezone": "timezone",
    "Currency": "currency",
    "VisitGapMinutes": "visit_gap_minutes",
    "ChannelRules": "channel_rules",
    "Products": "products",
    "KeepRefusedValues": "is_refused_value_kept",
    "OwnNetworks": "own_networks",
}
RULE = {
    "type": "object",
    "required": ["Match", "Value", "Channel"],
    "additionalProperties": False,
    "properties": {
        "Match": {"type": "string", "enum": list(KINDS)},
        "Value": {"type": "string", "minLength": 1, "maxLength": MAX_RULE_CHARACTERS},
        "Channel": {"type": "string", "minLength": 1, "maxLength": MAX_CHANNEL_CHARACTERS},
    },
}


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
    - `Timezone`: the zone in which the list's days begin, as an IANA name such as `Europe/Berlin`; `UTC` unless set.
    - `Currency`: the list's main currency, as an ISO 4217 code such as `EUR`, shown first; `""` for none.
    - `VisitGapMinutes`: a longer pause between two events begins another visit.
    - `ChannelRules`: which channel a browser's page views belong to, before Tracker's table decides; the first rule that fits.
      `Match` is `source` or `medium` (`Value` is the whole `utm_source` or `utm_medium`, in any letter case), `click_id`
      (`Value` is the name of a query parameter, which is then stored as `$click_id`), or `domain` (`Value` is that of the
      referrer or a domain above it; such rules count where the address has neither UTM parameters nor a click id). `Channel`
      may be a new name.
    - `Products`: the names by which your events tell of products, for `reports.products`: the events `Seen`, `InCart` and `Bought`,
      and the properties `ID`, `Name`, `Price` and `Quantity`; `Items` is a property with an array of products. Until it is set the
      answer has the likeliest names among those of the list, of several spellings the most used, and `Suggested` is true. Send them back, as they are or mended, to
      confirm them; a name that is not sent is none, and `{}` goes back to the suggestion.
    - `OwnNetworks`: networks and addresses of your own people, such as `192.0.2.0/24`, `[]` for none. Events that browsers send from
      there are stored, with `own network` as `$bot`, and left out of reports and counters like those of robots, from now on.
      Addresses are compared and not stored.
    - `ConversionIdIs`: what a conversion-id names, for conversions from now on.
    - `ConversionsNeedKey`: conversions without a key, as at the collect endpoint, are stored and not counted, from now on.

    - `KeepRefusedValues`: the inbox (`rejections.get`) keeps the values of refused events for seven days, not only their names,
      so that they can be sent again as they were.

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
        *SETTINGS_ERRORS,
    )
    example = (
        {"ListID": 123, "SubscriberListName": "Web shop", "RetentionDays": 365, "Timezone": "Europe/Berlin"},
        {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            "ListID": 123,
            "Name": "Web shop",
            "ConversionIdIs": "order",
            **EXAMPLE_SETTINGS,
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
        Timezone = Timezone(metadata={"description": "IANA name of the list's time zone"})
        Currency = Currency(
            metadata={
                "description": "ISO 4217 code of the list's main currency; empty: none",
                "pattern": CURRENCY_PATTERN,
            }
        )
        VisitGapMinutes = WholeNumber(
            LEAST_GAP,
            MAX_GAP,
            metadata={"description": "Minutes without an event after which a visit is over"},
        )
        Products = ProductSetting(
            metadata={
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    **{name: {"type": "string", "maxLength": MAX_NAME_BYTES} for name in PRODUCT_KEYS},
                    "Suggested": {"type": "boolean", "description": "As `list.get` has it; not read"},
                },
                "description": "Names of the events and properties of products",
            }
        )
        OwnNetworks = Networks(
            metadata={
                "type": "array",
                "maxItems": MAX_NETWORKS,
                "items": {"type": "string"},
                "description": "Networks whose events are left out of reports",
            }
        )
        ChannelRules = Rules(
            metadata={
                "type": "array",
                "maxItems": MAX_RULES,
                "items": RULE,
                "description": "Rules for `$channel` that go before Tracker's table",
            }
        )
        KeepRefusedValues = YesOrNo(
            metadata={"description": "Whether the values of refused events are kept for seven days"}
        )

    class Answer(SettingsAnswer):
        Success = fields.Boolean(required=True, metadata={"const": True})
        ErrorCode = fields.Integer(required=True, metadata={"const": 0})
        ErrorText = fields.String(required=True, metadata={"const": ""})
        ListID = fields.Integer(required=True)
        Name = fields.String(required=True)
        ConversionIdIs = fields.String(required=True, metadata={"enum": ["order", "goal"]})

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
                list_id,
            )
        return self._answer(list_id, settings)

    def _answer(self, list_id: int, settings: Any) -> dict[str, Any]:
        found = self.own_list(list_id, NOT_FOUND)
        named = {"ListID": list_id, "Name": found.name, "ConversionIdIs": found.conversion_id_is}
        counted = self.services.reports.counted_names(list_id, self.deadline, shown_names(self, list_id))
        return {
            "Success": True,
            "ErrorCode": 0,
            "ErrorText": "",
            **named,
            **settings_answer(settings, counted),
        }
