"""Is every picture shown somewhere, is every one that is shown there, and are they small enough to be carried around?"""

from __future__ import annotations

import re

import pytest

from tests.conventions.sources import ROOT

IMAGES = ROOT / "docs/images"
#: All together, in bytes: whoever clones Tracker has them.
MAX_BYTES = 6_000_000
NAMES = {path.name.removesuffix("-light-desktop.png") for path in IMAGES.glob("*-light-desktop.png")}


def shown() -> set[str]:
    """The paths of pictures that documents name, each seen from its document."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = ((path, name) for path in documents for name in re.findall(r"[\w/.-]+\.png", path.read_text()))
    return {str((path.parent / name).resolve().relative_to(ROOT)) for path, name in named}


def test_documents_show_what_is_there_and_all_of_it() -> None:
    assert shown() == {str(path.relative_to(ROOT)) for path in IMAGES.iterdir()}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_page_is_there_in_both_colours_and_sizes(name: str) -> None:
    kinds = {f"{name}-{colours}-{size}.png" for colours in ("light", "dark") for size in ("desktop", "phone")}
    assert kinds <= {path.name for path in IMAGES.iterdir()}


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in IMAGES.iterdir()) < MAX_BYTES
