"""How do tests type `tracker ...` into a shell?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner, Result

from tests.warm_script import start_anew, start_script
from tracker.cli import main

SCRIPT = Path(sys.prefix, "bin", "tracker")
OURS = ("TRACKER_", "PYTEST_", "PORT", "WEB_CONCURRENCY")


class Shell:
    """A folder to be in and the settings to have. Nothing of the test's own environment that Tracker reads gets through."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.settings = folder, settings

    def start(
        self, *arguments: str, out: int = subprocess.PIPE, is_loaded: bool = True
    ) -> subprocess.Popen[str]:
        """Run the installed script as a process of its own; `out` is where it prints to.

        If it `is_loaded`, it is a fork of what has loaded its modules, which is nobody's child here.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        starts = start_script if is_loaded else start_anew
        pipes = {"stdin": subprocess.PIPE, "stdout": out, "stderr": out}
        return starts(SCRIPT, arguments, kept | self.settings, cwd=self.folder, **pipes)

    def run(self, *arguments: str, typed: str = "") -> Result:
        """Run it in this process, which starts no interpreter: there are many of these tests."""
        removed: dict[str, str | None] = {name: None for name in os.environ if name.startswith(OURS)}
        environment = removed | self.settings
        return CliRunner().invoke(
            main, arguments, typed, environment, catch_exceptions=False, prog_name="tracker"
        )

    def ok(self, *arguments: str, typed: str = "") -> str:
        """What is printed by a run that succeeds."""
        done = self.run(*arguments, typed=typed)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def fails(self, *arguments: str, typed: str = "") -> str:
        """The one line a run that fails says, without "Error: "."""
        done = self.run(*arguments, typed=typed)
        assert done.exit_code != 0
        assert done.stdout == ""
        line, rest = done.stderr.split("\n", 1)
        assert rest == "", done.stderr
        assert line.startswith("Error: ")
        return line.removeprefix("Error: ")
