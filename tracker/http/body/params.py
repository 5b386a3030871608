"""Request parsing: JSON, forms and the query string become one dict of parameters."""

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

#: Some editors and PHP files put this before everything; RFC 8259 lets a reader skip it, and so do we.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: Values in a stranger's batch as a whole: decoding and looking through so many costs 5 ms.
MAX_STRANGERS_NODES = 32_000
#: Bytes of a body, unpacked, from which on its credential has to stand in it as it is: no program escapes the letters of one.
MAX_UNSHOWN_BYTES = 16 * 1024
_UNSHOWN = (
    f"No good credential was found, and a body of more than {MAX_UNSHOWN_BYTES} bytes is read only with one: send the header"
    " 'Authorization: Bearer KEY'"
)
#: Brackets in a stranger's batch that is looked through for the object that cannot be read.
MAX_STRANGERS_BRACKETS = 6_000


class Media(NamedTuple):
    """What a Content-Type says: the kind of body, and the boundary of a multipart one."""

    kind: Literal["json", "lines", "urlencoded", "multipart", "unnamed"]
    boundary: str = ""


@dataclass(frozen=True, slots=True)
class BodyRules:
    """What a command takes for a body: so many bytes, and at most `max_items` objects in the array `items_param`.

    Each of these objects has the limits of a body of its own, and may be a line of NDJSON. `mend` makes text of strings that
    are none.
    """

    max_bytes: int = MAX_BODY_BYTES
    items_param: str | None = None
    max_items: int = 0
    mend: Mend | None = None

    @property
    def max_nodes(self) -> int:
        return MAX_NODES if self.max_bytes <= MAX_BODY_BYTES else self.max_bytes // 2


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
    is_known: bool = True,
    knows: Knows | None = None,
) -> tuple[dict[str, Any], bool]:
    """The parameters, and whether all of them came as text (a form or the query string).

    Where the path names no command, `rules` are the widest, and `rules_of` those of the command that the parameters
    name. Of a sender who is not known (yet) no more is read than 5 ms can pay for; `knows` asks for the credential that
    the body itself may hold, without which a large one is not read at all. Raises CommandError: 100000 for what cannot be
    read, 100010 for what is too large unpacked, 100011 for a kind of body that is not supported, 99998.
    """
    if knows is not None:
        is_known = is_known or knows(query.encode("latin-1", "replace"))
    if content_encoding and body:
        body = unpacked(body, content_encoding, rules.max_bytes, is_known)
    if knows is not None and not is_known:
        is_known = _is_shown(body, knows)
    read = _Reading(rules, rules_of or (lambda _: rules), is_known)
    sent, is_form, json_text = read.body(content_type, body)
    if query:
        sent = _with_query(sent, query, is_known)
    if rules_of is not None:
        rules = rules_of(sent)
        if len(body) > rules.max_bytes:
            raise too_large(rules.max_bytes)
    return (_within_limits(sent, json_text, rules) if json_text else sent), is_form


def _is_shown(body: bytes, knows: Knows) -> bool:
    """Whether the body shows a credential; raises CommandError (99998) for a large one that does not."""
    is_known = bool(body) and knows(body)
    if not is_known and len(body) > MAX_UNSHOWN_BYTES:
        raise CommandError(hinted(NOT_AUTHENTICATED, _UNSHOWN))
    return is_known


class _Reading(NamedTuple):
    """Bytes become parameters, by the rules of a command, for a sender who is known or not."""

    rules: BodyRules
    rules_of: RulesOf
    is_known: bool

    def body(self, content_type: str | None, body: bytes) -> tuple[dict[str, Any], bool, bytes]:
        """The parameters, whether all came as text, and the JSON whose limits are still to be checked, if it is JSON."""
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
        """With an Error for each of many objects that no decoder reads; None where nothing can be saved so."""
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
        """Forms of a batch are no longer than others: a field costs many times what a value of JSON does."""
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
    """An object is JSON whatever its Content-Type says, and an array where it says nothing."""
    first = body.lstrip()[:1]
    return (
        media.kind == "json"
        or (media.kind != "multipart" and first == b"{")
        or (media.kind == "unnamed" and first == b"[")
    )


def _with_query(sent: dict[str, Any], query: str, is_known: bool) -> dict[str, Any]:
    """Both together; what the body names, in whatever letter case, is not taken from the query."""
    asked = read_urlencoded(query.encode("latin-1", "replace"), is_known)
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
