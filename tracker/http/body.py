"""What are the parameters of a request? JSON, forms and query string become one dict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from werkzeug.http import parse_options_header

from tracker.errors import UNSUPPORTED_MEDIA, CommandError, because
from tracker.http.forms import read_multipart, read_urlencoded
from tracker.http.items import check_items, read_lines
from tracker.http.packed import unpacked
from tracker.http.request_body import MAX_BODY_BYTES, too_large
from tracker.json_object import MAX_NODES, check, decode, unreadable

#: Some editors and PHP files put this before everything; RFC 8259 lets a reader skip it, and so do we.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Media(NamedTuple):
    """What a Content-Type says: the kind of body, and the boundary of a multipart one."""

    kind: Literal["json", "lines", "urlencoded", "multipart", "unnamed"]
    boundary: str = ""


@dataclass(frozen=True, slots=True)
class BodyRules:
    """What a command takes for a body: so many bytes, and at most `most_items` objects in the array `items_param`.

    Each of these objects has the limits of a body of its own, and may be a line of NDJSON.
    """

    most_bytes: int = MAX_BODY_BYTES
    items_param: str | None = None
    most_items: int = 0

    @property
    def most_nodes(self) -> int:
        return MAX_NODES if self.most_bytes <= MAX_BODY_BYTES else self.most_bytes // 2


ONE_EVENT = BodyRules()
#: The rules of the command that parameters name.
RulesOf = Callable[[dict[str, Any]], BodyRules]


def read_params(
    content_type: str | None,
    content_encoding: str | None,
    body: bytes,
    query: str,
    rules: BodyRules = ONE_EVENT,
    rules_of: RulesOf | None = None,
) -> tuple[dict[str, Any], bool]:
    """The parameters, and whether all of them came as text (a form or the query string).

    Where the path names no command, `rules` are the widest, and `rules_of` those of the command that the parameters
    name. Raises CommandError: 100000 for what cannot be read, 100010 for what is too large unpacked, 100011 for a kind
    of body that is not supported.
    """
    sent: dict[str, Any] = {}
    json_text, is_form = b"", True
    if content_encoding and body:
        body = unpacked(body, content_encoding, rules.most_bytes)
    if body and not body.isspace():
        sent, is_form, json_text = _read_body(content_type, body, rules)
    if query:
        sent = _with_query(sent, query)
    if rules_of is not None:
        rules = rules_of(sent)
        if len(body) > rules.most_bytes:
            raise too_large(rules.most_bytes)
    return (_within_limits(sent, json_text, rules) if json_text else sent), is_form


def _read_body(content_type: str | None, body: bytes, rules: BodyRules) -> tuple[dict[str, Any], bool, bytes]:
    """The parameters, whether all came as text, and the JSON whose limits are still to be checked, if it is JSON."""
    media = _media(content_type or "")
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if media.kind == "lines":
        if rules.items_param is None:
            raise CommandError(because(UNSUPPORTED_MEDIA, "this command takes no NDJSON"))
        return {rules.items_param: read_lines(body, rules.most_items)}, False, b""
    if media.kind == "json" or (media.kind != "multipart" and body.lstrip().startswith(b"{")):
        params = decode(body)
        if None in params.values():
            params = {name: value for name, value in params.items() if value is not None}
        return params, not params, body
    return _read_form(media, body), True, b""


def _within_limits(params: dict[str, Any], text: bytes, rules: BodyRules) -> dict[str, Any]:
    if rules.items_param is not None:
        return check_items(params, text, rules.items_param, rules.most_items)
    check(params, text, rules.most_nodes)
    return params


def _read_form(media: Media, body: bytes) -> dict[str, Any]:
    if media.kind == "multipart":
        return read_multipart(body, media.boundary)
    if media.kind == "unnamed":
        raise CommandError(because(UNSUPPORTED_MEDIA, "the body needs a Content-Type"))
    return read_urlencoded(body)


def _with_query(sent: dict[str, Any], query: str) -> dict[str, Any]:
    """Both together; what the body names, in whatever letter case, is not taken from the query."""
    asked = read_urlencoded(query.encode("latin-1", "replace"))
    named = {name.lower() for name in sent}
    return {**{name: value for name, value in asked.items() if name.lower() not in named}, **sent}


@lru_cache(maxsize=256)
def _media(content_type: str) -> Media:
    """Read a Content-Type. Clients repeat the same few for ever, hence the cache."""
    written, options = parse_options_header(content_type)
    name = written.strip().lower()
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise CommandError(because(UNSUPPORTED_MEDIA, "only UTF-8 is read"))
    if name == "multipart/form-data":
        return _multipart(options.get("boundary", ""))
    if not name:
        return Media("unnamed")
    return Media(_kind(name))


def _multipart(boundary: str) -> Media:
    if not boundary or len(boundary) > 70:  # RFC 2046, 5.1.1
        raise unreadable("a multipart form needs a boundary of at most 70 characters")
    return Media("multipart", boundary)


def _kind(name: str) -> Literal["json", "lines", "urlencoded"]:
    if name in ("application/x-ndjson", "application/ndjson"):
        return "lines"
    if name in ("application/json", "text/plain") or name.endswith("+json"):
        return "json"
    if name == "application/x-www-form-urlencoded":
        return "urlencoded"
    raise CommandError(because(UNSUPPORTED_MEDIA, "send JSON or a form"))
