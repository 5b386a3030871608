"""Is this JSON an object within the limits? What the decoder lets through and we do not is checked here."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import orjson

from tracker.errors import UNREADABLE_BODY, CommandError, because

#: Containers inside each other, the outermost object being the first.
MAX_DEPTH = 32
#: Values in one body: scalars and containers, the outermost object included.
MAX_NODES = 20_000
#: Integers are those of 64 bits with a sign: every store and most clients have exactly these.
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1


def unreadable(reason: str) -> CommandError:
    """The answer to a body that cannot be read, with the reason in a few words."""
    return CommandError(because(UNREADABLE_BODY, reason))


def read_object(body: bytes) -> dict[str, Any]:
    """Decode one JSON object; raises CommandError (100000) for anything else."""
    value = decode(body)
    check(value, body)
    return value


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object as it stands, whose limits are still to be checked; raises CommandError (100000)."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise unreadable(f"not valid JSON: {error}") from None
    if type(value) is not dict:
        raise unreadable("the JSON must be an object")
    return value


def check(value: dict[str, Any], body: bytes, most_nodes: int = MAX_NODES) -> None:
    """Raises CommandError (100000) if the object decoded from `body` is not within the limits."""
    if has_huge_float(value):
        json.loads(body, parse_int=_within_64_bits)
    # A value takes two bytes at least (itself and a separator), so a shorter body cannot hold too many.
    if len(body) > 2 * most_nodes:
        check_nodes(value, most_nodes)


def check_nodes(value: dict[str, Any], most_nodes: int = MAX_NODES) -> None:
    if _count_nodes(value) > most_nodes:
        raise unreadable(f"more than {most_nodes} values")


def has_huge_float(container: dict[str, Any] | list[Any], depth: int = 1) -> bool:
    """Check depth and integers; True if a number may be an integer that the decoder rounded to a float.

    On the hot path: one pass, types compared by identity, nothing allocated.
    """
    found = False
    values: Iterable[Any] = container.values() if type(container) is dict else container
    for value in values:
        kind = type(value)
        if kind is str:
            continue
        if kind is dict or kind is list:
            if depth == MAX_DEPTH:
                raise unreadable(f"nested deeper than {MAX_DEPTH} levels")
            found = has_huge_float(value, depth + 1) or found
        elif kind is int:
            if value > MAX_INTEGER:
                raise unreadable("an integer beyond 64 bits")
        elif kind is float and (value > MAX_INTEGER or value <= MIN_INTEGER):
            found = True
    return found


def is_beyond(digits: str) -> bool:
    """Whether an integer is none of 64 bits."""
    # The length first: turning thousands of digits into a number is what an attacker would like us to do.
    return len(digits) > 20 or not MIN_INTEGER <= int(digits) <= MAX_INTEGER


def _within_64_bits(digits: str) -> int:
    if is_beyond(digits):
        raise unreadable("an integer beyond 64 bits")
    return int(digits)


def _count_nodes(container: dict[str, Any] | list[Any]) -> int:
    """Scalars and containers, the outermost included."""
    values = list(container.values()) if isinstance(container, dict) else container
    return 1 + sum(_count_nodes(value) if isinstance(value, (dict, list)) else 1 for value in values)
