"""Alert words: what an alert looks at and what it has read, in a sentence that fits into a mail's subject or a chat."""

from __future__ import annotations

from decimal import Decimal

from tracker.domain.alert_rule import (
    ABOVE,
    BELOW,
    CHANGED,
    DOWN,
    LESS_THAN_USUAL,
    NEW_ORIGIN,
    NOT_SEEN,
    SHARE_ABOVE,
    UP,
    AlertReading,
    AlertRule,
)

_MEASURES = {"rate": "Rate", "seconds": "Seconds of a visit", "views": "Page views"}
_OF_PROPERTY = {"sum": "Sum of", "avg": "Average of", "median": "Median of"}


def rule_words(rule: AlertRule) -> str:
    """Return what is bad: `Conversions below 10 in the last 24 hours`."""
    last, value = f"in the last {_hours(rule)}", plain(rule.value)
    return {
        NOT_SEEN: f"“{rule.event}” not seen {last}",
        LESS_THAN_USUAL: f"“{rule.event}” {last} less than {value} % of what is usual",
        SHARE_ABOVE: f"More than {value} % of events refused {last}",
        NEW_ORIGIN: f"A website refused {last} that was not refused before",
        ABOVE: f"{_counted(rule)} above {value} {last}",
        BELOW: f"{_counted(rule)} below {value} {last}",
        UP: f"{_counted(rule)} up by {value} % or more {last}",
        DOWN: f"{_counted(rule)} down by {value} % or more {last}",
        CHANGED: f"{_counted(rule)} changed by {value} % or more {last}",
    }[rule.word]


def reading_words(rule: AlertRule, reading: AlertReading) -> str:
    """Return what was read: `It is 3, and was 12 in the 24 hours before`."""
    now, other = plain(reading.value), plain(reading.compared)
    if rule.word == NOT_SEEN:
        return {"0": "It was not seen", "1": "It was seen once"}.get(now, f"It was seen {now} times")
    if rule.word == NEW_ORIGIN:
        return f"Refused: {', '.join(reading.names)}" if reading.names else "No such website is refused"
    if rule.word == LESS_THAN_USUAL:
        return f"It is {now}, and usually {other}"
    if rule.word == SHARE_ABOVE:
        return f"{now} of {other} are refused"
    if reading.compared is not None:
        return f"It is {now}, and was {other} in the {_hours(rule)} before"
    return f"It is {now}"


def plain(number: str | None) -> str:
    """Return a decimal as people write it: `1,250.5`."""
    if number is None:
        return ""
    text = f"{round(Decimal(number), 4):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _hours(rule: AlertRule) -> str:
    if rule.hours == 1:
        return "hour"
    return f"{rule.hours // 24} days" if rule.hours > 24 and rule.hours % 24 == 0 else f"{rule.hours} hours"


def _counted(rule: AlertRule) -> str:
    """Return what is counted: `Revenue in EUR of “order”`."""
    if rule.measure is None:
        return "Refused events"
    kind, _, name = rule.measure.partition(":")
    what = f"{_OF_PROPERTY[kind]} “{name}”" if name else _MEASURES.get(kind, kind.capitalize())
    money = f" in {rule.currency}" if rule.currency else ""
    return f"{what}{money}{f' of “{rule.event}”' if rule.event else ''}"
