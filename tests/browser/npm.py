"""Where are the npm packages that tests use? In the lock file of the browser script, installed here if they are not yet."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.processes import find_program
from tests.served import ROOT

FOLDER = ROOT / "tracker" / "browser"


def package(name: str) -> Path:
    """The folder of an installed package."""
    found = FOLDER / "node_modules" / name
    if not (found / "package.json").exists():
        install = [find_program("npm", "npm"), "ci", "--no-audit", "--no-fund", f"--prefix={FOLDER}"]
        done = subprocess.run(install, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return found
