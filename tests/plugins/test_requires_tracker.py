"""Plugin compatibility: a Tracker that a plugin does not work with stops at its start, with one line."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import tracker.plugins
from tests.plugins.test_refused import GOOD
from tests.served import ROOT
from tracker import __version__
from tracker.plugins import load_commands
from tracker.registry import PluginError


def wanting(versions: object) -> str:
    return f"{GOOD}\nrequires_tracker = {versions!r}\n"


@pytest.mark.parametrize("versions", [f"=={__version__}", ">=0.0.1", ">=0.0.1, <1000", "!=0.0.1"])
def test_a_tracker_that_a_plugin_works_with_loads_it(tmp_path: Path, versions: str) -> None:
    (tmp_path / "shout.py").write_text(wanting(versions))
    assert load_commands(tmp_path).find("text.shout") is not None


@pytest.mark.parametrize("versions", [">=1000", "<0.0.1", f"!={__version__}", f">{__version__},<1000"])
def test_any_other_stops_with_one_line_that_names_plugin_and_both_versions(
    tmp_path: Path, versions: str
) -> None:
    (tmp_path / "shout.py").write_text(wanting(versions))
    with pytest.raises(PluginError) as stopped:
        load_commands(tmp_path)
    assert str(stopped.value) == (
        f"{tmp_path / 'shout.py'}: requires Tracker {versions}, and this is Tracker {__version__}"
    )


@pytest.mark.parametrize("versions", ["", "0.1", "newer than 0.1", 1, [">=0.1"]])
def test_what_is_no_range_of_versions_is_refused(tmp_path: Path, versions: object) -> None:
    (tmp_path / "shout.py").write_text(wanting(versions))
    with pytest.raises(
        PluginError, match=r"shout\.py: requires_tracker must read like '>=0\.1,<0\.2' and not "
    ):
        load_commands(tmp_path)


def test_a_release_candidate_counts_as_what_it_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker.plugins, "__version__", "0.1.5rc1")
    (tmp_path / "shout.py").write_text(wanting(">=0.1,<0.2"))
    assert load_commands(tmp_path).find("text.shout") is not None


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed package whose `__init__.py` says what it requires, and whose command is in a module of it."""
    folder = tmp_path / "loud"
    folder.mkdir()
    (folder / "__init__.py").write_text('requires_tracker = ">=1000"\n')
    (folder / "commands.py").write_text(GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in ("loud", "loud.commands"):
        sys.modules.pop(name, None)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("value", ["loud.commands", "loud.commands:Shout"])
def test_a_package_says_it_for_all_its_modules(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = EntryPoint("loud", value, "tracker.commands")
    monkeypatch.setattr(tracker.plugins, "entry_points", lambda group: [point])
    with pytest.raises(
        PluginError, match=r"\(loud\.commands.*\): requires Tracker >=1000, and this is Tracker"
    ):
        load_commands()


def test_the_page_shows_the_line_as_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    [shown] = re.findall(
        r"^```text\npackage .*?: (.*)\n```$", (ROOT / "docs/plugins.md").read_text(), re.MULTILINE
    )
    monkeypatch.setattr(tracker.plugins, "__version__", "0.3.0")
    (tmp_path / "shout.py").write_text(wanting(">=0.1,<0.2"))
    with pytest.raises(PluginError) as stopped:
        load_commands(tmp_path)
    assert str(stopped.value).endswith(f": {shown}")
