"""Money words: an amount of a currency as people write it: `€1,691.50`, `CHF 12`."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

#: Signs of currencies that have one of their own; others are written with their code.
SIGNS = {
    "EUR": "€",
    "GBP": "£",
    "USD": "$",
    "JPY": "¥",
    "INR": "₹",
    "KRW": "₩",
    "ILS": "₪",
    "TRY": "₺",
    "UAH": "₴",
    "VND": "₫",
}
#: Currencies without cents.
WHOLE = {"JPY", "KRW", "VND", "CLP", "ISK", "HUF", "XAF", "XOF", "XPF", "UGX", "RWF", "PYG"}


def money(amount: str, currency: str) -> str:
    """Return an amount, whole from 1,000 on, so that a column of them can be read; the report's CSV has every digit."""
    try:
        value = Decimal(amount)
    except InvalidOperation:
        return f"{amount} {currency}"
    digits = 0 if currency in WHOLE or abs(value) >= 1_000 or value == value.to_integral_value() else 2
    sign = SIGNS.get(currency, f"{currency} ".lstrip())
    return f"{'-' if value < 0 else ''}{sign}{abs(value):,.{digits}f}"
