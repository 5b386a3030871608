"""What does Tracker add to the event of a browser? What the request says by itself, so that no script has to send it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tracker.domain.event import CUT_PROPERTY, Event
from tracker.domain.user_agent import MAX_CHARACTERS, parse_user_agent
from tracker.formats.event_limits import uuid_text
from tracker.times import iso_utc

#: The property that keeps the user agent, as far as it is read: a verdict about robots can be made again from it.
AGENT = "$raw_user_agent"


def enrich(
    event: Event, user_agent: str, kept_address: str | None, cut: Sequence[str] = (), is_image: bool = False
) -> Event:
    """Fill what the client left out, flag a robot, and mark the event as one that anybody may have sent.

    `cut` names the properties that were too long; `is_image`: it was asked for as the picture of a mail.
    """
    agent = parse_user_agent(user_agent, is_image)
    sent = event.properties
    found: dict[str, Any] = {
        **agent.properties,
        AGENT: user_agent[:MAX_CHARACTERS],
        "$list_id": event.list_id,
        "$uuid": None if event.uuid is None else uuid_text(event.uuid),
        "$sent_at": None if event.sent_at is None else iso_utc(event.sent_at),
        "$host": _part(sent.get("$current_url"), "netloc").rpartition("@")[2].lower(),
        "$pathname": _path(sent.get("$current_url")),
        CUT_PROPERTY: cut,
        "$referring_domain": _part(sent.get("$referrer"), "hostname"),
        "$ip": kept_address,
    }
    event.enriched = {name: value for name, value in found.items() if value and name not in sent}
    event.is_public, event.is_image, event.is_bot = True, is_image, agent.bot_reason is not None
    return event


def _path(url: Any) -> str:
    """The path of a page; of one that is a route of its fragment (`#/cart`, `#!/cart`), that too."""
    route = _part(url, "fragment").partition("?")[0]
    return _part(url, "path") + (f"#{route}" if route.startswith(("/", "!")) else "")


def _part(url: Any, name: str) -> str:
    """A part of a URL; empty if there is none."""
    if not isinstance(url, str):
        return ""
    try:
        return getattr(urlsplit(url), name) or ""
    except ValueError:
        return ""
