"""Batch items: each object of one array, or line of NDJSON, has limits of its own, and a bad one harms no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracker.errors import CommandError, Error
from tracker.registry.json_object import (
    MAX_NODES,
    check,
    check_nodes,
    check_unread,
    decode_torn,
    read_object,
    separators_in,
    settle,
)

#: Repairs strings with lone surrogates in an object, or raises CommandError (100000).
Mend = Callable[[dict[str, Any]], dict[str, Any]]


def read_lines(body: bytes, most: int, mend: Mend | None = None) -> list[Any]:
    """Read NDJSON. Returns the object in each line, or the error for it, without blank lines.

    More than `most` lines are not parsed: the command refuses them by their number.
    """
    if body.count(b"\n") > 10 * most:
        return [None] * (most + 1)
    lines = [line for line in body.split(b"\n") if line.strip()]
    return lines if len(lines) > most else [read_item(line, mend) for line in lines]


def read_item(text: bytes, mend: Mend | None = None) -> dict[str, Any] | Error:
    """Return the object in a text, or the error for it."""
    try:
        check_unread(text, MAX_NODES)
        return read_object(text)
    except CommandError as error:
        return _mended(text, mend) or error.errors[0]


def _mended(text: bytes, mend: Mend | None) -> dict[str, Any] | Error | None:
    """Return the object after its broken strings were repaired, or the error; None if another fault makes it unreadable."""
    torn = decode_torn(text) if mend is not None else None
    if torn is None or mend is None:
        return None
    try:
        return mend(torn)
    except CommandError as error:
        return error.errors[0]


def check_items(value: dict[str, Any], body: bytes, name: str, most: int) -> dict[str, Any]:
    """Return the object decoded from `body`, where objects of the array `name` beyond the limits are replaced by errors.

    Raises CommandError (100000) for a fault in the rest of it.
    """
    arrays = {
        key: items for key, items in value.items() if key.lower() == name.lower() and type(items) is list
    }
    check({key: item for key, item in value.items() if key not in arrays}, body)
    # No item can have more values than there are separators in all.
    is_crowded = separators_in(body) > MAX_NODES
    fit = {key: items for key, items in arrays.items() if len(items) <= most}
    return {**value, **{key: [_checked(item, is_crowded) for item in items] for key, items in fit.items()}}


def _checked(item: Any, is_crowded: bool) -> Any:
    if type(item) is not dict:
        return item
    try:
        if is_crowded:
            check_nodes(item)
        settle(item)
    except CommandError as error:
        return error.errors[0]
    return item
