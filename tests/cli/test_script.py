"""Does the `tracker` script describe itself, and say in one line what is wrong?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.processes import reserve_port
from tracker.plugins import load_commands

COMMANDS = [
    ["user", "add"], ["key", "add"], ["key", "list"], ["key", "revoke"], ["list", "add"], ["audit"],
    ["commands"], ["db", "upgrade"], ["serve"],
]  # fmt: skip
PLUGIN = '''"""A command of a plugin."""
from tracker import Command

class Ping(Command):
    """Answer."""
    name = "system.ping"
    permission = "System.Ping"
    rate_limit = "7 per 1 seconds"
    example = ({}, {})

    def run(self, params):
        return {}
'''


@pytest.fixture
def bare(tmp_path: Path, sqlite_url: str) -> Shell:
    """A shell without a database."""
    return Shell(tmp_path, TRACKER_DATABASE_URL=sqlite_url)


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_everything_takes_help(bare: Shell, command: list[str]) -> None:
    assert bare.ok(*command, "--help").startswith("Usage: tracker")


def test_the_commands_are_listed_with_what_they_take(bare: Shell) -> None:
    heads, *rows = bare.ok("commands").splitlines()
    cells = {row.split()[0]: row.split("  ") for row in rows}
    assert list(cells) == [entry.command.name for entry in load_commands()]
    assert heads.split() == ["COMMAND", "CALL", "PERMISSION", "LIMIT", "FROM"]
    track = [cell.strip() for cell in cells["event.track"] if cell]
    assert track == [
        "event.track",
        "POST /api/v1/event",
        "any credential",
        "5000 per 60 seconds",
        "commands/event_track.py",
    ]
    assert "anyone" in {cell.strip() for cell in cells["user.login"]}
    assert "administrator" in {cell.strip() for cell in cells["user.create"]}
    assert "GET /api/v1/lists.get" in {cell.strip() for cell in cells["lists.get"]}


def test_a_plugin_is_listed_with_its_origin_and_the_limit_in_force(bare: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir()
    (folder / "ping.py").write_text(PLUGIN)
    bare.settings |= {"TRACKER_PLUGINS_FOLDER": str(folder), "TRACKER_LIMITS": "lists.get=3/2"}
    rows = {row.split()[0]: row for row in bare.ok("commands").splitlines()}
    assert rows["system.ping"].split()[1:] == [
        "POST", "/api/v1/system.ping", "System.Ping", "7", "per", "1", "seconds", f"{folder}/ping.py",
    ]  # fmt: skip
    assert " 3 per 2 seconds " in rows["lists.get"]


@pytest.mark.parametrize("command", [["commands"], ["db", "upgrade"], ["serve"]], ids=" ".join)
def test_a_broken_plugin_is_named_with_the_reason(bare: Shell, tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    bare.settings["TRACKER_PLUGINS_FOLDER"] = str(tmp_path)
    line = bare.fails(*command)
    assert "broken.py" in line
    assert "no_such_module" in line


@pytest.mark.parametrize(
    "command", [["commands"], ["db", "upgrade"], ["serve"], ["key", "list", "a@b.co"]], ids=" ".join
)
@pytest.mark.parametrize(
    "setting", [("TRACKER_DATABSE_URL", "x"), ("TRACKER_SESSION_SECONDS", "soon"), ("PORT", "http")]
)
def test_a_wrong_setting_is_named(bare: Shell, command: list[str], setting: tuple[str, str]) -> None:
    bare.settings |= dict([setting])
    assert setting[0] in bare.fails(*command)


@pytest.mark.parametrize("command", [["db", "upgrade"], ["serve"], ["key", "list", "a@b.co"]], ids=" ".join)
def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    bare: Shell, command: list[str]
) -> None:
    with reserve_port() as holder:  # nobody listens there
        port = holder.getsockname()[1]
        bare.settings["TRACKER_DATABASE_URL"] = f"mysql://u:hunter2@127.0.0.1:{port}/tracker"
        line = bare.fails(*command)
    assert "127.0.0.1" in line
    assert "hunter2" not in line
    bare.settings["TRACKER_DATABASE_URL"] = "oracle://x"
    assert "TRACKER_DATABASE_URL" in bare.fails(*command)


@pytest.mark.parametrize(
    "command", [["user", "add", "a@b.co", "--password-stdin"], ["key", "add", "a@b.co"], ["list", "add", "a@b.co", "x"]],
    ids=" ".join,
)  # fmt: skip
def test_an_empty_database_is_told_at_once(bare: Shell, command: list[str]) -> None:
    path = bare.settings["TRACKER_DATABASE_URL"].removeprefix("sqlite:///")
    lacking = f"there is no database {path}: run 'tracker db upgrade'"
    assert bare.fails(*command, typed="x\n") == lacking
    assert not Path(path).exists()
    Path(path).touch(0o600)
    assert bare.fails(*command, typed="x\n") == "the database is empty: run 'tracker db upgrade'"


def test_upgrade_can_be_run_again(shell: Shell) -> None:
    assert shell.ok("db", "upgrade") == "Up to date\n"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nonsense"], "No such command 'nonsense'. See 'tracker --help'."),
        (["--nonsense"], "No such option '--nonsense'. See 'tracker --help'."),
        (["key", "nonsense"], "No such command 'nonsense'. See 'tracker key --help'."),
        (["key", "add"], "Missing argument 'EMAIL'. See 'tracker key add --help'."),
        (["list", "add", "a@b.co"], "Missing argument 'NAME'. See 'tracker list add --help'."),
        (["user", "add", "a@b.co", "x"], "Got unexpected extra argument (x) See 'tracker user add --help'."),
    ],
)
def test_misuse_is_told_in_one_line(bare: Shell, arguments: list[str], line: str) -> None:
    assert bare.fails(*arguments) == line


def test_the_installed_script_prints_and_exits_like_this(bare: Shell) -> None:
    """The other tests run it in their own process."""
    process = bare.start("key", "list", "a@b.co")
    out, err = process.communicate(timeout=60)
    path = bare.settings["TRACKER_DATABASE_URL"].removeprefix("sqlite:///")
    said = f"Error: there is no database {path}: run 'tracker db upgrade'\n"
    assert (process.returncode, out, err) == (1, "", said)
    process = bare.start("db", "upgrade")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "Applied tracker: " in out
