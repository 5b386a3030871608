"""Umami: page views, events and identify calls of its script and of its clients for servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tracker.errors import CommandError
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkReply, SdkRequest
from tracker.sdks.mapping import (
    PAGE_VIEW,
    Params,
    address_of,
    agent_of,
    conversion_of,
    identify,
    made,
    money_in,
    names,
    screen_of,
    times,
    visitor_uuid,
)
from tracker.sdks.shapes import inner, no_event, other_list, things_of

_TYPES = ("event", "identify")


class Umami(Adapter):
    """Umami's collection API. It knows no visitor, and its ids are of people: an event has an `ID` or the visitor of a day."""

    family = "umami"
    title = "Umami"
    routes: ClassVar[Mapping[str, str]] = {"POST /api/send": "events", "POST /api/batch": "events"}

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        """Return the first website of a message. Its clients send a header `Bearer None`: no header is looked at."""
        websites = (inner(each, "payload").get("website") for each in things_of(request.json))
        return next(filter(None, map(SdkCredential.of, websites)), None)

    def events(self, request: SdkRequest) -> list[Item]:
        sent = request.json if isinstance(request.json, list) else [request.json]
        return [self._read(request, each) for each in request.things(sent, "a batch has messages")]

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        """Answer without a session: a message that comes with the id of one is not told from others here."""
        if not isinstance(request.json, list):
            return SdkReply(200, {"cache": "", "sessionId": "", "visitId": ""})
        refused = [{"index": at, "response": each.message} for at, each in enumerate(outcomes) if each]
        counts = {
            "size": len(outcomes),
            "processed": len(outcomes) - len(refused),
            "errors": len(refused),
        }
        return SdkReply(200, {**counts, "details": refused, "cache": ""})

    def _read(self, request: SdkRequest, sent: Any) -> list[Params] | CommandError:
        payload = inner(sent, "payload")
        kind = sent.get("type") if isinstance(sent, dict) else None
        if kind not in _TYPES or not isinstance(payload.get("website"), str):
            return no_event("a message has a type, event or identify, and a payload with a website")
        if request.is_of_other_list(payload["website"]):
            return other_list()
        data = inner(payload, "data")
        external_id = payload.get("id") or (data.get("id") if kind == "identify" else None)
        named, refused = names(external_id, data.get("email") if kind == "identify" else None)
        clock, late = times(request, payload.get("timestamp"))
        agent = agent_of(request, payload.get("userAgent"))
        address = address_of(request, payload.get("ip"))
        options: Params = {"agent": agent, "EventID": request.row_id}
        if not named:
            options["UUID"] = self._visitor(request, payload, agent, address)
        said = {**_said(payload), **refused, **late}
        if kind == "identify":
            traits = {name: value for name, value in data.items() if name != "id"}
            return [identify(traits, said, named, clock, address, **options)]
        event = made(payload.get("name") or PAGE_VIEW, {**said, **data}, named, clock, address, **options)
        return [event, *conversion_of(request, event, *money_in(data))]

    def _visitor(
        self, request: SdkRequest, payload: Params, agent: str, address: Mapping[str, str]
    ) -> str | None:
        of_day = request.visitor_of_day(address.get("IPAddress", request.address), agent)
        return visitor_uuid(payload.get("sessionId")) or of_day


def _said(payload: Params) -> Params:
    """Return what Tracker keeps of the page on which something happened. A path alone becomes the address of its host."""
    url, host = payload.get("url"), payload.get("hostname")
    if isinstance(url, str) and url.startswith("/") and isinstance(host, str) and host:
        url = f"https://{host}{url}"
    found = {
        "$current_url": url,
        "$page_title": payload.get("title"),
        "$referrer": payload.get("referrer"),
        "$browser_language": payload.get("language"),
        "tag": payload.get("tag"),
    }
    kept = {name: value for name, value in found.items() if isinstance(value, str) and value}
    return {**kept, **screen_of(payload.get("screen"), "x")}
