"""Are answers given again only while the copy holds the same, and with the time at which that is known?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.processes import until
from tracker.analytics.process.answer_cache import MAX_ANSWERS, AnswerCache


def asked(now: int = 5, **more: Any) -> dict[str, Any]:
    return {"kind": "trend", "head": {"list_id": 1, "ends": 100, "now": now, **more}, "measures": ["people"]}


def answer(people: int) -> dict[str, Any]:
    return {"series": [people], "scope": {"events": 1, "robots": 0, "as_of": 7, "is_complete": False}}


def test_the_same_question_at_another_time_has_the_same_answer_as_of_then() -> None:
    cache = AnswerCache()
    assert cache.find((1, 1), asked(), 7) is None
    cache.keep((1, 1), asked(), answer(3))
    found = cache.find((1, 1), asked(now=9), 120)
    assert found == {"series": [3], "scope": {"events": 1, "robots": 0, "as_of": 120, "is_complete": True}}
    assert cache.find((1, 1), asked(ends=99), 120) is None


def test_what_was_answered_before_a_change_is_answered_no_more() -> None:
    cache = AnswerCache()
    cache.find((1, 1), asked(), 7)
    cache.keep((1, 1), asked(), answer(3))
    assert cache.find((1, 2), asked(), 8) is None
    cache.keep((1, 1), asked(), answer(3))  # a question that began before the change
    assert cache.find((1, 2), asked(), 9) is None


def test_it_is_bounded_and_the_longest_unasked_goes_first() -> None:
    cache = AnswerCache()
    cache.find((1, 1), asked(), 7)
    for number in range(MAX_ANSWERS):
        cache.keep((1, 1), asked(begins=number), answer(number))
    assert cache.find((1, 1), asked(begins=0), 7) is not None
    cache.keep((1, 1), asked(begins=-1), answer(0))
    assert cache.find((1, 1), asked(begins=0), 7) is not None
    assert cache.find((1, 1), asked(begins=1), 7) is None


@pytest.mark.parametrize(
    "question",
    [None, 7, [], {}, {"kind": "trend"}, {"kind": "trend", "head": 1}, {"kind": "people", "head": {}}],
)
def test_what_is_no_such_question_is_not_kept(question: Any) -> None:
    cache = AnswerCache()
    cache.keep((0, 0), question, answer(1))
    assert cache.find((0, 0), question, 7) is None


def test_an_answer_changes_with_the_next_event_and_with_who_is_forgotten(
    client: InProcess, shop: Shop, track: Track
) -> None:
    """All of it over HTTP: the same numbers while nothing happens, and other ones when something did."""

    def numbers() -> list[Any]:
        body = client.ok("reports.trend", shop.key, ListID=shop.list_id, Measures=["events", "people"])
        return [each["Total"] for each in body["Series"]]

    track(Event="seen", Email="ann@example.com")
    until(lambda: numbers() == [2, 1])
    assert numbers() == [2, 1]
    track(Event="seen", Email="ben@example.com")
    until(lambda: numbers() == [4, 2])
    client.ok("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="ann@example.com")
    until(lambda: numbers() == [2, 1])
