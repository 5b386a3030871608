"""GA4: events of Google Analytics' Measurement Protocol, by its documentation: servers send them beside gtag.js."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tracker.errors import CommandError
from tracker.formats.credentials import bearer_token, is_public_id
from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    SCREEN_VIEW,
    Params,
    address_of,
    agent_of,
    conversion_of,
    identify,
    made,
    names,
    screen_of,
    tied,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import inner, no_event, object_of

#: The event that is revenue, and the one that only says that a page is still read.
_PURCHASE, _HEARTBEAT = "purchase", "user_engagement"
_NO_REQUEST = "a request has client_id or app_instance_id, and events"
_PAGE = {"page_location": "$current_url", "page_title": "$page_title", "page_referrer": "$referrer"}


class GA4(Adapter):
    """The Measurement Protocol. Its `measurement_id` is the public id; its secret stands in the query, and is not read there."""

    family = "ga4"
    title = "Google Analytics 4"
    routes: ClassVar[Mapping[str, str]] = {
        "POST /mp/collect": "events",
        "POST /debug/mp/collect": "validated",
    }

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        """Return the id in the query, unless it is one of Google's, and a key in the header of the scheme Bearer."""
        named = request.query.get("measurement_id") or request.query.get("firebase_app_id") or ""
        secret = bearer_token(request.headers.get("authorization"))
        public_id = named if is_public_id(named) else None
        return SdkCredential.of(f"{public_id or ''}:{secret or ''}")

    def validated(self, request: SdkRequest) -> SdkReply:
        """Answer that nothing is wrong: the debugging address stores nothing."""
        return SdkReply(200, {"validationMessages": []})

    def events(self, request: SdkRequest) -> list[Item]:
        sent = object_of(request.json)
        client = sent.get("client_id") or sent.get("app_instance_id")
        if not isinstance(client, str):
            raise unreadable(_NO_REQUEST)
        events = request.things(sent.get("events"), _NO_REQUEST)
        sender = _Sender(request, sent, client)
        traits = _traits(sent.get("user_properties"))
        items: list[list[Params] | CommandError] = [[sender.identified(traits)]] if traits else []
        return tied(request, [*items, *(sender.event(each) for each in events)])

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(204, b"")


class _Sender:
    """Who one request is of, and what all its events have in common."""

    def __init__(self, request: SdkRequest, sent: Params, client: str) -> None:
        self._request, self._sent = request, sent
        self._names, refused = names(sent.get("user_id"))
        self._address = address_of(request, sent.get("ip_override"))
        device = inner(sent, "device")
        language = device.get("language")
        self._said = {
            **({"$browser_language": language} if isinstance(language, str) and language else {}),
            **screen_of(device.get("screen_resolution"), "x"),
            **refused,
        }
        agent = agent_of(request, sent.get("user_agent"))
        visitor = visitor_uuid(client)
        if not visitor and not self._names:
            address = self._address.get("IPAddress", request.address)
            visitor = request.visitor_of_day(address, agent or request.headers.get("user-agent", ""))
        self._options: Params = {"agent": agent, "UUID": visitor}

    def identified(self, traits: Params) -> Params:
        clock, late = self._moment(self._sent)
        return identify(traits, {**self._said, **late}, self._names, clock, self._address, **self._options)

    def event(self, sent: Any) -> list[Params] | CommandError:
        if not isinstance(sent, dict) or not isinstance(sent.get("name"), str) or not sent["name"]:
            return no_event("an event has a name")
        if sent["name"] == _HEARTBEAT:
            return []
        params = inner(sent, "params")
        clock, late = self._moment(sent)
        said = {ours: params[name] for name, ours in _PAGE.items() if params.get(name)}
        if sent["name"] == SCREEN_VIEW and params.get("screen_name"):
            said["$screen_name"] = params["screen_name"]
        properties = {**self._said, **late, **said, **params}
        event = made(sent["name"], properties, self._names, clock, self._address, **self._options)
        value = params.get("value") if sent["name"] == _PURCHASE else None
        money = value, params.get("currency"), params.get("transaction_id")
        return [event, *conversion_of(self._request, event, *money)]

    def _moment(self, sent: Params) -> tuple[Params, Params]:
        """Return the time of an event, or else that of its request: microseconds."""
        micros = sent.get("timestamp_micros") or self._sent.get("timestamp_micros")
        if isinstance(micros, str) and micros.isdecimal() and len(micros) < 20:
            micros = int(micros)
        if isinstance(micros, (int, float)) and not isinstance(micros, bool):
            micros = micros / 1000
        return times(self._request, micros)


def _traits(sent: Any) -> Params:
    """Return user properties by their names: {"plan": {"value": "pro"}}."""
    found = sent.items() if isinstance(sent, dict) else ()
    return {name: each["value"] for name, each in found if isinstance(each, dict) and "value" in each}
