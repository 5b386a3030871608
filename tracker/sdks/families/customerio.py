"""Customer.io: people, their events and those of anonymous visitors, as its Track API's clients send them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from tracker.formats.email_address import email_key
from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    PAGE_VIEW,
    SCREEN_VIEW,
    Params,
    agent_of,
    conversion_of,
    event_id,
    identify,
    library_of,
    made,
    money_in,
    names,
    tied,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import basic_of, inner, object_of

#: All words of an event beside its data. A message without data has no others.
_WORDS = frozenset(("name", "type", "id", "timestamp", "anonymous_id", "data"))
_TYPES = (None, "event", "page", "screen")
#: Attributes of Customer.io itself: they say nothing about somebody.
_OWN = frozenset(("anonymous_id", "_update", "cio_subscription_preferences"))
#: Attributes that Customer.io takes of somebody.
MAX_ATTRIBUTES = 300


class CustomerIo(Adapter):
    """Customer.io's Track API: site id and API key, which are the public id and the API key of Tracker."""

    family = "customerio"
    title = "Customer.io"
    routes: ClassVar[Mapping[str, str]] = {
        "POST /api/v1/events": "events",
        "POST /api/v1/customers/{id}/events": "events",
        "PUT /api/v1/customers/{id}": "events",
    }

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of_basic(request.headers.get("authorization"))

    def events(self, request: SdkRequest) -> list[Item]:
        sent = object_of(request.json)
        if request.method == "PUT":
            return [[_identify(request, sent)]]
        event = _event(request, sent)
        money = money_in(inner(sent, "data"))
        return tied(request, [[event, *conversion_of(request, event, *money)]])

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(200, {})

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        return SdkReply(refusal.status, {"meta": {"error": refusal.message, "errors": [refusal.message]}})


def _identify(request: SdkRequest, attributes: Params) -> Params:
    """Return the identify event of somebody's attributes, which may have any names: only the header tells whose they are."""
    if basic_of(request.headers.get("authorization")) is None or len(attributes) > MAX_ATTRIBUTES:
        raise unreadable(f"attributes come with Authorization: Basic, and are {MAX_ATTRIBUTES} at most")
    external_id = request.params.get("id")
    email = attributes.get("email")
    if external_id and email_key(external_id):
        external_id, email = attributes.get("id") or external_id, email or external_id
    named, refused = names(external_id, email)
    traits = {name: value for name, value in attributes.items() if name not in _OWN}
    visitor = visitor_uuid(attributes.get("anonymous_id"))
    return identify(traits, {**library_of(request), **refused}, named, agent=agent_of(request), UUID=visitor)


def _event(request: SdkRequest, sent: Params) -> Params:
    name, kind, data = sent.get("name"), sent.get("type"), inner(sent, "data")
    is_whole = isinstance(sent.get("data"), dict) or _WORDS.issuperset(sent)
    if not isinstance(name, str) or not name or kind not in _TYPES or not is_whole:
        raise unreadable("an event has a name, its data, and no words but those of Customer.io")
    named, refused = names(request.params.get("id"))
    clock, late = times(request, sent.get("timestamp"))
    visitor = visitor_uuid(sent.get("anonymous_id"))
    if visitor is None and not named:
        visitor = request.visitor_of_day(request.address, request.headers.get("user-agent", ""))
    options: Params = {"agent": agent_of(request), "UUID": visitor, "EventID": event_id(sent.get("id"))}
    said = {**library_of(request), **refused, **late}
    if kind == "page":
        said["$current_url" if "://" in name else "$pathname"] = name
        return made(PAGE_VIEW, {**said, **data}, named, clock, **options)
    if kind == "screen":
        return made(SCREEN_VIEW, {**said, "$screen_name": name, **data}, named, clock, **options)
    return made(name, {**said, **data}, named, clock, **options)
