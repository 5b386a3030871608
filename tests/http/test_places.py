"""Who leaves first when there is no room, by the table alone: a clock that is passed in, and connections that do nothing."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.http.small_app import make_app
from tests.served import ROOT
from tracker.http.middleware import RequestMiddleware
from tracker.http.server.budget import SMALL_BYTES, Budget, OverBudget
from tracker.http.server.places import (
    GRACE_SECONDS,
    STALLED_SECONDS,
    YOUNG_SECONDS,
    PlaceColumn,
    Placed,
    Places,
)

NOW = 1000.0


class Somebody:
    """A connection. `has_news`: something has just arrived, so that it goes on."""

    waits: PlaceColumn

    def __init__(self, name: str = "somebody", has_news: bool = False) -> None:
        self.name, self.has_news, self.is_told = name, has_news, False
        self.held, self.refusal = 0, None

    def end_waiting(self) -> bool:
        self.is_told = not self.has_news
        return self.is_told

    def refuse(self, failure: Exception) -> None:
        self.refusal = failure


def table(most: int, *columns: tuple[str, float]) -> tuple[Places, list[Somebody]]:
    """Connections in these columns since so many seconds, the longest waiting first where it matters."""
    places, who = Places(most), [Somebody(name) for name, _ in columns]
    for somebody, (name, seconds) in zip(who, columns, strict=True):
        places.enter(somebody, NOW - seconds)
        if name != "fresh":
            places.move(somebody, getattr(places, name), NOW - seconds)
    return places, who


def left(who: list[Somebody]) -> list[str]:
    return [somebody.name for somebody in who if somebody.is_told]


ORDER = [
    ("lingering", 0.0),
    ("kept", 0.0),
    ("fresh", YOUNG_SECONDS),
    ("sending", STALLED_SECONDS),
    ("part", GRACE_SECONDS),
    ("fresh", GRACE_SECONDS),
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_whoever_waits_for_the_least_leaves_first(first: int) -> None:
    """The table is filled backwards with the rest of the order, and with those who are not sent away at all."""
    staying = [("busy", 99.0), ("sending", STALLED_SECONDS - 0.1), ("part", 0.0), ("fresh", 0.0)]
    others = staying + ORDER[first:][::-1]
    places, who = table(len(others), *others)
    assert places.make_room(NOW)
    assert [somebody.is_told for somebody in who] == [False] * (len(others) - 1) + [True]


def test_of_those_who_wait_for_the_same_the_longest_waiting_leaves() -> None:
    places, who = table(3, ("part", 3.0), ("part", 2.0), ("part", 1.0))
    places.move(who[0], places.part, NOW)  # it got on
    assert places.make_room(NOW)
    assert [somebody.is_told for somebody in who] == [False, True, False]


def test_nobody_leaves_while_there_is_room() -> None:
    places, who = table(4, *[("kept", 9.0)] * 3)
    assert places.make_room(NOW)
    assert left(who) == []


def test_one_that_has_just_been_sent_something_stays() -> None:
    places, who = table(2, ("kept", 9.0), ("part", 9.0))
    who[0].has_news = True
    assert places.make_room(NOW)
    assert left(who) == ["part"]


def test_where_nobody_can_leave_there_is_no_room_yet() -> None:
    places, who = table(2, ("busy", 9.0), ("fresh", GRACE_SECONDS / 2))
    assert not places.make_room(NOW)
    assert places.is_full
    assert places.make_room(NOW + GRACE_SECONDS)
    assert left(who) == ["fresh"]


def test_who_is_leaving_makes_room_once() -> None:
    places, who = table(3, *[("kept", 9.0)] * 3)
    assert places.make_room(NOW)
    assert places.make_room(NOW)
    assert len(left(who)) == 1
    places.leave(who[0])
    assert not places.is_full
    assert len(places) == 2


def test_those_who_read_slowly_have_half_of_the_places() -> None:
    places, who = table(8, *[("sending", GRACE_SECONDS)] * 5, *[("busy", 9.0)] * 3)
    assert places.make_room(NOW)
    assert len(left(who)) == 1
    places, who = table(8, *[("sending", GRACE_SECONDS)] * 4, *[("busy", 9.0)] * 4)
    assert not places.make_room(NOW)


def test_some_places_are_kept_free_of_many() -> None:
    places, who = table(320, *[("kept", 9.0)] * 320)
    assert places.make_room(NOW)
    assert len(left(who)) == 1 + 320 // 32


def test_a_process_without_room_gives_up_places_however_many_there_are() -> None:
    places, who = table(1000, *[("kept", 9.0)] * 20)
    places.give_up(16, NOW)
    assert len(left(who)) == 16


def test_beyond_the_budget_the_largest_is_refused_and_the_small_ones_never() -> None:
    budget, large, larger, small = Budget(100_000), Somebody(), Somebody(), Somebody()
    unfinished: list[Placed] = [large, larger, small]
    budget.take(large, 40_000, unfinished)
    budget.take(larger, 50_000, unfinished)
    budget.take(small, SMALL_BYTES, unfinished)
    assert budget.taken == 90_000 + SMALL_BYTES
    budget.take(large, 6_000, unfinished)
    assert [type(each.refusal) for each in (large, larger, small)] == [type(None), OverBudget, type(None)]
    assert budget.taken == 46_000 + SMALL_BYTES
    budget.give_back(large)
    budget.give_back(small)
    assert budget.taken == 0


def test_a_small_request_is_not_refused_because_others_are_being_answered() -> None:
    budget, answered, small = Budget(1_000), Somebody(), Somebody()
    budget.take(answered, 1_000, [])
    budget.take(small, 100, [small])
    assert small.refusal is None


def test_without_the_fast_path_no_path_is_a_shortcut() -> None:
    for has_fast_path in (True, False):
        front = make_app(has_fast_path).wsgi_app
        assert isinstance(front, RequestMiddleware)
        assert front.is_shortcut("/api/v1/echo") is has_fast_path


def test_only_the_gunicorn_is_allowed_that_these_tests_run_with() -> None:
    """The server is built on its insides: the next minor version is allowed when it has been tested."""
    major, minor, *_ = map(int, version("gunicorn").split("."))
    assert f"    gunicorn>={major}.{minor},<{major}.{minor + 1}\n" in (ROOT / "setup.cfg").read_text()
    page = (ROOT / "tracker/http/server/README.md").read_text()
    assert f"allows gunicorn {major}.{minor} alone (`>={major}.{minor},<{major}.{minor + 1}`)" in page


LIMITED = """
import resource
from tracker.http.server.listener import affordable_places, raise_descriptor_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))
raise_descriptor_limit()
print(resource.getrlimit(resource.RLIMIT_NOFILE), affordable_places(4000), affordable_places(50))
"""


def test_there_are_as_many_places_as_the_process_may_open_files() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LIMITED], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout == "(300, 300) 176 50\n"
