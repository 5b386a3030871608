"""Server-side enrichment of browser events: user agent, URL parts, referring domain and client IP.

The request carries all of it, so no script has to send it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tracker.domain.campaigns import campaign_properties
from tracker.domain.event import CUT_PROPERTY, Event
from tracker.domain.user_agent import MAX_CHARACTERS, parse_user_agent
from tracker.formats.event_limits import uuid_text
from tracker.times import iso_utc

#: The property with the user agent, up to MAX_CHARACTERS: bot detection can be run again on it.
AGENT = "$raw_user_agent"


def enrich(
    event: Event, user_agent: str, kept_address: str | None, cut: Sequence[str] = (), is_image: bool = False
) -> Event:
    """Add the properties that the client left out, flag a robot, and mark the event as public. Returns the same event.

    `kept_address` is the truncated client address, if the list stores it. `cut` names the properties that were too long.
    `is_image` says that the event was requested as the picture of a mail.
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
        **_campaign(sent.get("$current_url"), sent.get("$referrer")),
        "$ip": kept_address,
    }
    event.enriched = {name: value for name, value in found.items() if value and name not in sent}
    event.is_public, event.is_image, event.is_bot = True, is_image, agent.bot_reason is not None
    return event


def _campaign(url: Any, referrer: Any) -> dict[str, str]:
    if not isinstance(url, str):
        return {}
    return campaign_properties(url, referrer if isinstance(referrer, str) else "")


def _path(url: Any) -> str:
    """Return the path of a page, followed by its fragment where that is a route (`#/cart`, `#!/cart`)."""
    route = _part(url, "fragment").partition("?")[0]
    return _part(url, "path") + (f"#{route}" if route.startswith(("/", "!")) else "")


def _part(url: Any, name: str) -> str:
    """Return a part of a URL, or "" if the URL has none or cannot be parsed."""
    if not isinstance(url, str):
        return ""
    try:
        return getattr(urlsplit(url), name) or ""
    except ValueError:
        return ""
