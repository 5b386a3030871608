"""Release: checks that version, changelog and tag agree, builds and tests the wheel, and makes the tag. `make release`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.release.wheel import ROOT, build_wheel, version_of

USAGE = "Name the tag to be made: make release TAG=v0.1.0"


def newest_entry(root: Path) -> str:
    """Return the heading of the changelog's top entry; empty if there is none."""
    headings = re.findall(r"^## (.*)$", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    return str(headings[0]).strip() if headings else ""


def differences(root: Path, tag: str) -> list[str]:
    """Return a line for each reason why the tree at `root` cannot be released as `tag`; none if it can be."""
    version, newest = version_of(root), newest_entry(root)
    found = []
    if tag != f"v{version}":
        found.append(
            f"The tag is {tag or 'not named'}, and tracker.__version__ is {version}: v{version} is its tag."
        )
    if newest.split(" ")[0] != version:
        found.append(f"CHANGELOG.md begins with '{newest}', and tracker.__version__ is {version}.")
    if tag and _git(root, "tag", "--list", tag):
        found.append(f"The tag {tag} is there already.")
    if changed := _git(root, "status", "--porcelain"):
        found.append(f"The tree is not clean:\n{changed}")
    return found


def make_tag(root: Path, tag: str) -> None:
    """Make the annotated tag on the commit that is checked out."""
    _git(root, "tag", "--annotate", tag, "--message", f"Tracker {tag.removeprefix('v')}")


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-c", f"safe.directory={root}", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.rstrip()


def _is_wheel_good(wheel: Path) -> bool:
    """Run the wheel's tests on the very file that is to be released."""
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses=0", "tests/release/test_wheel.py"]
    environment = {**os.environ, "RELEASE_WHEEL": str(wheel)}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0


def release(tag: str, say: Callable[[str], object] = sys.stdout.write) -> int:
    """Check, build, test and tag the tree that this file is in; return the exit code."""
    if found := differences(ROOT, tag):
        say("\n".join(["Nothing is released:", *([] if tag else [USAGE]), *found, ""]))
        return 1
    wheel = build_wheel(ROOT / "dist")
    if not _is_wheel_good(wheel):
        say("Nothing is released: the wheel does not pass its tests.\n")
        return 1
    make_tag(ROOT, tag)
    say(f"Made {wheel.relative_to(ROOT)} and the tag {tag}. To publish it: git push origin {tag}\n")
    return 0


if __name__ == "__main__":
    sys.exit(release(sys.argv[1] if len(sys.argv) > 1 else ""))
