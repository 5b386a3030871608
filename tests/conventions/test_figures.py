"""Figures tests: `make figures` counts what is there, and knows a cycle, a question and a line of code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conventions.figures import code_lines, cycles, grouped, is_question, names_of_tests, table
from tests.conventions.sources import ROOT, modules

MODULE = '''"""Module: one docstring,

over three lines."""

# a comment
TEXT = """two lines
are code"""


def test_one() -> None:
    """A docstring."""
    assert TEXT  # with a comment


class Holder:
    """A docstring."""

    def test_two(self) -> None:
        pass
'''


def test_figures_are_printed_as_a_table_and_are_those_of_the_tree() -> None:
    command = [sys.executable, "-m", "tests.conventions.figures"]
    printed = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    ).stdout
    lines = [line.rpartition("  ") for line in printed.splitlines()]
    found = {what.strip(): number for what, _, number in lines}
    assert len(found) == len(lines) > 25
    assert all(what and number for what, number in found.items())
    assert int(found["modules"]) == len(modules())
    assert found["cycles of rooms"] == "0"
    assert found["commands with a test file"].endswith(
        f" of {len(list((ROOT / 'commands').glob('[a-z]*.py')))}"
    )
    assert int(found["words of README.md"]) == len((ROOT / "README.md").read_text().split())


def test_lines_of_code_have_no_docstrings_comments_or_blank_lines(tmp_path: Path) -> None:
    (tmp_path / "test_module.py").write_text(MODULE)
    assert code_lines(tmp_path / "test_module.py") == 7
    assert list(names_of_tests(tmp_path / "test_module.py")) == ["test_one", "test_two"]


@pytest.mark.parametrize(
    ("edges", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, [["b", "c"]]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a", "e"}, "e": {"d"}}, [["a", "b", "c"], ["d", "e"]]),
    ],
    ids=["none", "one", "two"],
)
def test_cycles_are_found(edges: dict[str, set[str]], found: list[list[str]]) -> None:
    assert cycles(edges) == found


def test_rooms_may_make_a_cycle_that_modules_do_not() -> None:
    edges = {"x.a": {"y.a"}, "y.b": {"x.b"}, "y.a": set(), "x.b": set()}
    assert cycles(edges) == []
    assert cycles(grouped(edges, lambda name: name[0])) == [["x", "y"]]


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Whose is it?", True),
        ("How is it stored, and where? In a file.", True),
        ("Identity: whose is it?", False),
        ("Return it. Is it there?", False),
    ],
)
def test_questions_are_told_from_statements(text: str, asks: bool) -> None:
    assert is_question(text) is asks


def test_a_table_has_its_numbers_below_each_other() -> None:
    assert table([("modules", "3"), ("lines of code", "1200")]) == "modules        3\nlines of code  1200\n"
