"""Is docs/plugins.md true: is its code the tested code, and do its commands work as they stand there?"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.plugins.packages import EXAMPLES, OFFLINE, make_environment
from tests.processes import Program, make_folder, remove_folder, reserve_port, until
from tests.served import ROOT
from tracker.registry import Command

PAGE = ROOT / "docs" / "plugins.md"
BLOCK = re.compile(
    r"^(?:<!-- file (?P<file>\S+) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
#: Where the page has the reader put a file, and which tested file it is.
FILES = {
    "plugins/ping.py": "ping.py",
    "test_ping.py": "test_ping.py",
    "tracker-notes/pyproject.toml": "tracker-notes/pyproject.toml",
    "tracker-notes/tracker_notes.py": "tracker-notes/tracker_notes.py",
    "tracker-notes/test_tracker_notes.py": "tracker-notes/test_tracker_notes.py",
    "plugins/tiles.py": "tiles.py",
}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: commands (`sh`), what the commands before it print (`json`), or a file."""

    language: str
    file: str | None
    text: str

    def script(self, number: int) -> str:
        """What a shell does for this block; what commands print goes to a file of that number."""
        if self.file is not None:
            return (
                f"mkdir -p $(dirname {self.file})\ncat >{self.file} <<'END OF FILE'\n{self.text}END OF FILE\n"
            )
        return f"{{\n{self.text}}} >$HOME/printed.{number}\n" if self.language == "sh" else ""


def blocks() -> list[Block]:
    return [
        Block(found["language"], found["file"], found["text"]) for found in BLOCK.finditer(PAGE.read_text())
    ]


def test_all_code_is_that_of_tested_files() -> None:
    code = [block for block in blocks() if block.language not in ("sh", "json", "text")]
    assert [block.file for block in code] == list(FILES)
    assert [block.text for block in code] == [(EXAMPLES / name).read_text() for name in FILES.values()]


def test_every_attribute_of_a_command_is_explained() -> None:
    used_in_run = {"error", "own_list"}
    declared = {name for name in vars(Command) if not name.startswith("_")} - {"run", "user_id"} - used_in_run
    explained = set(re.findall(r"^\| `(\w+)(?:\(params\))?` \|", PAGE.read_text(), re.MULTILINE))
    assert declared <= explained
    assert used_in_run <= set(re.findall(r"^\| `self\.(\w+)\(.*?\)` \|", PAGE.read_text(), re.MULTILINE))


@pytest.fixture
def home() -> Iterator[Path]:
    """A home folder with nothing in it but of Tracker's checkout what the page needs: its environment, and the versions."""
    folder = make_folder()
    make_environment(folder / "tracker" / ".venv")
    shutil.copy(ROOT / "constraints.txt", folder / "tracker")
    yield folder
    remove_folder(folder)


@pytest.fixture
def printed(home: Path) -> list[str]:
    """What the commands of each block print, run in order by one shell."""
    script = "set -eu\n" + "".join(block.script(number) for number, block in enumerate(blocks()))
    with reserve_port() as reserved:
        port = str(reserved.getsockname()[1])
        (home / "script").write_text(script.replace(":8000", f":{port}"))
        shell = Program(["bash", "script"], home / "log", env=environment(home, port), cwd=home)
        try:
            until(lambda: shell.exit_code is not None, 180, "the end of the page's commands")
            assert shell.exit_code == 0, shell.printed()
        finally:
            shell.kill()
    files = (home / f"printed.{number}" for number in range(len(blocks())))
    return [file.read_text() if file.exists() else "" for file in files]


def environment(home: Path, port: str) -> dict[str, str]:
    """A reader's environment: nothing of the tests' own that Tracker or pytest would read."""
    ours = ("TRACKER_", "GUNICORN_", "PYTEST_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return inherited | OFFLINE | {"HOME": str(home), "PORT": port, "WEB_CONCURRENCY": "1"}


def test_the_commands_print_what_the_page_says(printed: list[str]) -> None:
    answers = [n for n, block in enumerate(blocks()) if block.language == "json"]
    assert answers
    for number in answers:  # the server in the background prints there too
        assert json.dumps(json.loads(blocks()[number].text), separators=(",", ":")) in printed[number - 1]
    assert "system.ping" in "".join(printed)
    assert [text.count("passed") for text in printed if "passed" in text] == [1, 1]
    last = max(n for n, block in enumerate(blocks()) if block.language == "sh")
    assert '"Text":"Ask about the big order"' in printed[last]
