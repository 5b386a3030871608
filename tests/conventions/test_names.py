"""Module names: guessed, unique over the tree, and no module so small that its concept stands elsewhere."""

from __future__ import annotations

from collections import defaultdict

from tests.conventions.sources import modules

FEWEST_LINES = 30
#: Modules of these folders are named by what their pages and commands are about, which others are about too.
NAMED_BY_SUBJECT = ("tracker.console.pages.", "tracker.cli.", "commands.")
#: Name -> why several modules have it.
SHARED: dict[str, str] = {}
#: Module below FEWEST_LINES -> why it stands alone.
SMALL: dict[str, str] = {}


def test_no_two_modules_share_a_name() -> None:
    named: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        if not module.startswith(NAMED_BY_SUBJECT):
            named[module.rpartition(".")[2]].append(module)
    shared = {name: found for name, found in named.items() if len(found) > 1}
    assert {name: found for name, found in shared.items() if name not in SHARED} == {}
    assert set(SHARED) - set(shared) == set(), "shared no more"


def test_small_modules_have_a_reason() -> None:
    small = {
        module
        for module, path in modules().items()
        if path.name != "__init__.py" and len(path.read_text().splitlines()) < FEWEST_LINES
    }
    assert small - set(SMALL) == set()
    assert set(SMALL) - small == set(), "small no more"
