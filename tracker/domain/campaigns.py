"""Campaign attribution: UTM parameters, the click id and the channel of a page view, from its address and referrer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from tracker.domain.channels import (
    BRANDS,
    CAMPAIGN,
    CLICK_IDS,
    DIRECT,
    DOMAINS,
    MEDIUMS,
    PAID_MEDIUM,
    REFERRAL,
    SOURCES,
)

UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
#: Characters of a UTM value that are kept, and parameters of an address that are looked at.
MAX_VALUE_CHARACTERS, MAX_PARAMETERS = 255, 100
#: The end of a domain: `com`, `de`, `co.uk`. A brand before anything longer is somebody's subdomain.
_PUBLIC_SUFFIX = re.compile(r"[a-z]{2,3}(?:\.[a-z]{2})?")


def campaign_properties(url: str, referrer: str) -> dict[str, str]:
    """Return `$utm_source` … `$utm_content`, `$click_id` and `$channel`, as far as there are any.

    A view that was opened from another page of the same host has no channel: its visit has one already.
    """
    address, parameters = _address(url), _parameters(url)
    utm = {name: parameters[name] for name in UTM if parameters.get(name)}
    click_id = next((name for name in CLICK_IDS if parameters.get(name)), "")
    channel = _channel(utm, click_id, address, _address(referrer))
    found = {f"${name}": value for name, value in utm.items()} | {"$click_id": click_id, "$channel": channel}
    return {name: value for name, value in found.items() if value}


def _channel(utm: Mapping[str, str], click_id: str, host: str, referring_host: str) -> str:
    """Return what brought a visitor: what the address says goes before who referred."""
    medium, source = utm.get("utm_medium", "").lower(), utm.get("utm_source", "").lower()
    if click_id:
        return CLICK_IDS[click_id]
    if utm:
        is_paid = PAID_MEDIUM.fullmatch(medium) is not None
        by_medium = "" if is_paid else MEDIUMS.get(medium, "")
        return by_medium or _channel_of_source(source) or CAMPAIGN
    if not host or _bare(referring_host) == _bare(host):
        return ""
    return (channel_of_host(referring_host) or REFERRAL) if referring_host else DIRECT


def _channel_of_source(source: str) -> str:
    return SOURCES.get(source) or BRANDS.get(source) or channel_of_host(source)


def channel_of_host(host: str) -> str:
    """Return the channel that a referring host is known for; empty if it is none of the table."""
    labels = host.split(".")
    for start in range(len(labels)):
        rest = ".".join(labels[start:])
        if rest in DOMAINS:
            return DOMAINS[rest]
        if labels[start] in BRANDS and _PUBLIC_SUFFIX.fullmatch(".".join(labels[start + 1 :])):
            return BRANDS[labels[start]]
    return ""


def _bare(host: str) -> str:
    return host.removeprefix("www.")


def _address(url: str) -> str:
    """Return the host of a URL in small letters; empty if there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _parameters(url: str) -> dict[str, str]:
    """Return the query parameters that attribution reads, the first of each name."""
    _, has_query, query = url.partition("?")
    if not has_query:
        return {}
    query = "&".join(query.partition("#")[0].split("&", MAX_PARAMETERS)[:MAX_PARAMETERS])
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, errors="replace"):
        kept = value.strip()[:MAX_VALUE_CHARACTERS]
        if kept:
            found.setdefault(name if name in CLICK_IDS else name.lower(), kept)
    return found
