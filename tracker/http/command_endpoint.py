"""Command endpoint: one HTTP request at `/api.php` or `/api/v1/<name>` becomes one call of the dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tracker.call import Answer, Call
from tracker.dispatch import Dispatcher
from tracker.http.body.read_params import ONE_EVENT, BodyRules
from tracker.http.body.reader import MAX_BODY_BYTES
from tracker.http.message.compression import PRIVATE, packed
from tracker.http.message.json_log import log_failure
from tracker.http.message.request_id import KEY as REQUEST_ID
from tracker.http.message.responses import HttpResponse, error_reply, no_content, reply, unexpected
from tracker.http.message.wsgi_call import call_of
from tracker.http.throttle import Throttle
from tracker.http.unread import UnreadParams
from tracker.registry import Entry, Stream

LEGACY_PATH = "/api.php"
REST_PREFIX = "/api/v1/"
#: The key of a WSGI environ that holds the dispatcher's answer, for the log.
ANSWER = "tracker.answer"


class CommandEndpoint:
    """A WSGI application that answers at the paths of commands."""

    def __init__(self, dispatcher: Dispatcher, throttle: Throttle, trusted_proxies: int = 0) -> None:
        self._dispatcher, self._throttle, self._trusted_proxies = dispatcher, throttle, trusted_proxies
        self._rules = {path: self._rules_at(path) for path in self.paths()}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = self.reply(environ)
        start_response(sent.status_line, sent.headers)
        return body_of(sent, environ)

    def paths(self) -> frozenset[str]:
        """Return every path of a known command, in its canonical spelling."""
        commands = [entry.command for entry in self._dispatcher.registry]
        names = {name for command in commands for name in (command.name, command.path) if name}
        return frozenset({LEGACY_PATH, *(REST_PREFIX + name for name in names)})

    def is_path(self, path: str) -> bool:
        """Whether a known command is at this path, in its canonical spelling."""
        return path in self._rules

    def rules(self, path: str) -> BodyRules:
        """Return the body rules of the command at a path; at `/api.php` the widest of all commands."""
        return self._rules.get(path) or self._rules_at(path)

    def _rules_at(self, path: str) -> BodyRules:
        registry = self._dispatcher.registry
        if path == LEGACY_PATH:
            return BodyRules(max([MAX_BODY_BYTES, *(entry.command.max_body_bytes for entry in registry)]))
        entry = registry.find_path(path.removeprefix(REST_PREFIX))
        return rules_of(entry)

    def reply(self, environ: dict[str, Any]) -> HttpResponse:
        """Answer the request in a WSGI environ; never raises."""
        try:
            if environ["REQUEST_METHOD"] == "OPTIONS":
                return self._options(environ)
            answer = environ[ANSWER] = self._answer(environ)
            environ[PRIVATE] = answer.shows_secret
            return packed(reply(answer.status, answer.body, answer.headers), environ)
        except Exception as failure:  # noqa: BLE001  the last resort of HTTP, as the dispatcher has one
            log_failure(environ.get(REQUEST_ID), failure)
            return error_reply(unexpected(environ.get(REQUEST_ID, "")))

    def _options(self, environ: dict[str, Any]) -> HttpResponse:
        """Answer OPTIONS with the methods that the command's own refusal names."""
        if environ["PATH_INFO"] == LEGACY_PATH:
            return no_content({"Allow": "GET, POST, OPTIONS"})
        answer = self._dispatcher.answer(self._call(environ))
        if answer.status == 405:
            return no_content({"Allow": f"{answer.headers['Allow']}, OPTIONS"})
        return reply(answer.status, answer.body, answer.headers)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        path = environ["PATH_INFO"]
        call = self._call(environ)
        rules_of = self._rules_named if path == LEGACY_PATH else None
        call.unread = UnreadParams(environ, call.deadline, self._throttle, self.rules(path), rules_of)
        return self._dispatcher.answer(call)

    def _call(self, environ: dict[str, Any]) -> Call:
        path = environ["PATH_INFO"]
        command = None if path == LEGACY_PATH else path[len(REST_PREFIX) :]
        return call_of(environ, command, {}, True, self._trusted_proxies)

    def _rules_named(self, params: dict[str, Any]) -> BodyRules:
        """Return the body rules of the command that the parameters name."""
        return rules_of(self._dispatcher.named(params))


def body_of(sent: HttpResponse, environ: dict[str, Any]) -> Iterable[bytes]:
    """Return the body that follows the headers: nothing for HEAD, a stream piece by piece."""
    if sent.stream is not None:
        if environ["REQUEST_METHOD"] != "HEAD":
            return _logged(sent.stream, environ.get(REQUEST_ID))
        sent.stream.close()
    return () if environ["REQUEST_METHOD"] == "HEAD" or not sent.body else (sent.body,)


def _logged(stream: Stream, request_id: str | None) -> Iterator[bytes]:
    """Yield the stream. A failure after the headers can only be logged; raised on, it makes the server drop the connection."""
    try:
        yield from stream
    except Exception as failure:
        log_failure(request_id, failure)
        raise
    finally:
        stream.close()


def rules_of(entry: Entry | None) -> BodyRules:
    """Return the body rules of a command; those of one event for None."""
    if entry is None:
        return ONE_EVENT
    command = entry.command
    return BodyRules(command.max_body_bytes, command.items_param, command.max_items, command.mend)
