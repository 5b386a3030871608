"""Origins of pages: which of them a list can allow, and which are likely its own, since anybody can send calls in the name of one."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: An origin that can be allowed. Browsers send `null` for a page that has none.
PAGE_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?", re.IGNORECASE)
NO_ORIGIN = "null"
#: What `Sec-Fetch-Site` says of a request that the page of another origin makes.
_OF_ANOTHER = ("cross-site", "same-site")
_HOST_OF = re.compile(r"https?://([a-z0-9.-]+)", re.IGNORECASE)
#: Labels of a site's domain where the last two are like `co.uk`: short, below a country's.
_SHORT, _COUNTRY = 3, 2


def is_allowable(origin: str) -> bool:
    return PAGE_ORIGIN.fullmatch(origin) is not None


def page_origin(origin: str | None, referer: str | None, fetch_site: str | None) -> str | None:
    """Return the origin of the page that a browser sent a request from, given `Origin`, `Referer` and `Sec-Fetch-Site`.

    Pictures come without `Origin`. NO_ORIGIN: the browser says that there is another page, and not which; None: it says nothing.
    """
    if origin is not None:
        return origin
    found = PAGE_ORIGIN.match(referer or "")
    if found is not None and (referer or "")[found.end() : found.end() + 1] in ("", "/", "?", "#"):
        return found[0].lower()
    return NO_ORIGIN if fetch_site in _OF_ANOTHER else None


def is_near(origin: str, others: Iterable[str]) -> bool:
    """Whether an origin is of the same site as one of the others: `https://www.shop.example` and `http://shop.example:8080`."""
    site = _site_of(origin)
    return bool(site) and any(site == _site_of(each) for each in others)


def _site_of(origin: str) -> str:
    found = _HOST_OF.match(origin)
    if found is None or not is_allowable(origin):
        return ""
    labels = found[1].lower().strip(".").split(".")
    if labels[-1].isdigit():
        return ".".join(labels)
    is_second = len(labels) > 2 and len(labels[-1]) == _COUNTRY and len(labels[-2]) <= _SHORT
    return ".".join(labels[-3:] if is_second else labels[-2:])
