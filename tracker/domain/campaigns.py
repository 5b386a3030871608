"""Campaign attribution: UTM parameters, the click id and the channel of a page view, from its address and referrer."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, urlsplit

from tracker.domain.channel_rules import NO_RULES, ChannelRules
from tracker.domain.channels import (
    ANYWHERE,
    APPS,
    BRANDS,
    CAMPAIGN,
    CLICK_IDS,
    DIRECT,
    DOMAINS,
    HOME_LABELS,
    MEDIUMS,
    REFERRAL,
    SOURCES,
)

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
#: Characters of a UTM value that are kept, and parameters of an address that are looked at.
MAX_VALUE_CHARACTERS, MAX_PARAMETERS = 255, 100
#: Characters of a domain name (RFC 1035, 2.3.4). Looking a name up costs the square of its labels.
MAX_HOST_CHARACTERS = 253
#: The end of a domain: `com`, `de`, `co.uk`. A brand before anything longer is somebody's subdomain.
_PUBLIC_SUFFIX = re.compile(r"(?:(?:com?|org|net|gov|edu|ac)\.)?[a-z]{2,3}")
_WEB = ("http", "https")


def campaign_properties(url: str, referrer: str, rules: ChannelRules = NO_RULES) -> dict[str, str]:
    """Return `$utm_source` … `$utm_content`, `$click_id` and `$channel`, as far as there are any.

    `rules` are those of the list, which go before the channel table. A view that was opened from another page of the same
    host has no channel: its visit has one already.
    """
    address = _host(url, _WEB)
    if not address:
        return {}
    parameters = _parameters(url, rules.click_ids)
    utm = {name: parameters[name] for name in UTM if parameters.get(name)}
    click_ids = (*rules.click_ids, *CLICK_IDS) if rules else CLICK_IDS
    click_id = next((name for name in click_ids if name in parameters), "") if parameters else ""
    own = rules.of_address(parameters) if rules and parameters else ""
    channel = own or _channel(utm, click_id, address, referrer, rules)
    found = {f"${name}": value for name, value in utm.items()} | {"$click_id": click_id, "$channel": channel}
    return {name: value for name, value in found.items() if value}


def _channel(utm: Mapping[str, str], click_id: str, host: str, referrer: str, rules: ChannelRules) -> str:
    """Return what brought a visitor: what the address says goes before who referred."""
    medium, source = utm.get("utm_medium", "").lower(), utm.get("utm_source", "").lower()
    if click_id:
        return CLICK_IDS[click_id]
    if utm:
        return MEDIUMS.get(medium) or _channel_of_source(source) or CAMPAIGN
    if not referrer:
        return DIRECT
    app = _host(referrer, ("android-app",))
    if app:
        return APPS.get(app, REFERRAL)
    referring_host = _host(referrer, _WEB)
    if not referring_host or _bare(referring_host) == _bare(host):
        return ""
    return rules.of_host(referring_host) or channel_of_host(referring_host) or REFERRAL


def _channel_of_source(source: str) -> str:
    return SOURCES.get(source) or BRANDS.get(source) or channel_of_host(source)


def channel_of_host(host: str) -> str:
    """Return the channel that a referring host is known for; empty if it is none of the table."""
    labels = host.split(".")
    for start in range(len(labels)):
        rest = ".".join(labels[start:])
        if rest in DOMAINS:
            return DOMAINS[rest]
        channel = BRANDS.get(labels[start])
        if channel is not None and _PUBLIC_SUFFIX.fullmatch(".".join(labels[start + 1 :])):
            is_home = channel in ANYWHERE or start == 0 or labels[start - 1] in HOME_LABELS
            return channel if is_home else ""
    return ""


def _bare(host: str) -> str:
    return host.removeprefix("www.")


def _host(url: str, schemes: Collection[str]) -> str:
    """Return the host of a URL of one of the schemes, in small letters; empty if there is none."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".") if parts.scheme in schemes else ""
    except ValueError:
        return ""
    return host if len(host) <= MAX_HOST_CHARACTERS else ""


def _parameters(url: str, click_ids: Collection[str]) -> dict[str, str]:
    """Return the query parameters that attribution reads, the first of each name; UTM names count in any letter case."""
    _, has_query, query = url.partition("?")
    if not has_query:
        return {}
    query = "&".join(query.partition("#")[0].split("&", MAX_PARAMETERS)[:MAX_PARAMETERS])
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, errors="replace"):
        kept = "".join(filter(str.isprintable, value.replace("\ufffd", ""))).strip()[:MAX_VALUE_CHARACTERS]
        if kept:
            found.setdefault(name if name in CLICK_IDS or name in click_ids else name.lower(), kept)
    return found
