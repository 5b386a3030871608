"""Klaviyo: events of metrics and profiles, as its APIs for servers and for pages take them."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar

from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.mapping import (
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
from tracker.sdks.shapes import inner, object_of, other_list

#: The scheme of the header, and the parameter of pages' addresses.
_SCHEME, _COMPANY = "klaviyo-api-key", "company_id"
#: What names somebody, besides the address: no traits.
_IDS = ("external_id", "anonymous_id", "_kx", "properties")
#: What an id of an event is unique in, beside its metric: the first of these that a profile has.
_OWNERS = ("email", "phone_number", "external_id", "id", "_kx", "anonymous_id")
#: Names of an order's id in Klaviyo's own metrics, beside the usual ones.
_ORDER_IDS = ("OrderId", "OrderID", "$event_id")


class Klaviyo(Adapter):
    """Klaviyo's APIs, in JSON:API. Every event says whose it is, by address, id or phone number."""

    family = "klaviyo"
    title = "Klaviyo"
    routes: ClassVar[Mapping[str, str]] = {
        "POST /api/events": "events",
        "POST /api/profiles": "events",
        "POST /api/profile-import": "events",
        "POST /client/events": "events",
        "POST /client/profiles": "events",
    }

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() == _SCHEME:
            return SdkCredential.of(key.strip())
        of_page = SdkCredential.of(request.query.get(_COMPANY))
        return of_page and of_page._replace(secret=None)

    def events(self, request: SdkRequest) -> list[Item]:
        kind = "event" if request.path.endswith("/events") else "profile"
        sent = _resource(request.json, kind)
        if request.is_of_other_list(request.query.get(_COMPANY)):
            raise other_list()
        return tied(request, [_event(request, sent) if kind == "event" else _profile(request, sent)])

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        """Answer as Klaviyo does. A profile that is made has an id which, sent as `profile.id`, names the same subscriber."""
        if request.path.endswith("/events") or request.path.lstrip("/").startswith("client/"):
            return SdkReply(202, b"")
        sent = _resource(request.json, "profile")
        who = {**sent, **inner(sent, "attributes")}
        found = (who.get(name) for name in ("external_id", "email", "phone_number", "id"))
        profile_id = next((str(each) for each in found if each), "")
        links = {"links": {"self": ""}}
        return SdkReply(
            201, {"data": {"type": "profile", "id": profile_id, "attributes": {}, **links}, **links}
        )

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        title = HTTPStatus(refusal.status).phrase
        error = {"id": "", "status": refusal.status, "code": str(refusal.code), "title": title}
        return SdkReply(refusal.status, {"errors": [{**error, "detail": refusal.message, "source": {}}]})


def _event(request: SdkRequest, sent: Params) -> list[Params]:
    attributes = inner(sent, "attributes")
    metric = inner(inner(inner(attributes, "metric"), "data"), "attributes").get("name")
    profile = inner(inner(attributes, "profile"), "data")
    if not isinstance(metric, str) or not metric or not profile:
        raise unreadable("an event has a metric with a name, and a profile")
    who = {"id": profile.get("id"), **inner(profile, "attributes")}
    properties = inner(attributes, "properties")
    named, refused, visitor = _who(request, who)
    clock, late = times(request, attributes.get("time"))
    owner = next((who[name] for name in _OWNERS if who.get(name)), None)
    event = made(
        metric,
        {**library_of(request), **refused, **late, **properties},
        named,
        clock,
        agent=agent_of(request),
        UUID=visitor,
        EventID=event_id(attributes.get("unique_id"), metric, owner),
    )
    value, currency = attributes.get("value"), attributes.get("value_currency")
    order_id = money_in(properties)[2] or next(
        (properties[name] for name in _ORDER_IDS if properties.get(name)), None
    )
    return [event, *conversion_of(request, event, value, currency, order_id)]


def _profile(request: SdkRequest, sent: Params) -> list[Params]:
    attributes = inner(sent, "attributes")
    named, refused, visitor = _who(request, {"id": sent.get("id"), **attributes})
    plain = {name: value for name, value in attributes.items() if name not in _IDS and value is not None}
    traits = {**plain, **inner(attributes, "properties")}
    return [
        identify(traits, {**library_of(request), **refused}, named, agent=agent_of(request), UUID=visitor)
    ]


def _who(request: SdkRequest, profile: Params) -> tuple[Params, Params, str | None]:
    """Return who a profile is, what of it is refused, and its visitor.

    Who has neither an address nor an id of the site's own is known by Klaviyo's id, or by phone number.
    """
    email = profile.get("email")
    external_id = profile.get("external_id") or (
        None if email else profile.get("id") or profile.get("phone_number")
    )
    named, refused = names(external_id, email)
    visitor = visitor_uuid(profile.get("anonymous_id")) or visitor_uuid(profile.get("_kx"))
    if visitor is None and not named:
        visitor = request.visitor_of_day(request.address, request.headers.get("user-agent", ""))
    return named, refused, visitor


def _resource(sent: Any, kind: str) -> Params:
    """Return the resource of a JSON:API document. Raises CommandError (100000) for one of another type."""
    data = inner(object_of(sent), "data")
    if data.get("type") != kind or not isinstance(data.get("attributes"), dict):
        raise unreadable(f"data is an object of the type {kind}, with attributes")
    return data
