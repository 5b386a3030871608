"""Retention: people by the period in which they did something for the first time, and in how many later ones they came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from tracker.questions.conditions import BadQuestion, check_number, check_where
from tracker.questions.local_days import DAY_MS, HOUR_MS, bucket_begins
from tracker.questions.subjects import ANYTHING, Goal

Period = Literal["day", "week", "month"]
PERIODS = get_args(Period)
MAX_PERIODS, USUAL_PERIODS = 24, 8
#: Milliseconds that a period can have at most: days of a clock change are longer.
_LONGEST = {"day": DAY_MS + 2 * HOUR_MS, "week": 7 * DAY_MS + 2 * HOUR_MS, "month": 31 * DAY_MS + 2 * HOUR_MS}


@dataclass(frozen=True, slots=True)
class RetentionPlan:
    """Who did `first` for the first time of all, and did `again` in one of the so many periods after that."""

    first: Goal = ANYTHING
    again: Goal = ANYTHING
    interval: Period = "week"
    periods: int = USUAL_PERIODS

    def __post_init__(self) -> None:
        check_where("first", (*self.first.where, *self.again.where))
        if self.interval not in PERIODS:
            raise BadQuestion("interval", f"the intervals are {', '.join(PERIODS)}")
        check_number("periods", self.periods, 1, MAX_PERIODS)

    def cohorts(self, begins: int, ends: int, zone: str) -> list[int]:
        """Return when the cohorts of a range begin, the first with the range. Raises BadQuestion for too many."""
        return bucket_begins(self.interval, begins, ends, zone)

    def periods_of(self, begins: int, ends: int, zone: str) -> list[int]:
        """Return when each cohort's period begins, those after the last cohort too, and at last when the last one ends."""
        count = len(self.cohorts(begins, ends, zone)) + self.periods + 1
        far = ends + (self.periods + 2) * _LONGEST[self.interval]
        return bucket_begins(self.interval, begins, far, zone)[:count]
