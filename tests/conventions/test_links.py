"""Link check: every relative link of every page leads to a file and, with an anchor, to a heading."""

from __future__ import annotations

import re
import subprocess
from functools import partial
from pathlib import Path

import pytest

from tests.conventions.pages import anchors, links, pages, tables, width
from tests.conventions.sources import ROOT

ELSEWHERE = re.compile(r"[a-z]+:")
NAMED_PAGE = re.compile(r"\b(?:docs/[\w/.-]+|[A-Z_]+)\.md\b")


def fault_of(path: Path, link: str) -> str | None:
    """What is wrong with a link of a page; None if nothing is."""
    name, _, anchor = link.partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.exists():
        return f"{link}: no such file"
    return f"{link}: no such heading" if anchor and anchor not in anchors(target) else None


def relative_links(path: Path) -> list[str]:
    return [link for link in links(path) if not ELSEWHERE.match(link)]


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert [fault for fault in map(partial(fault_of, path), relative_links(path)) if fault] == []


def test_broken_links_are_found() -> None:
    """Whether the test above can fail: for a file, for an anchor, and not for a good link."""
    page = ROOT / "docs/README.md"
    assert fault_of(page, "none.md") == "none.md: no such file"
    assert fault_of(page, "plugins.md#none") == "plugins.md#none: no such heading"
    assert fault_of(page, "plugins.md#tables") is None
    assert len(relative_links(page)) > 10


def test_pages_named_in_code_are_there() -> None:
    """Comments and messages name pages: `docs/decisions/0001-storage-layout.md`, `SECURITY.md`."""
    command = ["git", "-c", f"safe.directory={ROOT}", "grep", "-IEn", r"\b(docs/[a-z0-9/.-]+|[A-Z_]+)\.md\b"]
    listed = subprocess.run(
        [*command, "--", "*.py", "*.md", "*.cfg", "*.toml", "Makefile", "*.mjs", "*.js", "*.yml"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    named = {(line.split(":")[0], name) for line in listed.splitlines() for name in NAMED_PAGE.findall(line)}
    missing = [(at, name) for at, name in named if not (ROOT / name).exists() and not is_beside(at, name)]
    assert sorted(missing) == []


def is_beside(at: str, name: str) -> bool:
    """Whether the page stands beside, or below, the file that names it."""
    return ((ROOT / at).parent / name).exists()


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_tables_are_shown_as_tables(path: Path) -> None:
    """A line below the head with as many cells as the head: else a reader sees bars. No row has more cells than that."""
    for head, rule, *rows in tables(path):
        assert re.fullmatch(r"\|( ?:?-{3,}:? ?\|)+", rule), head
        assert width(head) == width(rule), head
        assert [row for row in rows if width(row) > width(head)] == [], head
