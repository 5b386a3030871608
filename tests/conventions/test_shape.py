"""Is the house still small enough to read? Lengths, names, first lines, and who reads the environment."""

from __future__ import annotations

import ast
import statistics
import subprocess

from tests.conventions.sources import ROOT, attributes, function_lengths, modules, tree

MODULE_LINES = 400
FUNCTION_LINES = 40
VAGUE_NAMES = {"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
ENVIRONMENT = {"os.environ", "os.environb", "os.getenv", "os.getenvb", "os.putenv", "os.unsetenv"}
TOP_LEVEL = {
    ".ci", ".gitattributes", ".github", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "Procfile",
    "README.md", "SECURITY.md", "bench", "commands", "constraints.txt", "deploy", "docs", "gunicorn.conf.py", "pyproject.toml", "setup.cfg",
    "tests", "tracker", "wsgi.py",
}  # fmt: skip


def test_modules_are_short() -> None:
    lengths = {module: len(path.read_text().splitlines()) for module, path in modules().items()}
    assert {module: lines for module, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_modules_open_with_what_they_answer() -> None:
    assert [module for module, path in modules().items() if not ast.get_docstring(tree(path))] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [module for module in modules() if VAGUE_NAMES & set(module.split("."))] == []


def test_functions_are_short() -> None:
    lengths: dict[str, int] = {}
    for path in modules().values():
        lengths |= function_lengths(path)
    assert {name: lines for name, lines in lengths.items() if lines > FUNCTION_LINES} == {}
    assert statistics.median(lengths.values()) <= 5
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= 15


def test_only_the_settings_read_the_environment() -> None:
    readers = {module for module, path in modules().items() if ENVIRONMENT & attributes(path)}
    assert readers == {"tracker.config"}


def test_folders_with_modules_are_packages() -> None:
    """An installed Tracker has only packages: a folder without `__init__.py` would be missing there."""
    folders = {path.parent for path in modules().values()}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_nothing_else_stands_at_the_top() -> None:
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.partition("/")[0] for line in listed.splitlines()} - TOP_LEVEL == set()
