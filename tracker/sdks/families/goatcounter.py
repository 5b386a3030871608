"""GoatCounter: what its count.js and its pixel count. The parameters are those of goatcounter.com/help/pixel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urljoin

from tracker.registry.json_object import unreadable
from tracker.sdks.adapter import Adapter, Item, Outcomes, SdkReply, SdkRequest
from tracker.sdks.mapping import PAGE_VIEW, agent_of, made, screen_of
from tracker.sdks.shapes import PIXEL

_TRUE = ("true", "1", "on", "t", "yes")
_FALSE = ("", "false", "0", "off", "f", "no")


class GoatCounter(Adapter):
    """GoatCounter's `/count`. It has no place for a key: the public id stands in the address."""

    family = "goatcounter"
    title = "GoatCounter"
    routes: ClassVar[Mapping[str, str]] = {"GET /count": "events", "POST /count": "events"}

    def events(self, request: SdkRequest) -> list[Item]:
        sent = request.query
        path, flag = sent.get("p", ""), sent.get("e", "").lower()
        is_event = flag in _TRUE
        if not path or flag not in (*_TRUE, *_FALSE) or not (is_event or path.startswith("/")):
            raise unreadable("p is a path, or the name of an event if e is true")
        said = {
            "$current_url": _page(request, "" if is_event else path),
            "$page_title": sent.get("t"),
            "$referrer": sent.get("r"),
            "$pathname": None if is_event else path,
        }
        kept = {name: value for name, value in said.items() if value}
        if "$current_url" in kept:
            kept.pop("$pathname", None)
        agent = agent_of(request)
        properties = {**kept, **screen_of(sent.get("s"), ",")}
        visitor = request.visitor_of_day(request.address, agent)
        return [[made(path if is_event else PAGE_VIEW, properties, agent=agent, UUID=visitor)]]

    def answer(self, request: SdkRequest, outcomes: Outcomes) -> SdkReply:
        return SdkReply(200, PIXEL, media_type="image/gif")


def _page(request: SdkRequest, path: str) -> str:
    """Return the address of the page: the path and the query that were sent, at the host that the browser names."""
    page = request.headers.get("referer") or request.headers.get("origin") or ""
    if not page.startswith(("http://", "https://")):
        return ""
    query = request.query.get("q", "")
    is_whole = not query or "?" in path
    try:
        return urljoin(page, path if is_whole else f"{path}?{query.removeprefix('?')}") if path else page
    except ValueError:
        return ""
