"""Server-side enrichment of browser events: user agent, URL parts, referring domain and client IP.

The request carries all of it, so no script has to send it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tracker.domain.campaigns import campaign_properties
from tracker.domain.channel_rules import NO_RULES, ChannelRules
from tracker.domain.event import CUT_PROPERTY, Event
from tracker.domain.time_zones import country_of_zone
from tracker.domain.user_agent import MAX_CHARACTERS, UNKNOWN_AGENT, parse_user_agent
from tracker.formats.event_limits import uuid_text
from tracker.times import iso_utc

#: The property with the user agent, up to MAX_CHARACTERS: bot detection can be run again on it.
AGENT = "$raw_user_agent"
#: The property with the time zone of the browser.
TIMEZONE = "$timezone"
#: Why an event is left out: the reason is that of a robot, or this one.
BOT, OWN_NETWORK = "$bot", "own network"


def enrich(
    event: Event,
    user_agent: str | None,
    kept_address: str | None,
    cut: Sequence[str] = (),
    is_image: bool = False,
    rules: ChannelRules = NO_RULES,
    is_own: bool = False,
) -> Event:
    """Add the properties that the client left out, and flag what is left out of reports. Returns the same event.

    A `user_agent` of None is not known: nothing follows from it, and no verdict. `kept_address` is the truncated client
    address, if the list stores it. `cut` names the properties that were too long. `is_image` says that the event was requested
    as the picture of a mail. `rules` are the list's own rules for channels. `is_own` says that it came from one of the list's
    own networks: it is left out like a robot's.
    """
    agent = UNKNOWN_AGENT if user_agent is None else parse_user_agent(user_agent, is_image)
    sent = event.properties
    found: dict[str, Any] = {
        **agent.properties,
        AGENT: (user_agent or "")[:MAX_CHARACTERS],
        "$list_id": event.list_id,
        "$uuid": None if event.uuid is None else uuid_text(event.uuid),
        "$sent_at": None if event.sent_at is None else iso_utc(event.sent_at),
        CUT_PROPERTY: cut,
        **page_properties(sent.get("$current_url"), sent.get("$referrer"), rules),
        "$country": country_of_zone(zone) if isinstance(zone := sent.get(TIMEZONE), str) else None,
        "$ip": kept_address,
    }
    if is_own and not agent.bot_reason:
        found[BOT] = OWN_NETWORK
    event.enriched = {name: value for name, value in found.items() if value and name not in sent}
    event.is_image, event.is_bot = is_image, BOT in found
    return event


def page_properties(url: Any, referrer: Any, rules: ChannelRules = NO_RULES) -> dict[str, str]:
    """Return what follows from a page's address and its referrer: host, path, referring domain, campaign and channel.

    Values that are no text say nothing. Some of the properties may be empty.
    """
    url, referrer = (value if isinstance(value, str) else "" for value in (url, referrer))
    return {
        "$host": _part(url, "netloc").rpartition("@")[2].lower(),
        "$pathname": _path(url),
        "$referring_domain": _part(referrer, "hostname"),
        **campaign_properties(url, referrer, rules),
    }


def _path(url: str) -> str:
    """Return the path of a page, followed by its fragment where that is a route (`#/cart`, `#!/cart`)."""
    route = _part(url, "fragment").partition("?")[0]
    return _part(url, "path") + (f"#{route}" if route.startswith(("/", "!")) else "")


def _part(url: str, name: str) -> str:
    """Return a part of a URL, or "" if the URL has none or cannot be parsed."""
    try:
        return getattr(urlsplit(url), name) or ""
    except ValueError:
        return ""
