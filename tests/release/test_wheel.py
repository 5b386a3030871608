"""Wheel tests: what is released serves, answers as the README says, and is typed, with no checkout in sight."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conventions.likeness import Likeness
from tests.conventions.pages import SERVED_AT, Block, blocks
from tests.plugins.packages import EXAMPLES
from tests.release.wheel import ROOT, InstalledTracker, build_wheel, clean_environment, install_wheel
from tests.served import BIN
from tracker import __version__


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    released = os.environ.get("RELEASE_WHEEL")
    return Path(released) if released else build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment with the wheel and its dependencies."""
    return install_wheel(tmp_path_factory.mktemp("installed") / "venv", wheel)


@pytest.fixture(scope="module")
def served(programs: Path) -> Iterator[InstalledTracker]:
    with InstalledTracker(programs) as tracker:
        yield tracker
        assert tracker.stop() == 0, tracker.logs()


def test_the_wheel_has_all_that_the_packages_have(wheel: Path) -> None:
    """But for what is there to make other files from."""
    sources = {"package.json", "package-lock.json", "build.mjs", "source.js", ".minifier"}
    kept = [
        path.relative_to(ROOT)
        for room in ("tracker", "commands")
        for path in (ROOT / room).rglob("*")
        if path.is_file() and not {"__pycache__", "node_modules"} & set(path.parts) and path.suffix != ".md"
    ]
    there = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {str(path) for path in kept if path.name not in sources} == there
    assert "tracker/py.typed" in there
    assert wheel.name == f"tracker-{__version__}-py3-none-any.whl"


def test_it_is_the_installed_tracker_that_serves(served: InstalledTracker) -> None:
    code = "import tracker, commands; print(tracker.__file__, commands.__file__)"
    command = [str(served.programs / "python"), "-c", code]
    done = subprocess.run(
        command, cwd=served.folder, env=served.environment(), capture_output=True, text=True, check=True
    )
    environment = served.programs.parent
    assert [Path(path).is_relative_to(environment) for path in done.stdout.split()] == [True, True]
    assert sorted(path.name for path in served.folder.iterdir()) == ["log", "var"]
    [arguments] = {
        Path(f"/proc/{pid}/cmdline").read_bytes() for pid in [served.running.pid, *served.running.children()]
    }
    assert str(environment).encode() in arguments
    assert str(ROOT).encode() not in arguments


def curl_blocks(page: Path) -> list[tuple[Block, Block]]:
    """The shell blocks of a page that call Tracker, each with the answer that is shown below it."""
    shown = blocks(page)
    return [
        (block, answer)
        for block, answer in itertools.pairwise(shown)
        if "curl " in block.text and answer.language == "json"
    ]


def test_the_readmes_event_and_listing_are_answered_as_it_says(served: InstalledTracker) -> None:
    values = {"KEY": served.printed("API key"), "LIST": served.printed("ListID")}
    calls, like = curl_blocks(ROOT / "README.md"), Likeness()
    assert ["/event" in block.text or "/website_events" in block.text for block, _ in calls] == [True, True]
    for block, answer in calls:
        text = re.sub(r"^(KEY|LIST)=.*$", "", block.text, flags=re.MULTILINE).replace(SERVED_AT, served.url)
        command = ["bash", "-euc", text.replace("curl ", "curl --silent --noproxy '*' ")]
        done = subprocess.run(
            command, env=clean_environment(**values), capture_output=True, text=True, timeout=30, check=True
        )
        said, came = json.loads(answer.text), json.loads(done.stdout)
        if "ListID" in said:
            said["ListID"] = int(values["LIST"])
        assert like.as_shown(said, came) == said


def check_types(programs: Path, folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """`mypy --strict` as somebody runs it who has the package and not its sources."""
    command = [str(BIN / "mypy"), "--strict", f"--python-executable={programs / 'python'}", "--config-file="]
    return subprocess.run(
        [*command, f"--cache-dir={folder / 'cache'}", *files],
        cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


PROBE = """\
from typing import Any

from tracker import Command


class Probe(Command):
    def run(self, params: dict[str, Any]) -> dict[str, Any]:
        reveal_type(self.services.stores.lists.owned(self.user_id, 1, self.deadline))
        reveal_type(self.services.storage.read(lambda transaction: transaction.row(None)))
        reveal_type(self.services.ingest.track)
        reveal_type(self.services.reports.last_event_at)
        reveal_type(self.services.logins.by_key)
        reveal_type(self.services.audit.note)
        reveal_type(self.services.settings.plugins)
        self.services.nobody
        self.services.stores.lists.owned("one", 1)
        return {}
"""


def test_the_plugin_of_the_page_is_typed_for_its_author(programs: Path, tmp_path: Path) -> None:
    for file in (EXAMPLES / "tracker-notes" / "tracker_notes.py", EXAMPLES / "tiles.py"):
        shutil.copy(file, tmp_path)
    (tmp_path / "probe.py").write_text(PROBE)
    done = check_types(programs, tmp_path, "tracker_notes.py", "tiles.py", "probe.py")
    *probed, summary = done.stdout.splitlines()
    assert summary == "Found 2 errors in 1 file (checked 3 source files)", done.stderr
    assert {line.partition(":")[0] for line in probed} == {"probe.py"}
    revealed = [line for line in probed if "Revealed type" in line]
    assert len(revealed) == PROBE.count("reveal_type")
    assert [line for line in revealed if re.search(r'is "Any"|def \(\*', line)] == []
    assert [line.rpartition("[")[2] for line in probed if ": error: " in line] == [
        "attr-defined]",
        "arg-type]",
    ]
