"""Which shell do tests of the `tracker` script have?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def shell(tmp_path: Path, sqlite_url: str) -> Shell:
    """A shell with a migrated database. That the stores do the same on every database is the contract suite's."""
    return _upgraded(Shell(tmp_path, TRACKER_DATABASE_URL=sqlite_url))


@pytest.fixture
def shell_on_each(tmp_path: Path, database_url: str) -> Shell:
    """A shell with a migrated database; the test runs once for each kind."""
    return _upgraded(Shell(tmp_path, TRACKER_DATABASE_URL=database_url))


def _upgraded(shell: Shell) -> Shell:
    shell.ok("db", "upgrade")
    return shell


@pytest.fixture
def jane(shell: Shell) -> str:
    """The address of a user."""
    shell.ok("user", "add", "jane@example.com", "--password-stdin", typed="secret\n")
    return "jane@example.com"
