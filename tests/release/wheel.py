"""Wheel building: the package as it is released, and a virtual environment that has nothing but it and its dependencies.

With RELEASE_WHEEL in the environment, which `make release` sets, that wheel is taken instead of a new one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from tests.servers import Server

ROOT = Path(__file__).parents[2]
#: All that a wheel is made of.
SOURCES = ("pyproject.toml", "setup.cfg", "README.md", "LICENSE", "tracker", "commands")
OURS = ("TRACKER_", "GUNICORN_", "PYTEST_", "PYTHON", "MYPY", "PORT", "WEB_CONCURRENCY")


def version_of(root: Path) -> str:
    """Return the version that the package at `root` says it has, without importing it."""
    [version] = re.findall(
        r'^__version__ = "(.*)"$', (root / "tracker/__init__.py").read_text(), re.MULTILINE
    )
    return str(version)


def clean_environment(**settings: str) -> dict[str, str]:
    """Return an environment without what leads Python to a checkout, or what Tracker reads."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return kept | settings


def build_wheel(folder: Path, root: Path = ROOT) -> Path:
    """Build the wheel of the tree at `root` into a folder and return its path.

    It is built from a copy: a `build/` of an earlier version would put modules into it that are gone.
    """
    source, ignored = folder / "source", shutil.ignore_patterns("__pycache__", "node_modules")
    source.mkdir(parents=True)
    for name in SOURCES:
        if (root / name).is_dir():
            shutil.copytree(root / name, source / name, ignore=ignored)
        else:
            shutil.copy(root / name, source)
    # With the setuptools of the tests: it is what `pyproject.toml` asks for.
    _pip("wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={folder}", str(source))
    shutil.rmtree(source)
    [wheel] = folder.glob(f"tracker-{version_of(root)}-*.whl")
    return wheel


def install_wheel(folder: Path, wheel: Path) -> Path:
    """Install a wheel with its dependencies into a new virtual environment; return its `bin`.

    What is imported is compiled then: most modules never are.
    """
    venv.create(folder, with_pip=False, symlinks=True)
    python, versions = folder / "bin" / "python", str(ROOT / "constraints.txt")
    _pip("--python", str(python), "install", "--no-compile", "--constraint", versions, str(wheel))
    return python.parent


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(
        command, env=clean_environment(), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"pip {' '.join(arguments)}: {done.stdout}{done.stderr}"


class InstalledTracker(Server):
    """`tracker serve --demo` of an installed wheel, started in a folder that was empty."""

    def __init__(self, programs: Path) -> None:
        super().__init__()
        self.programs = programs
        self.url = f"http://127.0.0.1:{self.port}"

    def arguments(self) -> list[str]:
        return [str(self.programs / "tracker"), "serve", "--demo"]

    def environment(self) -> dict[str, str]:
        return clean_environment(PORT=str(self.port), WEB_CONCURRENCY="1", HOME=str(self.folder))

    def is_ready(self) -> bool:
        return _answers(f"{self.url}/ready")

    def printed(self, name: str) -> str:
        """Return what stands behind a word of those lines that the first start prints."""
        [value] = re.findall(rf"^  {name} +(\S+)$", self.logs(), re.MULTILINE)
        return str(value)


def _answers(url: str) -> bool:
    command = ["curl", "--silent", "--fail", "--noproxy", "*", "--max-time", "5", url]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
