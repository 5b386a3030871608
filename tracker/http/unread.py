"""Deferred parsing: the parameters of a request, parsed once its caller has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tracker.call import Knows
from tracker.http.body.read_params import BodyRules, RulesOf, read_params
from tracker.http.body.reader import read_body
from tracker.http.throttle import Throttle

#: Bytes on the wire up to which parsing a body costs less than a second look at the rate limit.
MAX_CHEAP_BYTES = 4 * 1024


@dataclass(frozen=True, slots=True)
class UnreadParams:
    """The parameters in body and query string of a WSGI request; `named` are those of the path, which nothing overrides.

    Bodies of unknown callers are parsed when the throttle gives them a turn, before the deadline.
    """

    environ: Mapping[str, Any]
    deadline: float
    throttle: Throttle
    rules: BodyRules
    rules_of: RulesOf | None = None
    named: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_cheap(self) -> bool:
        """Whether the body is short, whatever it holds."""
        return is_short(self.environ)

    def read(self, is_known: bool, knows: Knows | None) -> tuple[dict[str, Any], bool]:
        """Return the parameters, and whether all came as text. Raises CommandError as `read_params` does."""
        body = read_body(self.environ, self.rules.max_bytes)
        if is_known or self.is_cheap:
            return self._params(body, is_known, knows)
        with self.throttle.turn(self.deadline):
            return self._params(body, is_known, knows)

    def _params(self, body: bytes, is_known: bool, knows: Knows | None) -> tuple[dict[str, Any], bool]:
        environ = self.environ
        params, is_form = read_params(
            environ.get("CONTENT_TYPE"),
            environ.get("HTTP_CONTENT_ENCODING"),
            body,
            environ.get("QUERY_STRING", ""),
            self.rules,
            self.rules_of,
            is_known,
            knows,
        )
        return {**params, **self.named}, is_form


def is_short(environ: Mapping[str, Any]) -> bool:
    """Whether the body of a request is short, whatever it holds."""
    length = environ.get("CONTENT_LENGTH") or ""
    if "HTTP_CONTENT_ENCODING" in environ or (not length and "HTTP_TRANSFER_ENCODING" in environ):
        return False
    return not length or (len(length) <= 4 and length.isdigit() and int(length) <= MAX_CHEAP_BYTES)
