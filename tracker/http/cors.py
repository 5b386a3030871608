"""CORS: which pages of other origins may read an answer of the collect endpoint and of the SDK door."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

#: The headers that a page's script may read: without this list a browser hides Retry-After from it.
_EXPOSED = (
    "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID, X-Tracker-Notes"
)
#: Seconds for which a browser need not repeat a preflight; the longest that any browser keeps one.
_PREFLIGHT_SECONDS = 86_400
#: The names of headers that a preflight may ask for: SDKs add some to what they send again, so no list would have them all.
_NAMES = re.compile(r"[A-Za-z0-9_ ,-]{1,1000}")


def cors_headers(origin: str | None, allowed: Sequence[str]) -> dict[str, str]:
    """Return the headers of an answer: `*`, or the origin that asks, where the list allows only some."""
    shared = {"Cross-Origin-Resource-Policy": "cross-origin"}
    if not allowed:
        return {**shared, "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _EXPOSED}
    if origin is None or origin not in allowed:
        return {**shared, "Vary": "Origin"}
    return {
        **shared,
        "Vary": "Origin",
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _EXPOSED,
    }


def preflight_headers(origin: str | None, allowed: Sequence[str], method: str) -> dict[str, str]:
    """Return the headers that answer a preflight, which browsers send before a page may post JSON."""
    granted = cors_headers(origin, allowed)
    if "Access-Control-Allow-Origin" not in granted:
        return granted
    return {
        **granted,
        "Access-Control-Allow-Methods": method,
        "Access-Control-Allow-Headers": "Content-Type, Content-Encoding",
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }


def sdk_headers(origin: str | None, allowed: Sequence[str], is_credentialed: bool) -> dict[str, str]:
    """Return the headers of an answer to an SDK. `is_credentialed`: it may send cookies, which nothing here depends on.

    A browser shows an answer to such a request only if it names the page's origin.
    """
    granted = cors_headers(origin, (origin,) if is_credentialed and origin and not allowed else allowed)
    if is_credentialed and "Access-Control-Allow-Origin" in granted:
        granted["Access-Control-Allow-Credentials"] = "true"
    return granted


def sdk_preflight_headers(
    methods: Iterable[str], asked: str | None, granted: dict[str, str]
) -> dict[str, str]:
    """Return the headers that answer a preflight of an SDK, with those of the answer and the headers that it asks for."""
    if "Access-Control-Allow-Origin" not in granted:
        return granted
    return {
        **granted,
        "Access-Control-Allow-Methods": ", ".join(methods),
        "Access-Control-Allow-Headers": asked if asked and _NAMES.fullmatch(asked) else "Content-Type",
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }
