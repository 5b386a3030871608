"""Is money exact? Every valid conversion-value becomes millionths, rounded once, and no sum loses one."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.domain.conversions import conversion_key, total_of, value_in_millionths
from tracker.domain.event import CONVERSION, Event
from tracker.formats.event_limits import MAX_VALUE, is_conversion_value, trimmed

DIGITS = st.text("0123456789", max_size=25)
SPELLINGS = st.builds(
    lambda blank, sign, whole, point, part, mark, exponent: f"{blank}{sign}{whole}{point}{part}{mark}{exponent}{blank}",
    st.sampled_from(["", " ", "\t"]), st.sampled_from(["", "+", "-"]), DIGITS, st.sampled_from(["", "."]), DIGITS,
    st.sampled_from(["", "e", "E"]), st.one_of(st.just(""), st.integers(-9999, 9999).map(str), st.text("0123456789", max_size=30)),
)  # fmt: skip
NUMBERS = st.one_of(st.integers(-MAX_VALUE, MAX_VALUE), st.floats(-MAX_VALUE, MAX_VALUE), SPELLINGS)


@example("1e-9999")
@example("0e9999")
@example("1e-999999999999999999999999")
@example("0.0000005" + "0" * 50 + "1")
@example("-0.0000025")
@given(NUMBERS)
def test_a_valid_value_is_rounded_once_half_to_even(value: Any) -> None:
    if is_conversion_value(value):
        exact = Fraction(str(value).strip()) * 1_000_000
        assert value_in_millionths(value) == round(exact)


@pytest.mark.parametrize(
    ("value", "millionths"),
    [
        (19.99, 19_990_000), ("19.99", 19_990_000), (0.1, 100_000), (-0.0, 0), ("-12.5", -12_500_000), (" 7 ", 7_000_000),
        (1e-7, 0), ("0.0000005", 0), ("0.0000015", 2), ("0.0000025", 2), ("-0.0000015", -2), (10**12, 10**18), ("1e12", 10**18), (".5", 500_000),
        ("+1.", 1_000_000),
    ],
)  # fmt: skip
def test_values_and_their_millionths(value: Any, millionths: int) -> None:
    assert is_conversion_value(value)
    assert value_in_millionths(value) == millionths


@pytest.mark.parametrize(
    "value",
    [
        "1e10000",
        "1e-10000",
        "0e99999",
        "1_0",
        "0x10",
        "\u0661",
        "1,5",
        "--1",
        "e5",
        ".",
        "1e",
        True,
        [1],
        1e13,
        "NaN",
    ],
)
def test_what_is_no_money(value: Any) -> None:
    assert not is_conversion_value(value)


def conversion(**properties: Any) -> Event:
    return Event(
        7, CONVERSION, 0, properties={f"conversion-{name}": value for name, value in properties.items()}
    )


def test_ids_of_any_kind_have_keys_of_one_size() -> None:
    values = ["7", "8", "x" * 32_000, "", "é", 7.5, True, [1], {"a": 1}, {"a": 2}]
    keys = [conversion_key(conversion(id=value)) for value in values]
    assert {len(key) for key in keys} == {32}
    assert len(set(keys)) == len(values)
    assert conversion_key(conversion(id=7)) == keys[0]


@given(st.text(max_size=200), st.text(max_size=20))
def test_long_names_are_cut_at_whole_characters(name: str, currency: str) -> None:
    _, kept_name, kept_currency = total_of(conversion(name=name * 3, currency=currency))
    assert len(kept_name) <= 255
    assert len(kept_currency) <= 16
    assert (name * 3).startswith(kept_name.decode())
    assert trimmed(currency).upper().startswith(kept_currency.decode())
    assert len(kept_name) > 251 or kept_name.decode() == name * 3
