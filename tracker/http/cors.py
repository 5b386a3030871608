"""CORS: which pages of other origins may read an answer of the collect endpoint, never with credentials."""

from __future__ import annotations

from collections.abc import Sequence

#: The headers that a page's script may read: without this list a browser hides Retry-After from it.
_EXPOSED = (
    "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID, X-Tracker-Notes"
)
#: Seconds for which a browser need not repeat a preflight; the longest that any browser keeps one.
_PREFLIGHT_SECONDS = 86_400


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
