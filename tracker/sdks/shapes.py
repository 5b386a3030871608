"""Shapes of bodies: SDKs' bytes become JSON values and fields, by what they are and never by what they say they are."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import math
import re
from collections.abc import Callable
from typing import Any

import orjson

from tracker.errors import BODY_TOO_LARGE, CommandError, because
from tracker.http.body.form import read_pairs
from tracker.http.body.gzip import unpacked
from tracker.http.body.read_params import MAX_STRANGERS_NODES
from tracker.registry.json_object import (
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_NODES,
    MAX_TORN_BYTES,
    MAX_TORN_NODES,
    MIN_INTEGER,
    check_unread,
    separators_in,
    settle,
    unreadable,
)

#: The first bytes of whatever is packed with gzip.
GZIP_MAGIC = b"\x1f\x8b"
#: A GIF of one transparent point: the answer to what a page loads as a picture.
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
#: A number that may not fit into 64 bits, or digits of a text.
_MANY_DIGITS = b"0" * 19
_DIGITS_AS_ZERO = bytes.maketrans(b"123456789", b"0" * 9)
_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


def gunzipped(body: bytes, max_bytes: int, is_known: bool, encoding: str = "") -> bytes:
    """Return the body, unpacked if it begins as gzip does. Raises CommandError (100000, 100010).

    What is neither that nor text is packed as `encoding` says, if it says anything: then 100011 for what is not supported.
    """
    if body.startswith(GZIP_MAGIC):
        return unpacked(body, "gzip", max_bytes, is_known)
    return unpacked(body, encoding, max_bytes, is_known) if encoding and not _is_text(body) else body


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


class TooDeep(str):
    """Stands for what is nested deeper than an event may be."""


_TOO_DEEP = TooDeep()


def json_of(
    text: bytes, is_known: bool = True, may_be_torn: bool = True, on_deep: Callable[[], None] | None = None
) -> Any:
    """Return the JSON value in a text, with each number beyond 64 bits as text. Raises CommandError (100000, 100010).

    Half of a character becomes U+FFFD: nobody sends an event a second time because of it. A large body of a stranger is not
    worth that, nor are many small ones (`may_be_torn` is False): its numbers beyond 64 bits are of double precision. With
    `on_deep`, which is called then, a TooDeep stands for each value that is nested too deep; without it that is an error.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    _check_values(text, is_known)
    is_worth_it = is_known or (may_be_torn and len(text) <= MAX_TORN_BYTES)
    has_large_numbers = is_worth_it and _MANY_DIGITS in text.translate(_DIGITS_AS_ZERO)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        if not is_worth_it:
            raise unreadable("not valid JSON") from None
        value = _lenient(text, is_known, on_deep)
    else:
        if has_large_numbers and (is_known or separators_in(text) < MAX_TORN_NODES):
            value = _lenient(text, is_known, on_deep)
    _settle(value, on_deep)
    return value


def has_deep(value: Any) -> bool:
    """Return whether a TooDeep stands in a value."""
    if isinstance(value, (dict, list)):
        return any(map(has_deep, value.values() if isinstance(value, dict) else value))
    return isinstance(value, TooDeep)


def _settle(value: Any, on_deep: Callable[[], None] | None) -> None:
    """Settle a container. Raises CommandError (100000) for one that is nested too deep, or cuts it off."""
    if not isinstance(value, (dict, list)):
        return
    try:
        settle(value)
    except CommandError:
        if on_deep is None:
            raise
        on_deep()
        _cut_off(value)
        settle(value)


def _cut_off(container: Any, depth: int = 1) -> None:
    for key, value in container.items() if isinstance(container, dict) else enumerate(container):
        if isinstance(value, (dict, list)):
            if depth == MAX_DEPTH:
                container[key] = _TOO_DEEP
            else:
                _cut_off(value, depth + 1)


def _check_values(text: bytes, is_known: bool) -> None:
    """Raise CommandError: 100000, or 100010 to a stranger, whose client may send the same in parts."""
    if is_known:
        check_unread(text, max(MAX_NODES, len(text) // 2))
        return
    try:
        check_unread(text, MAX_STRANGERS_NODES)
    except CommandError:
        raise CommandError(because(BODY_TOO_LARGE, f"more than {MAX_STRANGERS_NODES} values")) from None


def _lenient(text: bytes, is_known: bool, on_deep: Callable[[], None] | None) -> Any:
    """Decode what the fast decoder refuses or changes: NaN, large numbers, broken characters."""
    if not is_known:
        check_unread(text, MAX_TORN_NODES)
    try:
        value = json.loads(
            text.decode(errors="replace"), parse_int=_integer, parse_float=_double, parse_constant=str
        )
    except (ValueError, RecursionError):
        raise unreadable("not valid JSON") from None
    _settle(value, on_deep)
    return _mended(value) if b"\\u" in text else value


def _integer(digits: str) -> int | str:
    number = int(digits) if len(digits) <= 20 else MAX_INTEGER + 1
    return number if MIN_INTEGER <= number <= MAX_INTEGER else digits


def _double(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _mended(value: Any) -> Any:
    if isinstance(value, TooDeep):
        return value
    if isinstance(value, str):
        return _SURROGATE.sub(_REPLACEMENT, value)
    if isinstance(value, dict):
        return {_mended(name): _mended(inner) for name, inner in value.items()}
    return [_mended(inner) for inner in value] if isinstance(value, list) else value


def form_of(text: bytes, is_known: bool = True, may_be_odd: bool = True) -> dict[str, str]:
    """Return the fields of an urlencoded text; of equal names the last counts; see `read_pairs`. Raises CommandError (100000)."""
    return dict(read_pairs(text, is_known, may_be_odd))


@functools.cache
def no_event(reason: str) -> CommandError:
    """Return why one thing of a batch is no event: one object for each reason, as thousands of things may have it."""
    return unreadable(reason)


def other_list() -> CommandError:
    """Return why a thing is refused whose key names another list than the request that has it."""
    return no_event("its key names another list than the request")


def base64_of(text: str) -> bytes:
    """Return the bytes in base64 of either alphabet, with or without padding. Raises CommandError (100000)."""
    plain = text.strip().replace("-", "+").replace("_", "/").replace(" ", "+").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise unreadable("not valid base64") from None


def basic_of(header: str | None) -> tuple[str, str] | None:
    """Return user and password of the scheme Basic; None for any other header."""
    scheme, _, packed = (header or "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64_of(packed).decode().partition(":")
    except (CommandError, UnicodeDecodeError):
        return None
    return user, password


def inner(sent: Any, name: str) -> dict[str, Any]:
    """Return the object of that name in an object; {} where there is none."""
    found = sent.get(name) if isinstance(sent, dict) else None
    return found if isinstance(found, dict) else {}


def object_of(value: Any) -> dict[str, Any]:
    """Return a value that is an object. Raises CommandError (100000)."""
    if not isinstance(value, dict):
        raise unreadable("the JSON must be an object")
    return value


def things_of(value: Any) -> list[Any]:
    """Return the things of an array, or the one object. Raises CommandError (100000) if there is no object among them."""
    values = value if isinstance(value, list) else [value]
    if not any(isinstance(each, dict) for each in values):
        raise unreadable("the JSON must be an object, or an array of objects")
    return values
