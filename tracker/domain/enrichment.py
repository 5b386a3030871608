"""Server-side enrichment of browser events: user agent, URL parts, referring domain and client IP.

The request carries all of it, so no script has to send it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

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
#: Pages of which a process remembers what follows from their addresses, and the characters of addresses that are remembered.
MAX_PAGES, MAX_PAGE_CHARACTERS = 1_000, 512
#: Why an event is left out: the reason is that of a robot, or this one.
BOT, OWN_NETWORK = "$bot", "own network"
_NO_PARTS = urlsplit("")


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
        "$sent_at": None if event.sent_at is None else _sent_text(event.sent_at),
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


#: The text of a time, remembered: all events of a batch were sent at one.
_sent_text = lru_cache(maxsize=64)(iso_utc)


def page_properties(url: Any, referrer: Any, rules: ChannelRules = NO_RULES) -> Mapping[str, str]:
    """Return what follows from a page's address and its referrer: host, path, referring domain, campaign and channel.

    Values that are no text say nothing.
    """
    url, referrer = url if isinstance(url, str) else "", referrer if isinstance(referrer, str) else ""
    if not url and not referrer:
        return {}
    is_short = len(url) + len(referrer) <= MAX_PAGE_CHARACTERS
    return _remembered_page(url, referrer, rules) if is_short else _page(url, referrer, rules)


def _page(url: str, referrer: str, rules: ChannelRules) -> Mapping[str, str]:
    address = _split(url)
    found = {
        "$host": address.netloc.rpartition("@")[2].lower(),
        "$pathname": address.path + _route(address.fragment),
        "$referring_domain": _split(referrer).hostname or "",
        **campaign_properties(url, referrer, rules),
    }
    return {name: value for name, value in found.items() if value}


#: Visitors see the same pages: taking an address apart is most of what an event's enrichment costs.
_remembered_page = lru_cache(MAX_PAGES)(_page)


def _route(fragment: str) -> str:
    """Return the fragment of an address where it is a route (`#/cart`, `#!/cart`)."""
    route = fragment.partition("?")[0]
    return f"#{route}" if route.startswith(("/", "!")) else ""


def _split(url: str) -> SplitResult:
    """Return the parts of a URL; all of them are empty if it cannot be parsed."""
    try:
        return urlsplit(url)
    except ValueError:
        return _NO_PARTS
