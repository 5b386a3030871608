"""CSRF protection: per-session HMAC tokens in forms, plus `Origin` and `Sec-Fetch-Site` checks."""

from __future__ import annotations

import hmac
import secrets

from flask import g, request

from tracker.console.cookies import form_secret, session_id
from tracker.console.page_context import desk

FIELD = "token"
SIGN_IN = "/sign-in"
#: Fields, and escaped characters, of a form at most: no form of the console has more.
MAX_FIELDS, MAX_ESCAPES = 500, 5_000
SAFE_METHODS = ("GET", "HEAD")
#: Bytes of a token, and of the mask that is sent before it.
_BYTES = 32


class CsrfError(Exception):
    """A POST that is from no form of the console, or from an outdated one."""


class SignedOut(Exception):
    """The request has no session."""


def form_token(action: str = "") -> str:
    """Return the token for a form that is sent to `action`: an HMAC of the session, which reveals nothing of it.

    It is masked by random bytes of this answer's own: pages are compressed, and nothing in them may stay the same
    (BREACH).
    """
    if "form_mask" not in g:
        g.form_mask = secrets.token_bytes(_BYTES)
    mask: bytes = g.form_mask
    return (mask + _xored(mask, _token_of(_secret_for(action) or ""))).hex()


def check() -> None:
    """Check a POST. Raises CsrfError if it is not from a form of the console, SignedOut if there is no session."""
    if request.method in SAFE_METHODS:
        return
    if not is_from_us(request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")):
        raise CsrfError
    secret = _secret_for(request.path)
    if secret is None:
        raise SignedOut
    if not _may_be_ours(request.get_data(), request.mimetype):
        raise CsrfError
    if not hmac.compare_digest(_unmasked(request.form.get(FIELD, "")), _token_of(secret)):
        raise CsrfError


def _may_be_ours(body: bytes, mimetype: str) -> bool:
    """Whether the body may be a console form. Checked before parsing, which costs 0.4 ms a kilobyte of a hostile form."""
    is_form = not body or mimetype == "application/x-www-form-urlencoded"
    return is_form and body.count(b"&") < MAX_FIELDS and body.count(b"%") <= MAX_ESCAPES


def _secret_for(action: str) -> str | None:
    """Return the secret of a form's token; the sign-in form has one of its own, signed in or not."""
    return form_secret() if action == SIGN_IN else session_id()


def _token_of(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"a form of the console", "sha256")


def _unmasked(sent: str) -> bytes:
    """Return the token of a form's field; nothing if it is none."""
    try:
        both = bytes.fromhex(sent)
    except ValueError:
        return b""
    return _xored(both[:_BYTES], both[_BYTES:]) if len(both) == 2 * _BYTES else b""


def _xored(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def is_from_us(fetch_site: str | None, origin: str | None) -> bool:
    """Whether a request is from a page of the console. Browsers set both headers, no page can forge them; programs send none."""
    if fetch_site is not None and fetch_site not in ("same-origin", "none"):
        return False
    # A proxy in front may use another scheme with browsers than with Tracker, and another host name.
    ours = (f"http://{request.host}", f"https://{request.host}", desk().settings.public_url)
    return origin is None or origin in ours
