"""List settings' fields: the parameters of `list.update` that set a list's settings, with their errors."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields

from tracker.api.product_params import PRODUCT_KEYS
from tracker.domain.channel_rules import (
    CLICK_ID,
    DOMAIN,
    KINDS,
    MAX_CHANNEL_CHARACTERS,
    MAX_RULE_CHARACTERS,
    MAX_RULES,
    ChannelRule,
    ChannelRules,
)
from tracker.domain.time_zones import zone_names
from tracker.errors import Error, because, invalid
from tracker.fields import WholeNumber
from tracker.formats.client_ip import network_text
from tracker.formats.event_limits import MAX_NAME_BYTES
from tracker.formats.page_origins import PAGE_ORIGIN
from tracker.storage.accounts import MAX_ORIGINS_BYTES, MAX_PARAMETERS_BYTES

#: The longest retention: an event cannot be older than ten years when it arrives.
MAX_DAYS = 3653
#: Minutes without an event after which a visit is over: at least and at most.
LEAST_GAP, MAX_GAP = 1, 240
INVALID_DAYS = invalid("RetentionDays", 6)
INVALID_ORIGINS = invalid("AllowedOrigins", 7)
INVALID_PARAMETERS = invalid("HiddenQueryParameters", 11)
INVALID_TIMEZONE = invalid("Timezone", 12)
INVALID_CURRENCY = invalid("Currency", 13)
INVALID_GAP = invalid("VisitGapMinutes", 14)
INVALID_RULES = invalid("ChannelRules", 15)
INVALID_PRODUCTS = invalid("Products", 16)
INVALID_NETWORKS = invalid("OwnNetworks", 18)
#: Networks of its own that a list has at most.
MAX_NETWORKS = 100
SETTINGS_ERRORS = (
    INVALID_DAYS,
    INVALID_ORIGINS,
    invalid("HonourPrivacySignal", 8),
    invalid("KeepAddress", 9),
    invalid("ConversionsNeedKey", 10),
    INVALID_PARAMETERS,
    INVALID_TIMEZONE,
    INVALID_CURRENCY,
    INVALID_GAP,
    INVALID_RULES,
    INVALID_PRODUCTS,
    invalid("KeepRefusedValues", 17),
    INVALID_NETWORKS,
)
_PARAMETER = re.compile(r"\*?[\w.$:-]{1,64}", re.ASCII)
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*")
CURRENCY_PATTERN = "^([A-Z]{3})?$"
#: The keys of a rule on the wire.
RULE_KEYS = ("Match", "Value", "Channel")


class Days(WholeNumber):
    """Days for which events are kept, from 0 to MAX_DAYS."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        days = super()._deserialize(value, *args, **kwargs)
        if not 0 <= days <= MAX_DAYS:
            raise ValidationError([because(INVALID_DAYS, f"0 to {MAX_DAYS}")])
        return int(days)


class Origins(fields.Field[list[str]]):
    """An array of origins, such as `https://shop.example`. `row` answers what is none."""

    def __init__(self, row: Error = INVALID_ORIGINS, **options: Any) -> None:
        super().__init__(**options)
        self._row = row

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        expected = "an array of origins such as 'https://shop.example'"
        _check(self._row, _fault(value, PAGE_ORIGIN, MAX_ORIGINS_BYTES, expected))
        return list(dict.fromkeys(map(_as_browsers_spell, value)))


class QueryParameters(fields.Field[list[str]]):
    """An array of names, such as `token` or `*token`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> list[str]:
        expected = "an array of names such as 'token'; a name may begin with *"
        _check(INVALID_PARAMETERS, _fault(value, _PARAMETER, MAX_PARAMETERS_BYTES, expected))
        return list(value)


class Networks(fields.Field[tuple[str, ...]]):
    """An array of networks and addresses, such as `192.0.2.0/24`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[str, ...]:
        is_short = isinstance(value, list) and len(value) <= MAX_NETWORKS
        _check(INVALID_NETWORKS, None if is_short else f"an array of at most {MAX_NETWORKS} networks")
        named = [network_text(each) if isinstance(each, str) else None for each in value]
        is_fine = None not in named
        _check(INVALID_NETWORKS, None if is_fine else "networks such as '192.0.2.0/24' or '2001:db8::/48'")
        return tuple(dict.fromkeys(each for each in named if each))


class Timezone(fields.String):
    """The IANA name of a time zone."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        is_known = isinstance(value, str) and value in zone_names()
        _check(INVALID_TIMEZONE, None if is_known else "an IANA name such as 'Europe/Berlin' or 'UTC'")
        return str(value)


class Currency(fields.String):
    """The ISO 4217 code of a currency, or "" for none."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        is_code = isinstance(value, str) and re.fullmatch(CURRENCY_PATTERN[1:-1], value)
        _check(INVALID_CURRENCY, None if is_code else "three capital letters such as 'EUR', or '' for none")
        return str(value)


class Rules(fields.Field[ChannelRules]):
    """An array of rules: `{"Match": "source", "Value": "partner", "Channel": "Partners"}`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> ChannelRules:
        is_short = isinstance(value, list) and len(value) <= MAX_RULES
        _check(INVALID_RULES, None if is_short else f"an array of at most {MAX_RULES} rules")
        for number, each in enumerate(value, 1):
            _check(INVALID_RULES, _fault_of_rule(each), f"rule {number}: ")
        return ChannelRules(tuple(map(_rule, value)))


class ProductSetting(fields.Field[tuple[str, ...]]):
    """An object with the names of events and properties: `{"Seen": "view_item", "ID": "item_id", …}`; `{}` for none."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> tuple[str, ...]:
        _check(INVALID_PRODUCTS, _fault_of_products(value))
        named = {name for name in value if name != "Suggested"}
        return tuple(value.get(name, "") for name in PRODUCT_KEYS) if named else ()


def _check(error: Error, fault: str | None, prefix: str = "") -> None:
    if fault is not None:
        raise ValidationError([because(error, prefix + fault)])


def _as_browsers_spell(origin: str) -> str:
    """Return an origin in lower case and without its scheme's default port, as browsers send it."""
    origin = origin.lower()
    for scheme, port in (("https://", ":443"), ("http://", ":80")):
        if origin.startswith(scheme):
            return origin.removesuffix(port)
    return origin


def _fault(value: Any, spelling: re.Pattern[str], max_bytes: int, expected: str) -> str | None:
    """Return why this is no array of such texts, or None."""
    if not isinstance(value, list) or not all(
        isinstance(each, str) and spelling.fullmatch(each) for each in value
    ):
        return expected
    if len("\n".join(value)) > max_bytes:
        return f"they take more than {max_bytes} bytes"
    return None


def _fault_of_rule(value: Any) -> str | None:
    """Return why this is no rule, or None."""
    if not isinstance(value, dict) or sorted(value) != sorted(RULE_KEYS):
        return "an object with Match, Value and Channel"
    if value["Match"] not in KINDS:
        return f"Match is one of {', '.join(KINDS)}"
    for name, most in (("Value", MAX_RULE_CHARACTERS), ("Channel", MAX_CHANNEL_CHARACTERS)):
        if not _is_word(value[name], most):
            return f"{name} is a text of 1 to {most} characters, without blanks at its ends"
    if value["Match"] == DOMAIN and not _HOST.fullmatch(value["Value"].lower()):
        return "Value is a domain as browsers write it, such as 'shop.example'"
    return None


def _fault_of_products(value: Any) -> str | None:
    """Return why these are no names of products' events and properties, or None."""
    names = (
        {name: text for name, text in value.items() if name != "Suggested"}
        if isinstance(value, dict)
        else None
    )
    if names is None or not names.keys() <= set(PRODUCT_KEYS):
        return f"an object with {', '.join(PRODUCT_KEYS)}"
    for name, text in names.items():
        if text != "" and not _is_word(text, MAX_NAME_BYTES):
            return f"{name} is a name of 1 to {MAX_NAME_BYTES} characters, without blanks at its ends"
    if names and not (names.get("ID") or names.get("Items")):
        return "ID or Items says which product it is"
    if names and not (names.get("Seen") or names.get("InCart") or names.get("Bought")):
        return "Seen, InCart or Bought names an event"
    return None


def _is_word(value: Any, most: int) -> bool:
    return (
        isinstance(value, str) and 0 < len(value) <= most and value.isprintable() and value == value.strip()
    )


def _rule(sent: dict[str, str]) -> ChannelRule:
    """Return a rule as it is compared: only the names of click ids differ by their letter case."""
    value = sent["Value"] if sent["Match"] == CLICK_ID else sent["Value"].lower()
    return ChannelRule(sent["Match"], value, sent["Channel"])
