"""Release check: version, changelog and tag agree, and the tree is clean, or the differences are named."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.wheel import ROOT
from tests.setup.release import differences, make_tag, release


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture(scope="module", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Git as somebody has it who makes releases."""
    settings = tmp_path_factory.mktemp("git") / "gitconfig"
    settings.write_text("[user]\nname = Releaser\nemail = releaser@example.com\n[safe]\ndirectory = *\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", str(settings))
        yield


@pytest.fixture(scope="module")
def release_7_8_9(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository, with a commit that makes it release 7.8.9; to be copied."""
    folder = tmp_path_factory.mktemp("release") / "clone"
    git(ROOT, "clone", "--quiet", "--no-tags", "--depth=1", f"file://{ROOT}", str(folder))
    set_version(folder, "7.8.9")
    begin_changelog(folder, "7.8.9")
    git(folder, "commit", "--quiet", "--all", "--message", "release: Be 7.8.9.")
    return folder


@pytest.fixture
def clone(release_7_8_9: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(release_7_8_9, tmp_path / "clone", symlinks=True))


def set_version(folder: Path, version: str) -> None:
    module = folder / "tracker/__init__.py"
    module.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', module.read_text()))


def begin_changelog(folder: Path, heading: str) -> None:
    changelog = folder / "CHANGELOG.md"
    title, below = changelog.read_text().split("\n## ", 1)
    changelog.write_text(f"{title}\n## {heading}\n\n- News.\n\n## {below}")


def test_a_tree_in_which_all_agree_is_tagged(clone: Path) -> None:
    assert differences(clone, "v7.8.9") == []
    make_tag(clone, "v7.8.9")
    assert git(clone, "cat-file", "-t", "v7.8.9") == "tag"
    assert git(clone, "rev-parse", "v7.8.9^{commit}") == git(clone, "rev-parse", "HEAD")
    assert git(clone, "tag", "--list", "--format=%(contents:subject)") == "Tracker 7.8.9"
    assert differences(clone, "v7.8.9") == ["The tag v7.8.9 is there already."]


def test_an_entry_may_have_its_date(clone: Path) -> None:
    begin_changelog(clone, "7.8.9 (2027-01-31)")
    git(clone, "commit", "--quiet", "--all", "--message", "docs: Date the release.")
    assert differences(clone, "v7.8.9") == []


@pytest.mark.parametrize("tag", ["v7.8.10", "7.8.9", "v7.8", ""])
def test_another_tag_is_named(clone: Path, tag: str) -> None:
    [line] = differences(clone, tag)
    assert line == f"The tag is {tag or 'not named'}, and tracker.__version__ is 7.8.9: v7.8.9 is its tag."


def test_another_version_is_named(clone: Path) -> None:
    set_version(clone, "7.9.0")
    tag, changelog, tree = differences(clone, "v7.8.9")
    assert "tracker.__version__ is 7.9.0: v7.9.0 is its tag" in tag
    assert changelog == "CHANGELOG.md begins with '7.8.9', and tracker.__version__ is 7.9.0."
    assert tree == "The tree is not clean:\n M tracker/__init__.py"


@pytest.mark.parametrize("heading", ["Unreleased", "7.8.90", "7.8"])
def test_another_top_of_the_changelog_is_named(clone: Path, heading: str) -> None:
    begin_changelog(clone, heading)
    assert f"CHANGELOG.md begins with '{heading}', and" in differences(clone, "v7.8.9")[0]


def test_a_file_that_is_not_committed_is_named(clone: Path) -> None:
    (clone / "tracker" / "forgotten.py").touch()
    assert differences(clone, "v7.8.9") == ["The tree is not clean:\n?? tracker/forgotten.py"]


def test_the_program_releases_nothing_without_a_tag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.setup.release.build_wheel", pytest.fail)
    said: list[str] = []
    assert release("", said.append) == 1
    assert said[0].startswith("Nothing is released:\nName the tag to be made: make release TAG=v")
