"""Figures of the tree: sizes, imports, words and tests, as a table. `make figures`, or `python -m tests.conventions.figures`."""

from __future__ import annotations

import ast
import gc
import re
import statistics
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from tests.conventions.sources import ROOT, function_lengths, imports, modules, nodes, tree
from tests.conventions.test_imports import room_of

#: Modules with fewer lines of code are small; files with more lines than these are long, and too long.
SMALL, LONG, TOO_LONG = 30, 220, 400
LARGEST = 8
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_QUESTION = re.compile(r"[^.:;!]*\?")

#: One line of the table: what was counted, and how many.
Row = tuple[str, str]
Graph = Mapping[str, set[str]]


def rows() -> Iterator[Row]:
    """Yield every figure, in the order in which they are printed."""
    for part in (_sizes, _functions, _rooms, _prose, _tests):
        yield from part()


def _sizes() -> Iterator[Row]:
    code = {name: code_lines(path) for name, path in modules().items()}
    lines = [len(path.read_text().splitlines()) for path in modules().values()]
    yield "modules", str(len(code))
    yield "packages", str(sum(path.name == "__init__.py" for path in modules().values()))
    yield "lines of code", str(sum(code.values()))
    yield f"modules with fewer than {SMALL} lines of code", str(sum(each < SMALL for each in code.values()))
    for bound in (LONG, TOO_LONG):
        yield f"modules with more than {bound} lines", str(sum(each > bound for each in lines))


def _functions() -> Iterator[Row]:
    lengths = [each for path in modules().values() for each in function_lengths(path).values()]
    p90 = statistics.quantiles(lengths, n=10)[-1]
    yield "functions", str(len(lengths))
    yield "their lines, median / p90 / max", f"{statistics.median(lengths):g} / {p90:g} / {max(lengths)}"


def _rooms() -> Iterator[Row]:
    edges, sizes = room_graph(modules()), Counter[str]()
    for name, path in modules().items():
        sizes[room_of(name) or ""] += code_lines(path)
    yield "rooms", str(len(sizes))
    yield "imports between modules", str(sum(len(each) for each in module_graph(modules()).values()))
    yield "imports between rooms", str(sum(len(each) for each in edges.values()))
    loops = cycles(edges)
    yield "cycles of rooms", "; ".join(" ↔ ".join(loop) for loop in loops) or "0"
    for room, size in sizes.most_common(LARGEST):
        yield f"lines of code in {room}", str(size)


def _prose() -> Iterator[Row]:
    yield "module docstrings that begin with a question", _share(map(_module_docstring, modules().values()))
    yield (
        "all docstrings that begin with a question",
        _share(text for path in modules().values() for text in docstrings(path)),
    )
    for name in ("README.md", "ARCHITECTURE.md"):
        yield f"words of {name}", str(_words([ROOT / name]))
    pages = set((ROOT / "docs").glob("*.md"))
    yield f"words of docs, {len(pages)} pages", str(_words(pages))
    decisions = set((ROOT / "docs/decisions").glob("*.md"))
    yield f"words of docs/decisions, {len(decisions)} pages", str(_words(decisions))


def _tests() -> Iterator[Row]:
    files = sorted((ROOT / "tests").rglob("*.py"))
    tests = Counter(_kind(path) for path in files for _ in names_of_tests(path))
    yield "test functions", str(tests.total())
    for kind, number in sorted(tests.items()):
        yield f"test functions in {kind}", str(number)
    code = sum(map(code_lines, modules().values()))
    yield "lines of tests to lines of code", f"{sum(map(code_lines, files)) / code:.2f}"
    names = [name.removeprefix("commands.") for name in modules() if name.startswith("commands.")]
    tested = [name for name in names if (ROOT / "tests/commands" / f"test_{name}.py").exists()]
    yield "commands with a test file", f"{len(tested)} of {len(names)}"


@cache
def code_lines(path: Path) -> int:
    """Return the number of lines with code on them: no blank lines, no comments of their own, no docstrings."""
    lines = enumerate(path.read_text().splitlines(), start=1)
    found = {number for number, line in lines if line.strip() and not line.lstrip().startswith("#")}
    for node in map(_docstring_node, nodes(path)):
        if node is not None:
            found -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(found)


def _docstring_node(node: ast.AST) -> ast.stmt | None:
    is_documented = isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None
    return node.body[0] if isinstance(node, _DOCUMENTED) and is_documented else None


def docstrings(path: Path) -> Iterator[str]:
    """Yield the docstrings of a module, its classes and its functions."""
    for node in nodes(path):
        if isinstance(node, _DOCUMENTED) and (text := ast.get_docstring(node)):
            yield text


def _module_docstring(path: Path) -> str:
    return ast.get_docstring(tree(path)) or ""


def is_question(text: str) -> bool:
    """Whether the first sentence of a docstring asks."""
    return _QUESTION.match(text) is not None


def _share(texts: Iterable[str]) -> str:
    asked = [is_question(text) for text in texts]
    return f"{sum(asked)} of {len(asked)}, {100 * sum(asked) / max(1, len(asked)):.0f} %"


def _words(paths: Iterable[Path]) -> int:
    return sum(len(path.read_text().split()) for path in paths)


def module_graph(paths: Mapping[str, Path]) -> Graph:
    """Return which modules each module imports."""
    return {name: set(imports(path)) & paths.keys() - {name} for name, path in paths.items()}


def room_graph(paths: Mapping[str, Path]) -> Graph:
    """Return which rooms each room imports; rooms are those of the import test."""
    return grouped(module_graph(paths), lambda name: room_of(name) or "")


def grouped(edges: Graph, group_of: Callable[[str], str]) -> Graph:
    """Return the graph of the groups of a graph's nodes."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for start, ends in edges.items():
        found[group_of(start)] |= {group_of(end) for end in ends} - {group_of(start)}
    return found


def cycles(edges: Graph) -> list[list[str]]:
    """Return the groups of nodes that can all be reached from each other, each sorted, the groups too."""
    reached = {start: _reached(edges, start) for start in edges}
    groups = {
        tuple(sorted(end for end in ends if start in reached.get(end, set())))
        for start, ends in reached.items()
        if start in ends
    }
    return [list(group) for group in sorted(groups)]


def _reached(edges: Graph, start: str) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = edges.get(waiting.pop(), set()) - found
        found |= new
        waiting += new
    return found


def names_of_tests(path: Path) -> Iterator[str]:
    """Yield the names of a file's tests; one with parameters is one."""
    if path.name.startswith("test_"):
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def _kind(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return "/".join(parts[:2]) if len(parts) > 2 else "tests"


def table(found: Iterable[Row]) -> str:
    """Return the figures as text, a line each."""
    lines = list(found)
    width = max(len(what) for what, _ in lines)
    return "".join(f"{what:<{width}}  {number}\n" for what, number in lines)


if __name__ == "__main__":
    gc.disable()  # all trees stay to the end
    sys.stdout.write(table(rows()))
