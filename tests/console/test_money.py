"""Is money shown as people write it, whatever was sent as an amount and as a currency?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.console.event_view import shown
from tracker.console.money import amounts, money, sums

SPACE = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (14.5, "EUR", "€14.50"),
        (69.0, "USD", "$69.00"),
        ("9.5", " eur ", "€9.50"),
        (1234567, "GBP", "£1,234,567.00"),
        (-3, "GBP", "-£3.00"),
        (980, "JPY", "¥980"),
        (12.345, "KWD", f"KWD{SPACE}12.345"),
        (3, "CHF", f"CHF{SPACE}3.00"),
        (0.1 + 0.2, "EUR", "€0.30"),
        (0.125, "USD", "$0.125"),
        (1.5, "", "1.50"),
        (1.5, "points", "1.50 points"),
        ("12,50", "EUR", None),
        ("NaN", "EUR", None),
        ("1e400", "EUR", None),
        (True, "EUR", None),
        ([1], "EUR", None),
    ],
)
def test_an_amount_has_the_symbol_and_digits_of_its_currency(
    value: Any, currency: str, text: str | None
) -> None:
    assert money(value, currency) == text


@given(
    st.one_of(st.integers(), st.floats(), st.text(max_size=30), st.booleans(), st.none()),
    st.text(max_size=20),
)
def test_whatever_is_sent_is_an_amount_or_is_none(value: Any, currency: str) -> None:
    text = money(value, currency)
    assert text is None or any(character.isdigit() for character in text)


def test_sums_are_of_one_currency_each_and_that_of_the_list_comes_first() -> None:
    revenue = [
        {"Currency": "GBP", "Conversions": 5, "Value": 10.0},
        {"Currency": "", "Conversions": 4, "Value": 7.0},
        {"Currency": "EUR", "Conversions": 1, "Value": 2.5},
    ]
    assert [each["amount"] for each in sums(revenue, "EUR")] == ["€2.50", "£10.00", "7.00"]
    assert [each["amount"] for each in sums(revenue, "")] == ["£10.00", "7.00", "€2.50"]


@pytest.mark.parametrize(
    ("properties", "summary"),
    [
        (
            {"conversion-id": "1", "conversion-name": "sale", "conversion-value": 69.0, "currency": "EUR"},
            ["sale", "€69.00"],
        ),
        ({"name": "Sencha", "price": "14.5", "currency": "EUR", "quantity": 2}, ["Sencha", "€14.50", "2"]),
        ({"price": 14.5, "currency": "beans"}, ["14.5", "beans"]),
        ({"price": "a lot", "currency": "EUR"}, ["a lot", "EUR"]),
        ({"price": 14.5, "currency": ["EUR"]}, ["14.5"]),
    ],
)
def test_the_summary_of_an_event_has_money(properties: dict[str, Any], summary: list[str]) -> None:
    texts = dict.fromkeys(("EventID", "Event", "EventAt", "ReceivedAt", "UUID", "ExternalID"), "")
    assert [
        each["value"] for each in shown({**texts, "Properties": properties}, "/lists/1")["summary"]
    ] == summary


def test_only_amounts_beside_a_currency_are_money() -> None:
    assert amounts({"price": 3, "weight": 3, "currency": "EUR"}) == {"price": "€3.00"}
    assert amounts({"price": 3}) == {}
