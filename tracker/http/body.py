"""What are the parameters of a request? JSON, forms and query string become one dict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from werkzeug.http import parse_options_header

from tracker.errors import UNSUPPORTED_MEDIA, CommandError, Error, because
from tracker.http.forms import read_multipart, read_urlencoded
from tracker.http.packed import unpacked
from tracker.http.request_body import MAX_BODY_BYTES
from tracker.json_object import MAX_DEPTH, MAX_NODES, read_object, unreadable

#: Some editors and PHP files put this before everything; RFC 8259 lets a reader skip it, and so do we.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Media(NamedTuple):
    """What a Content-Type says: the kind of body, and the boundary of a multipart one."""

    kind: Literal["json", "lines", "urlencoded", "multipart", "unnamed"]
    boundary: str = ""


@dataclass(frozen=True, slots=True)
class BodyRules:
    """What a command takes for a body: so many bytes, and NDJSON if its lines fill the parameter `lines_param`.

    The limits of an event are those of its own object: in a body that holds many they stand two levels deeper.
    """

    most_bytes: int = MAX_BODY_BYTES
    lines_param: str | None = None

    @property
    def most_depth(self) -> int:
        return MAX_DEPTH if self.most_bytes <= MAX_BODY_BYTES else MAX_DEPTH + 2

    @property
    def most_nodes(self) -> int:
        return MAX_NODES if self.most_bytes <= MAX_BODY_BYTES else self.most_bytes // 2


ONE_EVENT = BodyRules()


def read_params(
    content_type: str | None,
    content_encoding: str | None,
    body: bytes,
    query: str,
    rules: BodyRules = ONE_EVENT,
) -> tuple[dict[str, Any], bool]:
    """The parameters, and whether all of them came as text (a form or the query string).

    Raises CommandError: 100000 for what cannot be read, 100010 for what is too large unpacked, 100011 for a kind of
    body that is not supported.
    """
    sent: dict[str, Any] = {}
    is_form = True
    if content_encoding and body:
        body = unpacked(body, content_encoding, rules.most_bytes)
    if body and not body.isspace():
        sent, is_form = _read_body(content_type, body, rules)
    if query:
        sent = _with_query(sent, query)
    return sent, is_form


def _read_body(content_type: str | None, body: bytes, rules: BodyRules) -> tuple[dict[str, Any], bool]:
    media = _media(content_type or "")
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if media.kind == "lines":
        return {
            _lines_param(rules): [_object_or_error(line) for line in body.split(b"\n") if line.strip()]
        }, False
    if media.kind == "json" or (media.kind != "multipart" and body.lstrip().startswith(b"{")):
        params = read_object(body, rules.most_depth, rules.most_nodes)
        if None in params.values():
            params = {name: value for name, value in params.items() if value is not None}
        return params, not params
    return _read_form(media, body), True


def _lines_param(rules: BodyRules) -> str:
    if rules.lines_param is None:
        raise CommandError(because(UNSUPPORTED_MEDIA, "this command takes no NDJSON"))
    return rules.lines_param


def _object_or_error(line: bytes) -> dict[str, Any] | Error:
    """What cannot be read is an error of its line only."""
    try:
        return read_object(line)
    except CommandError as error:
        return error.errors[0]


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
