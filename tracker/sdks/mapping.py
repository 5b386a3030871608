"""Mapping: what all families have in common on the way from an SDK's words to the parameters of an event. Pure functions."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID, uuid5

from tracker.domain.event import CONVERSION, IDENTIFY, DependentParams
from tracker.domain.event_time import event_time, is_event_time
from tracker.domain.user_agent import MAX_CHARACTERS
from tracker.errors import CommandError
from tracker.formats import event_limits
from tracker.formats.client_ip import truncated
from tracker.formats.email_address import email_key
from tracker.formats.placeholders import is_placeholder
from tracker.registry.json_object import MAX_INTEGER, MIN_INTEGER
from tracker.sdks.adapter import Item, SdkRequest
from tracker.times import time_ms

#: The namespace of the UUIDs of visitors whose anonymous id is no UUID: UUIDv5 over the id's text. Published in docs/sdks.md.
VISITORS = UUID("5f0cf7a6-6a52-4dd1-9b1c-3f1d6a6d9e17")
#: Names of events that mean the same in all families.
PAGE_VIEW, SCREEN_VIEW, GROUP, ALIAS = "page_view", "screen_view", "group", "alias"
#: Properties that say what became of something that Tracker does not take as it is.
REFUSED_ID, REFUSED_TIME, FULL_NAME, CUT = "$refused_id", "$refused_time", "$event_name", "$cut"
#: Properties that may hold the key of an SDK.
KEYS = frozenset(("token", "$token", "api_key", "apiKey", "writeKey", "write_key"))
#: Names of an order's id, in the order in which they are looked for.
ORDER_IDS = ("order_id", "orderId", "transaction_id")
_DAY_MS = 86_400_000
_DEVICE = "$device:"
_UUID_CHARACTERS, _UUID_HYPHENS = 36, 4
#: A user agent that is one name and its version.
_LIBRARY = re.compile(r"([A-Za-z][A-Za-z0-9 ._-]{0,60})/([0-9][A-Za-z0-9.+-]{0,30})")
_SURROGATE = re.compile("[\ud800-\udfff]")

Params = dict[str, Any]


def visitor_uuid(anonymous_id: Any) -> str | None:
    """Return the UUID of a visitor: a UUID itself, or the UUIDv5 of any other text; None for what is no id."""
    if isinstance(anonymous_id, int) and not isinstance(anonymous_id, bool):
        anonymous_id = str(anonymous_id)
    if not isinstance(anonymous_id, str):
        return None
    text = event_limits.trimmed(anonymous_id.removeprefix(_DEVICE))
    parsed = event_limits.parse_uuid(text)
    if parsed is not None:
        is_usual = len(text) == _UUID_CHARACTERS and text.count("-") == _UUID_HYPHENS
        return text.lower() if is_usual else event_limits.uuid_text(parsed)
    return None if not text or is_placeholder(text) else str(uuid5(VISITORS, text))


def is_uuid(text: Any) -> bool:
    return isinstance(text, str) and event_limits.parse_uuid(text) is not None


def event_id(sent: Any, *within: Any) -> str | None:
    """Return the EventID for an id of an SDK; None for none. `within` is what it is unique in, if it is not so by itself."""
    if isinstance(sent, int) and not isinstance(sent, bool):
        sent = str(sent)
    if not isinstance(sent, str) or not sent:
        return None
    is_usable = event_limits.is_event_id(sent) and not sent.startswith("trk-")
    return sent if is_usable and not within else hashed(sent, *within)


def hashed(*parts: Any) -> str:
    """Return an EventID that follows from the parts."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str).encode()
    return "h-" + base64.urlsafe_b64encode(hashlib.sha256(text).digest()).decode().rstrip("=")


def occurrence_id(request: SdkRequest, *contents: Any) -> str:
    """Return the EventID of an event that has none, and comes again as it was: it follows from what the event says.

    Equal events of one request are told apart by their order.
    """
    own = hashed(*contents)
    seen = request.memo.setdefault("occurrences", {})
    seen[own] = number = seen.get(own, 0) + 1
    return own if number == 1 else hashed(own, number)


def names(external_id: Any = None, email: Any = None) -> tuple[Params, Params]:
    """Return `ID` and `Email` as far as Tracker takes them, and the properties that keep what it does not take.

    An ID that is an address is the Email. What is no text or number says nothing.
    """
    external_id, email = _text(external_id), _text(email)
    if external_id and email_key(external_id) and (not email or email_key(email) == email_key(external_id)):
        external_id, email = "", email or external_id
    found: Params = {}
    refused: Params = {}
    if email:
        if email_key(email):
            found["Email"] = email
        elif not is_placeholder(email):
            refused[REFUSED_ID] = email
    if external_id:
        if event_limits.external_id_fault(external_id) is None and not is_placeholder(external_id):
            found["ID"] = external_id
        else:
            refused[REFUSED_ID] = external_id
    return found, refused


def _text(sent: Any) -> str:
    if isinstance(sent, int) and not isinstance(sent, bool):
        return str(sent)
    return event_limits.trimmed(sent.replace("\0", "")) if isinstance(sent, str) else ""


def times(request: SdkRequest, happened: Any, sent: Any = None) -> tuple[Params, Params]:
    """Return `Timestamp` and `SentAt`, or none of them and the property that keeps a time that Tracker refuses.

    A number below 10^11 is seconds, a larger one milliseconds; a text is ISO 8601 with an offset.
    """
    if happened is None or happened == "":
        return {}, {}
    claimed_at, sent_at = time_ms(happened), time_ms(sent)
    if claimed_at is None or not is_event_time(event_time(request.now, claimed_at, sent_at), request.now):
        return {}, {REFUSED_TIME: happened if _is_kept(happened) else str(happened)}
    return {"Timestamp": claimed_at} | ({} if sent_at is None else {"SentAt": sent_at}), {}


def _is_kept(value: Any) -> bool:
    """Whether a property may have this value: text, or a number of 64 bits."""
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    return isinstance(value, str) or (is_number and MIN_INTEGER <= value <= MAX_INTEGER)


def agent_of(request: SdkRequest, sent: Any = None) -> str:
    """Return the user agent of the browser that an event comes from; "" if the SDK is no browser's.

    It is the one in the event, else that of a request which a browser made. `Sec-Fetch-Mode` alone is no browser's: Node.js
    sends it too.
    """
    headers = request.headers
    if not isinstance(sent, str) or not sent.strip():
        own = headers.get("user-agent", "")
        is_browser = "origin" in headers or "sec-fetch-site" in headers or own.startswith("Mozilla/")
        sent = own if is_browser else ""
    return _SURROGATE.sub("", sent[:MAX_CHARACTERS].replace("\0", "")) if sent else ""


def library_of(request: SdkRequest) -> Params:
    """Return `$lib` and `$lib_version` for an SDK that only its user agent names, such as `klaviyo-api-python/25.0.0`."""
    found = _LIBRARY.fullmatch(request.headers.get("user-agent", ""))
    return {} if found is None or agent_of(request) else {"$lib": found[1], "$lib_version": found[2]}


def address_of(request: SdkRequest, sent: Any = None) -> Params:
    """Return `IPAddress` for the address in an event, which is believed with an API key only."""
    is_address = request.has_secret and isinstance(sent, str) and truncated(sent) is not None
    return {"IPAddress": sent} if is_address else {}


def made(
    name: Any, properties: Mapping[str, Any], *params: Mapping[str, Any], agent: str = "", **named: Any
) -> Params:
    """Return the parameters of an event within all limits. What is None or missing in `params` and `named` is left out."""
    name, full = _fitted_name(name, properties)
    whole = {**full, **properties} if full else properties
    event: Params = {"Event": name, "UserAgent": agent, "Properties": fitted(whole)}
    for each in (*params, named):
        for key, value in each.items():
            if value is not None:
                event[key] = value
    return event


def identify(
    traits: Mapping[str, Any], properties: Mapping[str, Any], *params: Mapping[str, Any], **options: Any
) -> Params:
    """Return the parameters of an identify event: the traits are fields of the subscriber, and properties of the event."""
    event = made(IDENTIFY, {**properties, **traits}, *params, **options)
    kept = fitted(traits)
    return event | {"IdentifyProperties": kept} if kept else event


def _fitted_name(name: Any, properties: Mapping[str, Any]) -> tuple[str, Params]:
    """Return the name within its limits, and the property with the whole one if that is another.

    An event that is called `conversion` and is none of Tracker's is renamed: it would be refused.
    """
    text = name if isinstance(name, str) else "" if name is None else str(name)
    plain = text.replace("\0", "")
    short = _cut(plain, event_limits.MAX_NAME_BYTES)
    if not short.strip():
        return "event", {FULL_NAME: text}
    if short == CONVERSION and not _is_conversion(properties):
        return CONVERSION.capitalize(), {FULL_NAME: text}
    return short, {} if short == text else {FULL_NAME: text}


def _is_conversion(properties: Mapping[str, Any]) -> bool:
    return (
        not event_limits.missing_conversion_properties(dict(properties))
        and event_limits.is_conversion_value(properties["conversion-value"])
        and not event_limits.is_placeholder_order(properties["conversion-id"])
    )


def fitted(properties: Mapping[str, Any]) -> Params:
    """Return the properties within Tracker's limits and without an SDK's keys; CUT tells that something is missing."""
    whole = dict(properties)
    if KEYS.isdisjoint(whole) and event_limits.properties_fault(whole) is None:
        return whole
    found: Params = {}
    is_cut = False
    for name, value in properties.items():
        if name in KEYS:
            continue
        short = _cut(name.replace("\0", ""), event_limits.MAX_PROPERTY_NAME_BYTES)
        if len(found) >= event_limits.MAX_PROPERTIES - 1 and short not in found:
            is_cut = True
            break
        found[short] = fit = _fitted_value(value)
        is_cut = is_cut or short != name or fit is not value
    return {**found, CUT: True} if is_cut else found


def _fitted_value(value: Any) -> Any:
    """Return the value with long texts cut: the same object where nothing is too long."""
    if isinstance(value, str):
        return _cut(value, event_limits.MAX_STRING_BYTES) if event_limits.is_long(value) else value
    if isinstance(value, dict):
        inner = {_fitted_value(name): _fitted_value(each) for name, each in value.items()}
        return value if all(map(_is_same, value.items(), inner.items())) else inner
    if isinstance(value, list):
        items = [_fitted_value(each) for each in value]
        return value if all(a is b for a, b in zip(value, items, strict=True)) else items
    return value


def _is_same(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    return one[0] is other[0] and one[1] is other[1]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most // 4 else text.encode()[:most].decode(errors="ignore")


def screen_of(sent: Any, between: str) -> Params:
    """Return `$screen_width` and `$screen_height` for a text such as 1920x1080; {} for what is none."""
    sides = sent.split(between)[:2] if isinstance(sent, str) else ()
    if len(sides) < 2 or not all(re.fullmatch(r"[0-9]{1,5}", side.strip()) for side in sides):
        return {}
    return {"$screen_width": int(sides[0]), "$screen_height": int(sides[1])}


def conversion_of(
    request: SdkRequest, event: Mapping[str, Any], value: Any, currency: Any = None, order_id: Any = None
) -> list[Params]:
    """Return the conversion that an event with revenue is, beside itself: of the same subscriber and time. [] without a value.

    Its id is that of the order, else that of the event. Where an event has none either, each purchase counts, however
    equal they are.
    """
    is_money = isinstance(value, (int, float, str)) and not isinstance(value, bool) and value != ""
    if not is_money or event_limits.conversion_value_fault(value) is not None or event["Event"] == CONVERSION:
        return []
    number = order_id if isinstance(order_id, (str, int)) and not isinstance(order_id, bool) else ""
    is_order = event_limits.trimmed(str(number)) and not event_limits.is_placeholder_order(number)
    told_apart = (order_id,) if is_order else request.next_place()
    own = event.get("EventID") or hashed("e", dict(event), *told_apart)
    properties = {
        "conversion-id": number if is_order else own,
        "conversion-name": event["Event"],
        "conversion-value": value,
        **({"conversion-currency": currency} if isinstance(currency, str) and currency else {}),
    }
    kept = ("UUID", "ID", "Email", "Timestamp", "SentAt", "UserAgent", "IPAddress")
    of_event = {key: event[key] for key in kept if key in event}
    money = {"Event": CONVERSION, **of_event, "Properties": fitted(properties), "EventID": hashed("c", own)}
    return [DependentParams(money)]


def money_in(properties: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Return value, currency and order id of properties in the words that Segment made usual."""
    order_id = next((properties[name] for name in ORDER_IDS if properties.get(name) not in (None, "")), None)
    return properties.get("revenue"), properties.get("currency"), order_id


def tied(request: SdkRequest, items: Iterable[list[Params] | CommandError]) -> list[Item]:
    """Return the items with an identify event for each pair of visitor and ID that none of them ties by itself.

    It has no time, no properties and an EventID of the pair and the day (UTC) on which the event says that it happened. So
    Tracker stores it once a day: what unlinked the pair holds until the next day, and against all repeats of that day's events.
    """
    found = list(items)
    seen: set[tuple[Any, Any]] = {
        (event["UUID"], event["ID"])
        for item in found
        for event in (() if isinstance(item, CommandError) else item)
        if event["Event"] == IDENTIFY and "UUID" in event and "ID" in event
    }
    for item in found:
        if isinstance(item, CommandError) or not item:
            continue
        event = item[0]
        pair = event.get("UUID"), event.get("ID")
        day = (time_ms(event.get("Timestamp")) or request.now) // _DAY_MS
        if None in pair or "Email" in event or not seen.isdisjoint((pair, (pair, day))):
            continue
        seen.add((pair, day))
        by = "key" if request.has_secret else "public"
        tie = {"Event": IDENTIFY, "UUID": pair[0], "ID": pair[1], "EventID": hashed("t", by, *pair, day)}
        item.append({**tie, "UserAgent": event.get("UserAgent", "")})
    return [*found]


def alias_of(
    previous: Any, external_id: Any, properties: Mapping[str, Any], *params: Mapping[str, Any], **options: Any
) -> Params:
    """Return the event of an alias: an identify event if one of the ids is a UUID, which names the visitor.

    Of two names of subscribers Tracker keeps one: then it is an event that ties nobody to anybody.
    """
    visitor, named = (previous, external_id) if is_uuid(previous) else (external_id, previous)
    found, refused = names(named)
    if not is_uuid(visitor) or not found:
        ids = {"previous_id": previous, "user_id": external_id}
        return made(ALIAS, {**properties, **ids}, *params, **options)
    return identify(
        {}, {**properties, **refused}, *params, found, **{**options, "UUID": visitor_uuid(visitor)}
    )
