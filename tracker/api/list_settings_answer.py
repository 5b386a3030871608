"""List settings: the wire form of a list's settings, as `list.get` and `list.update` answer it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from tracker.api.product_params import EXAMPLE_PRODUCTS, ProductNames, products_answer
from tracker.domain.channel_rules import KINDS
from tracker.domain.product_names import CountedEvent
from tracker.domain.url_scrubbing import DEFAULT_HIDDEN
from tracker.storage.accounts import ListSettings
from tracker.times import iso_utc

#: The settings of a list in the examples of commands.
EXAMPLE_SETTINGS: dict[str, Any] = {
    "RetentionDays": 365,
    "EventsFrom": None,
    "HonourPrivacySignal": False,
    "AllowedOrigins": [],
    "KeepAddress": False,
    "ConversionsNeedKey": False,
    "HiddenQueryParameters": ["*token", "code", "*password", "*email"],
    "Timezone": "Europe/Berlin",
    "Currency": "EUR",
    "VisitGapMinutes": 30,
    "ChannelRules": [],
    "Products": EXAMPLE_PRODUCTS,
    "KeepRefusedValues": False,
    "OwnNetworks": [],
}


class SettingsAnswer(Schema):
    """The settings of a list in an answer."""

    class Rule(Schema):
        Match = fields.String(required=True, metadata={"enum": list(KINDS)})
        Value = fields.String(required=True)
        Channel = fields.String(required=True)

    RetentionDays = fields.Integer(
        required=True, metadata={"description": "Days for which events are kept; 0: for ever"}
    )
    EventsFrom = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={"description": "Older events have been deleted; null: none"},
    )
    HonourPrivacySignal = fields.Boolean(required=True)
    AllowedOrigins = fields.List(fields.String(), required=True)
    KeepAddress = fields.Boolean(required=True)
    ConversionsNeedKey = fields.Boolean(required=True)
    HiddenQueryParameters = fields.List(fields.String(), required=True)
    Timezone = fields.String(required=True, metadata={"description": "IANA name of the list's time zone"})
    Currency = fields.String(
        required=True, metadata={"description": "ISO 4217 code of the list's main currency; empty: none"}
    )
    VisitGapMinutes = fields.Integer(required=True)
    ChannelRules = fields.List(fields.Nested(Rule), required=True)
    Products = fields.Nested(ProductNames, required=True)
    KeepRefusedValues = fields.Boolean(required=True)
    OwnNetworks = fields.List(fields.String(), required=True)


def settings_answer(settings: ListSettings, counted: Mapping[str, CountedEvent]) -> dict[str, Any]:
    """Return the settings of a list as `list.get` and `list.update` answer them."""
    events_from, parameters = settings.events_from, settings.hidden_parameters
    return {
        "RetentionDays": settings.retention_days or 0,
        "EventsFrom": None if events_from is None else iso_utc(events_from),
        "HonourPrivacySignal": settings.is_privacy_signal_honoured,
        "AllowedOrigins": list(settings.allowed_origins),
        "KeepAddress": settings.is_address_kept,
        "ConversionsNeedKey": settings.is_key_needed_for_conversions,
        "HiddenQueryParameters": list(DEFAULT_HIDDEN if parameters is None else parameters),
        "Timezone": settings.timezone,
        "Currency": settings.currency,
        "VisitGapMinutes": settings.visit_gap_minutes,
        "ChannelRules": [
            {"Match": rule.kind, "Value": rule.value, "Channel": rule.channel}
            for rule in settings.channel_rules.rows
        ],
        "Products": products_answer(settings, counted),
        "KeepRefusedValues": settings.is_refused_value_kept,
        "OwnNetworks": list(settings.own_networks),
    }


def parameters_to_keep(names: list[str]) -> tuple[str, ...] | None:
    """Return the names to store, or None for the default ones, to which later versions may add."""
    return None if tuple(names) == DEFAULT_HIDDEN else tuple(names)
