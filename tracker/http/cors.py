"""Which pages of other origins may read an answer? CORS, for the public door only, and never with credentials."""

from __future__ import annotations

from collections.abc import Sequence

#: What a script may read of an answer beside its body: without it a browser keeps Retry-After to itself.
_EXPOSED = (
    "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-ID, X-Tracker-Notes"
)
#: For how long a browser need not ask again; the longest that any of them keeps.
_PREFLIGHT_SECONDS = 86_400


def cors_headers(origin: str | None, allowed: Sequence[str]) -> dict[str, str]:
    """The headers of an answer: `*`, or the very origin that asks when only some are allowed."""
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
    """The answer to a browser that asks before it sends: pages that send JSON as such do."""
    granted = cors_headers(origin, allowed)
    if "Access-Control-Allow-Origin" not in granted:
        return granted
    return {
        **granted,
        "Access-Control-Allow-Methods": method,
        "Access-Control-Allow-Headers": "Content-Type, Content-Encoding",
        "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
    }
