"""The HTTP room on the real dispatcher with three commands of its own and no database. `app` is what gunicorn serves."""

from __future__ import annotations

import os
import time
from typing import Any, ClassVar

import gevent
from flask import Flask
from gevent.event import Event
from marshmallow import Schema, fields

from tracker.caller import Caller
from tracker.config import Settings
from tracker.dispatch import Dispatcher
from tracker.errors import NOT_AUTHENTICATED, CommandError, invalid
from tracker.http.message.json_log import log_failure
from tracker.http.routes import build_blueprint
from tracker.http.throttle import Throttle
from tracker.rate_limits import Decision
from tracker.registry import Command, Registry, anyone

#: Of `/large.js`: more than the kernel takes at once.
LARGE_FILE_BYTES = 1_000_000


class Echo(Command):
    """Answer with what was sent."""

    name = "system.echo"
    path = "echo"
    permission = anyone
    errors = (invalid("Say", 1),)
    example = ({"Say": "hi"}, {"Say": "hi"})

    class Params(Schema):
        Say = fields.Raw()

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"Say": params.get("Say"), "IsForm": self.is_form, "RequestID": self.caller.request_id}


class Look(Echo):
    """Answer with what was sent; changes nothing."""

    name = "system.look"
    path = None
    method = "GET"


class Secret(Look):
    """Answer with what was sent, which is a secret."""

    name = "system.secret"
    shows_secret = True


class Whoami(Echo):
    """Answer to a key."""

    name = "system.whoami"
    path = None
    permission = None

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"UserID": self.caller.user_id}


class Break(Echo):
    """Fail in one of the ways in which a plugin can."""

    name = "system.break"
    path = None

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["Say"] == "cannot be written":
            return {"Say": object()}
        if params["Say"] == "hidden in the background":
            gevent.spawn({}.__getitem__, params["Say"]).join()
            return {}
        if params["Say"] == "too late":
            raise gevent.Timeout
        raise OSError(28, params["Say"]) from KeyError(params["Say"])


class Slow(Echo):
    """Answer after as many seconds as were sent: for the tests that stop a server meanwhile."""

    name = "system.slow"
    path = None

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        time.sleep(params["Say"])
        return {"Say": "late"}


class Many(Echo):
    """Take a large body, and answer when `may_answer` says so."""

    name = "system.many"
    path = None
    max_body_bytes = 1024 * 1024
    may_answer = Event()
    inside: ClassVar[list[int]] = []

    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        self.inside.append(len(params["Say"]))
        self.may_answer.wait()
        return {"Say": "many"}


class _OneKey:
    def caller(
        self,
        bearer: str | None,
        api_key: Any,
        session_id: Any,
        deadline: float | None = None,
        misplaced: Any = None,
    ) -> Caller:
        if (api_key if bearer is None else bearer) != "the-key":
            raise CommandError(NOT_AUTHENTICATED)
        return Caller(7)

    def knows(self, text: bytes, deadline: float | None = None) -> bool:
        return b"the-key" in text


class _NoLimit:
    def hit(self, command: str, who: str, limit: Any, cost: int) -> Decision:
        return Decision(is_allowed=True, limit=100, remaining=99, ends_at=1_700_000_000_000)


def _look() -> tuple[str, str]:
    return ("away", "a file says so") if os.path.exists("not-ready") else ("ready", "")


def make_app(has_fast_path: bool = True) -> Flask:
    registry = Registry()
    for command in (Echo, Look, Secret, Whoami, Break, Slow, Many):
        registry.add(command, "the tests")
    rates = {entry.command.name: None for entry in registry}
    dispatcher = Dispatcher(
        registry,
        _OneKey(),
        _NoLimit(),
        rates,
        None,
        lambda call, failure: log_failure(call.request_id, failure),
    )
    app = Flask(__name__)
    app.register_blueprint(build_blueprint(dispatcher, _look, Throttle(), has_fast_path=has_fast_path))
    app.add_url_rule("/api/v1/page.html", "page", lambda: "<p>a page</p>")
    app.add_url_rule("/large.js", "large", lambda: b"x" * LARGE_FILE_BYTES)
    app.add_url_rule("/breaks", "breaks", lambda: {}["a value that must not be logged"])
    return app


app = make_app(Settings.from_environ().has_fast_path)
