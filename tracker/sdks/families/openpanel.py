"""OpenPanel: events, screen views, revenue and profiles of its SDKs for pages, apps and servers."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    GROUP,
    PAGE_VIEW,
    SCREEN_VIEW,
    Params,
    address_of,
    agent_of,
    alias_of,
    conversion_of,
    identify,
    made,
    money_in,
    names,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import inner, object_of

#: The field without which a message of a type is none. Those of the second kind change profiles or record the screen: nothing of
#: them is an event.
_NEEDED = {"track": "name", "identify": "profileId", "group": "id", "alias": "alias"}
_LEFT_OUT = {
    "increment": "property",
    "decrement": "property",
    "assign_group": "groupIds",
    "replay": "payload",
}
#: Properties that its SDKs add, and that are said in Tracker's words or by the event itself.
_ADDED = frozenset(("__path", "__title", "__referrer", "__timestamp", "__deviceId", "__ip"))
#: Currencies whose smallest unit is the unit itself (ISO 4217).
_WITHOUT_CENTS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)


class OpenPanel(Adapter):
    """OpenPanel's tracking API. It names people and knows no visitor: an event has an `ID` or the visitor of a day."""

    family = "openpanel"
    title = "OpenPanel"
    routes: ClassVar[Mapping[str, str]] = {"POST /track": "events"}

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        client_id, secret = (request.headers.get(f"openpanel-client-{each}", "") for each in ("id", "secret"))
        return SdkCredential.of(f"{client_id}:{secret}" if secret else client_id)

    def events(self, request: SdkRequest) -> list[Item]:
        kind, payload = _message(request)
        if kind in _LEFT_OUT:
            return [[]]
        properties = inner(payload, "properties")
        of_traits = {name: payload.get(name) for name in ("firstName", "lastName", "email", "avatar")}
        email = payload.get("email") if kind == "identify" else None
        named, refused = names(payload.get("profileId"), email)
        clock, late = times(request, properties.get("__timestamp"))
        address = address_of(request, properties.get("__ip"))
        options: Params = {"agent": agent_of(request)}
        if not named:
            options["UUID"] = visitor_uuid(properties.get("__deviceId")) or _visitor(request, address)
        said = {**_said(request, properties), **refused, **late}
        rest = {name: value for name, value in properties.items() if name not in _ADDED}
        shared = (named, clock, address)
        if kind == "identify":
            traits = {name: value for name, value in of_traits.items() if value} | rest
            return [[identify(traits, said, *shared, **options)]]
        if kind == "alias":
            return [[alias_of(payload["alias"], payload.get("profileId"), said, clock, address, **options)]]
        if kind == "group":
            group = {
                "$group_id": payload["id"],
                "$group_type": payload.get("type"),
                "name": payload.get("name"),
            }
            told = {name: value for name, value in group.items() if value}
            return [[made(GROUP, {**said, **told, **rest}, *shared, **options)]]
        groups = {"groups": payload["groups"]} if payload.get("groups") else {}
        name = PAGE_VIEW if payload["name"] == SCREEN_VIEW and "$current_url" in said else payload["name"]
        event = made(name, {**said, **groups, **rest}, *shared, **options)
        _, currency, order_id = money_in(properties)
        value = _units(properties.get("__revenue"), currency)
        return [[event, *conversion_of(request, event, value, currency, order_id)]]

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        """Answer with the visitor of the day, whom a back end may send back as `__deviceId`. A day is one session."""
        visitor = _visitor(
            request, address_of(request, inner(_message(request)[1], "properties").get("__ip"))
        )
        return SdkReply(200, {"deviceId": visitor, "sessionId": visitor})

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        said = {"error": HTTPStatus(refusal.status).phrase, "message": refusal.message}
        return SdkReply(refusal.status, {"status": refusal.status, **said})


def _message(request: SdkRequest) -> tuple[str, Params]:
    """Return type and payload of the message in a request. Raises CommandError (100000)."""
    sent = object_of(request.json)
    kind, payload = sent.get("type"), inner(sent, "payload")
    needed = {**_NEEDED, **_LEFT_OUT}.get(kind) if isinstance(kind, str) else None
    if not isinstance(kind, str) or needed is None or payload.get(needed) in (None, ""):
        raise unreadable("a message has a type, such as track, and a payload with what its type needs")
    if kind == "track" and not isinstance(payload["name"], str):
        raise unreadable("the name of an event is text")
    return kind, payload


def _visitor(request: SdkRequest, address: Mapping[str, str]) -> str:
    own = agent_of(request) or request.headers.get("user-agent", "")
    return request.visitor_of_day(address.get("IPAddress", request.address), own)


def _said(request: SdkRequest, properties: Params) -> Params:
    """Return what Tracker keeps of SDK and page. In apps the path is the name of a screen."""
    path = properties.get("__path")
    is_url = isinstance(path, str) and "://" in path
    found = {
        "$current_url" if is_url else "$screen_name": path,
        "$page_title": properties.get("__title"),
        "$referrer": properties.get("__referrer"),
        "$lib": request.headers.get("openpanel-sdk-name"),
        "$lib_version": request.headers.get("openpanel-sdk-version"),
    }
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _units(amount: Any, currency: Any) -> Any:
    """Return an amount in units of its currency: OpenPanel has it in the smallest ones, such as cents."""
    if isinstance(amount, str) and amount.isascii() and amount.isdecimal() and len(amount) < 16:
        amount = int(amount)
    if not isinstance(amount, (int, float)) or isinstance(amount, bool):
        return None
    is_whole = isinstance(currency, str) and currency.strip().upper() in _WITHOUT_CENTS
    return amount if is_whole else amount / 100
