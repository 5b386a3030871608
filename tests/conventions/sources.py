"""What does the source say, read as a syntax tree? Nothing is imported."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name; a package goes by its own name."""
    files = (path for room in ("tracker", "commands") for path in (ROOT / room).rglob("*.py"))
    return {".".join(_parts(path)): path for path in sorted(files)}


def _parts(path: Path) -> tuple[str, ...]:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" else parts


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a module's tree: each rule looks at all of them."""
    return tuple(ast.walk(tree(path)))


@functools.cache
def attributes(path: Path) -> frozenset[str]:
    """Everything a module writes as `a.b`, in full."""
    return frozenset(_written(node) for node in nodes(path) if isinstance(node, ast.Attribute))


def _written(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_written(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ast.unparse(node)


@functools.cache
def imports(path: Path) -> list[str]:
    """The dotted name of everything a module imports, wherever in it the import stands; not of what it imports for types."""
    type_only = {id(node) for node in _type_only(path)}
    return list(_names(path, (node for node in nodes(path) if id(node) not in type_only)))


@functools.cache
def type_imports(path: Path) -> list[str]:
    """The dotted name of everything that a module imports under `if TYPE_CHECKING:`, which never happens at run time."""
    return list(_names(path, _type_only(path)))


def _type_only(path: Path) -> Iterator[ast.AST]:
    for node in nodes(path):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for each in node.body:
                yield from ast.walk(each)


def _names(path: Path, nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute here"
            yield from (_imported(node.module or "", alias.name) for alias in node.names)


def _imported(module: str, name: str) -> str:
    """`from tracker import errors` imports tracker.errors, `from tracker import Command` imports tracker."""
    return f"{module}.{name}" if f"{module}.{name}" in modules() else module


def function_lengths(path: Path) -> dict[str, int]:
    """The lines of every function but for its docstring: they are not what makes it long."""
    functions = (node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": _length(node) for node in functions}


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    documented = (first.end_lineno or 0) - first.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - documented
