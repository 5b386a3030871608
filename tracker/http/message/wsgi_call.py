"""Call of a request: method, credential, client address, sender and deadline, read from headers and path."""

from __future__ import annotations

import time
from typing import Any

from tracker.call import CALL_SECONDS, Call
from tracker.caller import Misplaced, Sender
from tracker.formats.client_ip import client_address
from tracker.formats.credentials import bearer_token
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.http.message.request_id import request_id

#: The key of a WSGI environ that holds the call's deadline, if the request has queued already.
DEADLINE = "tracker.deadline"
_PURPOSES = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")
_IN_ADVANCE = ("prefetch", "prerender", "preview")


def call_of(
    environ: dict[str, Any],
    command: str | None,
    params: dict[str, Any],
    is_form: bool,
    trusted_proxies: int,
) -> Call:
    """Return the call of a request. HEAD is GET without the body of the answer."""
    method = environ["REQUEST_METHOD"]
    forwarded_for = environ.get("HTTP_X_FORWARDED_FOR")
    bearer = bearer_token(environ.get("HTTP_AUTHORIZATION"))
    return Call(
        command=command,
        method="GET" if method == "HEAD" else method,
        params=params,
        bearer=bearer,
        address=client_address(environ.get("REMOTE_ADDR") or "", forwarded_for, trusted_proxies),
        request_id=environ.get(REQUEST_ID) or request_id(environ),
        is_form=is_form,
        sender=_sender(environ),
        misplaced=_misplaced(environ) if bearer is None else None,
        deadline=environ.get(DEADLINE) or time.monotonic() + CALL_SECONDS,
    )


def _misplaced(environ: dict[str, Any]) -> Misplaced | None:
    """Return where a credential stands that is not read, of a request without a bearer token."""
    header = environ.get("HTTP_AUTHORIZATION")
    if header is not None:
        return "Basic" if header.strip()[:6].lower() == "basic " else "another scheme"
    return "X-API-Key" if "HTTP_X_API_KEY" in environ else None


def utf_8(header: str) -> str:
    """Decode a header as UTF-8, where it is: WSGI reads its bytes as Latin-1."""
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _sender(environ: dict[str, Any]) -> Sender:
    """Return the sender. Sec-GPC (Global Privacy Control) and DNT are 1 for a person who does not want to be tracked."""
    has_signal = environ.get("HTTP_SEC_GPC") == "1" or environ.get("HTTP_DNT") == "1"
    agent, last_event_id = (
        utf_8(environ.get("HTTP_USER_AGENT") or ""),
        environ.get("HTTP_LAST_EVENT_ID") or None,
    )
    return Sender(agent, environ.get("HTTP_ORIGIN"), has_signal, _is_prefetch(environ), last_event_id)


def _is_prefetch(environ: dict[str, Any]) -> bool:
    """Whether a browser fetches in advance. Sec-Purpose is the standard's header, the others are those of older browsers."""
    purposes = (environ.get(name) for name in _PURPOSES)
    return any(value.partition(";")[0].strip().lower() in _IN_ADVANCE for value in purposes if value)
