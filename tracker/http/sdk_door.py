"""SDK door: other trackers' SDKs send their requests to `/sdk/<family>/…`, and an adapter of that family reads them."""

from __future__ import annotations

import hmac
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from tracker.call import Answer, Call
from tracker.dispatch import Dispatcher
from tracker.errors import (
    METHOD_NOT_ALLOWED,
    STORAGE_UNAVAILABLE,
    UNKNOWN_COMMAND,
    CommandError,
    StorageUnavailable,
)
from tracker.formats.credentials import is_public_id
from tracker.formats.page_origins import page_origin
from tracker.http.access_log import loggable_path
from tracker.http.body.reader import MAX_BODY_BYTES
from tracker.http.collect_endpoint import AllowedOrigins
from tracker.http.command_endpoint import ANSWER
from tracker.http.cors import sdk_headers, sdk_preflight_headers
from tracker.http.hushed_log import HushedLog
from tracker.http.message.json_log import log_failure
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.http.message.responses import HttpResponse, error_reply, no_content, raw_reply, unexpected
from tracker.http.message.wsgi_call import call_of, utf_8
from tracker.http.sdk_calls import ID_PARAM, SdkEvents, answers, joined, refusal_of
from tracker.http.throttle import Throttle
from tracker.sdks import EVENTS, Adapter, Adapters, Outcomes, SdkRefusal, SdkReply, SdkRequest
from tracker.sdks.adapter_table import ListedAdapter, parts_of

#: The command for those who have a list's public id alone, and the one for those who have an API key too.
PUBLIC_COMMAND, KEY_COMMAND = "event.collect", "event.batch"
#: How long a browser keeps what a side endpoint answers.
_SIDE_CACHING = "max-age=300"
_DAY_MS = 86_400_000


class SdkDoor:
    """A WSGI application for all paths below `prefix`. CORS is answered on each of them, refusals included.

    `knows(text, deadline)` says whether a good API key stands in a text, and `secret_of_day(day, deadline)` returns bytes that
    all processes share for a day.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        throttle: Throttle,
        adapters: Adapters,
        allowed_origins: AllowedOrigins,
        knows: Callable[[bytes, float], bool],
        secret_of_day: Callable[[int, float], bytes],
        prefix: str,
        trusted_proxies: int = 0,
    ) -> None:
        self._dispatcher, self._throttle, self._adapters = dispatcher, throttle, adapters
        self._allowed_origins, self._knows, self._secret_of_day = allowed_origins, knows, secret_of_day
        self.prefix, self._trusted_proxies = prefix, trusted_proxies
        self._log = HushedLog(logging.getLogger("tracker.sdks"))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = self.reply(environ)
        start_response(sent.status_line, sent.headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" or not sent.body else (sent.body,)

    def max_body_bytes_at(self, path: str) -> int:
        """Return the bytes that a body at this path may have, before anybody is known."""
        listed = self._adapters.find(path.removeprefix(self.prefix).partition("/")[0])
        return listed.adapter.max_body_bytes if listed else MAX_BODY_BYTES

    def reply(self, environ: dict[str, Any]) -> HttpResponse:
        """Answer the request in a WSGI environ; never raises."""
        try:
            return self._reply(environ)
        except Exception as failure:  # noqa: BLE001  the last resort of HTTP, as the dispatcher has one
            log_failure(environ.get(REQUEST_ID), failure)
            sent = error_reply(unexpected(environ.get(REQUEST_ID, "")))
            sent.headers.extend(sdk_headers(environ.get("HTTP_ORIGIN"), (), is_credentialed=False).items())
            return sent

    def _reply(self, environ: dict[str, Any]) -> HttpResponse:
        family, _, rest = environ["PATH_INFO"].removeprefix(self.prefix).partition("/")
        listed, parts = self._adapters.find(family), parts_of(rest)
        path_id = parts.pop(0) if parts and is_public_id(parts[0]) else None
        call = call_of(environ, None, {}, False, self._trusted_proxies)
        sent_from = (environ.get(f"HTTP_{name}") for name in ("ORIGIN", "REFERER", "SEC_FETCH_SITE"))
        call.sender = replace(call.sender, is_sdk=True, origin=page_origin(*sent_from))
        visit = _Visit(environ, call, path_id, public_id=path_id)
        sent = self._unknown_path(visit) if listed is None else self._in_family(visit, listed, parts)
        origin = environ.get("HTTP_ORIGIN")
        is_credentialed = listed is not None and listed.adapter.is_credentialed
        allowed = self._allowed_origins(visit.public_id, call.deadline) if visit.public_id else ()
        granted = sdk_headers(origin, allowed, is_credentialed)
        if visit.is_preflight:
            methods, asked = (*visit.methods, "OPTIONS"), environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")
            granted = sdk_preflight_headers(methods, asked, granted)
            return no_content({"Allow": ", ".join(methods), **granted})
        return raw_reply(sent.status, sent.body, {**sent.headers, **granted}, sent.media_type)

    def _in_family(self, visit: _Visit, listed: ListedAdapter, parts: list[str]) -> SdkReply:
        found = {route.method: (route, named) for route, named in reversed(list(listed.at(parts)))}
        method = visit.environ["REQUEST_METHOD"]
        if method == "OPTIONS" and (visit.asks_for_cors or method not in found):
            visit.is_preflight, visit.methods = True, found or visit.methods
            return SdkReply(204, b"")
        adapter, environ, call = listed.adapter, visit.environ, visit.call
        request = SdkRequest(
            method, "/".join(parts), {}, environ.get("QUERY_STRING", ""), _headers(environ), now=time.time_ns() // 1_000_000,
            arrival=uuid4().hex, address=call.address, path_id=visit.path_id, max_bytes=adapter.max_body_bytes,
        )  # fmt: skip
        if method == "HEAD":
            return SdkReply(204, b"")
        if method not in found:
            if not found:
                return self._unknown_path(visit, adapter, request)
            return self._wrong_method(visit, adapter, request, found)
        route, named = found[method]
        request.params = {name: utf_8(part) for name, part in named.items()}
        if route.kind != EVENTS:
            return _side_reply(adapter, route.kind, request)
        return self._tracked(visit, adapter, request)

    def _wrong_method(
        self, visit: _Visit, adapter: Adapter, request: SdkRequest, allowed: Iterable[str]
    ) -> SdkReply:
        """Refuse a method. The log says it: a back end may believe that it deletes somebody."""
        shown = f"{request.method} {loggable_path(visit.environ['PATH_INFO'])}"
        self._log.warn(f"method {adapter.family}", f"no SDK adapter takes {shown}")
        error = CommandError(METHOD_NOT_ALLOWED)
        refused = adapter.refused(request, refusal_of(error.status, error.body))
        return refused._replace(headers={**refused.headers, "Allow": ", ".join((*allowed, "OPTIONS"))})

    def _unknown_path(
        self, visit: _Visit, adapter: Adapter | None = None, request: SdkRequest | None = None
    ) -> SdkReply:
        """Refuse a path that no adapter knows. The log names it: that is how a new version of an SDK shows."""
        if visit.environ["REQUEST_METHOD"] == "OPTIONS":
            visit.is_preflight = True
            return SdkReply(204, b"")
        path = visit.environ["PATH_INFO"]
        family = path.removeprefix(self.prefix).partition("/")[0]
        known = family if self._adapters.find(family) else "?"
        self._log.warn(f"path {known}", f"no SDK adapter knows the path {loggable_path(path)}")
        error = CommandError(replace(UNKNOWN_COMMAND, message="Unknown path"))
        if adapter is None or request is None:
            return SdkReply(error.status, error.body)
        return adapter.refused(request, refusal_of(error.status, error.body))

    def _tracked(self, visit: _Visit, adapter: Adapter, request: SdkRequest) -> SdkReply:
        """Track the events of a request and answer it."""
        call = visit.call
        events = SdkEvents(adapter, request, visit.environ, self._throttle, call.deadline)
        request.visitor_of_day = partial(self._visitor_of_day, events)
        try:
            answered = self._answers(call, events)
        except CommandError as error:
            answered = [self._dispatcher.refuse(call, error)]
        except StorageUnavailable as failure:
            log_failure(call.request_id, failure)
            answered = [self._dispatcher.refuse(call, CommandError(STORAGE_UNAVAILABLE))]
        visit.environ[ANSWER] = last = answered[-1]
        visit.public_id = events.credential.public_id if events.credential else visit.path_id
        if events.is_leak:
            self._log.warn(
                f"leak {visit.public_id}",
                f"a page sent the API key of a server to list {visit.public_id}: revoke the key, and give pages the public id alone",
            )
        if last.status != 200:
            return self._refused(adapter, request, refusal_of(last.status, last.body), last.headers)
        results = [result for answer in answered for result in answer.body["results"]]  # type: ignore[index]
        outcomes = list(events.outcomes(results))
        dropped = sum(not isinstance(item, CommandError) and not item for item in events.items)
        if dropped:
            self._log.warn(
                f"dropped {adapter.family}", f"heartbeats of {adapter.family} were left out", dropped
            )
        return self._outcome(adapter, request, outcomes, last.headers)

    def _outcome(
        self, adapter: Adapter, request: SdkRequest, outcomes: Outcomes, headers: Mapping[str, str]
    ) -> SdkReply:
        """Answer with the family's success, unless all was refused."""
        refusals = [each for each in outcomes if each is not None]
        if refusals and len(refusals) == len(outcomes):
            return self._refused(adapter, request, refusals[0], headers)
        sent = adapter.answer(request, outcomes)
        return sent._replace(headers={**_limits(headers), **sent.headers})

    def _refused(
        self, adapter: Adapter, request: SdkRequest, refusal: SdkRefusal, headers: Mapping[str, str]
    ) -> SdkReply:
        sent = adapter.refused(request, refusal)
        return sent._replace(headers={**_limits(headers), **sent.headers})

    def _answers(self, call: Call, events: SdkEvents) -> list[Answer]:
        """Return the answers to the calls of a request, which are made as soon as it is known who makes them."""
        adapter, request = events.adapter, events.request
        credential = adapter.credential(request)
        if credential is not None or request.path_id is not None:
            events.credential = credential = joined(credential, request.path_id)
            events.is_public = credential.secret is None
            events.check_secret()
        if events.is_named_in_body and events.shows_key(self._knows):
            return self._called(call, events, self._read(events, is_known=True))
        answered = self._called(call, events)
        if events.has_unshown_key and not events.is_leak:
            return self._called(call, events, self._read(events, is_known=False))
        return answered

    def _read(self, events: SdkEvents, is_known: bool) -> dict[str, Any]:
        """Find out who sends a request in whose body an API key stands. Returns the parameter that names the list."""
        events.is_public = False
        params, _ = events.read(is_known, knows=None)
        events.is_public = events.credential is None or events.credential.secret is None
        return params

    def _called(self, call: Call, events: SdkEvents, found: dict[str, Any] | None = None) -> list[Answer]:
        """Call with the parameters that were found in the body; None: it is still to be read."""
        secret = events.credential.secret if events.credential and not events.is_public else None
        made = replace(
            call,
            command=PUBLIC_COMMAND if events.is_public else KEY_COMMAND,
            method="POST",
            bearer=secret,
            misplaced=None,
        )
        if found is not None:
            made.params = found
        else:
            named = events.credential
            made.params, made.unread = {ID_PARAM: named.public_id} if named else {}, events
        return list(answers(self._dispatcher, made, events))

    def _visitor_of_day(self, events: SdkEvents, address: str, agent: str) -> str:
        """Return the UUID of a visitor for one day: nobody can tell from it who they are, or that they come again tomorrow."""
        day = time.time_ns() // 1_000_000 // _DAY_MS
        secret = self._secret_of_day(day, events.deadline)
        public_id = events.credential.public_id if events.credential else None
        text = "\0".join((public_id or "", address, agent)).encode(errors="replace")
        digest = bytearray(hmac.new(secret, text, sha256).digest()[:16])
        digest[6], digest[8] = digest[6] & 0x0F | 0x40, digest[8] & 0x3F | 0x80
        return str(UUID(bytes=bytes(digest)))


@dataclass
class _Visit:
    """A request at the door, and what is found out about it."""

    environ: dict[str, Any]
    call: Call
    path_id: str | None
    public_id: str | None = None
    is_preflight: bool = False
    #: What a preflight grants: on a path that nobody knows what browsers send, so that its request comes and is logged.
    methods: Iterable[str] = ("GET", "POST")

    @property
    def asks_for_cors(self) -> bool:
        return "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in self.environ


def _side_reply(adapter: Adapter, name: str, request: SdkRequest) -> SdkReply:
    """Answer a side endpoint: 200 whatever is sent, since a page must not break because a list is gone."""
    try:
        sent: SdkReply = getattr(adapter, name)(request)
    except CommandError:
        sent = SdkReply(200, {})
    return sent._replace(headers={"Cache-Control": _SIDE_CACHING, **sent.headers})


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a request, with names as they are written in lower case."""
    found = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return found | {"content-type": environ.get("CONTENT_TYPE") or ""}


def _limits(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a command's answer that SDKs may use."""
    return {
        name: value
        for name, value in headers.items()
        if name.startswith("X-RateLimit-") or name == "Retry-After"
    }
