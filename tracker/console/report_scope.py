"""Report scope: the time that an answer is about, in words, and the honest line below each chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tracker.console.report_address import ReportAddress, days_from


@dataclass(frozen=True, slots=True)
class ReportScope:
    """The scope of an answer. Times are local ones of the list's zone, ranges half open."""

    begins: datetime
    ends: datetime
    before: tuple[datetime, datetime] | None
    zone: str
    events: int
    robots: int
    people_left_out: int
    is_complete: bool
    as_of: str | None

    @classmethod
    def of(cls, scope: Mapping[str, Any]) -> ReportScope:
        """Return the scope that an answer tells."""
        compared = scope["Compare"]
        return cls(
            datetime.fromisoformat(scope["From"]),
            datetime.fromisoformat(scope["To"]),
            (datetime.fromisoformat(compared["From"]), datetime.fromisoformat(compared["To"]))
            if compared
            else None,
            scope["Timezone"],
            scope["Events"],
            scope["RobotsLeftOut"],
            scope["PeopleLeftOut"],
            scope["IsComplete"],
            scope["AsOf"],
        )

    @property
    def days(self) -> int:
        """The number of local days that the range touches."""
        return (self.last_day - self.begins.date()).days + 1

    @property
    def last_day(self) -> date:
        return last_day(self.ends)

    @property
    def words(self) -> str:
        return range_words(self.begins, self.ends)

    @property
    def before_words(self) -> str:
        return range_words(*self.before) if self.before else ""

    @property
    def is_running(self) -> bool:
        """Whether the range is not over at the moment of the answer, so that its last part will grow."""
        return self.as_of is not None and datetime.fromisoformat(self.as_of) < self.ends

    def has_begun(self, time: datetime) -> bool:
        """Whether a part of the range that begins then is not still to come."""
        return self.as_of is None or time <= datetime.fromisoformat(self.as_of)

    def earlier(self, address: ReportAddress) -> str:
        """Return the address of as many days before these."""
        return address.link(**days_from(self.begins.date(), self.last_day, -self.days))

    def later(self, address: ReportAddress) -> str | None:
        """Return the address of as many days after these; None if the range reaches into the present."""
        return (
            None
            if self.is_running
            else address.link(**days_from(self.begins.date(), self.last_day, self.days))
        )

    def compared_with(self) -> str:
        """Return what the numbers are compared with: `against the 14 days before`."""
        if self.before is None:
            return "not compared"
        if self.before[1] != self.begins:
            return f"against {self.before_words}"
        return "against the day before" if self.days == 1 else f"against the {self.days:,} days before"


def last_day(ends: datetime) -> date:
    """Return the last day of a range that ends at this moment."""
    return (ends - timedelta(microseconds=1)).date()


def range_words(begins: datetime, ends: datetime) -> str:
    """Return a range in words: days, or of a shorter one its hours."""
    first, last = begins.date(), last_day(ends)
    if (begins.hour, begins.minute, ends.hour, ends.minute) != (0, 0, 0, 0):
        until = f"{ends:%H:%M}" if first == last else f"{day_words(ends.date())}, {ends:%H:%M}"
        return f"{day_words(first)}, {begins:%H:%M} – {until}"
    if first == last:
        return day_words(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day} – {day_words(last)}"
    if first.year == last.year:
        return f"{first:%-d %b} – {day_words(last)}"
    return f"{day_words(first)} – {day_words(last)}"


def day_words(day: date) -> str:
    return f"{day:%-d %b} {day.year}"


def moment_words(iso: str, zone: str) -> str:
    """Return a moment in a zone in words; of midnight the day alone, since it is one that was given as a day."""
    time = datetime.fromisoformat(iso).astimezone(ZoneInfo(zone))
    return day_words(time.date()) + ("" if f"{time:%H%M%S}" == "000000" else f", {time:%H:%M}")
