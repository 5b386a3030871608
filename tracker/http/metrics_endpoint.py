"""Metrics endpoint: `/metrics` for those whom the settings name; for everybody else there is no such path."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from typing import Any

from werkzeug.exceptions import MethodNotAllowed, NotFound

from tracker.formats.client_ip import came_only_through
from tracker.formats.credentials import bearer_token
from tracker.http.message.responses import HttpResponse, raw_reply

PATH = "/metrics"
METHODS = ("GET", "HEAD")
#: Headers of proxies that tell of a client in other ways than X-Forwarded-For.
_OF_PROXIES = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")


class MetricsEndpoint:
    """Answers with `text()` whom both let in: the networks, and the token that `token()` returns, each if it is set.

    One of them has to be set. `token` is None where none is asked for; it returns None while there is none that can be read.
    """

    def __init__(
        self,
        text: Callable[[], str],
        media_type: str,
        networks: Collection[str] = (),
        token: Callable[[], str | None] | None = None,
    ) -> None:
        self._text, self._media_type, self._networks, self._token = text, media_type, networks, token

    def reply(self, environ: Mapping[str, Any]) -> HttpResponse:
        """Answer a request. Raises NotFound for a stranger, whatever the method."""
        if not (self._is_near(environ) and self._is_trusted(environ)):
            raise NotFound
        if environ["REQUEST_METHOD"] not in METHODS:
            raise MethodNotAllowed(METHODS)
        return raw_reply(200, self._text(), {}, self._media_type)

    def _is_near(self, environ: Mapping[str, Any]) -> bool:
        """Whether each address that a request has come through is named, and no proxy hides one."""
        if not self._networks:
            return True
        forwarded_for = environ.get("HTTP_X_FORWARDED_FOR")
        if forwarded_for is None and any(name in environ for name in _OF_PROXIES):
            return False
        return came_only_through(self._networks, environ.get("REMOTE_ADDR") or "", forwarded_for)

    def _is_trusted(self, environ: Mapping[str, Any]) -> bool:
        if self._token is None:
            return True
        sent, token = bearer_token(environ.get("HTTP_AUTHORIZATION")), self._token()
        return bool(sent and token) and hmac.compare_digest(str(sent).encode(), str(token).encode())
