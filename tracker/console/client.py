"""Command client of the pages: `ask()` is the one way from the console to the rest of Tracker."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g, request

from tracker.call import Answer
from tracker.console.cookies import session_id
from tracker.console.page_context import desk
from tracker.errors import COMMON, FORBIDDEN
from tracker.http.command_endpoint import ANSWER
from tracker.http.message.compression import PRIVATE
from tracker.http.message.wsgi_call import call_of
from tracker.registry import Registry, asked_by

#: Where the page of a share link keeps the caller of its commands, in `flask.g`: no session is looked at then.
CALLER = "share_caller"


class NotDone(Exception):
    """A command failed. `rows` are its pairs (code, message), `headers` those of its answer."""

    def __init__(self, command: str, answer: Answer) -> None:
        errors = answer.body["Errors"] if isinstance(answer.body, dict) else []
        self.command, self.status, self.headers = command, answer.status, answer.headers
        self.rows = [(row["Code"], row["Message"]) for row in errors]
        super().__init__(f"{command}: {self.rows}")

    @property
    def code(self) -> int:
        return int(self.rows[0][0])

    @property
    def seconds(self) -> int:
        """The seconds until a retry, where the answer has them; else 1."""
        return int(self.headers.get("Retry-After", 1))

    @property
    def retry_headers(self) -> dict[str, str]:
        """The headers of the answer that tell when to retry."""
        return {name: value for name, value in self.headers.items() if name == "Retry-After"}


class CallRefused(NotDone):
    """The command's own numbered errors. A page with a form shows them there; a page that does not catch it is 404."""

    def beside(self, words: Mapping[str, str | None] | None = None) -> dict[str, str]:
        """Return the texts beside each field, by parameter; under "" the text for no field.

        `words` replace messages; None leaves that of the command.
        """
        entry = registry().find(self.command)
        params = {row.code: row.param or "" for row in entry.command.errors} if entry else {}
        texts: dict[str, str] = {}
        for code, message in self.rows:
            param = params.get(code, "")
            texts.setdefault(param, f"{(words or {}).get(param) or message} (error {code})")
        return texts

    def beside_form(self, words: Mapping[str, str]) -> dict[str, str]:
        """Return the texts as `beside` does, for a form with these fields. Raises itself if it concerns none of them."""
        texts = self.beside(words)
        if not texts.keys() & words.keys():
            raise self
        return texts


class Unanswered(NotDone):
    """One of the errors that any command may give: signed out, not permitted, too often, storage not available."""

    @property
    def permission(self) -> str:
        """The permission that the command asks for."""
        entry = registry().find(self.command)
        return asked_by(entry.command) if entry else ""


def registry() -> Registry:
    return desk().dispatcher.registry


def ask(command: str, **params: Any) -> Any:
    """Call a command in the session of the page's request, or of a share link as that. Returns the body. Parameters that are None are not sent.

    The command is called with the page's own HTTP method, so a GET page can never call a command that writes. Raises
    Refused and Unanswered; an error that a page does not catch becomes an error page (`error_pages.py`).
    """
    sent = {name: value for name, value in params.items() if value is not None}
    caller = g.get(CALLER)
    if caller is None and session_id() is not None:
        sent["SessionID"] = session_id()
    call = call_of(request.environ, command, sent, False, desk().settings.trusted_proxies)
    call.bearer, call.caller = None, caller
    answer = desk().dispatcher.answer(call)
    request.environ.setdefault(ANSWER, answer)
    if answer.shows_secret:
        request.environ[PRIVATE] = True
    if answer.status < 400:
        return answer.body
    kind = Unanswered if answer.body["Errors"][0]["Code"] in COMMON else CallRefused  # type: ignore[index]
    raise kind(command, answer)


def ask_if_allowed(command: str, **params: Any) -> dict[str, Any]:
    """Call a command as `ask` does; return an empty body if the user may not call it."""
    try:
        found: dict[str, Any] = ask(command, **params)
    except Unanswered as failure:
        if failure.status != FORBIDDEN.status:
            raise
        return {}
    return found
