"""Command lines of pages: programs, sub-commands, options, make targets and settings exist as they are written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from tests.conventions.pages import blocks, command_lines, pages
from tests.conventions.sources import ROOT
from tracker.cli import main
from tracker.config import PLUGIN_PREFIX, SETTINGS

#: Their shell blocks are run as a whole, by tests of their own.
RUN_ELSEWHERE = {ROOT / "docs/plugins.md", ROOT / "docs/people-and-identity.md"}
#: Programs of others, and a shell's own words. What they are told is held by tests of their pages.
OUTSIDE = {
    "cd",
    "cp",
    "curl",
    "docker",
    "echo",
    "git",
    "install",
    "python3",
    "redis-cli",
    "sudo",
    "systemctl",
    "useradd",
}
#: Files that pages tell to import.
IMPORTED = (
    "events.ndjson",
    "events.txt",
    "1767603600.gz",
    "events.jsonl.gz",
    "export.jsonl",
    "export.zip",
    "events.jsonl",
    "visits.json",
)
SETTING = re.compile(r"\b(?:TRACKER_[A-Z_]+|WEB_CONCURRENCY|PORT)(?=[=`])")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PAGES = [path for path in pages() if path not in RUN_ELSEWHERE]
PUBLIC = [path for path in PAGES if path.parent in (ROOT, ROOT / "docs")]


def words_of(line: str) -> list[list[str]]:
    """The words of each command of a line, without settings in front of it and comments behind it."""
    parts = [shlex.split(part, comments=True) for part in line.split(" && ")]
    return [words[next((n for n, word in enumerate(words) if "=" not in word), 0) :] for words in parts]


def is_assignment(words: list[str]) -> bool:
    return len(words) == 1 and re.match(r"[A-Z_]+=", words[0]) is not None


def leaf(words: list[str]) -> tuple[click.Command, list[str]]:
    """The sub-command that `tracker WORDS` means, and the rest of the words. Raises AssertionError if there is none."""
    command: click.Command = main
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, words
        command, words = command.commands[words[0]], words[1:]
    return command, words


def check(words: list[str]) -> None:
    """Parse a command as its program would, without running it."""
    program = Path(words[0]).name
    if words[0] == "/opt/tracker/bin/pip":  # of a service's own environment
        return
    if program == "tracker":
        command, rest = leaf(words[1:])
        command.make_context(command.name, rest)
    elif program == "make":
        assert {word for word in words[1:] if "=" not in word} <= TARGETS, words
    else:
        assert program in OUTSIDE or (ROOT / words[0]).exists() or program in ("pytest", "python"), words


def shell_lines(path: Path) -> list[str]:
    return [line for block in blocks(path, "sh") for line in command_lines(block.text)]


@pytest.mark.parametrize("path", [path for path in PUBLIC if shell_lines(path)], ids=lambda path: path.stem)
def test_commands_in_shell_blocks_are_ones(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in IMPORTED:
        (tmp_path / name).touch()
    for line in shell_lines(path):
        for words in words_of(line):
            if not is_assignment(words):
                check(words)


@pytest.mark.parametrize(
    "wrong", ["tracker users", "tracker db check --mend", "tracker key add", "make sandwich", "rm -rf"]
)
def test_wrong_commands_are_found(wrong: str) -> None:
    with pytest.raises((AssertionError, click.ClickException)):
        check(wrong.split())


def inline(path: Path, program: str) -> list[list[str]]:
    """Commands of a program that a page's text names in code: `tracker db restore FILE`."""
    found = re.findall(rf"`(?:\.venv/bin/)?{program} ([a-z][^`]*)`", path.read_text())
    return [shlex.split(re.sub(r"[\[\]]", "", text)) for text in found]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_the_text_are_ones(path: Path) -> None:
    """They may lack arguments, but each sub-command and option is one."""
    for words in inline(path, "tracker"):
        command, rest = leaf(words)
        options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
        assert {word for word in rest if word.startswith("--")} <= options, words
    for words in inline(path, "make"):
        assert words[0] in TARGETS, words


@pytest.mark.parametrize("path", PUBLIC, ids=lambda path: path.stem)
def test_settings_in_pages_are_ones(path: Path) -> None:
    named = {name for name in SETTING.findall(path.read_text()) if not name.startswith(PLUGIN_PREFIX)}
    assert named <= {row.name for row in SETTINGS}
