"""Form nesting: names such as `Properties[k]`, `tags[]` and `tags[0]` make objects and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from tracker.registry.json_object import MAX_DEPTH, MAX_NODES, Indexed, unreadable

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])+)")


def nest(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The object that (name, text) pairs describe; of equal names the last counts, top-level "" is absent."""
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
    """The same with a list for each object whose names are 0, 1, 2, … to the last, as PHP and `qs` write lists."""
    if type(value) is list:
        return [_listed(item) for item in value]
    if type(value) is not dict:
        return value
    inner = {name: _listed(item) for name, item in value.items()}
    return list(inner.values()) if all(map(str.__eq__, inner, map(str, range(len(inner))))) else inner


def _keys(name: str) -> list[str]:
    """`a[b][]` is a, b and "" (append)."""
    if "[" not in name and "]" not in name:
        return [name]
    match = _NAME.fullmatch(name)
    if match is None:
        raise unreadable("brackets in a form name do not match")
    keys = [match[1], *match[2][1:-1].split("][")]
    if len(keys) > MAX_DEPTH:
        raise unreadable(f"nested deeper than {MAX_DEPTH} levels")
    return keys


def _place(root: dict[str, Any], keys: list[str], text: str) -> int:
    """Put the text where its keys lead; returns how many values that made."""
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
