"""Hard questions: many values, clock changes, patterns that explode, and conditions up to the bounds are answered exactly."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.analytics.copied_world import Event, copy_of
from tests.analytics.reference_answers import Reference
from tests.analytics.test_queries import rounded
from tests.questions.made_questions import HOSTILE, ZONES
from tracker.analytics.queries import CopyColumn, run
from tracker.questions import (
    BadQuestion,
    Breakdown,
    Condition,
    Dimension,
    Goal,
    Head,
    Operator,
    Question,
    Trend,
    Values,
    Visit,
    Visits,
    measure_of,
)

DAY = 86_400_000
#: The nights of clock changes in Berlin and St John's, 2026; in Apia there are none since 2021.
SPRINGS, AUTUMNS = (1_772_938_800_000, 1_774_746_000_000), (1_792_890_000_000, 1_793_505_600_000)
PEOPLE, EVENTS, VISITS = measure_of("people"), measure_of("events"), measure_of("visits")


def event(number: int, at: int, **other: Any) -> Event:
    made = {
        "id": number, "at": at, "name": "page_view", "visitor": 1 + number % 5, "person": None, "properties": {},
        "is_bot": False, "is_counted": False, "worth": None, "currency": None,
    }  # fmt: skip
    return made | other


def answers_are_equal(
    events: list[Event], *questions: Question, columns: dict[str, CopyColumn], gap_ms: int = 0
) -> None:
    reference = Reference(events, {}, 0)
    cursor, schema = copy_of(events, {}, 0, columns, gap_ms)
    with cursor:
        for question in questions:
            assert run(cursor, schema, question) == rounded(reference.answer(question))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("night", [*SPRINGS, *AUTUMNS])
def test_clock_changes_are_exact(zone: str, night: int) -> None:
    events = [event(number, night - 2 * DAY + number * 15 * 60_000) for number in range(4 * 96)]
    head = Head(2, night - 2 * DAY, night + 2 * DAY, zone, before=(night - 4 * DAY, night - 2 * DAY))
    measures = (EVENTS, PEOPLE, VISITS)
    intervals: Any = ("hour", "day", "week", "month")
    answers_are_equal(events, *(Trend(head, measures, None, each) for each in intervals), columns={})


@pytest.mark.parametrize("gap_ms", [0, 1_800_000])
def test_a_visit_of_days_is_cut_around_a_range(gap_ms: int) -> None:
    """As a server's that sends something every twenty minutes; others come and go, one of them at midnight."""
    begins = 1_790_035_200_000
    days = [
        event(number, begins + number * 1_200_000, visitor=1, properties={"$channel": f"day {number // 72}"})
        for number in range(5 * 72)
    ]
    others = [
        event(1_000 + number, begins + number * DAY // 4 - 300_000 * (number % 2), visitor=2 + number % 2)
        for number in range(20)
    ]
    head = Head(2, begins + 2 * DAY, begins + 3 * DAY, before=(begins + DAY, begins + 2 * DAY))
    measures = tuple(
        measure_of(each) for each in ("people", "visits", "bounces", "seconds", "events", "views")
    )
    channel = (Dimension("visit", "$channel"),)
    answers_are_equal(
        days + others,
        Trend(head, measures, None, "hour"),
        Trend(head, measures, "page_view", "none"),
        Breakdown(head, channel, measures, None, VISITS),
        columns={"$channel": CopyColumn(0)},
        gap_ms=gap_ms,
    )


def test_ten_thousand_values_are_broken_down() -> None:
    """Few of them have many events, and some of those have few people."""
    values = [number if number % 3 else number % 40 for number in range(30_000)]
    begins = 1_790_000_000_000
    events = [
        event(
            number,
            begins + number,
            visitor=1 if value < 5 else 1 + number % 7,
            properties={"page": f"/{value}"},
        )
        for number, value in enumerate(values)
    ]
    head, by = Head(2, begins, begins + DAY), (Dimension("event", "page"),)
    cursor, schema = copy_of(events, {}, 0, {"page": CopyColumn(0)})
    with cursor:
        for order in (PEOPLE, EVENTS, VISITS):
            found = run(
                cursor, schema, Breakdown(head, by, tuple(dict.fromkeys((order, EVENTS))), limit=15, offset=5)
            )
            counted: dict[str, list[Event]] = {}
            for each in events:
                counted.setdefault(each["properties"]["page"], []).append(each)
            sizes = {
                page: len(own) if order == EVENTS else len({e["visitor"] for e in own})
                for page, own in counted.items()
            }
            wanted = sorted(sizes, key=lambda page: (-sizes[page], page))[5:20]
            assert [(row["values"], row[order.word]) for row in found["rows"]] == [
                ([page], sizes[page]) for page in wanted
            ]
            assert found["others"]["events"] == 30_000 - sum(row["events"] for row in found["rows"])


@pytest.mark.parametrize(
    "columns", [{}, {name: CopyColumn(n, has_numbers=True) for n, name in enumerate(HOSTILE)}]
)
def test_hostile_names_and_values_are_told_apart(columns: dict[str, CopyColumn]) -> None:
    begins = 1_790_000_000_000
    events = [
        event(number, begins + number, name=name, properties={name: value, "Price": 7.0})
        for number, (name, value) in enumerate((name, value) for name in HOSTILE for value in HOSTILE)
    ]
    questions: list[Question] = []
    for name in HOSTILE:
        where = ((Condition("event", Operator.EQUALS, property=name, values=HOSTILE[:7]),),)
        head = Head(2, begins, begins + DAY, where=where, goal=Goal(name))
        by = Dimension("event", name)
        questions += [
            Breakdown(head, (by, Dimension("event")), (EVENTS, PEOPLE, measure_of("conversions")), limit=100),
            Trend(
                Head(2, begins, begins + DAY),
                (PEOPLE, measure_of(f"sum:{name or 'x'}")),
                name,
                "hour",
                by,
                20,
            ),
            Values(Head(2, begins, begins + DAY), by, search=name),
        ]
    answers_are_equal(events, *questions, columns=columns)


def test_fifty_conditions_are_answered() -> None:
    begins = 1_790_000_000_000
    events = [event(number, begins + number * 60_000, properties={"n": number}) for number in range(60)]
    where = tuple(
        (Condition("event", Operator.DOES_NOT_EQUAL, property="n", values=(str(number),)),)
        for number in range(40)
    ) + tuple(
        (Condition("visit", Operator.AT_LEAST, "page_view", "n", values=("1",), times=n),)
        for n in range(1, 11)
    )
    answers_are_equal(events, Trend(Head(2, begins, begins + DAY, where=where), (EVENTS, VISITS)), columns={})


def test_many_events_in_one_half_hour_are_of_one_visit() -> None:
    """Their first and last values too, of which several have one time; and the pauses at both ends of the half-hour."""
    begins, gap = 1_790_000_000_000 // 1_800_000 * 1_800_000, 1_800_000
    crowd = [
        event(
            number,
            begins + number // 4 * 1_000,
            visitor=1 + number % 2,
            properties={"page": f"/{number % 97}"},
        )
        for number in range(1, 900)
    ]
    around = [
        event(10_000 + number, begins + at, visitor=visitor, properties={"page": f"/around{number}"})
        for number, (at, visitor) in enumerate([
            (-gap, 1), (-gap - 1, 2), (224_000 + gap, 1), (224_001 + gap, 2), (3 * gap, 1), (3 * gap, 2)
        ])
    ]  # fmt: skip
    events = [*crowd, *around]
    head = Head(2, begins - DAY, begins + DAY)
    ends = tuple(Dimension("visit", "page", at=at) for at in ("entry", "exit"))
    lengths = tuple(map(measure_of, ("visits", "events", "bounces", "seconds")))
    often = Condition("visit", Operator.HAPPENED, "page_view", times=300)
    questions = [
        Breakdown(head, ends, lengths, limit=100),
        Trend(head, lengths, interval="hour"),
        Trend(replace(head, where=((often,),)), lengths, interval="none"),
        Visits(head),
        Visit(2, 500),
    ]
    answers_are_equal(events, *questions, columns={"page": CopyColumn(0)})


def test_a_pattern_that_explodes_elsewhere_is_matched() -> None:
    begins = 1_790_000_000_000
    events = [
        event(1, begins, properties={"x": "a" * 5_000 + "b"}),
        event(2, begins, properties={"x": "aaa"}),
    ]
    where = ((Condition("event", Operator.MATCHES_REGEX, property="x", values=("^(a+)+$",)),),)
    cursor, schema = copy_of(events, {}, 0, {})
    with cursor:
        answer = run(
            cursor, schema, Trend(Head(2, begins, begins + DAY, where=where), (EVENTS,), interval="none")
        )
    assert answer["series"][0]["total"] == 1


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "(?<=a)b", r"(a)\1", "((a{100}){100}){100}", "*", "\\"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    where = ((Condition("event", Operator.DOES_NOT_MATCH_REGEX, property="x", values=("a", pattern)),),)
    cursor, schema = copy_of([], {}, 0, {})
    with cursor, pytest.raises(BadQuestion, match="no regular expression") as refused:
        run(cursor, schema, Trend(Head(2, 1_790_000_000_000, 1_790_000_000_001, where=where), (EVENTS,)))
    assert refused.value.param == "where"


def test_a_goals_pattern_that_is_none_is_the_goals_fault() -> None:
    rule = ((Condition("event", Operator.MATCHES_REGEX, property="x", values=("(a",)),),)
    head = Head(2, 1_790_000_000_000, 1_790_000_000_001, goal=Goal("seen", rule))
    cursor, schema = copy_of([], {}, 0, {})
    with cursor, pytest.raises(BadQuestion, match=r"a condition of the goal: `\(a` is no") as refused:
        run(cursor, schema, Trend(head, (EVENTS,)))
    assert refused.value.param == "goal"


def test_money_is_exact() -> None:
    begins = 1_790_000_000_000
    events = [
        event(
            n, begins + n, is_counted=True, worth=Decimal(worth), currency="EUR", properties={"x": str(n % 2)}
        )
        for n, worth in enumerate(["0.1", "0.2", "99999999999.999999", "0.000001", "-5"])
    ]
    cursor, schema = copy_of(events, {}, 0, {})
    with cursor:
        asked = Breakdown(
            Head(2, begins, begins + DAY), (Dimension("event", "x"),), (measure_of("revenue"),), limit=1
        )
        answer = run(cursor, schema, asked)
    assert answer["total"] == {"revenue": {"EUR": "99999999995.30"}}
    assert answer["rows"][0]["revenue"] == {"EUR": "99999999995.099999"}
    assert answer["others"] == {"revenue": {"EUR": "0.200001"}}


def test_nothing_is_left_in_the_connection() -> None:
    where = (
        (Condition("visit", Operator.HAPPENED, "page_view"), Condition("person", Operator.HAPPENED, "x")),
    )
    begins = 1_790_000_000_000
    cursor, schema = copy_of([event(1, begins)], {}, 0, {})
    with cursor:
        run(cursor, schema, Trend(Head(2, begins, begins + DAY, where=where), (VISITS,)))
        assert cursor.execute("SELECT count(*) FROM duckdb_tables() WHERE temporary").fetchall() == [(0,)]
