"""Is a regular expression called faulty only where RE2 refuses it?"""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.analytics.queries.duckdb_dialect import DuckDBDialect
from tracker.questions.regex_faults import regex_fault

PARTS = ["(", ")", "[", "]", "\\", "^", "*", "+", "?", "|", "a", "1", "(?", "(?=", "(?<!", "(?:", "(?i)", "[:", ":]", "[[:alpha:]]", "\\Q", "\\E", "\\1", "\\12", "\\pL", "\\x{41}", "{2}", "-", "\n", "é"]  # fmt: skip


@given(st.lists(st.sampled_from(PARTS), max_size=8).map("".join))
def test_what_is_called_faulty_is_refused(pattern: str) -> None:
    if regex_fault(pattern) is None:
        return
    with duckdb.connect() as engine:
        refused = engine.execute(DuckDBDialect().bad_patterns("$1::VARCHAR[]"), [[pattern]]).fetchall()
    assert refused == [(pattern,)]


@pytest.mark.parametrize(
    "pattern", ["(a", "a)", "[a", "a\\", "*a", "(+a)", "a|*", "(?=a)b", "(?<!a)b", r"(a)\1", "(?:(a)"]
)
def test_a_fault_is_found(pattern: str) -> None:
    assert regex_fault(pattern)


@pytest.mark.parametrize("pattern", ["", "^/products/[^/]+$", r"\Q(\E", "[](]", "[[:alpha:](]", r"\(", "(?i)a", "(?P<x>a)+", "a*?", r"\12"])  # fmt: skip
def test_what_can_be_is_let_through(pattern: str) -> None:
    assert regex_fault(pattern) is None
