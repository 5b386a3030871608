"""Tests of commands: each command has a file of its own that names it and runs on every kind of database."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conventions.sources import ROOT
from tracker.plugins import load_commands

FOLDER = ROOT / "tests/commands"
COMMANDS = sorted(entry.command.name for entry in load_commands())


def test_there_are_files_for_commands_alone() -> None:
    wanted = {f"test_{name.replace('.', '_')}" for name in COMMANDS}
    found = {path.stem for path in FOLDER.glob("test_*.py")}
    assert wanted - found == set()
    assert {name for name in found - wanted if not name.startswith(tuple(wanted))} == set()


@pytest.fixture(scope="module")
def collected(request: pytest.FixtureRequest) -> set[str]:
    """`file[kind]` of every test in the folder that runs on a kind of database."""
    found = set()
    for line in _of_this_run(request.session) or _collected_anew():
        file, _, test = line.partition("::")
        for kind in ("sqlite", "mariadb"):
            if kind in test.partition("[")[2]:
                found.add(f"{file.rpartition('/')[2]}[{kind}]")
    return found


def _of_this_run(session: pytest.Session) -> list[str]:
    """The tests of the folder, if this run has all its files: to collect them again takes seconds."""
    items = [item for item in session.items if item.path.parent == FOLDER]
    is_whole = {item.path for item in items} == set(FOLDER.glob("test_*.py"))
    return [item.nodeid for item in items] if is_whole else []


def _collected_anew() -> list[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "--collect-only", "-p", "no:cacheprovider", FOLDER],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_tests_run_on_both_databases(command: str, collected: set[str]) -> None:
    file = f"test_{command.replace('.', '_')}.py"
    assert f"{file}[sqlite]" in collected
    assert f"{file}[mariadb]" in collected
    assert command in (FOLDER / file).read_text()
