"""Plausible: page views and goals of its script, of its npm packages and of its events API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from tracker.errors import CommandError
from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkCredential, SdkReply, SdkRequest
from tracker.sdks.mapping import PAGE_VIEW, Params, address_of, agent_of, conversion_of, made, money_in
from tracker.sdks.shapes import inner, object_of

#: Names of the events that are Plausible's own: a page view, and how far and long a page was read.
_PAGE_VIEW, _HEARTBEAT = "pageview", "engagement"


class Plausible(Adapter):
    """Plausible's events API. Nothing names anybody in it: each event is one of the visitor of a day."""

    family = "plausible"
    title = "Plausible"
    routes: ClassVar[Mapping[str, str]] = {"POST /api/event": "events"}

    def credential_in_body(self, request: SdkRequest) -> SdkCredential | None:
        return SdkCredential.of(_either(object_of(request.json), "d", "domain"))

    def events(self, request: SdkRequest) -> list[Item]:
        sent = object_of(request.json)
        name, url = _either(sent, "n", "name"), _either(sent, "u", "url")
        if not isinstance(name, str) or not isinstance(url, str) or not _either(sent, "d", "domain"):
            raise unreadable("an event has n or name, u or url, and d or domain")
        if name == _HEARTBEAT:
            return [[]]
        properties, money = _properties(request, sent), _money(sent)
        said = {"$current_url": url, "$referrer": _either(sent, "r", "referrer")}
        kept = {key: value for key, value in said.items() if isinstance(value, str) and value}
        agent, address = agent_of(request), address_of(request, _forwarded(request))
        own = agent or request.headers.get("user-agent", "")
        visitor = request.visitor_of_day(address.get("IPAddress", request.address), own)
        name = PAGE_VIEW if name == _PAGE_VIEW else name
        event = made(name, {**kept, **properties}, address, agent=agent, UUID=visitor, EventID=request.row_id)
        value, currency, order_id = money_in({**properties, **money})
        return [[event, *conversion_of(request, event, value, currency, order_id)]]

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(202, "ok")


def _either(sent: Params, short: str, long: str) -> Any:
    return sent.get(short) if sent.get(short) is not None else sent.get(long)


def _properties(request: SdkRequest, sent: Params) -> Params:
    """Return the custom properties, which the old client writes as a text of JSON."""
    found = next((sent[name] for name in ("p", "props", "m", "meta") if sent.get(name)), None)
    if isinstance(found, str):
        try:
            found = request.json_in(found)
        except CommandError:
            return {}
    return found if isinstance(found, dict) else {}


def _money(sent: Params) -> Params:
    """Return the revenue of a goal in the words of properties."""
    found = inner(sent, "$") or inner(sent, "revenue")
    return {"revenue": found["amount"], "currency": found.get("currency")} if "amount" in found else {}


def _forwarded(request: SdkRequest) -> str:
    """Return the visitor's address as servers send it: the first in `X-Forwarded-For`."""
    return request.headers.get("x-forwarded-for", "").partition(",")[0].strip()
