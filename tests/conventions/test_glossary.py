"""Glossary: each term of docs/glossary.md is found in the code where the page says."""

from __future__ import annotations

import re

import pytest

from tests.conventions.sources import ROOT

PAGE = ROOT / "docs" / "glossary.md"
FEWEST_TERMS = 40


def terms() -> list[tuple[str, str]]:
    """(term, file) of each row of the page's tables."""
    return re.findall(r"^\| ([^|]+?) \| [^|]+ \| `([^`|]+)` \|$", PAGE.read_text(), re.M)


def test_there_are_forty_terms_each_once() -> None:
    names = [term for term, _ in terms()]
    assert len(names) >= FEWEST_TERMS
    assert len(set(names)) == len(names)
    rows = [line for line in PAGE.read_text().splitlines() if re.match(r"\| (?!term |---)", line)]
    assert len(rows) == len(names), "a row that is no term with a file"


@pytest.mark.parametrize(("term", "place"), terms())
def test_a_term_is_found_where_the_glossary_says(term: str, place: str) -> None:
    """As words, as a name in the code, or in the file's own name: `group commit`, `group_commit`, `GroupCommit`."""
    found = f"{place}\n{(ROOT / place).read_text()}".lower()
    words = [re.escape(word) for word in term.lower().split()]
    is_there = re.search(r"[\s_-]*".join(words), found) is not None
    assert is_there, f"{place} does not say '{term}'"
