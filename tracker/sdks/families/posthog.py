"""PostHog: events of its browser SDK, of its libraries for servers in both capture modes, and its set and group calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tracker.domain.event import IDENTIFY
from tracker.errors import CommandError
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
    event_id,
    hashed,
    identify,
    is_uuid,
    made,
    money_in,
    names,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import base64_of, gunzipped, inner, no_event, other_list
from tracker.times import MAX_EPOCH_MS

#: The path of capture mode v1, whose answer has a result for each event.
_V1 = "i/v1/analytics/events"
#: Headers of that mode: the name and version of the SDK, and when it sent the request.
_V1_SDK, _V1_SENT_AT = "posthog-sdk-info", "posthog-request-timestamp"
_KEY_NAMES = ("api_key", "token")
#: Events that are no events for Tracker: replay, heatmaps, and what PostHog tells itself.
_DROPPED = frozenset(("$snapshot", "$snapshot_items", "$$heatmap", "$$client_ingestion_warning"))
_IDENTIFIES = ("$identify", "$set")
_GROUP = "$groupidentify"
_ALIASES = frozenset(("$create_alias", "$merge_dangerously"))
_NAMES = {"$pageview": PAGE_VIEW, "$screen": SCREEN_VIEW}
#: Whom PostHog's browser SDK names in its mode without cookies: nobody.
_COOKIELESS = "$posthog_cookieless"
#: Properties that are said in other words.
_IDS = ("distinct_id", "$distinct_id", "$device_id", "$user_id", "$anon_distinct_id", "alias")
_TAKEN = frozenset((*_IDS, "$set", "$set_once", "$group_set", "$group_key"))
#: A referrer that is none.
_DIRECT = "$direct"
_FLAGS = {
    "flags": {},
    "featureFlags": {},
    "errorsWhileComputingFlags": False,
    "sessionRecording": False,
}
_NO_MESSAGES = "a batch has messages"
_NO_MESSAGE = "a message has an event, a distinct_id and a key"
_KINDS = {400: "validation_error", 401: "authentication_error", 429: "throttled_error"}


class PostHog(Adapter):
    """PostHog's capture API. Its `$` names are Tracker's."""

    family = "posthog"
    title = "PostHog"
    max_body_bytes = 5 * 1024 * 1024
    routes: ClassVar[Mapping[str, str]] = {
        **{f"POST /{path}": "events" for path in ("batch", "e", "capture", "track", "engage", "i/v0/e", _V1)},
        "POST /s": "replay",
        "POST /flags": "flags",
        "POST /decide": "flags",
        "GET /array/{key}/config.js": "script",
        "GET /array/{key}/config": "config",
    }

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        """Return the credential of capture mode v1. It is no token of a bearer by its form: it has a colon."""
        scheme, _, key = request.headers.get("authorization", "").strip().partition(" ")
        return SdkCredential.of(key.strip()) if scheme.lower() == "bearer" and request.path == _V1 else None

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        envelope, messages = _messages(request)
        own = [each for each in _objects(messages) if "event" in each and _is_own(request, each, envelope)]
        if not own:
            raise unreadable(_NO_MESSAGE)
        keys = (key for each in own for key in _keys(request, each, envelope))
        return next(filter(None, map(SdkCredential.of, keys)), None)

    def events(self, request: SdkRequest) -> list[Item]:
        envelope, messages = _messages(request)
        return [self._read(request, each, envelope) for each in request.things(messages, _NO_MESSAGES)]

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        if request.path != _V1:
            return SdkReply(200, {"status": 1})
        results: Params = {}
        for message, refusal in zip(_messages(request)[1], outcomes, strict=True):
            if isinstance(message, dict) and isinstance(message.get("uuid"), str):
                results[message["uuid"]] = (
                    {"result": "drop", "details": refusal.message} if refusal else {"result": "ok"}
                )
        return SdkReply(200, {"results": results})

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        """Answer in PostHog's words. Its browser SDK drops events on 429, and waits on 503."""
        kind = _KINDS.get(refusal.status, "server_error" if refusal.status >= 500 else "invalid_request")
        body = {"type": kind, "code": str(refusal.code), "detail": refusal.message, "attr": None}
        is_page_at_limit = refusal.status == 429 and "origin" in request.headers
        return SdkReply(503 if is_page_at_limit else refusal.status, body)

    def replay(self, request: SdkRequest) -> SdkReply:
        """Answer to a recording of a session, which is not kept."""
        return SdkReply(200, {"status": 1})

    def flags(self, request: SdkRequest) -> SdkReply:
        return SdkReply(200, _FLAGS)

    def config(self, request: SdkRequest) -> SdkReply:
        return SdkReply(200, {})

    def script(self, request: SdkRequest) -> SdkReply:
        """Answer with a script that does nothing: the SDK then asks for the configuration itself."""
        return SdkReply(200, b"", media_type="application/javascript")

    def _read(self, request: SdkRequest, sent: Any, envelope: Params) -> list[Params] | CommandError:
        properties = inner(sent, "properties")
        distinct = _distinct(sent, properties) if isinstance(sent, dict) else ""
        if not distinct or not isinstance(sent.get("event"), str) or not _is_own(request, sent, envelope):
            return no_event(_NO_MESSAGE)
        if request.is_of_other_list(*_keys(request, sent, envelope)):
            return other_list()
        name = sent["event"]
        if name in _DROPPED:
            return []
        traits, said = _traits(sent, properties), _said(request, properties)
        agent = agent_of(request, properties.get("$raw_user_agent") or properties.get("$useragent"))
        who, refused = _who(request, name, distinct, {**properties, **inner(sent, "options")}, agent)
        named = names(None, traits.get("email"))[0]
        clock, late = _clock(request, sent, envelope)
        shared = (who, named, clock, address_of(request, properties.get("$ip")))
        own_id = event_id(sent.get("uuid") or properties.get("$insert_id"))
        options: Params = {"agent": agent, "EventID": own_id}
        said = {**said, **refused, **late}
        if name in _ALIASES:
            return [alias_of(distinct, properties.get("alias"), said, *shared, **options)]
        if name in _IDENTIFIES:
            return [identify(traits, said, *shared, **options), *_own_visitor(request, name, who)]
        if name == _GROUP:
            return [made(GROUP, {**_of_group(properties), **said}, *shared, **options)]
        event = made(_NAMES.get(name, name), said, *shared, **options)
        following = conversion_of(request, event, *money_in(properties))
        if inner(sent, "$set") or inner(properties, "$set"):
            following.append(
                identify(traits, {}, *shared, agent=agent, EventID=own_id and hashed("s", own_id))
            )
        return [event, *following]


def _messages(request: SdkRequest) -> tuple[Params, list[Any]]:
    """Return the envelope of a request, {} if it has none, and its messages."""
    sent = _sent(request)
    envelope = sent if isinstance(sent, dict) and "batch" in sent else {}
    messages = envelope["batch"] if envelope else sent if isinstance(sent, list) else [sent]
    if not isinstance(messages, list) or not messages:
        raise unreadable(_NO_MESSAGES)
    return envelope, messages


def _objects(messages: list[Any]) -> list[Params]:
    return [each for each in messages if isinstance(each, dict)]


def _sent(request: SdkRequest) -> Any:
    """Return the JSON of a request: the body, or in older SDKs the field `data`, in base64 or as it is."""
    if not request.body.startswith(b"data="):
        return request.json
    if "sent" not in request.memo:
        data = request.form["data"]
        is_plain = data[:1] in ("{", "[")
        packed = data.encode(errors="replace") if is_plain else base64_of(data)
        request.memo["sent"] = request.decoded(gunzipped(packed, request.max_bytes, request.is_known))
    return request.memo["sent"]


def _distinct(sent: Params, properties: Params) -> str:
    """Return whom a message is about; "" for nobody."""
    found = (each.get(name) for each in (sent, properties) for name in ("distinct_id", "$distinct_id"))
    named = next((each for each in found if each not in (None, "")), "")
    return str(named) if isinstance(named, (str, int)) and not isinstance(named, bool) else ""


def _keys(request: SdkRequest, sent: Params, envelope: Params) -> list[Any]:
    """Return the keys around a message and in it; where there are none, that of its properties, which may be the site's own."""
    found = [each[name] for each in (envelope, sent) for name in _KEY_NAMES if each.get(name)]
    if found or request.path == _V1:
        return found
    properties = inner(sent, "properties")
    return [properties[name] for name in _KEY_NAMES if properties.get(name)]


def _is_own(request: SdkRequest, sent: Params, envelope: Params) -> bool:
    """Whether a message is PostHog's: Mixpanel's have the key in their properties only, and their own name of the SDK."""
    if any(each.get(name) for each in (envelope, sent) for name in _KEY_NAMES):
        return True
    is_v1 = request.path.strip("/") == _V1 and "uuid" in sent
    return is_v1 or (bool(inner(sent, "properties").get("token")) and "$lib" in sent["properties"])


def _traits(sent: Params, properties: Params) -> Params:
    """Return what is said of a person. PostHog's own first values, which an event repeats, are none."""
    once = {**inner(properties, "$set_once"), **inner(sent, "$set_once")}
    first = {
        name: value
        for name, value in once.items()
        if value is not None and (name[:1] != "$" or name.startswith("$initial_"))
    }
    return {**first, **inner(properties, "$set"), **inner(sent, "$set")}


def _said(request: SdkRequest, properties: Params) -> Params:
    """Return the properties in Tracker's words."""
    library, _, version = request.headers.get(_V1_SDK, "").partition("/")
    said = {"$lib": library, "$lib_version": version} if library else {}
    said |= {name: value for name, value in properties.items() if name not in _TAKEN}
    if said.get("$referrer") == _DIRECT:
        del said["$referrer"]
    if "title" in said:
        said["$page_title"] = said.pop("title")
    return said


def _who(
    request: SdkRequest, name: str, distinct: str, properties: Params, agent: str
) -> tuple[Params, Params]:
    """Return the parameters that say whose an event is, and the property that keeps an id that Tracker refuses."""
    if distinct == _COOKIELESS:
        return {"UUID": request.visitor_of_day(request.address, agent)}, {}
    if name == _GROUP and not properties.get("$device_id") and (distinct[0] == "$" or is_uuid(distinct)):
        group = f"${properties.get('$group_type')}_{properties.get('$group_key')}"
        return {"UUID": visitor_uuid(group)}, {}
    is_identify = name == "$identify"
    device = (properties.get("$anon_distinct_id") if is_identify else None) or properties.get("$device_id")
    is_nobodys = is_uuid(distinct) or False in (
        properties.get("$process_person_profile"),
        properties.get("process_person_profile"),
    )
    if not is_identify and (distinct == device or (is_nobodys and not device)):
        return {"UUID": visitor_uuid(distinct)}, {}
    named, refused = names(distinct)
    return {**named, "UUID": visitor_uuid(device)}, refused


def _own_visitor(request: SdkRequest, name: str, who: Params) -> list[Params]:
    """Return the tie of an ID that is a UUID: a server that sends it alone sends what looks like a visitor's id."""
    external_id = who.get("ID")
    if name != "$identify" or not is_uuid(external_id):
        return []
    tie = {"Event": IDENTIFY, "UUID": visitor_uuid(external_id), "ID": external_id, "UserAgent": ""}
    by = "key" if request.has_secret else "public"
    return [{**tie, "EventID": hashed("t", by, tie["UUID"], external_id)}]


def _of_group(properties: Params) -> Params:
    found = {"$group_type": properties.get("$group_type"), "$group_id": properties.get("$group_key")}
    return {**inner(properties, "$group_set"), **{key: each for key, each in found.items() if each}}


def _clock(request: SdkRequest, sent: Params, envelope: Params) -> tuple[Params, Params]:
    """Return when a message happened: its time, or how many milliseconds it waited to be sent."""
    waited = sent.get("offset")
    if not sent.get("timestamp") and isinstance(waited, (int, float)) and not isinstance(waited, bool):
        is_time = abs(waited) < MAX_EPOCH_MS
        return times(request, request.now - int(waited) if is_time else waited)
    sent_at = envelope.get("sent_at") or sent.get("sent_at") or request.headers.get(_V1_SENT_AT)
    return times(request, sent.get("timestamp"), sent_at)
