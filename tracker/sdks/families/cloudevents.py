"""CloudEvents: events of back ends and brokers in the CNCF's format 1.0 over HTTP, binary, structured or batched."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote

from tracker.domain.event import IDENTIFY
from tracker.errors import CommandError
from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    Params,
    agent_of,
    conversion_of,
    event_id,
    identify,
    is_uuid,
    made,
    money_in,
    names,
    tied,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import inner, no_event

#: What a header of an attribute begins with, and the attributes without which there is no event.
_HEADER, _NEEDED = "ce-", ("id", "source", "type")
#: Whom an event is about, in its data or as an extension, whose names have no capitals.
_IDS = ("userId", "anonymousId", "email")
#: What JSON begins with that text seldom does.
_JSON = (b"{", b"[", b'"')

_NO_EVENT = "a CloudEvent has a specversion, in its JSON or as a header"


class CloudEvents(Adapter):
    """The neutral door of back ends and brokers. Its clients have no place for a key: the public id is in the address."""

    family = "cloudevents"
    title = "CloudEvents"
    routes: ClassVar[Mapping[str, str]] = {"POST /": "events"}

    def credential(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of_bearer(request.headers.get("authorization"))

    def events(self, request: SdkRequest) -> list[Item]:
        if f"{_HEADER}specversion" in request.headers:
            sent: list[Any] = [_binary(request)]
        else:
            sent = request.json if isinstance(request.json, list) else [request.json]
        if not any(map(_is_event, sent)):
            raise unreadable(_NO_EVENT)
        return tied(request, [self._read(request, each) for each in request.things(sent, _NO_EVENT)])

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(204, b"")

    def _read(self, request: SdkRequest, sent: Any) -> list[Params] | CommandError:
        if not _is_event(sent):
            return no_event(_NO_EVENT)
        if not all(isinstance(sent.get(name), str) and sent[name] for name in _NEEDED):
            return no_event("a CloudEvent has an id, a source and a type")
        data = _data(request, sent)
        properties = data if isinstance(data, dict) else {} if data is None else {"data": data}
        external_id, anonymous_id, email = _who(sent, properties)
        rest = {name: value for name, value in properties.items() if name not in _IDS[:2]}
        traits = inner(properties, "traits") or rest
        is_identify = sent["type"] == IDENTIFY
        named, refused = names(external_id, email or (traits.get("email") if is_identify else None))
        clock, late = times(request, sent.get("time"))
        options: Params = {
            "agent": agent_of(request),
            "UUID": visitor_uuid(anonymous_id),
            "EventID": event_id(sent["id"], sent["source"]),
        }
        said = {"$source": sent["source"], **refused, **late}
        if is_identify:
            return [identify(traits, said, named, clock, **options)]
        event = made(sent["type"], {**said, **properties}, named, clock, **options)
        return [event, *conversion_of(request, event, *money_in(properties))]


def _is_event(sent: Any) -> bool:
    return isinstance(sent, dict) and "specversion" in sent


def _binary(request: SdkRequest) -> Params:
    """Return the event whose attributes are headers, percent-encoded, and whose data is the body."""
    found: Params = {
        name.removeprefix(_HEADER): unquote(value)
        for name, value in request.headers.items()
        if name.startswith(_HEADER)
    }
    if not request.body:
        return found
    try:
        return {**found, "data": request.json}
    except CommandError:
        # The libraries call any text JSON, and read it as text. What begins as JSON has been damaged.
        if "json" in request.headers.get("content-type", "") and request.body.lstrip().startswith(_JSON):
            raise
        return {**found, "data": _text(request.body)}


def _text(data: bytes) -> str:
    """Return data that is no JSON as text, or as base64 if it is none, which is what a structured event would have."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return base64.b64encode(data).decode()


def _data(request: SdkRequest, sent: Params) -> Any:
    """Return the data of an event; data of bytes that are no JSON stays base64."""
    packed = sent.get("data_base64")
    if not isinstance(packed, str):
        return sent.get("data")
    try:
        return request.json_in(base64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError, CommandError):
        return packed


def _who(sent: Params, data: Params) -> tuple[Any, Any, Any]:
    """Return user id, anonymous id and address; the subject says which it is by its form."""
    user_id, anonymous_id, email = (data.get(name) or sent.get(name.lower()) for name in _IDS)
    subject = sent.get("subject")
    if user_id or anonymous_id or email or not isinstance(subject, str):
        return user_id, anonymous_id, email
    return (None, subject, None) if is_uuid(subject) else (subject, None, None)
