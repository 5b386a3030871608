"""Made-up events: strategies for small worlds in which people, visits, hostile names and robots meet."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.analytics.copied_world import Event
from tests.questions.made_questions import (
    ZONES,
    cells,
    conditions,
    dimensions,
    funnel_plans,
    goals,
    measures,
    retention_plans,
    segments,
)
from tracker.analytics.queries import CopyColumn
from tracker.questions import (
    EVER,
    OPENED_MEASURES,
    Breakdown,
    EventIds,
    Funnel,
    Goal,
    Head,
    People,
    Question,
    Retention,
    SegmentSizes,
    Trend,
    Values,
    Visit,
    Visits,
)

HOUR, DAY = 3_600_000, 86_400_000
#: Gaps between visits. With the longest one visits are longer than what is looked at around a range.
GAPS = (1_800_000, 60_000, DAY)
#: Days of clock changes in Berlin, in St John's and in Apia (2012), and a day without.
MIDDLES = (1_792_886_400_000, 1_774_742_400_000, 1_333_200_000_000, 1_796_169_600_000)
NAMES = ("page_view", "identify", "conversion", "Page_View", "a'b")
PROPERTIES = (
    "$channel", "$pathname", "price", "Price", "a/b~c", "a'\"b", "é🫖", "",
)  # fmt: skip
VALUES: Any = st.sampled_from(
    ["a", "A", "a'b", "\\", "%", "", "é", "e\u0301", "🫖", "\x01", "7", "7.0", "12.50", "true", 7, 7.0, 0.5, -1, True, None, ["a"], {"b": 1}]
)  # fmt: skip
COLUMNS = (
    {},
    {"$channel": CopyColumn(0), "price": CopyColumn(1, has_numbers=True), "Price": CopyColumn(2)},
    {name: CopyColumn(n, has_numbers=n % 2 == 0, is_partial=n % 3 == 0) for n, name in enumerate(PROPERTIES)},
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[int, list[Event], dict[tuple[int, int], str]]:
    """(a moment in the middle, events around it, custom fields of persons)."""
    middle = draw(st.sampled_from(MIDDLES))
    steps = st.sampled_from([0, 1, 1_000, 15 * 60_000, 30 * 60_000, 30 * 60_000 + 1, HOUR, 5 * HOUR, DAY])
    at, events = middle - 2 * DAY, []
    for number in range(draw(st.integers(0, 25))):
        at += draw(steps)
        visitor = draw(st.sampled_from([1, 2, 3]))
        counts = draw(st.booleans())
        events.append(
            {
                "id": draw(st.sampled_from([number * 7 + 1, 1_000 - number])) * 64 + number,
                "at": at,
                "name": draw(st.sampled_from(NAMES)),
                "visitor": visitor,
                "person": draw(st.sampled_from([None, 101])) if visitor < 3 else 102,
                "properties": draw(st.dictionaries(st.sampled_from(PROPERTIES), VALUES, max_size=3)),
                "is_bot": draw(st.sampled_from([False, False, False, True])),
                "is_counted": counts,
                "worth": Decimal(draw(st.integers(0, 10**7))) / 1_000 if counts else None,
                "currency": draw(st.sampled_from(["EUR", "GBP", ""])) if counts else None,
            }
        )
    fields = draw(
        st.dictionaries(
            st.tuples(st.sampled_from([101, 102]), st.sampled_from([1, 2])), st.sampled_from(["a", "7", ""])
        )
    )
    return middle, events, fields


@st.composite
def wheres_of(draw: st.DrawFn, of: tuple[str, ...] = ("event", "visit", "person")) -> Any:
    names = st.sampled_from([*NAMES[:3], *PROPERTIES])
    made = draw(st.lists(st.lists(conditions(of, names), min_size=1, max_size=2), max_size=2))
    return tuple(tuple(group) for group in made)


@st.composite
def questions_about(draw: st.DrawFn, middle: int, events: list[Event]) -> Question:
    days = draw(st.sampled_from([1, 2, 3]))
    begins = middle - days * DAY + draw(st.sampled_from([0, HOUR, 1]))
    ends = begins + days * DAY + draw(st.sampled_from([0, 2 * HOUR, 15 * 60_000]))
    goal = draw(st.none() | st.builds(Goal, st.sampled_from(NAMES), wheres_of(of=("event",))))
    head = Head(2, begins, ends, draw(st.sampled_from(ZONES)), None, draw(wheres_of()), goal)
    head = replace(
        head,
        before=draw(st.none() | st.just((begins - days * DAY, begins))),
        events_from=draw(st.sampled_from([0, begins - HOUR, begins + HOUR])),
        visit_gap_ms=draw(st.sampled_from(GAPS)),
    )
    event = draw(st.none() | st.sampled_from(NAMES))
    names = st.sampled_from(PROPERTIES)
    by = draw(st.lists(dimensions(names), min_size=1, max_size=2, unique=True))
    asked = draw(measures(names.filter(bool)))
    begin, end = EVER
    ever = Head(2, begin, end, head.zone, visit_gap_ms=head.visit_gap_ms, events_from=head.events_from)
    chosen = tuple(draw(st.lists(segments(names), min_size=1, max_size=3)))
    page = {"limit": draw(st.integers(1, 4)), "offset": draw(st.integers(0, 2))}
    interval: Any = draw(st.sampled_from(["hour", "day", "week", "month", "none"]))
    made: list[Question] = [
        Trend(head, asked, event, interval, draw(st.none() | st.just(by[0])), draw(st.integers(1, 3))),
        Breakdown(head, tuple(by), asked, event, draw(st.none() | st.sampled_from(asked)), **page),
        People(
            head,
            event,
            draw(st.sampled_from(["last_seen", "first_seen", "events", "revenue"])),
            **page,
            subscribers=draw(st.none() | st.sampled_from([(101,), (102, 101), (1, 7)])),
            is_known=draw(st.booleans()),
            measure=draw(st.sampled_from(OPENED_MEASURES)),
        ),
        Values(
            head,
            by[0],
            event,
            draw(st.sampled_from(["", "a", "É", "%"])),
            page["limit"],
            draw(st.sampled_from([(), (NAMES[0], "a")])),
        ),
        Visits(head, event, **page),
        Visit(2, draw(st.sampled_from([5, *(each["id"] for each in events)])), events_from=head.events_from),
        EventIds(head, event, draw(st.none() | st.just((begins + HOUR, 50))), page["limit"]),
        SegmentSizes(ever, chosen, draw(st.none() | st.sampled_from([101, 102, 7])), draw(st.integers(0, 2))),
        People(replace(ever, where=((chosen[0],),)), sort="last_seen", **page),
    ]
    return draw(st.sampled_from(made))


@st.composite
def journeys_about(draw: st.DrawFn, middle: int, events: list[Event]) -> Question:
    """Funnels, retention, and people in their cells: steps that meet each other, and the same event in two steps."""
    begins = middle - 2 * DAY + draw(st.sampled_from([0, HOUR]))
    head = Head(
        2, begins, middle + 3 * DAY, draw(st.sampled_from(ZONES)), None, draw(st.just(()) | wheres_of())
    )
    head = replace(
        head,
        before=draw(st.none() | st.just((begins - DAY, begins + DAY))),
        events_from=draw(st.sampled_from([0, begins - HOUR, begins + HOUR])),
        now=draw(st.sampled_from([middle, middle + 40 * DAY])),
    )
    names = st.sampled_from(NAMES[:3])
    steps = goals(names, wheres_of(of=("event",)))
    by = dimensions(st.sampled_from(PROPERTIES[:3]))
    made: list[Question] = [
        Funnel(
            head,
            draw(funnel_plans(steps, by)),
            2,
            draw(st.sampled_from([None, "hour", "day"])),
            draw(st.booleans()),
        ),
        Retention(head, draw(retention_plans(steps))),
        People(head, cell=draw(cells(head, steps, by, st.sampled_from(["a", "7"])))),
    ]
    return draw(st.sampled_from(made))
