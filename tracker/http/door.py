"""How does one HTTP request become one call of the dispatcher? `/api.php` and `/api/v1/<name>`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tracker.dispatch import Answer, Call, Dispatcher
from tracker.errors import CommandError
from tracker.http.body import ONE_EVENT, BodyRules, read_params
from tracker.http.credentials import bearer_token
from tracker.http.log_lines import log_failure
from tracker.http.replies import Reply, error_reply, no_content, reply, unexpected
from tracker.http.request_body import MAX_BODY_BYTES, read_body, too_large
from tracker.http.request_id import KEY as REQUEST_ID
from tracker.http.request_id import request_id
from tracker.json_object import check_limits

LEGACY_PATH = "/api.php"
REST_PREFIX = "/api/v1/"
#: Where in a WSGI environ the dispatcher's answer stands, for the log.
ANSWER = "tracker.answer"


class Door:
    """A WSGI application that answers the paths of commands."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._rules = {path: self._rules_at(path) for path in self.paths()}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = self.reply(environ)
        start_response(sent.status_line, sent.headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" or not sent.body else (sent.body,)

    def paths(self) -> frozenset[str]:
        """Every path of a known command, in its canonical spelling."""
        commands = [entry.command for entry in self._dispatcher.registry]
        names = {name for command in commands for name in (command.name, command.path) if name}
        return frozenset({LEGACY_PATH, *(REST_PREFIX + name for name in names)})

    def rules(self, path: str) -> BodyRules:
        """What the command at a path takes for a body; `/api.php` whatever any command takes."""
        return self._rules.get(path) or self._rules_at(path)

    def _rules_at(self, path: str) -> BodyRules:
        registry = self._dispatcher.registry
        if path == LEGACY_PATH:
            return BodyRules(max([MAX_BODY_BYTES, *(entry.command.max_body_bytes for entry in registry)]))
        entry = registry.find_path(path.removeprefix(REST_PREFIX))
        return BodyRules(entry.command.max_body_bytes, entry.command.lines_param) if entry else ONE_EVENT

    def reply(self, environ: dict[str, Any]) -> Reply:
        """Answer the request in a WSGI environ; never raises."""
        try:
            if environ["REQUEST_METHOD"] == "OPTIONS":
                return self._options(environ)
            answer = environ[ANSWER] = self._answer(environ)
            return reply(answer.status, answer.body, answer.headers)
        except Exception as failure:  # noqa: BLE001  the last resort of this room, as the dispatcher has one
            log_failure(environ.get(REQUEST_ID), failure)
            return error_reply(unexpected(environ.get(REQUEST_ID, "")))

    def _options(self, environ: dict[str, Any]) -> Reply:
        """The methods that the command's refusal of OPTIONS names."""
        if environ["PATH_INFO"] == LEGACY_PATH:
            return no_content({"Allow": "GET, POST, OPTIONS"})
        answer = self._dispatcher.answer(_call(environ, {}, True))
        if answer.status == 405:
            return no_content({"Allow": f"{answer.headers['Allow']}, OPTIONS"})
        return reply(answer.status, answer.body, answer.headers)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        try:
            params, is_form = self._params(environ)
        except CommandError as error:
            return self._dispatcher.refuse(_call(environ, {}, True), error)
        return self._dispatcher.answer(_call(environ, params, is_form))

    def _params(self, environ: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        path = environ["PATH_INFO"]
        rules = self.rules(path)
        body = read_body(environ, rules.most_bytes)
        packing = environ.get("HTTP_CONTENT_ENCODING")
        params, is_form = read_params(
            environ.get("CONTENT_TYPE"), packing, body, environ.get("QUERY_STRING", ""), rules
        )
        if path == LEGACY_PATH:
            self._check_named(params, len(body))
        return params, is_form

    def _check_named(self, params: dict[str, Any], size: int) -> None:
        """The body named its command: now the limits of that one hold."""
        entry = self._dispatcher.named(params)
        rules = BodyRules(entry.command.max_body_bytes) if entry else ONE_EVENT
        if size > rules.most_bytes:
            raise too_large(rules.most_bytes)
        check_limits(params, rules.most_depth, rules.most_nodes)


def _call(environ: dict[str, Any], params: dict[str, Any], is_form: bool) -> Call:
    """HEAD is GET without the body of the answer."""
    path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
    return Call(
        command=None if path == LEGACY_PATH else path[len(REST_PREFIX) :],
        method="GET" if method == "HEAD" else method,
        params=params,
        bearer=bearer_token(environ.get("HTTP_AUTHORIZATION")),
        address=environ.get("REMOTE_ADDR") or "",
        request_id=environ.get(REQUEST_ID) or request_id(environ),
        is_form=is_form,
    )
