"""Amplitude: events, revenue, and user and group properties of its SDKs, by the HTTP API V2 and the batch API."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, ClassVar

from tracker.errors import CommandError
from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    GROUP,
    PAGE_VIEW,
    Params,
    address_of,
    agent_of,
    conversion_of,
    event_id,
    hashed,
    identify,
    made,
    money_in,
    names,
    tied,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import inner, no_event, object_of, other_list

#: Operations on user and group properties that leave a value, in the order in which a later one wins.
_SETS = ("$setOnce", "$append", "$prepend", "$preInsert", "$postInsert", "$set")
#: All operations: properties without one of them are set.
_OPERATIONS = frozenset((*_SETS, "$add", "$unset", "$clearAll", "$remove"))
#: What its browser SDK sets where a campaign or a referrer is missing.
_EMPTY = "EMPTY"
_IDENTIFY, _GROUP_IDENTIFY, _PAGE_VIEW = "$identify", "$groupidentify", "[Amplitude] Page Viewed"
#: Properties of pages, beside their own names.
_PAGE = {"$current_url": "[Amplitude] Page Location", "$page_title": "[Amplitude] Page Title"}
#: Fields of events that Tracker keeps as properties.
_FIELDS = {
    "language": "$browser_language",
    "platform": "platform",
    "os_name": "$os",
    "os_version": "$os_version",
    "device_model": "$device_model",
    "app_version": "$app_version",
    "session_id": "session_id",
    "productId": "productId",
    "price": "price",
    "quantity": "quantity",
    "revenue": "revenue",
    "revenueType": "revenueType",
    "currency": "currency",
}
_NO_REQUEST = "a request has an api_key, and events in an array"
#: Groups of one event that become events of their own.
_MAX_GROUPS = 20
_WORDS = {429: "Too many requests for some devices and users", 413: "Payload too large"}


class Amplitude(Adapter):
    """Amplitude's HTTP API V2."""

    family = "amplitude"
    title = "Amplitude"
    routes: ClassVar[Mapping[str, str]] = {
        "POST /2/httpapi": "events",
        "POST /batch": "events",
        "GET /config/{key}": "config",
    }

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of(object_of(request.json).get("api_key"))

    def config(self, request: SdkRequest) -> SdkReply:
        """Answer with the remote configuration of the browser SDK: none."""
        return SdkReply(200, {"configs": {}})

    def events(self, request: SdkRequest) -> list[Item]:
        envelope = object_of(request.json)
        if not envelope.get("api_key"):
            raise unreadable(_NO_REQUEST)
        sent = request.things(envelope.get("events"), _NO_REQUEST)
        return tied(request, _with_addresses([_read(request, each, envelope) for each in sent]))

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        body = {
            "code": 200,
            "events_ingested": outcomes.count(None),
            "payload_size_bytes": len(request.body),
            "server_upload_time": request.now,
        }
        return SdkReply(200, body)

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        """Answer in Amplitude's words. A 400 that names no missing field is sent again without end."""
        if refusal.status in (401, 403):
            return SdkReply(400, {"code": 400, "error": "Invalid API key"})
        error = _WORDS.get(refusal.status, refusal.message)
        lost = {"missing_field": "events"} if refusal.status == 400 else {}
        return SdkReply(refusal.status, {"code": refusal.status, "error": error, **lost})


def _read(request: SdkRequest, sent: Any, envelope: Params) -> list[Params] | CommandError:
    name = sent.get("event_type") if isinstance(sent, dict) else None
    if (
        not isinstance(name, str)
        or not name
        or not (sent.get("user_id") or sent.get("device_id") or _of_groups(sent))
    ):
        return no_event("an event has an event_type, and a user_id or a device_id")
    if request.is_of_other_list(sent.get("api_key"), envelope["api_key"]):
        return other_list()
    clock, late = times(request, sent.get("time"), envelope.get("client_upload_time"))
    traits = _values(inner(sent, "user_properties"))
    named, refused = names(sent.get("user_id"), traits.get("email"))
    options: Params = {
        "agent": agent_of(request, sent.get("user_agent")),
        "EventID": event_id(sent.get("insert_id")),
        "UUID": visitor_uuid(sent.get("device_id")),
    }
    shared = (named, clock, address_of(request, sent.get("ip")))
    said = {**_said(sent), **refused, **late}
    if name in (_IDENTIFY, _GROUP_IDENTIFY) and _of_groups(sent):
        return _groups(sent, said, shared, options)
    if name == _IDENTIFY:
        return [identify(traits, said, *shared, **options)]
    event = made(PAGE_VIEW if name == _PAGE_VIEW else name, said, *shared, **options)
    following: list[Params] = conversion_of(request, event, *_money(sent))
    if traits:
        own = options["EventID"]
        following.append(identify(traits, {}, *shared, **{**options, "EventID": own and hashed("s", own)}))
    return [event, *following]


def _with_addresses(items: list[list[Params] | CommandError]) -> list[list[Params] | CommandError]:
    """Put the address that an event names a user by on the user's other events: a page cannot add it to a user later."""
    events = [event for item in items if not isinstance(item, CommandError) for event in item]
    known = {event["ID"]: event["Email"] for event in events if "ID" in event and "Email" in event}
    for event in events:
        if event.get("ID") in known:
            event.setdefault("Email", known[event["ID"]])
    return items


def _groups(sent: Params, said: Params, shared: Any, options: Params) -> list[Params]:
    """Return an event for each group: the first has the id that was sent. Without anybody, a visitor stands for the group."""
    found = []
    for at, (kind, group_id) in enumerate(_of_groups(sent)):
        own = options["EventID"]
        of_group = {
            **options,
            "UUID": options["UUID"] or (None if shared[0] else visitor_uuid(f"${kind}_{group_id}")),
            "EventID": hashed("g", own, at) if own and at else own,
        }
        traits = _values(inner(sent, "group_properties"))
        about = {**said, **traits, "$group_type": kind, "$group_id": group_id}
        found.append(made(GROUP, about, *shared, **of_group))
    return found


def _of_groups(sent: Params) -> list[tuple[str, Any]]:
    """Return kind and id of each group of an event, of the first ones: Amplitude has five kinds at most."""
    found = (
        (kind, group_id)
        for kind, ids in inner(sent, "groups").items()
        for group_id in (ids if isinstance(ids, list) else [ids])
        if group_id not in (None, "")
    )
    return list(islice(found, _MAX_GROUPS))


def _values(operations: Params) -> Params:
    """Return what operations on properties leave as values; a plain property is one that is set."""
    plain = {name: value for name, value in operations.items() if name not in _OPERATIONS}
    found = plain
    for operation in _SETS:
        found = {**found, **inner(operations, operation)}
    return {name: value for name, value in found.items() if value != _EMPTY}


def _said(sent: Params) -> Params:
    """Return the properties of an event in Tracker's words, beside Amplitude's."""
    properties = inner(sent, "event_properties")
    library, _, version = str(sent.get("library") or "").rpartition("/")
    page = {ours: properties.get(theirs) for ours, theirs in _PAGE.items()}
    referrer = properties.get("referrer") or properties.get("[Amplitude] Previous Page Location")
    found = {
        **{ours: sent.get(theirs) for theirs, ours in _FIELDS.items()},
        "$lib": library,
        "$lib_version": version,
        **page,
        "$referrer": referrer if isinstance(referrer, str) and referrer != _EMPTY else None,
    }
    groups = {"groups": sent["groups"]} if inner(sent, "groups") else {}
    return {
        **{name: value for name, value in found.items() if value not in (None, "")},
        **groups,
        **properties,
    }


def _money(sent: Params) -> tuple[Any, Any, Any]:
    """Return value, currency and order id: the revenue, or a price as often as it was paid."""
    properties = inner(sent, "event_properties")
    own = {name: value for name, value in sent.items() if value not in (None, "")}
    value, currency, order_id = money_in({**properties, **own})
    value = properties.get("$revenue") if value is None else value
    if value is None:
        price = _number(properties.get("$price", sent.get("price")))
        quantity = _number(properties.get("$quantity", sent.get("quantity")))
        value = price if price is None or quantity is None else price * quantity
    return value, currency or properties.get("$currency"), order_id


def _number(value: Any) -> int | float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
