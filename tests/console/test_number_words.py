"""Are numbers written as people read them, and compared with those before?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.console.number_words import (
    MEASURES,
    SIX,
    ShownChange,
    change,
    duration,
    measure_name,
    plain,
    written,
)


@pytest.mark.parametrize(
    ("measure", "value", "words"),
    [
        ("people", 1246, "1,246"),
        ("people", 0, "0"),
        ("people", None, "–"),
        ("rate", 0.1012, "10.1 %"),
        ("rate", 0, "0 %"),
        ("seconds", 125.4, "2 min 5 s"),
        ("avg:price", 12.3456, "12.35"),
        ("sum:price", -1200000.5, "-1,200,000.5"),
        ("sum:price", -1.7e308, "-1.7e+308"),
        ("revenue", {}, "–"),
    ],
)
def test_numbers_are_written(measure: str, value: Any, words: str) -> None:
    assert written(measure, value, "EUR") == words


def test_money_is_summed_per_currency_with_the_lists_first() -> None:
    assert written("revenue", {"EUR": "1691.00"}, "EUR") == "€1,691.00", "beside €623.50"
    assert written("revenue", {"EUR": "1691.00"}, "EUR", is_brief=True) == "€1,691"
    assert written("revenue", {"EUR": "623.5"}, "EUR", is_brief=True) == "€623.50"
    assert written("revenue", {"JPY": "1490.00"}, "JPY") == "¥1,490"
    assert written("revenue", {"EUR": "490"}, "EUR") == "€490.00", "beside €623.50"
    assert written("revenue", {"JPY": "490.00"}, "JPY") == "¥490", "a currency without cents"
    assert written("revenue", {"GBP": "40.00", "EUR": "14.50"}, "EUR") == "€14.50 + £40.00"
    assert written("revenue", {"GBP": "40.00", "USD": "100.00"}, "EUR").startswith("$100"), "the larger first"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599.6, "1 h 0 min"), (4800, "1 h 20 min")],
)
def test_durations_are_written(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("measure", "value", "before", "told"),
    [
        ("people", 114, 100, ShownChange("↑ 14 %", "good")),
        ("people", 92, 100, ShownChange("↓ 8 %", "bad")),
        ("bounces", 114, 100, ShownChange("↑ 14 %", "bad")),
        ("people", 1000, 1001, ShownChange("± 0 %", "same")),
        ("people", 5, 0, ShownChange("new", "good")),
        ("people", 0, 0, ShownChange("± 0 %", "same")),
        ("sum:price", 5, -10, ShownChange("↑ 150 %", "good")),
        ("sum:price", 1.7e308, -1.7e308, ShownChange("↑ 200 %", "good")),
        ("sum:price", -1.7e308, 5e-324, ShownChange("↓ > 1,000,000 %", "bad")),
        ("people", 5, None, None),
        ("people", None, 5, None),
        ("revenue", {"EUR": "50"}, {"EUR": "100"}, ShownChange("↓ 50 %", "bad")),
        ("revenue", {"EUR": "50"}, {"GBP": "100"}, ShownChange("new", "good")),
    ],
)
def test_changes_are_told(measure: str, value: Any, before: Any, told: ShownChange | None) -> None:
    assert change(measure, value, before, "EUR") == told


@given(st.floats(-1e15, 1e15))
def test_any_number_is_written_without_an_exponent(value: float) -> None:
    assert set(plain(value)) <= set("-0123456789,.")
    assert not plain(value).endswith(".")


def test_each_measure_is_named_and_defined_in_a_sentence() -> None:
    assert set(SIX) < set(MEASURES)
    assert all(meaning.endswith(".") for _, meaning in MEASURES.values())
    assert [measure_name(name) for name in ("people", "sum:price", "median:a:b")] == [
        "People",
        "Sum of price",
        "Median of a:b",
    ]
