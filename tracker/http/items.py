"""Which of many objects in one body can be read? Each has limits of its own, and harms no other."""

from __future__ import annotations

import json
from typing import Any

from tracker.errors import CommandError, Error
from tracker.json_object import (
    MAX_NODES,
    check,
    check_nodes,
    has_huge_float,
    is_beyond,
    read_object,
    unreadable,
)

#: Stands for an integer beyond 64 bits.
_BEYOND = object()


def read_lines(body: bytes, most: int) -> list[Any]:
    """The object in each line of NDJSON, or the error that it cannot be read with; blank lines are none.

    More than `most` are not even read: the command refuses them by their number.
    """
    lines = [line for line in body.split(b"\n") if line.strip()]
    return lines if len(lines) > most else [_read(line) for line in lines]


def check_items(value: dict[str, Any], body: bytes, name: str, most: int) -> dict[str, Any]:
    """The object decoded from `body`; objects in the array `name` that are not within the limits become errors.

    Raises CommandError (100000) for the rest of it.
    """
    arrays = {
        key: items for key, items in value.items() if key.lower() == name.lower() and type(items) is list
    }
    check({key: item for key, item in value.items() if key not in arrays}, body)
    fit = {key: items for key, items in arrays.items() if len(items) <= most}
    return {**value, **{key: _Items(body, key).checked(items) for key, items in fit.items()}}


class _Items:
    """The objects in one array of a body."""

    def __init__(self, body: bytes, key: str) -> None:
        self._body, self._key = body, key
        # Each value, or the name before it, follows one of these: no item can have more values than they are.
        self._may_have_many_nodes = sum(map(body.count, (b",", b"[", b"{"))) > MAX_NODES
        self._exact: list[Any] | None = None

    def checked(self, items: list[Any]) -> list[Any]:
        return [
            self._or_error(number, item) if type(item) is dict else item for number, item in enumerate(items)
        ]

    def _or_error(self, number: int, item: dict[str, Any]) -> dict[str, Any] | Error:
        try:
            if has_huge_float(item):
                _refuse_beyond(self._read_exactly()[number])
            if self._may_have_many_nodes:
                check_nodes(item)
        except CommandError as error:
            return error.errors[0]
        return item

    def _read_exactly(self) -> list[Any]:
        """The array with integers beyond 64 bits told from floats. Costs more, so only if there may be some."""
        if self._exact is None:
            try:
                self._exact = json.loads(self._body, parse_int=_or_beyond)[self._key]
            except RecursionError:  # another item is nested far too deep for this decoder: nobody can tell
                self._exact = [_BEYOND] * self._body.count(b"{")
        return self._exact


def _read(line: bytes) -> dict[str, Any] | Error:
    try:
        return read_object(line)
    except CommandError as error:
        return error.errors[0]


def _or_beyond(digits: str) -> Any:
    return _BEYOND if is_beyond(digits) else int(digits)


def _refuse_beyond(value: Any) -> None:
    if value is _BEYOND:
        raise unreadable("an integer beyond 64 bits")
    if isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            _refuse_beyond(item)
