"""Fault isolation in batches: an object that no decoder reads is refused by itself, and the others are read.

Only used once a whole body could not be decoded. The bytes are cut where the objects begin and end, and each piece is decoded
alone, as a line of NDJSON is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from tracker.errors import Error
from tracker.registry.json_object import decode, unreadable

_BRACKETS = (b"[", b"]", b"{", b"}")
#: A value, or white space, up to the next comma that stands in no string.
_PIECE = re.compile(rb'((?:[^,"]|"(?:[^"\\]|\\.)*")*)(,|$)', re.DOTALL)
#: The bytes in the place of an object that was cut out.
_HOLE = b"{}"
#: Returns the name, in lower case, of the array whose objects are read one by one, and the most it may have, given the other
#: parameters.
ArrayOf = Callable[[dict[str, Any]], tuple[str, int]]
#: Returns the object in a piece of the body, or the error for it.
ReadItem = Callable[[bytes], dict[str, Any] | Error]


@dataclass(slots=True)
class _Array:
    """The offsets of an array of the outermost object, and of each container in it."""

    start: int
    end: int = 0
    inner: list[tuple[int, int]] = field(default_factory=list)


def read_apart(body: bytes, array_of: ArrayOf, read: ReadItem, max_brackets: int | None) -> dict[str, Any]:
    """Return the object in `body`, with an Error for each unreadable object of the array that `array_of` names.

    An array with too many objects is returned with empty ones. Raises CommandError (100000) where the fault is in no object
    of that array, or where there are more brackets than `max_brackets`, since each costs a third of a microsecond.
    """
    if max_brackets is not None and len(body) - len(body.translate(None, b"[]{}")) > max_brackets:
        raise unreadable("not valid JSON")
    arrays = list(_arrays(body))
    if not arrays:
        raise unreadable("not valid JSON")
    outer = decode(_without(body, arrays))
    name, most = array_of({key: value for key, value in outer.items() if type(value) is not list})
    return {
        key: _filled(body, arrays[value[0]], key.lower() == name, most, read)
        if type(value) is list
        else value
        for key, value in outer.items()
    }


def _arrays(body: bytes) -> Iterator[_Array]:
    """Yield the arrays that are members of the outermost object. Raises CommandError (100000)."""
    array, depth, began = None, 0, 0
    for at, is_opening in _brackets(body):
        if is_opening:
            depth += 1
            if depth == 2 and body[at : at + 1] == b"[":
                array = _Array(at)
            elif depth == 3:
                began = at
            continue
        if depth == 3 and array is not None:
            array.inner.append((began, at + 1))
        elif depth == 2 and array is not None:
            array.end = at + 1
            yield array
            array = None
        depth -= 1
    if depth:
        raise unreadable("not valid JSON: its brackets do not match")


def _brackets(body: bytes) -> Iterator[tuple[int, bool]]:
    """Yield the offset of each bracket outside of strings, and whether it opens."""
    # As long as the body, so that offsets are the same.
    plain = body.replace(b"\\\\", b"__").replace(b'\\"', b"__") if b"\\" in body else body
    is_in_string, looked_at = False, 0
    for at in sorted(at for bracket in _BRACKETS for at in _places(plain, bracket)):
        is_in_string ^= bool(plain.count(b'"', looked_at, at) & 1)
        looked_at = at
        if not is_in_string:
            yield at, plain[at] in b"[{"


def _places(plain: bytes, bracket: bytes) -> Iterator[int]:
    at = plain.find(bracket)
    while at >= 0:
        yield at
        at = plain.find(bracket, at + 1)


def _without(body: bytes, arrays: list[_Array]) -> bytes:
    """Return the outermost object with the number of each array in the array's place."""
    parts, copied = [], 0
    for number, array in enumerate(arrays):
        parts += [body[copied : array.start], b"[%d]" % number]
        copied = array.end
    return b"".join([*parts, body[copied:]])


def _filled(body: bytes, array: _Array, is_wanted: bool, most: int, read: ReadItem) -> list[Any]:
    if not is_wanted:
        return list(decode(b'{"a":%s}' % body[array.start : array.end])["a"])
    values = _values(body, array)
    if len(values) > most:
        return values
    pieces = iter(array.inner)
    return [_read_piece(body, next(pieces), read) if value == {} else value for value in values]


def _read_piece(body: bytes, piece: tuple[int, int], read: ReadItem) -> Any:
    start, end = piece
    return read(body[start:end]) if body[start : start + 1] == b"{" else []


def _values(body: bytes, array: _Array) -> list[Any]:
    """Return the array's values, with {} for each container. Raises CommandError (100000)."""
    ends = [array.start + 1, *(end for _, end in array.inner)]
    starts = [*(start for start, _ in array.inner), array.end - 1]
    skeleton = _HOLE.join(body[end:start] for end, start in zip(ends, starts, strict=True))
    try:
        return list(orjson.loads(b"[%s]" % skeleton))
    except orjson.JSONDecodeError:
        values = [_scalar(piece) for piece in _pieces(skeleton)]
    if values.count({}) != len(array.inner):
        raise unreadable("not valid JSON")
    return values


def _pieces(skeleton: bytes) -> Iterator[bytes]:
    at = 0
    while found := _PIECE.match(skeleton, at):
        yield found[1]
        if not found[2]:
            return
        at = found.end()
    raise unreadable("not valid JSON")


def _scalar(text: bytes) -> Any:
    """Return the value, or the error for it. Raises CommandError (100000) for nothing at all, which is no value's fault."""
    if not text.strip():
        raise unreadable("not valid JSON")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return unreadable(f"not valid JSON: {error}").errors[0]
