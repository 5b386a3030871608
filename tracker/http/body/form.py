"""Form decoding: urlencoded and multipart bodies and query strings become parameters. All values stay text.

Names such as `Properties[k]`, `tags[]` and `tags[0]` make objects and lists.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder

from tracker.errors import UNREADABLE_BODY, UNSUPPORTED_MEDIA, CommandError, because
from tracker.registry.json_object import MAX_DEPTH, MAX_NODES, Indexed, unreadable

#: Fields and parts of a form whose sender is known: no more values than JSON, and as many parts as fit into 64 KiB.
MAX_FIELDS, MAX_PARTS = MAX_NODES, 2_000
#: Bounds of an unknown sender's form: a field costs 2 µs, each bracket in its name 0.2 µs, a multipart part 23 µs. %41 cost
#: 10 ns each; 0.2 µs in a text where one of them is broken.
MAX_STRANGERS_FIELDS, MAX_STRANGERS_BRACKETS, MAX_STRANGERS_ESCAPES, MAX_STRANGERS_PARTS = (
    500,
    4_000,
    12_000,
    100,
)
#: Bytes of the headers of one part, and of all parts of an unknown sender. Hostile headers cost 0.3 µs a byte.
MAX_HEAD_BYTES = 8 * 1024
#: A form's signs as plain text, and as quoted-printable. Of the latter its own sign, and ends of lines, are another matter.
_SPACED, _QUOTED = bytes.maketrans(b"+", b" "), bytes.maketrans(b"+%", b" =")
_SIGN, _LINE_ENDS = b"=", (b"\n", b"\r")
#: Made once: a bulk has hundreds of forms that are refused for it.
_TOO_ODD = because(
    UNREADABLE_BODY, f"more than {MAX_STRANGERS_ESCAPES} escaped characters, and a broken one, or a bare ="
)
_NESTED_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")


def read_urlencoded(body: bytes, is_known: bool = True) -> dict[str, Any]:
    """Return the parameters of an urlencoded body or a query string. Raises CommandError (100000)."""
    pairs = read_pairs(body, is_known)
    if not is_known and sum(name.count("[") for name, _ in pairs) > MAX_STRANGERS_BRACKETS:
        raise unreadable(f"more than {MAX_STRANGERS_BRACKETS} brackets in form names")
    return nest(pairs)


def read_pairs(body: bytes, is_known: bool = True, may_be_odd: bool = True) -> list[tuple[str, str]]:
    """Return the fields of an urlencoded body, as they follow each other. Raises CommandError (100000).

    `may_be_odd` is False for one of many that have more escapes than one form may have where one is broken.
    """
    most = MAX_FIELDS if is_known else MAX_STRANGERS_FIELDS
    if body.count(b"&") >= most:
        raise unreadable(f"more than {most} values")
    may_be_odd = may_be_odd and (is_known or body.count(b"%") <= MAX_STRANGERS_ESCAPES)
    fields = (field.partition(b"=") for field in body.split(b"&") if field)
    try:
        return [(_text(name, may_be_odd), _text(value, may_be_odd)) for name, _, value in fields]
    except UnicodeDecodeError:
        raise unreadable("not UTF-8") from None


def _text(field: bytes, may_be_odd: bool) -> str:
    """Return the text of a name or value. Raises UnicodeDecodeError, and CommandError (100000).

    Quoted-printable is the same with another sign, and its decoder takes no step of Python for each character. It knows ends
    of lines, which forms do not; and the length shows whether it left a broken escape as it is.
    """
    escapes = field.count(b"%")
    if not escapes:
        return field.translate(_SPACED).decode()
    if _SIGN not in field and not _ends_line_in_escape(field):
        decoded = a2b_qp(field.translate(_QUOTED))
        if len(decoded) == len(field) - 2 * escapes:
            return decoded.decode()
    if not may_be_odd:
        raise CommandError(_TOO_ODD)
    return unquote_to_bytes(field.translate(_SPACED)).decode()


def _ends_line_in_escape(field: bytes) -> bool:
    """Whether an end of line follows a %. One byte alone is found far sooner, and forms have hardly any."""
    return any(end in field and b"%" + end in field for end in _LINE_ENDS)


def read_multipart(body: bytes, boundary: str, is_known: bool = True) -> dict[str, Any]:
    """Return the parameters of a multipart/form-data body. Raises CommandError (100000, or 100011 for an uploaded file)."""
    try:
        _check_parts(body, boundary.encode("latin-1"), is_known)
        return nest(list(_fields(_events(body, boundary))))
    except UnicodeDecodeError:
        raise unreadable("not UTF-8") from None
    # The decoder has no exception of its own: broken input surfaces as any of these.
    except (ValueError, AttributeError, TypeError, LookupError, HTTPException):
        raise unreadable("not a valid multipart form") from None


def _check_parts(body: bytes, boundary: bytes, is_known: bool) -> None:
    """Bound the parts and the length of their headers before anything is decoded. Raises CommandError (100000)."""
    most = MAX_PARTS if is_known else MAX_STRANGERS_PARTS
    parts = re.split(rb"(?:^|[\r\n])--" + re.escape(boundary), body, maxsplit=most + 2)
    if len(parts) - 2 > most:  # one part stands before the first boundary, one after the last
        raise unreadable(f"a form of more than {most} parts")
    heads = [len(_BLANK_LINE.split(part, 1)[0]) for part in parts]
    if max(heads) > MAX_HEAD_BYTES or (not is_known and sum(heads) > MAX_HEAD_BYTES):
        raise unreadable(f"a part's headers are longer than {MAX_HEAD_BYTES} bytes")


def _events(body: bytes, boundary: str) -> Iterator[Event]:
    decoder = MultipartDecoder(boundary.encode("latin-1"), max_parts=MAX_PARTS + 1)
    decoder.receive_data(body)
    decoder.receive_data(None)
    while not isinstance(event := decoder.next_event(), Epilogue):
        yield event


def _fields(events: Iterator[Event]) -> Iterator[tuple[str, str]]:
    for event in events:
        if isinstance(event, File):
            raise CommandError(because(UNSUPPORTED_MEDIA, "files are not accepted"))
        if isinstance(event, Field):
            _check_charset(event)
            yield _name(event), b"".join(_content(events)).decode()


def _content(events: Iterator[Event]) -> Iterator[bytes]:
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return


def _name(field: Field) -> str:
    if not isinstance(field.name, str):
        raise unreadable("a part of the form has no name")
    return field.name


def _check_charset(field: Field) -> None:
    """Refuse a part whose charset is not UTF-8: its text would be stored wrong without notice. Raises CommandError (100011)."""
    charset = parse_options_header(field.headers.get("content-type", ""))[1].get("charset", "utf-8")
    if charset.lower() not in ("utf-8", "utf8"):
        raise CommandError(because(UNSUPPORTED_MEDIA, "only UTF-8 is read"))


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the object that (name, text) pairs describe. Of equal names the last counts; top-level "" is absent.

    Raises CommandError (100000).
    """
    root: dict[str, Any] = {}
    nodes = 1
    for name, text in pairs:
        nodes += _place(root, _keys(name), text)
        if nodes > MAX_NODES:
            raise unreadable(f"more than {MAX_NODES} values")
    return {name: _parameter(value) for name, value in root.items() if value != ""}


def _parameter(value: Any) -> Any:
    listed = _listed(value)
    return Indexed(listed) if type(value) is dict and type(listed) is list else listed


def _listed(value: Any) -> Any:
    """Turn each object whose names are 0, 1, 2, … to the last into a list, as PHP and `qs` write lists."""
    if type(value) is list:
        return [_listed(item) for item in value]
    if type(value) is not dict:
        return value
    inner = {name: _listed(item) for name, item in value.items()}
    return list(inner.values()) if all(map(str.__eq__, inner, map(str, range(len(inner))))) else inner


def _keys(name: str) -> list[str]:
    """Return the keys of a name: `a[b][]` is a, b and "" (append). Raises CommandError (100000)."""
    if "[" not in name and "]" not in name:
        return [name]
    match = _NESTED_NAME.fullmatch(name)
    if match is None:
        raise unreadable("brackets in a form name do not match")
    keys = [match[1], *match[2][1:-1].split("][")]
    if len(keys) > MAX_DEPTH:
        raise unreadable(f"nested deeper than {MAX_DEPTH} levels")
    return keys


def _place(root: dict[str, Any], keys: list[str], text: str) -> int:
    """Put the text where its keys lead. Returns the number of values that this made. Raises CommandError (100000)."""
    container: dict[str, Any] | list[Any] = root
    made = 1
    for key, following in pairwise(keys):
        inner = _found(container, key)
        if inner is None:
            inner = [] if following == "" else {}
            _put(container, key, inner)
            made += 1
        if type(inner) is not (list if following == "" else dict):
            raise _conflict()
        container = inner
    if isinstance(_found(container, keys[-1]), (dict, list)):
        raise _conflict()
    _put(container, keys[-1], text)
    return made


def _found(container: dict[str, Any] | list[Any], key: str) -> Any:
    return container.get(key) if isinstance(container, dict) else None


def _put(container: dict[str, Any] | list[Any], key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)


def _conflict() -> Exception:
    return unreadable("a form name is used both as a value and as a group")
