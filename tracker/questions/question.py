"""Questions: what each kind of report asks of a list's events, bounded so that an answer stays small and quick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tracker.questions.attribution_plan import AttributionPlan
from tracker.questions.cells import Cell
from tracker.questions.conditions import (
    MAX_NAME_CHARACTERS,
    MAX_VALUE_CHARACTERS,
    BadQuestion,
    Condition,
    Where,
    check_number,
    check_text,
    check_where,
)
from tracker.questions.funnel_plan import FunnelPlan
from tracker.questions.local_days import DAY_MS, bucket_begins, zone_of
from tracker.questions.measures import OPENED_MEASURES, Measure, check_measures, measure_of
from tracker.questions.paths_plan import PathsPlan
from tracker.questions.product_plan import PRODUCT_SORTS, ProductPlan
from tracker.questions.retention_plan import RetentionPlan
from tracker.questions.subjects import Dimension, Goal
from tracker.questions.time_range import FIRST_MS, LAST_MS, check_range

Interval = Literal["hour", "day", "week", "month", "none"]
INTERVALS = ("hour", "day", "week", "month", "none")
#: Dimensions of a breakdown, and lines of a trend.
MAX_DIMENSIONS, MAX_TOP = 2, 20
#: Rows of an answer, and rows before them: who wants more exports.
MAX_LIMIT, MAX_OFFSET = 1_000, 100_000
#: Ids of events at once: a batch of an export.
MAX_IDS = 10_000
#: Events, and goals, that are held against each other at once.
MAX_MATCHED = 1_000
#: Subscribers that a question may be restricted to, and the largest number that names one or nobody: 19 digits.
MAX_SUBSCRIBERS, MAX_DIGITS = 100, 10**19 - 1
#: Segments that are counted at once: as many as a list can have.
MAX_SEGMENTS = 100
#: People that are shown beside the size of a segment.
MAX_EXAMPLES = 20
#: The range of a head that is about all that is kept.
EVER = FIRST_MS, LAST_MS
#: The gap that parts visits: from a minute to the day that visits are looked at around a range.
MIN_VISIT_GAP_MS, MAX_VISIT_GAP_MS = 60_000, DAY_MS
#: What `people` are ordered by, largest first.
PEOPLE_SORTS = ("last_seen", "first_seen", "events", "revenue")


@dataclass(frozen=True, slots=True)
class Head:
    """The head that most questions share. Times are UTC milliseconds, ranges are half open.

    `events_from` is where the list's kept events begin, `now` when the question was asked. The range `EVER` is longer than others
    may be: it is that of questions about people alone.
    """

    list_id: int
    begins: int
    ends: int
    zone: str = "UTC"
    before: tuple[int, int] | None = None
    where: Where = ()
    goal: Goal | None = None
    visit_gap_ms: int = 1_800_000
    events_from: int = 0
    now: int = 0

    def __post_init__(self) -> None:
        zone_of(self.zone)
        for begins, ends in [(self.begins, self.ends), *([self.before] if self.before else [])]:
            if (begins, ends) != EVER:
                check_range(begins, ends)
        check_where("where", (*self.where, *(self.goal.where if self.goal else ())))
        check_visit_gap(self.visit_gap_ms)


@dataclass(frozen=True, slots=True)
class Trend:
    """Measures over time: a series for each measure and, with `by`, for each of the `top` values, largest `order` first."""

    head: Head
    measures: tuple[Measure, ...]
    event: str | None = None
    interval: Interval = "day"
    by: Dimension | None = None
    top: int = 5

    def __post_init__(self) -> None:
        _check_event(self.event)
        check_measures(self.measures)
        _check_interval(self.interval, self.head)
        check_number("top", self.top, 1, MAX_TOP)

    @property
    def order(self) -> Measure:
        """The measure that chooses the values: the first; events, if that is a share, an average or bounces."""
        first = self.measures[0]
        return first if first.is_additive or first.kind in ("people", "visits") else measure_of("events")


@dataclass(frozen=True, slots=True)
class Breakdown:
    """Measures by the values of one or two dimensions, largest `sort` first."""

    head: Head
    by: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    event: str | None = None
    sort: Measure | None = None
    limit: int = 10
    offset: int = 0

    def __post_init__(self) -> None:
        _check_event(self.event)
        check_measures(self.measures)
        if not 1 <= len(self.by) <= MAX_DIMENSIONS or len(set(self.by)) != len(self.by):
            raise BadQuestion("by", f"give one or {MAX_DIMENSIONS} different dimensions")
        if self.sort is not None and self.sort not in self.measures:
            raise BadQuestion("sort", "sort by one of the measures")
        _check_page(self.limit, self.offset)

    @property
    def order(self) -> Measure:
        """The measure that orders the rows: the first, if none is chosen."""
        return self.sort or self.measures[0]


@dataclass(frozen=True, slots=True)
class People:
    """The people behind a number: those of the events that match.

    `subscribers` restricts it to these, `is_known` to people who are subscribers, `measure` to the events that this measure
    counts, and `cell` to people who are in a number of another report.
    """

    head: Head
    event: str | None = None
    sort: str = "last_seen"
    limit: int = 100
    offset: int = 0
    subscribers: tuple[int, ...] | None = None
    is_known: bool = False
    measure: str = "people"
    cell: Cell | None = None

    def __post_init__(self) -> None:
        _check_event(self.event)
        if self.measure not in OPENED_MEASURES:
            raise BadQuestion("measure", f"people are behind {', '.join(OPENED_MEASURES)}")
        if self.sort not in PEOPLE_SORTS:
            raise BadQuestion("sort", f"people are sorted by {', '.join(PEOPLE_SORTS)}")
        _check_page(self.limit, self.offset)
        if self.cell is not None:
            self.cell.check_in(self.head.begins, self.head.ends, self.head.zone)
        if self.subscribers is not None:
            check_number("subscribers", len(self.subscribers), 1, MAX_SUBSCRIBERS)
            for number in self.subscribers:
                check_number("subscribers", number, 0, MAX_DIGITS)


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a dimension with their events, most frequent first, but those `left_out`; `search` is a part of the value in any case."""

    head: Head
    dimension: Dimension
    event: str | None = None
    search: str = ""
    limit: int = 20
    left_out: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_event(self.event)
        check_text("search", "it", self.search, MAX_VALUE_CHARACTERS)
        for each in self.left_out:
            check_text("left_out", "a value", each, MAX_VALUE_CHARACTERS)
        _check_page(self.limit, 0)


@dataclass(frozen=True, slots=True)
class Visits:
    """The visits of which an event matches, newest first."""

    head: Head
    event: str | None = None
    limit: int = 50
    offset: int = 0

    def __post_init__(self) -> None:
        _check_event(self.event)
        _check_page(self.limit, self.offset)


@dataclass(frozen=True, slots=True)
class Visit:
    """The visit that an event is part of, with the ids of its events."""

    list_id: int
    event_id: int
    zone: str = "UTC"
    visit_gap_ms: int = 1_800_000
    events_from: int = 0

    def __post_init__(self) -> None:
        zone_of(self.zone)
        check_visit_gap(self.visit_gap_ms)


@dataclass(frozen=True, slots=True)
class EventIds:
    """The ids of the events that match, oldest first, after a position (event time, id)."""

    head: Head
    event: str | None = None
    after: tuple[int, int] | None = None
    limit: int = 1_000

    def __post_init__(self) -> None:
        _check_event(self.event)
        check_number("limit", self.limit, 1, MAX_IDS)


@dataclass(frozen=True, slots=True)
class EventMatch:
    """Which of these events does each goal hold for? It is asked of the events themselves, without a copy."""

    list_id: int
    event_numbers: tuple[int, ...]
    goals: tuple[Goal, ...]

    def __post_init__(self) -> None:
        check_number("event_numbers", len(self.event_numbers), 1, MAX_MATCHED)
        check_number("goals", len(self.goals), 1, MAX_MATCHED)


@dataclass(frozen=True, slots=True)
class Funnel:
    """How many take the steps of a plan, in all, of the `top` values, and by when they began; `has_next`: where others went."""

    head: Head
    plan: FunnelPlan
    top: int = 5
    interval: Interval | None = None
    has_next: bool = False

    def __post_init__(self) -> None:
        check_number("top", self.top, 1, MAX_TOP)
        if self.interval is not None:
            _check_interval(self.interval, self.head)

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.plan.steps


@dataclass(frozen=True, slots=True)
class SegmentSizes:
    """How many people are in each of these segments, of how many; with a `subscriber`, whether they are (1) or not (0).

    The answer has so many `examples` of the first segment, who were seen last.
    """

    head: Head
    segments: tuple[Condition, ...]
    subscriber: int | None = None
    examples: int = 0

    def __post_init__(self) -> None:
        check_number("segments", len(self.segments), 1, MAX_SEGMENTS)
        if any(each.rule is None for each in self.segments):
            raise BadQuestion("segments", "each is a condition with a rule")
        if self.subscriber is not None:
            check_number("subscriber", self.subscriber, 0, MAX_DIGITS)
        check_number("examples", self.examples, 0, MAX_EXAMPLES)


@dataclass(frozen=True, slots=True)
class SegmentMoves:
    """Which subscribers are in the segment and not in `kept`, and who is in `kept` and not in it: at most `limit` of each."""

    head: Head
    segments: tuple[Condition, ...]
    trigger_number: int
    kept: tuple[int, ...] = ()
    limit: int = MAX_IDS

    def __post_init__(self) -> None:
        check_number("segments", len(self.segments), 1, 1)
        if any(each.rule is None for each in self.segments):
            raise BadQuestion("segments", "it is a condition with a rule")
        check_number("limit", self.limit, 1, MAX_IDS)


@dataclass(frozen=True, slots=True)
class Retention:
    """How many of those who began in a period came back in later ones."""

    head: Head
    plan: RetentionPlan

    def __post_init__(self) -> None:
        self.plan.periods_of(self.head.begins, self.head.ends, self.head.zone)

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.plan.first, self.plan.again


@dataclass(frozen=True, slots=True)
class Paths:
    """The ways that visits took around an event."""

    head: Head
    plan: PathsPlan

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.plan.goals


@dataclass(frozen=True, slots=True)
class Attribution:
    """What conversions of the range are credited to, with most revenue first."""

    head: Head
    plan: AttributionPlan
    limit: int = 10
    offset: int = 0

    def __post_init__(self) -> None:
        _check_page(self.limit, self.offset)

    @property
    def goals(self) -> tuple[Goal, ...]:
        return self.plan.goals


@dataclass(frozen=True, slots=True)
class Products:
    """Products by what people did with them, largest `sort` first."""

    head: Head
    plan: ProductPlan
    sort: str = "revenue"
    limit: int = 10
    offset: int = 0

    def __post_init__(self) -> None:
        if self.sort not in PRODUCT_SORTS:
            raise BadQuestion("sort", f"products are sorted by {', '.join(PRODUCT_SORTS)}")
        _check_page(self.limit, self.offset)


Question = (
    Trend
    | Breakdown
    | People
    | Values
    | Visits
    | Visit
    | EventIds
    | Funnel
    | Retention
    | Paths
    | Attribution
    | Products
    | SegmentSizes
    | SegmentMoves
)


def check_visit_gap(gap_ms: int) -> None:
    check_number("visit_gap_ms", gap_ms, MIN_VISIT_GAP_MS, MAX_VISIT_GAP_MS)


def _check_event(event: str | None) -> None:
    if event is not None:
        check_text("event", "a name", event, MAX_NAME_CHARACTERS)


def _check_interval(interval: str, head: Head) -> None:
    if interval not in INTERVALS:
        raise BadQuestion("interval", f"the intervals are {', '.join(INTERVALS)}")
    bucket_begins(interval, head.begins, head.ends, head.zone)


def _check_page(limit: int, offset: int) -> None:
    check_number("limit", limit, 1, MAX_LIMIT)
    check_number("offset", offset, 0, MAX_OFFSET)
