"""Number words: measures, changes and durations as people read them: `1,246`, `10.1 %`, `2 min 5 s`, `↑ 14 %`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tracker.console.money import money

#: Measures with what they are called on pages, and what each counts in one sentence.
MEASURES: dict[str, tuple[str, str]] = {
    "people": ("People", "Persons and visitors who did something; a person with three browsers is one."),
    "visits": ("Visits", "What somebody did without a pause longer than the list's visit gap."),
    "views": ("Page views", "Events named page_view."),
    "conversions": (
        "Conversions",
        "Conversions that count, each conversion-id once; with a goal, the events that reach it.",
    ),
    "revenue": (
        "Revenue",
        "The values of these conversions, added up for each currency and never converted.",
    ),
    "rate": ("Rate", "People with a conversion, or with the goal, out of all people."),
    "events": ("Events", "Everything that was tracked; robots are left out, here as everywhere."),
    "bounces": ("Bounces", "Visits of one single event."),
    "seconds": ("Length of a visit", "From the first event of a visit to its last, on average."),
}
#: The measures of Overview.
SIX = ("people", "visits", "views", "conversions", "revenue", "rate")
#: Measures that `reports.people` opens to the people who are in them.
OPENED = (*SIX, "events")
#: Measures of which less is better.
_BAD_IF_MORE = ("bounces",)
#: Above this a number is written with an exponent, and of a change it is only said that it is larger.
HUGE, HUGE_PERCENT = 1e15, 1_000_000


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A number against the one before: `words` and whether that is good, bad or neither."""

    words: str
    kind: str


def measure_name(measure: str) -> str:
    """Return what a measure is called: `People`, `Sum of price`."""
    if measure in MEASURES:
        return MEASURES[measure][0]
    kind, _, name = measure.partition(":")
    return f"{ {'sum': 'Sum', 'avg': 'Average', 'median': 'Median'}.get(kind, kind) } of {name}"


def written(measure: str, value: Any, currency: str, *, is_brief: bool = False) -> str:
    """Return a number of an answer in words, a dash for none. Money in several currencies: that of the list first.

    Money has its cents, since it stands in a column, unless it is to be brief.
    """
    if value is None or value == {}:
        return "–"
    if isinstance(value, Mapping):
        first = main_currency(value, currency)
        others = sorted(name for name in value if name != first)
        return " + ".join(rounded_money(value[name], name, is_brief=is_brief) for name in (first, *others))
    return writer(measure, currency)(float(value))


def writer(measure: str, currency: str) -> Callable[[float], str]:
    """Return the function that writes numbers of a measure."""
    if measure == "revenue":
        return lambda value: rounded_money(f"{value:.6f}", currency, is_brief=True).removesuffix(".00")
    if measure == "rate":
        return lambda value: f"{value * 100:.1f} %" if value else "0 %"
    return duration if measure == "seconds" else plain


def rounded_money(amount: str, currency: str, *, is_brief: bool) -> str:
    """Return money to the cent or, as there is room for it in a tile and at an axis, whole from 1,000 on.

    The report's CSV has every digit.
    """
    value = Decimal(amount)
    if is_brief and abs(value) >= 1_000:
        return (money(str(round(value)), currency) or amount).removesuffix(".00")
    return money(str(round(value, 2)), currency) or amount


def plain(value: float) -> str:
    """Return a number with at most two digits after the point; a huge one as `1.7e+308`."""
    if abs(value) > HUGE:
        return f"{value:.6g}"
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float | None) -> str:
    """Return a share in words: `37 %`, `3.4 %`, a dash for none."""
    if share is None:
        return "–"
    hundred = share * 100
    return f"{hundred:.0f} %" if hundred >= 9.95 or hundred == 0 else f"{hundred:.1f} %"


def duration(seconds: float) -> str:
    """Return a duration: `45 s`, `2 min 5 s`, `1 h 20 min`."""
    whole = round(seconds)
    if abs(whole) < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def number_of(value: Any, currency: str) -> float | None:
    """Return a number of an answer as one that can be drawn; of money the part in `currency`, 0 if there is only other money."""
    if isinstance(value, Mapping):
        return float(value.get(currency, 0))
    return None if value is None else float(value)


def main_currency(amounts: Mapping[str, Any], currency: str) -> str:
    """Return the list's currency if there is money in it, else the currency with the largest amount."""
    if currency in amounts or not amounts:
        return currency
    return max(amounts, key=lambda name: (float(amounts[name]), name))


def change(measure: str, value: Any, before: Any, currency: str) -> ShownChange | None:
    """Return how a number compares with the one before; None if there is none to compare with."""
    unit = main_currency({**(before or {}), **value}, currency) if isinstance(value, Mapping) else currency
    now, then = number_of(value, unit), number_of(before, unit)
    if (
        now is None
        or then is None
        or value == before == {}
        or not math.isfinite(now)
        or not math.isfinite(then)
    ):
        return None
    if then == 0:
        return ShownChange("new", "good") if now else ShownChange("± 0 %", "same")
    changed = (now / abs(then) - math.copysign(1.0, then)) * 100
    percent = round(min(max(changed, -HUGE_PERCENT), HUGE_PERCENT))
    if percent == 0:
        return ShownChange("± 0 %", "same")
    is_good = (percent > 0) is (measure not in _BAD_IF_MORE)
    size = f"> {HUGE_PERCENT:,}" if abs(changed) > HUGE_PERCENT else f"{abs(percent):,}"
    return ShownChange(f"{'↑' if percent > 0 else '↓'} {size} %", "good" if is_good else "bad")
