"""Made-up questions: strategies for every part of a question."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tracker.questions import (
    NUMERIC,
    OPENED_MEASURES,
    SIMPLE_MEASURES,
    WITHOUT_VALUES,
    Breakdown,
    Condition,
    Dimension,
    EventIds,
    Funnel,
    FunnelCell,
    FunnelPlan,
    Goal,
    Head,
    Measure,
    Operator,
    People,
    Question,
    Retention,
    RetentionCell,
    RetentionPlan,
    SegmentSizes,
    Trend,
    Values,
    Visit,
    Visits,
)
from tracker.questions.funnel_plan import COUNTS, ORDERS
from tracker.questions.retention_plan import PERIODS

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia")
#: Names and values that SQL, JSON pointers and patterns could take for something else.
HOSTILE = (
    "price", "Price", "a'b", 'a"b', "a/b", "a~b", "~1", "", "\\", "a\\'b", "%", "_", "$1", "?", "[0]", "*", "é", "e\u0301", "🫖",
    "\n", "\x01\x1f", " ", "null", "p0", "rest", "-- ;", "7", "7.0", "true", "NaN",
)  # fmt: skip
TEXTS = st.sampled_from(HOSTILE)
NOT_EMPTY = TEXTS.filter(bool)
NUMBERS = st.sampled_from(["0", "-1", "7", "12.50", "0.000001", "999999999999999"])
#: From when the days of segments count back: in the middle of made-up events, at the first one, after the last one.
UNTIL = st.sampled_from(
    [
        middle + days * 86_400_000
        for middle in (1_792_886_400_000, 1_774_742_400_000, 1_333_200_000_000)
        for days in (-2, 0, 1, 9)
    ]
)
WITH_VALUE = [each for each in Operator if each not in WITHOUT_VALUES and "regex" not in each]


@st.composite
def conditions(
    draw: st.DrawFn, of: tuple[str, ...] = ("event", "visit", "person"), names: Any = TEXTS, nested: int = 2
) -> Condition:
    """A condition of every form that means something; regexes are asked for elsewhere."""
    kind: Any = draw(st.sampled_from(of))
    if kind == "person" and nested and draw(st.integers(0, 3)) == 3:
        return draw(segments(names, nested))
    event = draw(st.none() | names)
    if event is not None and draw(st.booleans()):
        operator = draw(st.sampled_from([Operator.HAPPENED, Operator.DID_NOT_HAPPEN]))
        return Condition(kind, operator, event, **_counted(draw, kind))
    operator = draw(st.sampled_from([*WITH_VALUE, Operator.IS_SET, Operator.IS_NOT_SET]))
    values = _values(draw, operator)
    if kind == "person" and event is None and draw(st.booleans()):
        return Condition(kind, operator, field=draw(st.integers(1, 3)), values=values)
    counts = kind == "person" or (kind == "visit" and event is not None)
    counted = _counted(draw, kind) if counts else {}
    at: Any = draw(st.sampled_from(["entry", "exit"]))
    return Condition(kind, operator, event, draw(names), values=values, at=at, **counted)


@st.composite
def segments(draw: st.DrawFn, names: Any = TEXTS, nested: int = 2) -> Condition:
    """That a person is in a segment, or is not: of a rule about persons, or about visits and events too."""
    of: Any = draw(st.sampled_from([("person",), ("person", "event", "visit")]))
    one = conditions(of, names, nested=nested - 1)
    rule = draw(st.lists(st.lists(one, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2))
    operator = draw(st.sampled_from([Operator.IN, Operator.NOT_IN]))
    return Condition("person", operator, rule=tuple(rule), until=draw(UNTIL))


def _counted(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    if kind == "event":
        return {}
    days = draw(st.none() | st.integers(1, 40)) if kind == "person" else None
    return {"times": draw(st.integers(1, 3)), "days": days}


def _values(draw: st.DrawFn, operator: Operator) -> tuple[str, ...]:
    if operator in WITHOUT_VALUES:
        return ()
    return tuple(draw(st.lists(NUMBERS if operator in NUMERIC else TEXTS, min_size=1, max_size=3)))


def wheres(**only: Any) -> st.SearchStrategy[Any]:
    """Conditions that all hold, each of one or two alternatives."""
    return st.lists(st.lists(conditions(**only), min_size=1, max_size=2).map(tuple), max_size=2).map(tuple)


@st.composite
def heads(draw: st.DrawFn) -> Head:
    begins = draw(st.integers(10**11, 2 * 10**12))
    ends = begins + draw(st.integers(1, 40 * 86_400_000))
    before = draw(st.none() | st.just((begins - 1000, begins)))
    goal = draw(st.none() | st.builds(Goal, TEXTS, wheres(of=("event",))))
    zone = draw(st.sampled_from(ZONES))
    return Head(draw(st.integers(1, 9)), begins, ends, zone, before, draw(wheres()), goal)


def measures(names: Any = NOT_EMPTY) -> st.SearchStrategy[Any]:
    """One to four different measures."""
    simple = st.sampled_from([Measure(kind) for kind in SIMPLE_MEASURES])
    named = st.builds(Measure, st.sampled_from(["sum", "avg", "median"]), names)
    return st.lists(simple | named, min_size=1, max_size=4, unique=True).map(tuple)


def dimensions(names: Any = TEXTS) -> st.SearchStrategy[Dimension]:
    return st.one_of(
        st.builds(Dimension, st.just("event"), st.none() | names),
        st.builds(Dimension, st.just("visit"), names, at=st.sampled_from(["entry", "exit"])),
        st.builds(Dimension, st.just("person"), field=st.integers(1, 3)),
    )


def goals(names: Any = TEXTS, where: Any = None) -> st.SearchStrategy[Goal]:
    """Goals and steps: with a name, of any event, with conditions."""
    return st.builds(
        Goal, st.none() | names, st.just(()) | (wheres(of=("event",)) if where is None else where)
    )


def funnel_plans(steps: Any = None, by: Any = None) -> st.SearchStrategy[FunnelPlan]:
    return st.builds(
        FunnelPlan,
        st.lists(goals() if steps is None else steps, min_size=2, max_size=4).map(tuple),
        st.sampled_from([None, 60_000, 1_800_000, 86_400_000]),
        st.sampled_from(ORDERS),
        st.sampled_from(COUNTS),
        st.none() | (dimensions() if by is None else by),
    )


def retention_plans(steps: Any = None) -> st.SearchStrategy[RetentionPlan]:
    each = goals() if steps is None else steps
    return st.builds(RetentionPlan, each, each, st.sampled_from(PERIODS), st.sampled_from([1, 3, 24]))


@st.composite
def cells(draw: st.DrawFn, head: Head, steps: Any = None, by: Any = None, values: Any = TEXTS) -> Any:
    """Cells of a funnel and of a retention; some are of nobody."""
    if draw(st.booleans()):
        plan = draw(retention_plans(steps))
        cohort = draw(st.sampled_from(plan.cohorts(head.begins, head.ends, head.zone)))
        return RetentionCell(plan, cohort, draw(st.integers(0, plan.periods)))
    asked = draw(funnel_plans(steps, by))
    has_value = asked.by is not None and draw(st.booleans())
    value = draw(st.none() | values) if has_value else None
    return FunnelCell(asked, draw(st.integers(1, len(asked.steps))), draw(st.booleans()), has_value, value)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    head, event = draw(heads()), draw(st.none() | TEXTS)
    by = draw(st.lists(dimensions(), min_size=1, max_size=2, unique=True))
    asked = draw(measures())
    made: list[Question] = [
        Trend(
            head,
            asked,
            event,
            draw(st.sampled_from(["day", "week", "month", "none"])),
            draw(st.none() | st.just(by[0])),
        ),
        Breakdown(head, tuple(by), asked, event, draw(st.none() | st.sampled_from(asked))),
        People(
            head,
            event,
            draw(st.sampled_from(["events", "last_seen"])),
            measure=draw(st.sampled_from(OPENED_MEASURES)),
            cell=draw(st.none() | cells(head)),
        ),
        Values(head, by[0], event, draw(TEXTS), left_out=draw(st.sampled_from([(), ("a", "b")]))),
        Visits(head, event),
        Visit(1, draw(st.integers(1, 2**62))),
        Funnel(head, draw(funnel_plans()), 3, draw(st.sampled_from([None, "day"])), draw(st.booleans())),
        Retention(head, draw(retention_plans())),
        EventIds(head, event, draw(st.none() | st.tuples(st.integers(0, 2**62), st.integers(0, 2**62)))),
        SegmentSizes(
            head, (draw(segments()),), draw(st.none() | st.integers(0, 2**62)), draw(st.integers(0, 5))
        ),
    ]
    return draw(st.sampled_from(made))
