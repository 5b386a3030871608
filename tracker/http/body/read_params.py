"""Request parsing: JSON, NDJSON, forms and the query string become one dict of parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Literal, NamedTuple

from werkzeug.http import parse_options_header

from tracker.call import Knows
from tracker.errors import NOT_AUTHENTICATED, UNSUPPORTED_MEDIA, CommandError, because, hinted
from tracker.http.body.batch_items import Mend, check_items, read_item, read_lines
from tracker.http.body.form import read_multipart, read_urlencoded
from tracker.http.body.gzip import unpacked
from tracker.http.body.reader import MAX_BODY_BYTES, too_large
from tracker.http.body.torn_batch import read_apart
from tracker.registry.json_object import MAX_NODES, check, check_unread, decode, decode_torn, unreadable

#: Some editors and PHP files put this before the text; RFC 8259 lets a reader skip it.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: Parameters of a call. No command has thirty, and an unknown one is looked at several times.
MAX_PARAMETERS = 1_000
#: Values in an unknown sender's batch as a whole: decoding and checking this many costs 5 ms.
MAX_STRANGERS_NODES = 32_000
#: Bytes of a body, unpacked, above which its credential has to stand in it without escapes: no program escapes its letters.
MAX_UNSHOWN_BYTES = 16 * 1024
_UNSHOWN = (
    f"No good credential was found, and a body of more than {MAX_UNSHOWN_BYTES} bytes is read only with one: send the header"
    " 'Authorization: Bearer KEY'"
)
#: Brackets in an unknown sender's batch that is searched for the object that cannot be read.
MAX_STRANGERS_BRACKETS = 6_000


class Media(NamedTuple):
    """The content of a Content-Type: the kind of body, and the boundary of a multipart one."""

    kind: Literal["json", "lines", "urlencoded", "multipart", "unnamed"]
    boundary: str = ""


@dataclass(frozen=True, slots=True)
class BodyRules:
    """The body that a command takes: `max_bytes`, and at most `max_items` objects in the array `items_param`.

    Each of these objects has the limits of a body of its own, and may be a line of NDJSON. `mend` repairs strings with
    lone surrogates.
    """

    max_bytes: int = MAX_BODY_BYTES
    items_param: str | None = None
    max_items: int = 0
    mend: Mend | None = None

    @property
    def max_nodes(self) -> int:
        return MAX_NODES if self.max_bytes <= MAX_BODY_BYTES else self.max_bytes // 2


ONE_EVENT = BodyRules()
#: Returns the rules of the command that parameters name.
RulesOf = Callable[[dict[str, Any]], BodyRules]


def read_params(
    content_type: str | None,
    content_encoding: str | None,
    body: bytes,
    query: str,
    rules: BodyRules = ONE_EVENT,
    rules_of: RulesOf | None = None,
    is_known: bool = True,
    knows: Knows | None = None,
) -> tuple[dict[str, Any], bool]:
    """Return the parameters, and whether all of them came as text (a form or the query string).

    Where the path names no command, `rules` are the widest, and `rules_of` returns those of the command that the parameters
    name. A body of an unknown sender is parsed for 5 ms at most. `knows` looks for the credential that the body itself may
    hold, without which a large body is not parsed. Raises CommandError: 100000 for an unreadable body, 100010 for one that
    is too large unpacked, 100011 for an unsupported kind, and 99998.
    """
    if knows is not None:
        is_known = is_known or knows(query.encode("latin-1", "replace"))
    if content_encoding and body:
        body = unpacked(body, content_encoding, rules.max_bytes, is_known)
    if knows is not None and not is_known:
        is_known = _is_shown(body, knows)
    read = _Reading(rules, rules_of or (lambda _: rules), is_known)
    sent, is_form, json_text = read.body(content_type, body)
    if len(sent) > MAX_PARAMETERS:
        raise unreadable(f"more than {MAX_PARAMETERS} parameters")
    if query:
        sent = _with_query(sent, query, is_known)
    if rules_of is not None:
        rules = rules_of(sent)
        if len(body) > rules.max_bytes:
            raise too_large(rules.max_bytes)
    return (_within_limits(sent, json_text, rules) if json_text else sent), is_form


def _is_shown(body: bytes, knows: Knows) -> bool:
    """Whether the body holds a good credential. Raises CommandError (99998) for a large one that does not."""
    is_known = bool(body) and knows(body)
    if not is_known and len(body) > MAX_UNSHOWN_BYTES:
        raise CommandError(hinted(NOT_AUTHENTICATED, _UNSHOWN))
    return is_known


class _Reading(NamedTuple):
    """Parses one body by the rules of a command, for a known or unknown sender."""

    rules: BodyRules
    rules_of: RulesOf
    is_known: bool

    def body(self, content_type: str | None, body: bytes) -> tuple[dict[str, Any], bool, bytes]:
        """Return the parameters, whether all came as text, and the JSON text whose limits are still to be checked, if any."""
        if not body or body.isspace():
            return {}, True, b""
        media, body = _media(content_type or ""), body.removeprefix(_BYTE_ORDER_MARK)
        if media.kind == "lines":
            return self._lines(body), False, b""
        if _is_json(media, body):
            params = {name: value for name, value in self._json(body).items() if value is not None}
            return params, not params, body
        return self._form(media, body), True, b""

    def _lines(self, body: bytes) -> dict[str, Any]:
        rules = self.rules
        if rules.items_param is None:
            raise CommandError(because(UNSUPPORTED_MEDIA, "this command takes no NDJSON"))
        self._check_unread(body)
        return {rules.items_param: read_lines(body, rules.max_items, rules.mend)}

    def _json(self, body: bytes) -> dict[str, Any]:
        self._check_unread(body)
        try:
            return decode(body)
        except CommandError as refused:
            return self._apart(body) or self._mended(body, refused)

    def _apart(self, body: bytes) -> dict[str, Any] | None:
        """Return the parameters with an Error for each item that no decoder reads; None where no item can be saved."""
        max_brackets = None if self.is_known else MAX_STRANGERS_BRACKETS
        try:
            return read_apart(body, self._array, partial(read_item, mend=self.rules.mend), max_brackets)
        except CommandError:
            return None

    def _array(self, beside: dict[str, Any]) -> tuple[str, int]:
        rules = self.rules_of(beside)
        return (rules.items_param or "").lower(), rules.max_items

    def _mended(self, body: bytes, refused: CommandError) -> dict[str, Any]:
        torn = decode_torn(body) if self.rules.mend else None
        if torn is None or self.rules.mend is None:
            raise refused
        return self.rules.mend(torn)

    def _check_unread(self, body: bytes) -> None:
        if not self.is_known:
            is_one = self.rules.items_param is None
            check_unread(body, MAX_NODES if is_one else MAX_STRANGERS_NODES)

    def _form(self, media: Media, body: bytes) -> dict[str, Any]:
        """Read a form. A batch's form is no longer than others: a field costs many times as much as a JSON value."""
        if len(body) > MAX_BODY_BYTES:
            raise too_large(MAX_BODY_BYTES)
        if media.kind == "multipart":
            return read_multipart(body, media.boundary, self.is_known)
        return read_urlencoded(body, self.is_known)


def _within_limits(params: dict[str, Any], text: bytes, rules: BodyRules) -> dict[str, Any]:
    if rules.items_param is not None:
        return check_items(params, text, rules.items_param, rules.max_items)
    check(params, text, rules.max_nodes)
    return params


def _is_json(media: Media, body: bytes) -> bool:
    """Whether the body is JSON: an object is, whatever its Content-Type, and an array without a Content-Type."""
    first = body.lstrip()[:1]
    return (
        media.kind == "json"
        or (media.kind != "multipart" and first == b"{")
        or (media.kind == "unnamed" and first == b"[")
    )


def _with_query(sent: dict[str, Any], query: str, is_known: bool) -> dict[str, Any]:
    """Return body and query together; names of the body, in any letter case, win over those of the query."""
    asked = read_urlencoded(query.encode("latin-1", "replace"), is_known)
    named = {name.lower() for name in sent}
    return {**{name: value for name, value in asked.items() if name.lower() not in named}, **sent}


@lru_cache(maxsize=256)
def _media(content_type: str) -> Media:
    """Read a Content-Type. Clients repeat the same few, hence the cache. Raises CommandError (100000, 100011)."""
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
