"""JSON decoding within limits: depth, values and integers are bounded, and checked in one pass."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

import orjson

from tracker.errors import UNREADABLE_BODY, CommandError, because

#: Containers nested in each other; the outermost object is the first.
MAX_DEPTH = 32
#: Values in one body: scalars and containers, the outermost object included.
MAX_NODES = 20_000
#: Whole numbers of 64 bits with a sign stay exact; others are JSON numbers of double precision, as JavaScript reads them.
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
#: Backslashes of a body from which strings are cut out: removing them costs 15 ns each.
MAX_ESCAPES = 150_000
#: The longest text, and most values, that are decoded a second time to keep broken strings: slower by far.
MAX_TORN_BYTES, MAX_TORN_NODES = 64 * 1024, 4_000
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
#: Each value except the outermost follows one of these, or a name that does.
_SEPARATORS = b",[{"


class Indexed(list[Any]):
    """A parameter of a form whose names have the indexes 0, 1, 2, …: a list, or an object where one is asked for."""


def of_indexes(value: Any) -> Any:
    """Return the object that `Indexed` stands for, and any other value as it is."""
    return {str(index): item for index, item in enumerate(value)} if isinstance(value, Indexed) else value


def unreadable(reason: str) -> CommandError:
    """Return the error for a body that cannot be read, with the reason in a few words."""
    return CommandError(because(UNREADABLE_BODY, reason))


def read_object(body: bytes) -> dict[str, Any]:
    """Decode one JSON object; raises CommandError (100000) for anything else."""
    value = decode(body)
    check(value, body)
    return value


def decode(body: bytes) -> dict[str, Any]:
    """Decode one JSON object, whose limits are still to be checked. Raises CommandError (100000)."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise unreadable(f"not valid JSON: {error}") from None
    if type(value) is not dict:
        raise unreadable("the JSON must be an object")
    return value


def decode_torn(body: bytes) -> dict[str, Any] | None:
    """Decode an object whose strings are broken: lone surrogates stand where half a character, or no UTF-8, was sent.

    Returns None where the fault is another one. The object is within the limits of `check`.
    """
    if len(body) > MAX_TORN_BYTES or not (_SURROGATE.search(body) or _has_torn_bytes(body)):
        return None
    try:
        check_unread(body, MAX_TORN_NODES)
        value = json.loads(body.decode(errors="surrogateescape"), parse_constant=_no_number)
        if type(value) is not dict:
            return None
        check(value, body)
        return dict(_as_numbers(value))
    except (ArithmeticError, ValueError, RecursionError, CommandError):
        return None


def check(value: dict[str, Any], body: bytes, max_nodes: int = MAX_NODES) -> None:
    """Raise CommandError (100000) if the object decoded from `body` is not within the limits; see `settle`."""
    # A value takes two bytes at least (itself and a separator), so a shorter body cannot hold too many.
    if len(body) > 2 * max_nodes and separators_in(body) >= max_nodes:
        check_nodes(value, max_nodes)
    settle(value)


def check_nodes(value: dict[str, Any], max_nodes: int = MAX_NODES) -> None:
    """Raise CommandError (100000) if there are more than `max_nodes` scalars and containers, the outermost included."""
    left = max_nodes - 1
    containers: list[Any] = [value]
    while containers:
        container = containers.pop()
        left -= len(container)
        if left < 0:
            raise unreadable(f"more than {max_nodes} values")
        values = container.values() if type(container) is dict else container
        containers += [inner for inner in values if inner and (type(inner) is dict or type(inner) is list)]


def settle(container: dict[str, Any] | list[Any], depth: int = 1) -> None:
    """Check the depth, and turn integers beyond 64 bits into doubles, as JavaScript reads them.

    On the hot path: one pass, types compared by identity, nothing allocated.
    """
    has_beyond = False
    values: Iterable[Any] = container.values() if type(container) is dict else container
    for value in values:
        kind = type(value)
        if kind is str:
            continue
        if kind is dict or kind is list:
            if depth == MAX_DEPTH:
                raise unreadable(f"nested deeper than {MAX_DEPTH} levels")
            if value:
                settle(value, depth + 1)
        elif kind is int and value > MAX_INTEGER:  # the decoder turns all others beyond into floats
            has_beyond = True
    if has_beyond:
        _round(container)


def check_unread(body: bytes, max_nodes: int) -> None:
    """Raise CommandError (100000) if a body has more than `max_nodes` values, at a tenth of the price of decoding it.

    An empty container with white space in it counts as one with a value.
    """
    if separators_in(body) >= max_nodes and _has_more_values(body, max_nodes):
        raise unreadable(f"more than {max_nodes} values")


def separators_in(body: bytes) -> int:
    """Return a number that is at least that of the values below the outermost one."""
    return _count(body, _SEPARATORS)


def _has_more_values(body: bytes, most: int) -> bool:
    """Cut out strings and count: each opening bracket is a value, and one follows each comma."""
    if escapes := _count(body, b"\\"):
        if escapes > MAX_ESCAPES:
            return True
        body = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    # A value has two strings at most, its name and itself.
    if _count(body, b'"') > 4 * most:
        return True
    structure = b'"'.join(body.split(b'"')[::2])
    commas, opened = _count(structure, b","), _count(structure, b"{[")
    if commas >= most or opened > most:
        return True
    return commas + opened - structure.count(b"{}") - structure.count(b"[]") >= most


def _count(text: bytes, characters: bytes) -> int:
    """Count as `bytes.count` does, which takes longer the more it finds."""
    return len(text) - len(text.translate(None, characters))


def _has_torn_bytes(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _as_numbers(value: Any) -> Any:
    """Return the value with the numbers that the usual decoder returns. Raises ArithmeticError beyond doubles."""
    if isinstance(value, dict):
        return {name: _as_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_numbers(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise OverflowError("no finite number")
    return float(value) if type(value) is int and not MIN_INTEGER <= value <= MAX_INTEGER else value


def _round(container: Any) -> None:
    keys = container if isinstance(container, dict) else range(len(container))
    for key in keys:
        value = container[key]
        if type(value) is int and value > MAX_INTEGER:
            container[key] = float(value)
