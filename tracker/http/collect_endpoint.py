"""Collect endpoint: browsers of any website send events to it with a list's public id: `/t/<id>` and `/t/<id>.gif`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from tracker.call import Answer, Call
from tracker.dispatch import Dispatcher, slash_too_many, without_spare_slashes
from tracker.errors import METHOD_NOT_ALLOWED, NOT_AUTHENTICATED, CommandError, hinted
from tracker.formats.credentials import is_public_id
from tracker.http.body.read_params import BodyRules
from tracker.http.command_endpoint import ANSWER, rules_of
from tracker.http.cors import cors_headers, preflight_headers
from tracker.http.message.json_log import log_failure
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.http.message.responses import HttpResponse, error_reply, no_content, picture, reply, unexpected
from tracker.http.message.wsgi_call import call_of
from tracker.http.throttle import Throttle
from tracker.http.unread import UnreadParams

PIXEL = ".gif"
#: The parameter that holds the id of the path.
ID_PARAM = "EventListTrackerID"
#: The origins that a public id's list allows (none: all); the second argument is a `time.monotonic()` second.
AllowedOrigins = Callable[[str, float], Sequence[str]]


class CollectEndpoint:
    """A WSGI application for all paths below `prefix`. CORS is answered here and nowhere else.

    `on_refused(tracker_id, origin, address)` is told of preflights that are not granted.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        throttle: Throttle,
        command: str,
        allowed_origins: AllowedOrigins,
        prefix: str,
        trusted_proxies: int,
        on_refused: Callable[[str, str, str], None] = lambda _id, _origin, _address: None,
    ) -> None:
        self._dispatcher, self._throttle = dispatcher, throttle
        self._command, self._allowed_origins = command, allowed_origins
        self.prefix, self._trusted_proxies = prefix, trusted_proxies
        self._on_refused = on_refused
        self.rules: BodyRules = rules_of(dispatcher.registry.find(command))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = self.reply(environ)
        start_response(sent.status_line, sent.headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" or not sent.body else (sent.body,)

    def max_body_bytes_at(self, _path: str) -> int:
        """Return the bytes that a body at a path of this endpoint may have."""
        return self.rules.max_bytes

    def reply(self, environ: dict[str, Any]) -> HttpResponse:
        """Answer the request in a WSGI environ; never raises."""
        try:
            return self._reply(environ)
        except Exception as failure:  # noqa: BLE001  the last resort of HTTP, as the dispatcher has one
            log_failure(environ.get(REQUEST_ID), failure)
            return error_reply(unexpected(environ.get(REQUEST_ID, "")))

    def _reply(self, environ: dict[str, Any]) -> HttpResponse:
        tracker_id = environ["PATH_INFO"].removeprefix(self.prefix)
        is_pixel, tracker_id = tracker_id.endswith(PIXEL), tracker_id.removesuffix(PIXEL)
        origin, methods = environ.get("HTTP_ORIGIN"), ("GET", "HEAD") if is_pixel else ("POST",)
        call = call_of(environ, self._command, {}, is_pixel, self._trusted_proxies)
        call.params, call.bearer = {ID_PARAM: tracker_id}, None
        call.sender = replace(call.sender, is_image=is_pixel)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            allowed = self._allowed_origins(tracker_id, call.deadline)
            granted = preflight_headers(origin, allowed, methods[0])
            if origin and allowed and origin not in allowed:
                self._on_refused(tracker_id, origin, call.address)
            return no_content({"Allow": ", ".join((*methods, "OPTIONS")), **granted})
        answer = environ[ANSWER] = self._answer(environ, call, methods)
        answer.headers |= cors_headers(origin, self._allowed_origins(tracker_id, call.deadline))
        respond = picture if is_pixel else reply
        return respond(answer.status, answer.body, answer.headers)

    def _answer(self, environ: dict[str, Any], call: Call, methods: Sequence[str]) -> Answer:
        method, hint = environ["REQUEST_METHOD"], self._slash_too_many(call.params[ID_PARAM])
        if method not in methods:
            headers = {"Allow": ", ".join((*methods, "OPTIONS"))}
            return self._dispatcher.refuse(
                call, CommandError(hinted(METHOD_NOT_ALLOWED, hint), headers=headers)
            )
        if hint is not None:
            return self._dispatcher.refuse(call, CommandError(hinted(NOT_AUTHENTICATED, hint)))
        call.method = "POST"  # a pixel tracks, though it is fetched with GET
        if method == "HEAD":
            return self._dispatcher.look(call)
        call.unread = UnreadParams(environ, call.deadline, self._throttle, self.rules, named=call.params)
        return self._dispatcher.answer(call)

    def _slash_too_many(self, tracker_id: str) -> str | None:
        """Return the hint for a public id with slashes around it, whether a list has it or not; None for anything else."""
        bare = without_spare_slashes(tracker_id)
        is_meant = bare != tracker_id and is_public_id(bare.removesuffix(PIXEL))
        return slash_too_many(f"{self.prefix}{bare}") if is_meant else None
