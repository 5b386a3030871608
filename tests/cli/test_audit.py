"""Does `tracker audit` show who did what, newest first, and what the script itself does?"""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell


@pytest.fixture
def keys(shell_on_each: Shell) -> list[str]:
    """The prefixes of a key of Jane's, which was revoked, and of one of John's."""
    prefixes = []
    for email in ("jane@example.com", "john@example.com"):
        shell_on_each.ok("user", "add", email, "--password-stdin", typed="secret\n")
        prefixes.append(shell_on_each.ok("key", "add", email).split("_")[1])
    shell_on_each.ok("key", "revoke", prefixes[0])
    shell_on_each.ok("key", "revoke", prefixes[0])
    return prefixes


def told(shell: Shell, *arguments: str) -> list[list[str]]:
    heads, *rows = shell.ok("audit", *arguments).splitlines()
    assert heads.split() == ["ENTRY", "AT", "USER", "BY", "ACTION", "OBJECT"]
    return [[row.split()[0], *row.split()[2:]] for row in rows]


def test_what_the_script_does_is_told_of_whom_it_concerns(shell_on_each: Shell, keys: list[str]) -> None:
    janes, johns = keys
    whole = told(shell_on_each)
    assert [row[1:] for row in whole] == [
        ["1", "-", "apikey.revoke", f"key:{janes}"],
        ["2", "-", "apikey.create", f"key:{johns}"],
        ["2", "-", "user.create", "user:2"],
        ["1", "-", "apikey.create", f"key:{janes}"],
        ["1", "-", "user.create", "user:1"],
    ]
    assert told(shell_on_each, "JOHN@example.com") == [row for row in whole if row[1] == "2"]
    assert told(shell_on_each, "--most", "2") == whole[:2]
    assert told(shell_on_each, "--before", whole[1][0]) == whole[2:]
    assert "@" not in shell_on_each.ok("audit")


def test_an_unknown_user_is_told(shell: Shell) -> None:
    assert shell.fails("audit", "john@example.com") == "there is no user 'john@example.com'"
