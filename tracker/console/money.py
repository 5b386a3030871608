"""Money as people write it: `€14.50`, with the symbol and the digits of its currency; nothing is converted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import format_currency, format_decimal, get_currency_symbol, is_currency

#: The language of the console.
LOCALE = "en"
#: Larger amounts are no money, and digits beyond these are noise of a double.
MAX_AMOUNT, MAX_DIGITS = Decimal(10) ** 15, 6
#: Properties with the code of a currency, the first that is present counts; and those that are amounts of it.
CURRENCY_PROPERTIES = ("conversion-currency", "currency")
AMOUNT_PROPERTIES = frozenset(
    ("conversion-value", "price", "value", "total", "subtotal", "amount", "revenue", "tax", "shipping", "discount")
)  # fmt: skip


def money(value: Any, currency: str) -> str | None:
    """Return an amount of a currency: a number, or text that is one. None: it is no amount.

    It has the digits of its currency, and more where the amount has more. A currency that ISO 4217 does not know stands
    after the number as it is written, none leaves the number alone.
    """
    amount = _amount(value)
    if amount is None:
        return None
    code = currency.strip().upper()
    if not is_currency(code):
        return f"{format_decimal(amount, '#,##0.00####', locale=LOCALE)} {currency.strip()}".rstrip()
    symbol = get_currency_symbol(code, locale=LOCALE)
    text = format_currency(amount, code, locale=LOCALE, decimal_quantization=False)
    return text.replace(symbol, f"{symbol}\N{NO-BREAK SPACE}", 1) if symbol[-1].isalpha() else text


def sums(revenue: Iterable[Mapping[str, Any]], main: str) -> list[dict[str, Any]]:
    """Return the sums of `subscriber.get` as texts, that of the list's own currency first."""
    ordered = sorted(revenue, key=lambda each: each["Currency"] != main or not main)
    return [
        {
            "amount": money(each["Value"], each["Currency"]) or str(each["Value"]),
            "conversions": each["Conversions"],
        }
        for each in ordered
    ]


def amounts(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return {name: text} of the properties that are amounts of the currency that stands beside them."""
    code = next((properties[name] for name in CURRENCY_PROPERTIES if properties.get(name)), None)
    if not isinstance(code, str) or not is_currency(code.strip().upper()):
        return {}
    found = {name: money(properties[name], code) for name in properties if name in AMOUNT_PROPERTIES}
    return {name: text for name, text in found.items() if text is not None}


def _amount(value: Any) -> Decimal | None:
    """Return a number exactly as it is written, up to MAX_DIGITS digits after the point."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) > MAX_AMOUNT:
        return None
    return round(amount, MAX_DIGITS)
