"""Mixpanel: events, profiles and groups of its SDKs, by `/track`, `/engage`, `/groups` and `/import`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from tracker.errors import CommandError
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    ALIAS,
    GROUP,
    PAGE_VIEW,
    Params,
    address_of,
    agent_of,
    conversion_of,
    event_id,
    identify,
    made,
    money_in,
    names,
    occurrence_id,
    tied,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import PIXEL, base64_of, inner, no_event, other_list, things_of

_ENGAGE, _GROUPS, _IMPORT = "engage", "groups", "import"
_DEVICE = "$device:"
#: What other SDKs' events have beside their name and properties, and Mixpanel's have not.
_FOREIGN = frozenset(("api_key", "distinct_id", "uuid", "timestamp", "messageId", "type", "userId"))
#: Properties of profiles that have a name of their own in Mixpanel.
_TRAITS = {
    f"${name}": name
    for name in ("email", "name", "first_name", "last_name", "phone", "city", "region", "avatar", "created")
}
#: Properties in Tracker's words.
_PROPERTIES = {"current_page_title": "$page_title"}
_TAKEN = frozenset(
    ("time", "$insert_id", "mp_lib", "distinct_id", "$device_id", "$user_id", "$anon_distinct_id")
)
#: The first byte of half a character, and how many may stand in what a stranger sends.
_HALF, _MAX_STRANGERS_HALVES = b"\xed", 4_000
_NO_REFERRER = "$direct"


class Mixpanel(Adapter):
    """Mixpanel's ingestion API. Bodies are JSON, or a form or a query with a field `data`, in base64 or as it is."""

    family = "mixpanel"
    title = "Mixpanel"
    max_body_bytes = 2 * 1024 * 1024
    is_credentialed = True
    routes: ClassVar[Mapping[str, str]] = {
        **{
            f"{method} /{path}": "events"
            for path in ("track", _ENGAGE, _GROUPS)
            for method in ("POST", "GET")
        },
        f"POST /{_IMPORT}": "events",
        **{
            f"{method} /{path}": "nothing"
            for path in ("decide", "settings", "flags")
            for method in ("POST", "GET")
        },
    }

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of_basic(request.headers.get("authorization"))

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        """Return the first credential in an object. What stands in an address is no secret."""
        tokens = (token for each in things_of(_sent(request)[0]) for token in _tokens(each))
        found = next(filter(None, map(SdkCredential.of, tokens)), None)
        return found and (found if request.body else found._replace(secret=None))

    def nothing(self, request: SdkRequest) -> SdkReply:
        """Answer to a question about settings and flags: there are none."""
        return SdkReply(200, {})

    def events(self, request: SdkRequest) -> list[Item]:
        path = request.path.strip("/")
        read = {_ENGAGE: _profile, _GROUPS: _group}.get(path, _event)
        sent = things_of(_sent(request)[0])
        request.take(len(sent))
        return tied(request, [_refused(request, each) or read(request, each) for each in sent])

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        """Answer with the one character that says all is well, or what those want who ask for more words."""
        options = {**request.query, **_sent(request)[1]}
        if options.get("img") == "1":
            return SdkReply(200, PIXEL, media_type="image/gif")
        if options.get("verbose") == "1":
            return SdkReply(200, {"status": 1, "error": None})
        return _imported(request, outcomes) if request.path == _IMPORT else SdkReply(200, "1")

    def refused(self, request: SdkRequest, refusal: SdkRefusal) -> SdkReply:
        return SdkReply(refusal.status, {"status": 0, "error": refusal.message, "code": refusal.status})


def _sent(request: SdkRequest) -> tuple[Any, dict[str, str]]:
    """Return the JSON of a request, and the fields that stood beside it."""
    fields = request.form if request.body.startswith(b"data=") else request.query
    if "data" not in fields:
        return request.json, {}
    if "sent" not in request.memo:
        data = fields["data"]
        is_plain = data.lstrip()[:1] in ("{", "[")
        packed = data.encode(errors="replace") if is_plain else _utf_8(base64_of(data), request.is_known)
        request.memo["sent"] = request.decoded(packed)
    return request.memo["sent"], fields


def _utf_8(packed: bytes, is_known: bool) -> bytes:
    """Return as UTF-8 what may be CESU-8: the browser SDK writes each half of a character beyond 16 bits by itself.

    A half costs 0.5 µs: a stranger's are joined only where they are few.
    """
    try:
        packed.decode()
    except UnicodeDecodeError:
        if not is_known and packed.count(_HALF) > _MAX_STRANGERS_HALVES:
            return packed
        with suppress(UnicodeError):
            halves = packed.decode(errors="surrogatepass").encode("utf-16", "surrogatepass")
            return halves.decode("utf-16", "replace").encode()
    return packed


def _imported(request: SdkRequest, outcomes: Outcomes) -> SdkReply:
    """Answer to an import: with `strict=1` it says which records failed; the others are stored."""
    failed = [
        {"index": at, "insert_id": "", "field": "", "message": each.message}
        for at, each in enumerate(outcomes)
        if each
    ]
    count = {"num_records_imported": len(outcomes) - len(failed)}
    if not failed or request.query.get("strict") == "0":
        return SdkReply(200, {"code": 200, "status": "OK", **count})
    error = "some data points in the request failed validation"
    return SdkReply(
        400, {"code": 400, "status": "Bad Request", "error": error, "failed_records": failed, **count}
    )


def _tokens(sent: Any) -> tuple[Any, Any]:
    return inner(sent, "properties").get("token"), sent.get("$token") if isinstance(sent, dict) else None


def _refused(request: SdkRequest, sent: Any) -> CommandError | None:
    """Return why a thing is refused that is no object, or has the token of another list."""
    if not isinstance(sent, dict):
        return no_event("an event is an object")
    return other_list() if request.is_of_other_list(*_tokens(sent)) else None


def _event(request: SdkRequest, sent: Params) -> list[Params] | CommandError:
    properties = inner(sent, "properties")
    is_import = request.path == _IMPORT and "time" in properties
    if not isinstance(sent.get("event"), str) or not (properties.get("token") or is_import):
        return no_event("an event has a name as event, and properties with a token")
    if not _FOREIGN.isdisjoint(sent):
        return no_event("an event has nothing beside event and properties")
    name = sent["event"]
    clock, late = times(request, properties.get("time"))
    who, refused = _who(properties)
    options: Params = {"agent": agent_of(request), "EventID": event_id(properties.get("$insert_id"))}
    shared = (clock, address_of(request, properties.get("ip")))
    said = {**_said(properties), **refused, **late}
    if name == "$create_alias":
        who.pop("UUID", None)
        said["previous_id"] = said.pop("alias", None)
        return [made(ALIAS, said, who, *shared, **options)]
    if name == "$identify":
        return [identify({}, said, who, *shared, **options)]
    event = made(PAGE_VIEW if name == "$mp_web_page_view" else name, said, who, *shared, **options)
    return [event, *conversion_of(request, event, *money_in(properties))]


def _profile(request: SdkRequest, sent: Params) -> list[Params] | CommandError:
    """Read an update of a profile: what is set, and what was paid."""
    if not sent.get("$token") or "$distinct_id" not in sent:
        return no_event("a profile has a $token and a $distinct_id")
    traits = _traits(sent)
    who, refused = _who({"distinct_id": sent["$distinct_id"], "$device_id": sent.get("$device_id")})
    if traits:
        named = {_TRAITS.get(name, name): value for name, value in traits.items()}
        email, wrong = names(None, named.get("email"))
        return [identify(named, {**refused, **wrong}, who, email, agent=agent_of(request))]
    paid = inner(inner(sent, "$append"), "$transactions")
    if "$amount" not in paid:
        return []
    happened = paid.get("$time")
    is_zoneless = isinstance(happened, str) and len(happened) == len("2026-01-05T09:00:00")
    clock, late = times(request, f"{happened}Z" if is_zoneless else happened)
    own = occurrence_id(request, "p", sent["$distinct_id"], paid) if happened else None
    said = {**paid, **refused, **late}
    event = made("$transactions", said, who, clock, agent=agent_of(request), EventID=own)
    _, currency, order_id = money_in(paid)
    return [event, *conversion_of(request, event, paid["$amount"], currency, order_id)]


def _group(request: SdkRequest, sent: Params) -> list[Params] | CommandError:
    """Read an update of a group. It is nobody's: it gets a visitor that stands for the group."""
    key, group_id = sent.get("$group_key"), sent.get("$group_id")
    if not sent.get("$token") or not key or not group_id:
        return no_event("a group has a $token, a $group_key and a $group_id")
    traits = _traits(sent)
    if not traits:
        return []
    said = {**traits, "$group_type": key, "$group_id": group_id}
    return [made(GROUP, said, agent=agent_of(request), UUID=visitor_uuid(f"${key}_{group_id}"))]


def _traits(sent: Params) -> Params:
    """Return what an update sets; the browser SDK sets each first value of a campaign once, be it null."""
    once = {name: value for name, value in inner(sent, "$set_once").items() if value is not None}
    return {**once, **inner(sent, "$set")}


def _who(properties: Params) -> tuple[Params, Params]:
    """Return visitor and ID, and the property that keeps an id that Tracker refuses."""
    distinct, device = properties.get("distinct_id"), properties.get("$device_id")
    if isinstance(distinct, str) and distinct.startswith(_DEVICE):
        device, distinct = device or distinct, None
    before = properties.get("$anon_distinct_id")
    device = before if isinstance(before, str) and before.startswith(_DEVICE) else device or before
    external_id = properties.get("$user_id") or (distinct if distinct != device else None)
    named, refused = names(external_id)
    visitor = visitor_uuid(device)
    return {**named, **({"UUID": visitor} if visitor else {})}, refused


def _said(properties: Params) -> Params:
    """Return the properties in Tracker's words."""
    library = properties.get("mp_lib")
    said = {"$lib": f"mixpanel-{library}"} if isinstance(library, str) else {}
    said |= {_PROPERTIES.get(name, name): each for name, each in properties.items() if name not in _TAKEN}
    if said.get("$referrer") == _NO_REFERRER:
        del said["$referrer"]
    return said
