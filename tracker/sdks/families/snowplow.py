"""Snowplow: the tracker protocol of its clients, in batches and as a pixel. Self-describing events keep the name of their schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from tracker.domain.event import IDENTIFY
from tracker.errors import BODY_TOO_LARGE, CommandError
from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    PAGE_VIEW,
    SCREEN_VIEW,
    Params,
    address_of,
    agent_of,
    conversion_of,
    event_id,
    identify,
    made,
    names,
    screen_of,
    tied,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import PIXEL, base64_of, inner, no_event, object_of

#: What the body of a batch says it is.
_BATCH = "/payload_data/"
#: The event and the context of an order in Snowplow's e-commerce.
_ECOMMERCE, _TRANSACTION = "snowplow_ecommerce_action", "transaction"
#: Fields of structured events and of transactions, by what they are called in Tracker. Those that are numbers come as text.
_STRUCTURED = {"se_ca": "category", "se_la": "label", "se_pr": "property", "se_va": "value"}
_ORDER = {
    "tr_id": "order_id", "tr_af": "affiliation", "tr_tt": "total", "tr_tx": "tax", "tr_sh": "shipping", "tr_ci": "city",
    "tr_st": "state", "tr_co": "country", "tr_cu": "currency",
}  # fmt: skip
_ORDERED = {
    "ti_id": "order_id", "ti_sk": "sku", "ti_nm": "name", "ti_ca": "category", "ti_pr": "price", "ti_qu": "quantity",
    "ti_cu": "currency",
}  # fmt: skip
#: Kinds of events with the names that they get and their fields. A structured event has the name of its action.
_KINDS: Mapping[str, tuple[str | None, Mapping[str, str]]] = {
    "pv": (PAGE_VIEW, {}),
    "se": (None, _STRUCTURED),
    "tr": (_TRANSACTION, _ORDER),
    "ti": ("transaction_item", _ORDERED),
}
_OF_SCHEMA, _HEARTBEAT = "ue", "pp"
_ALL_KINDS = (*_KINDS, _OF_SCHEMA, _HEARTBEAT)
_NO_KIND = f"e is one of {', '.join(_ALL_KINDS)}"
_NO_SCHEMA = "a self-describing event has a schema, such as iglu:com.example/seen/jsonschema/1-0-0"
_NO_JSON = "co and ue_pr are JSON, cx and ue_px are base64 of it"
_NO_BATCH = "the schema of a batch is payload_data, and its data are events"
_NUMBERS = frozenset(("se_va", "tr_tt", "tr_tx", "tr_sh", "ti_pr", "ti_qu"))
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
#: Contexts that say nothing beside the fields of the event, and the one that names the visitor of an app.
_DROPPED, _SESSION = ("web_page", "client_session"), "client_session"


class Snowplow(Adapter):
    """Snowplow's collector. Its clients have no place for a key: the public id is in the address."""

    family = "snowplow"
    title = "Snowplow"
    routes: ClassVar[Mapping[str, str]] = {"POST /{vendor}/tp2": "events", "GET /i": "events"}
    is_credentialed = True

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of_bearer(request.headers.get("authorization"))

    def events(self, request: SdkRequest) -> list[Item]:
        if request.method == "GET":
            if request.query.get("e") not in _ALL_KINDS or "tv" not in request.query:
                raise unreadable("an event has e, its kind, and tv, the tracker that sends it")
            return tied(request, [_read(request, request.query)])
        batch = object_of(request.json)
        if _BATCH not in str(batch.get("schema")):
            raise unreadable(_NO_BATCH)
        return tied(request, [_read(request, each) for each in request.things(batch.get("data"), _NO_BATCH)])

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        if request.method == "GET":
            return SdkReply(200, PIXEL, media_type="image/gif")
        return SdkReply(200, "ok")

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        """Answer with text. What is too large is 400: after 413 clients send the same again, for ever."""
        return SdkReply(400 if refusal.status == 413 else refusal.status, refusal.message)


def _read(request: SdkRequest, sent: Any) -> list[Params] | CommandError:
    kind = sent.get("e") if isinstance(sent, dict) else None
    if kind not in _ALL_KINDS:
        return no_event(_NO_KIND)
    if kind == _HEARTBEAT:
        return []
    try:
        event = inner(_json_in(request, sent, "ue_pr", "ue_px"), "data")
        if kind == _OF_SCHEMA and not _name_in(event):
            return no_event(_NO_SCHEMA)
        contexts = _contexts(_json_in(request, sent, "co", "cx"))
    except CommandError as error:
        if error.status == BODY_TOO_LARGE.status:
            raise
        return no_event(_NO_JSON)
    identified = inner(event, "data") if _name_in(event) == IDENTIFY else {}
    named, refused = names(sent.get("uid") or identified.get("id"))
    happened = sent.get("ttm")
    clock, late = times(request, happened or sent.get("dtm"), None if happened else sent.get("stm"))
    agent = agent_of(request, sent.get("ua"))
    visitor = _visitor(sent, contexts)
    if not named and not visitor:
        visitor = request.visitor_of_day(request.address, agent or request.headers.get("user-agent", ""))
    others = {name: data for name, data in contexts.items() if name not in _DROPPED}
    said = {**_said(sent), **({"$contexts": others} if others else {}), **refused, **late}
    shared = (named, clock, address_of(request, sent.get("ip")))
    options = {"agent": agent, "UUID": visitor, "EventID": event_id(sent.get("eid") or sent.get("tid"))}
    is_flat = kind != _OF_SCHEMA
    if is_flat:
        return _flat(request, sent, said, shared, options)
    return _self_describing(request, event, said, shared, options)


def _flat(request: SdkRequest, sent: Params, said: Params, shared: Any, options: Any) -> list[Params]:
    name, fields = _KINDS[sent["e"]]
    told = _fields(sent, fields)
    event = made(name or sent.get("se_ac"), {**said, **told}, *shared, **options)
    return [
        event,
        *conversion_of(request, event, told.get("total"), told.get("currency"), told.get("order_id")),
    ]


def _self_describing(
    request: SdkRequest, event: Params, said: Params, shared: Any, options: Any
) -> list[Params]:
    name, data = _name_in(event), inner(event, "data")
    said = {"$schema": event["schema"], **said}
    if name == IDENTIFY:
        named, refused = names(shared[0].get("ID"), data.get("email") or shared[0].get("Email"))
        traits = {key: value for key, value in data.items() if key != "id"}
        return [identify(traits, {**said, **refused}, named, *shared[1:], **options)]
    if name == SCREEN_VIEW:
        return [made(SCREEN_VIEW, {**said, "$screen_name": data.get("name"), **data}, *shared, **options)]
    told = made(name, {**said, **data}, *shared, **options)
    order = inner(inner(said, "$contexts"), _TRANSACTION) if name == _ECOMMERCE else {}
    money = order.get("revenue"), order.get("currency"), order.get("transaction_id")
    return [told, *conversion_of(request, told, *money)]


def _name_in(event: Params) -> str:
    """Return the name in a schema: iglu:vendor/name/format/version."""
    schema = event.get("schema")
    parts = schema.split("/") if isinstance(schema, str) else []
    return parts[1] if len(parts) > 1 else ""


def _json_in(request: SdkRequest, sent: Params, plain: str, packed: str) -> Any:
    """Return the JSON value of a field, which is a text or base64 of it. Raises CommandError (100000)."""
    text = sent.get(plain)
    if isinstance(text, str) and text:
        return request.json_in(text)
    text = sent.get(packed)
    return request.json_in(base64_of(text)) if isinstance(text, str) and text else None


def _contexts(sent: Any) -> Params:
    """Return the data of contexts by the names of their schemas: a list of those that have one name."""
    entities = sent.get("data") if isinstance(sent, dict) else None
    found: dict[str, list[Any]] = {}
    for each in entities if isinstance(entities, list) else ():
        if isinstance(each, dict) and _name_in(each):
            found.setdefault(_name_in(each), []).append(each.get("data"))
    return {name: data[0] if len(data) == 1 else data for name, data in found.items()}


def _visitor(sent: Params, contexts: Params) -> str | None:
    ids = (sent.get("duid"), inner(contexts, _SESSION).get("userId"), sent.get("nuid"), sent.get("tnuid"))
    return next((found for found in map(visitor_uuid, ids) if found), None)


def _fields(sent: Params, fields: Mapping[str, str]) -> Params:
    return {
        ours: float(sent[name]) if name in _NUMBERS and _NUMBER.fullmatch(str(sent[name])) else sent[name]
        for name, ours in fields.items()
        if sent.get(name) not in (None, "")
    }


def _said(sent: Params) -> Params:
    """Return what Tracker keeps of the fields that all kinds of events have."""
    library, _, version = str(sent.get("tv") or "").rpartition("-")
    found = {
        "$lib": library and f"snowplow-{library}",
        "$lib_version": version,
        "$app_id": sent.get("aid"),
        "$current_url": sent.get("url"),
        "$page_title": sent.get("page"),
        "$referrer": sent.get("refr"),
        "$browser_language": sent.get("lang"),
        "$timezone": sent.get("tz"),
    }
    kept = {name: value for name, value in found.items() if isinstance(value, str) and value}
    return {**kept, **screen_of(sent.get("res"), "x")}
