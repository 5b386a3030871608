"""Segment: the messages of its SDKs, single and in batches. RudderStack's and Jitsu's are much the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tracker.errors import CommandError
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    GROUP,
    PAGE_VIEW,
    SCREEN_VIEW,
    Params,
    address_of,
    agent_of,
    alias_of,
    conversion_of,
    event_id,
    identify,
    made,
    money_in,
    names,
    tied,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import inner, no_event, object_of, other_list

#: The type of a message by the last part of a path, where the message does not say it.
_TYPES = {
    each[:size]: each
    for each in ("track", "page", "identify", "screen", "group", "alias")
    for size in (1, None)
}
#: What is kept of a message's context, by the part that has it: its name there, and in Tracker.
_KEPT = {
    "library": (("name", "$lib"), ("version", "$lib_version")),
    "": (("locale", "$browser_language"), ("timezone", "$timezone")),
    "campaign": (
        ("name", "$utm_campaign"),
        ("source", "$utm_source"),
        ("medium", "$utm_medium"),
        ("term", "$utm_term"),
        ("content", "$utm_content"),
    ),
}
#: Every message has one of them, be it null.
_IDS = frozenset(("userId", "anonymousId", "previousId"))
#: Events of Segment's own that have a revenue and are no sale, or no further one.
_NO_SALES = frozenset(("Checkout Started", "Order Updated", "Order Cancelled", "Order Refunded"))
#: A referrer that is none, in RudderStack's words.
_DIRECT = "$direct"


class Segment(Adapter):
    """Segment's tracking API: analytics-next, analytics-node, and the older clients of the same format."""

    family = "segment"
    title = "Segment"
    routes: ClassVar[Mapping[str, str]] = {
        "POST /v1/batch": "events",
        "POST /v1/b": "events",
        "POST /v1/import": "events",
        "POST /v1/{call}": "events",
        "GET /v1/projects/{key}/settings": "settings",
    }

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of_basic(request.headers.get("authorization"))

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of(object_of(request.json).get("writeKey"))

    def settings(self, request: SdkRequest) -> SdkReply:
        """Answer with the settings without which the browser client sends nothing; it takes its key from them."""
        own = {"apiKey": request.params["key"], "addBundledMetadata": False, "versionSettings": {}}
        return SdkReply(200, {"integrations": {"Segment.io": own}, "plan": {}, "edgeFunction": {}})

    def events(self, request: SdkRequest) -> list[Item]:
        envelope = object_of(request.json)
        kind = _TYPES.get(request.params.get("call", ""))
        sent = envelope["batch"] if "batch" in envelope and kind is None else [envelope]
        messages = request.things(sent, "batch is an array of messages")
        items = [self._read(request, each, envelope, kind) for each in messages]
        return tied(request, items)

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(200, {"success": True})

    def moment(self, request: SdkRequest, message: Params, envelope: Params) -> tuple[Any, Any]:
        """Return when a message happened and when it was sent, by the client's clock."""
        happened = message.get("timestamp") or message.get("originalTimestamp")
        return happened, message.get("sentAt") or envelope.get("sentAt")

    def _read(
        self, request: SdkRequest, sent: Any, envelope: Params, kind: str | None
    ) -> list[Params] | CommandError:
        make = _MADE.get(str(sent.get("type") or kind)) if isinstance(sent, dict) else None
        is_named = make is not _track or isinstance(sent.get("event"), str)
        if make is None or not is_named or _IDS.isdisjoint(sent):
            return no_event(
                "a message has a type, such as track, userId or anonymousId, and what its type needs"
            )
        keys = (holder.get("writeKey") for holder in (request.query, envelope, sent))
        if request.is_of_other_list(*keys):
            return other_list()
        context = inner(sent, "context") or inner(envelope, "context")
        traits = {**inner(context, "traits"), **inner(sent, "traits")}
        of_user = inner(context, "traits") if make is _group else traits
        named, refused = names(sent.get("userId"), of_user.get("email"))
        clock, late = times(request, *self.moment(request, sent, envelope))
        shared = (named, clock, address_of(request, context.get("ip")))
        options = {
            "agent": agent_of(request, context.get("userAgent")),
            "UUID": visitor_uuid(sent.get("anonymousId")),
            "EventID": event_id(sent.get("messageId")),
        }
        said = {**_of_context(context), **refused, **late}
        found = make(sent, said, shared, options, traits)
        return [*found, *_conversion(request, sent, found[0])] if make is _track else found


def _track(sent: Params, said: Params, shared: Any, options: Any, _: Params) -> list[Params]:
    return [made(sent["event"], {**said, **inner(sent, "properties")}, *shared, **options)]


def _conversion(request: SdkRequest, sent: Params, event: Params) -> list[Params]:
    """Return the conversion that a track event with revenue is; [] for what is no sale."""
    if sent["event"] in _NO_SALES:
        return []
    properties = inner(sent, "properties")
    value, currency, order_id = money_in(properties)
    if value is None and sent["event"] == "Order Completed":
        value = properties.get("total")
    return conversion_of(request, event, value, currency, order_id)


def _page(sent: Params, said: Params, shared: Any, options: Any, _: Params) -> list[Params]:
    properties = {**_named(sent), **inner(sent, "properties")}
    page = _of_page(properties)
    return [made(PAGE_VIEW, {**said, **page, **properties}, *shared, **options)]


def _screen(sent: Params, said: Params, shared: Any, options: Any, _: Params) -> list[Params]:
    properties = {**_named(sent), **inner(sent, "properties")}
    screen = {"$screen_name": properties.get("name")} if properties.get("name") else {}
    return [made(SCREEN_VIEW, {**said, **screen, **properties}, *shared, **options)]


def _identify(_: Params, said: Params, shared: Any, options: Any, traits: Params) -> list[Params]:
    return [identify(traits, said, *shared, **options)]


def _group(sent: Params, said: Params, shared: Any, options: Any, _: Params) -> list[Params]:
    group_id = {"$group_id": sent["groupId"]} if sent.get("groupId") else {}
    return [made(GROUP, {**said, **group_id, **inner(sent, "traits")}, *shared, **options)]


def _alias(sent: Params, said: Params, shared: Any, options: Any, _: Params) -> list[Params]:
    _, *others = shared
    return [alias_of(sent.get("previousId"), sent.get("userId"), said, *others, **options)]


_MADE = {
    "track": _track,
    "page": _page,
    "screen": _screen,
    "identify": _identify,
    "group": _group,
    "alias": _alias,
}


def _named(sent: Params) -> Params:
    return {name: sent[name] for name in ("name", "category") if sent.get(name)}


def _of_page(page: Mapping[str, Any]) -> Params:
    found = {
        "$current_url": page.get("url"),
        "$page_title": page.get("title"),
        "$referrer": page.get("referrer"),
    }
    return {name: value for name, value in found.items() if value and value != _DIRECT}


def _of_context(context: Params) -> Params:
    """Return what Tracker keeps of the context of a message."""
    kept = {}
    for part, names_in in _KEPT.items():
        found = context.get(part) if part else context
        if not isinstance(found, dict):
            continue
        for name, ours in names_in:
            value = found.get(name)
            if isinstance(value, str) and value:
                kept[ours] = value
    page = inner(context, "page")
    return {**kept, **_of_page(page)} if page else kept
