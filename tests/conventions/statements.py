"""SQL of the product as its source has it: constants and f-strings, with the names in them looked up."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.conventions.sources import modules, tree

#: What stands where a part of a text is not known before it runs.
UNKNOWN = "{…}"
_BEGINNINGS = ("SELECT ", "UPDATE ", "DELETE FROM ", "INSERT ", " FROM ", " JOIN ", " LEFT JOIN ")
#: Methods of a transaction whose second argument has the columns that find or make a row.
KEYED = {"lookup", "insert", "insert_missing", "add_up", "put", "remove"}


@dataclass(frozen=True)
class Keyed:
    """A call of a method of KEYED: what it is about, a table or a SELECT, and the columns of its key, None if not known."""

    module: str
    function: str
    about: str
    keys: tuple[str, ...] | None


@dataclass(frozen=True)
class Statement:
    """A statement, or the beginning of one, of a function or a module's constant."""

    module: str
    function: str
    sql: str


@dataclass(frozen=True)
class Query:
    """What a function does with the rows of a peewee model."""

    module: str
    function: str
    model: str
    source: str


def statements(module: str, path: Path, known: Mapping[str, Any] | None = None) -> Iterator[Statement]:
    """Yield the texts of a module that are SQL, whole but for what is known only when it runs."""
    for function, node, values in _nodes(module, path, known):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            text = _text(node, values)
            if text is not None and text.startswith(_BEGINNINGS):
                yield Statement(module, function, text)


def keyed_calls(module: str, path: Path, known: Mapping[str, Any] | None = None) -> Iterator[Keyed]:
    """Yield the calls that name the key's columns beside the statement or table."""
    for function, node, values in _nodes(module, path, known):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in KEYED:
            arguments = [each for each in node.args if not isinstance(each, ast.Starred)]
            if len(arguments) >= 2 and (about := _text(arguments[0], values)) is not None:
                yield Keyed(module, function, about, _keys(arguments[1], values))


def queries(module: str, path: Path, models: set[str]) -> Iterator[Query]:
    """Yield the functions that name one of the models of peewee."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
            for model in sorted(names & models):
                yield Query(module, node.name, model, ast.unparse(node))


def _nodes(
    module: str, path: Path, known: Mapping[str, Any] | None
) -> list[tuple[str, ast.AST, dict[str, Any]]]:
    """Return every node that is no docstring and no part of a larger text, with its function and the values of names."""
    return list(_below(tree(path), "", dict(known))) if known is not None else _product_nodes(module, path)


@cache
def _product_nodes(module: str, path: Path) -> list[tuple[str, ast.AST, dict[str, Any]]]:
    return list(_below(tree(path), "", dict(vars(importlib.import_module(module)))))


def _below(
    parent: ast.AST, function: str, values: dict[str, Any]
) -> Iterator[tuple[str, ast.AST, dict[str, Any]]]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        yield function, node, values
        if isinstance(node, ast.FunctionDef):
            yield from _below(node, node.name, _locals(node, values))
        elif not (
            isinstance(node, ast.JoinedStr) or (isinstance(node, ast.BinOp) and _is_text(node, values))
        ):
            yield from _below(node, function, values)
        elif isinstance(
            node, ast.JoinedStr
        ):  # a statement inside of one is a part of it, but an argument is none
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and not isinstance(part.value, ast.Constant):
                    yield from _below(part, function, values)


def _is_text(node: ast.BinOp, values: dict[str, Any]) -> bool:
    return isinstance(node.op, ast.Add) and _text(node, values) is not None


def _locals(function: ast.FunctionDef, outer: dict[str, Any]) -> dict[str, Any]:
    """Return the names of a function: texts and tuples that are given once; what is given twice is not known."""
    values = {**outer, **{each.arg: Ellipsis for each in function.args.args}}
    seen: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            for name, value in _pairs(node.targets[0], node.value):
                found = _value(value, values)
                values[name] = Ellipsis if name in seen and values.get(name) != found else found
                seen.add(name)
    return values


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif (
        isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts)
    ):
        for each, given in zip(target.elts, value.elts, strict=True):
            yield from _pairs(each, given)


def _value(node: ast.expr, values: dict[str, Any]) -> Any:
    """Return a text or a tuple; Ellipsis for what is not known."""
    text = _text(node, values)
    if text is not None:
        return text
    keys = _keys(node, values)
    return Ellipsis if keys is None else keys


def _text(node: ast.expr, values: dict[str, Any]) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else _filled(part, values)
            for part in node.values
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left, values), _text(node.right, values)
        return None if left is None and right is None else (left or UNKNOWN) + (right or UNKNOWN)
    found = _evaluated(node, values)
    return found if isinstance(found, str) else None


def _filled(part: ast.expr, values: dict[str, Any]) -> str:
    assert isinstance(part, ast.FormattedValue)
    text = _text(part.value, values)
    return UNKNOWN if text is None else text


def _keys(node: ast.expr, values: dict[str, Any]) -> tuple[str, ...] | None:
    found = _evaluated(node, values)
    if isinstance(found, tuple | list) and all(isinstance(each, str) for each in found):
        return tuple(found)
    if isinstance(node, ast.Tuple) and node.elts:  # what a key begins with is what matters
        first = _evaluated(node.elts[0], values)
        return (first, UNKNOWN) if isinstance(first, str) else None
    return None


def _evaluated(node: ast.expr, values: dict[str, Any]) -> Any:
    """Return what an expression of constants is; None where a name in it is not known. Calls of texts alone are."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    if any(
        not (isinstance(each.func, ast.Attribute) and each.func.attr in ("join", "split")) for each in calls
    ):
        return None
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    if any(values.get(name) is Ellipsis for name in names):
        return None
    try:
        return eval(compile(ast.Expression(node), "<source>", "eval"), values)
    except Exception:  # noqa: BLE001  it is not known
        return None


def all_modules() -> Iterator[tuple[str, Path]]:
    """Yield the modules that may run SQL on the database. Reports ask another one."""
    for name, path in modules().items():
        if not name.startswith("tracker.analytics.queries") and re.search(
            r"ransaction|execute\(", path.read_text()
        ):
            yield name, path
