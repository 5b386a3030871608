"""Alert rule: what an alert looks at, and whether what was read is bad."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from typing import Any, Final

import orjson

#: What alerts are about: a number of a report, an event that stops arriving, events that are refused.
NUMBER, SILENCE, REFUSALS = "number", "silence", "refusals"
#: How a number is bad: beyond a value, or by how many percent it differs from the time before.
ABOVE, BELOW, UP, DOWN, CHANGED = "above", "below", "up", "down", "changed"
NOT_SEEN, LESS_THAN_USUAL = "not seen", "less than usual"
SHARE_ABOVE, NEW_ORIGIN = "share above", "new origin"
#: The words of `Is` of each kind.
WORDS: Final[dict[str, tuple[str, ...]]] = {
    NUMBER: (ABOVE, BELOW, UP, DOWN, CHANGED),
    SILENCE: (NOT_SEEN, LESS_THAN_USUAL),
    REFUSALS: (ABOVE, SHARE_ABOVE, NEW_ORIGIN),
}
#: Words with a value to compare with, those of them whose value is in percent, and those that are judged from a least number on.
VALUED = (ABOVE, BELOW, UP, DOWN, CHANGED, LESS_THAN_USUAL, SHARE_ABOVE)
PERCENT = (UP, DOWN, CHANGED, LESS_THAN_USUAL, SHARE_ABOVE)
WITH_MINIMUM = PERCENT
#: Words whose number is held against that of the time before.
COMPARED = (UP, DOWN, CHANGED)
#: Hours of a window, and what stands for a window and a least number that are not sent.
MAX_HOURS, DEFAULT_HOURS, DEFAULT_MINIMUM = 168, 24, 20
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
#: An alert is well again after it has been well for this part of its window, and for at least this long.
CALM_PART, CALM_MS = 8, 15 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class AlertRule:
    """What is looked at. `where` are conditions as they were sent; `value` is a decimal as text."""

    kind: str
    word: str
    hours: int = DEFAULT_HOURS
    value: str | None = None
    minimum: int | None = None
    event: str | None = None
    measure: str | None = None
    where: list[Any] | None = None
    goal_id: int | None = None
    segment_id: int | None = None
    currency: str | None = None

    @property
    def window_ms(self) -> int:
        return self.hours * HOUR_MS

    @property
    def calm_ms(self) -> int:
        """How long it has to be well before it is told to be. An event that was not seen is there again when it is seen."""
        return 0 if self.word == NOT_SEEN else max(CALM_MS, self.window_ms // CALM_PART)

    def stored(self) -> bytes:
        return orjson.dumps({name: value for name, value in asdict(self).items() if value is not None})

    @classmethod
    def read(cls, stored: bytes) -> AlertRule:
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in orjson.loads(stored).items() if name in known})


@dataclass(frozen=True, slots=True)
class AlertReading:
    """What a look has read: a number, what it is held against, and names that belong to it. Numbers are decimals as text.

    `value` is None where nothing can be said: `trouble` then says why. `words` say all of it to people.
    """

    value: str | None
    compared: str | None = None
    names: tuple[str, ...] = ()
    trouble: str | None = None
    words: str = ""

    def stored(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def read(cls, stored: bytes) -> AlertReading:
        found = orjson.loads(stored)
        return cls(**{**found, "names": tuple(found["names"])})


def segments_in(rule: AlertRule) -> set[int]:
    """Return the numbers of the segments that a rule looks at, by itself or in its conditions."""
    found = set() if rule.segment_id is None else {rule.segment_id}
    for part in rule.where or []:
        for condition in part if isinstance(part, list) else [part]:
            sent = {key.lower(): value for key, value in condition.items()}.get("segment")
            if isinstance(sent, (int, str)) and str(sent).isdecimal():
                found.add(int(sent))
    return found


def is_bad(rule: AlertRule, reading: AlertReading) -> bool | None:
    """Return whether a reading is bad; None if nothing can be said."""
    if reading.value is None or reading.trouble is not None:
        return None
    now, limit = Decimal(reading.value), Decimal(rule.value or 0)
    other = Decimal(reading.compared or 0)
    if rule.word == NOT_SEEN:
        return now == 0
    if rule.word == NEW_ORIGIN:
        return now > 0
    if rule.word == ABOVE:
        return now > limit
    if rule.word == BELOW:
        return now < limit
    return _is_far(rule, now, other, limit)


def _is_far(rule: AlertRule, now: Decimal, other: Decimal, percent: Decimal) -> bool:
    """Whether two numbers are so far apart, of which the larger is worth a look: a few more or less are chance."""
    least = rule.minimum or 0
    if rule.word == SHARE_ABOVE:  # of `other` in all, `now` are refused
        return other >= least and now * 100 > other * percent
    if rule.word == LESS_THAN_USUAL:
        return other >= least and now * 100 < other * percent
    if max(now, other) < least:
        return False
    is_up = now > other and (now - other) * 100 >= other * percent
    is_down = now < other and (other - now) * 100 >= other * percent
    return {UP: is_up, DOWN: is_down}.get(rule.word, is_up or is_down)
