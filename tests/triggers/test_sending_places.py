"""Places of requests under way: fewer for slow targets, and some free for whoever has none, however many others hang."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tracker.delivery.sending_places import (
    MAX_IN_A_ROW,
    MAX_OF_ALL,
    MAX_OF_TRIGGER,
    MIN_OF_TRIGGER,
    Pace,
    room_beside,
)


def paced(*seconds: float) -> Pace:
    pace = Pace()
    for each in seconds:
        pace.note(is_accepted=True, seconds=each, clock=0.0)
    return pace


def test_a_target_has_fewer_places_the_slower_it_answers() -> None:
    assert paced().room(0, 0.0) == MIN_OF_TRIGGER, "before it has answered"
    rooms = [paced(*[seconds] * 20).room(0, 0.0) for seconds in (0.0, 0.2, 0.5, 1.0, 2.0, 9.0)]
    assert rooms == [MAX_OF_TRIGGER, MAX_OF_TRIGGER, 7, 3, 2, 2]
    assert paced(9.0, *[0.05] * 6).room(3, 0.0) == MAX_OF_TRIGGER - 3, "it is quick again"


def test_after_failures_in_a_row_requests_go_one_at_a_time() -> None:
    pace = Pace()
    for _ in range(MAX_IN_A_ROW):
        pace.note(is_accepted=False, seconds=0.0, clock=10.0)
    assert [pace.room(0, 10.5), pace.room(0, 11.5), pace.room(1, 11.5)] == [0, 1, 0]
    pace.note(is_accepted=True, seconds=0.0, clock=12.0)
    assert pace.room(0, 12.0) == MAX_OF_TRIGGER


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=300))
def test_whatever_hangs_a_user_who_has_nothing_under_way_has_room(asks: list[tuple[int, bool]]) -> None:
    users: dict[int, int] = {}
    for user, is_slow in asks:  # each a trigger of its own
        room = room_beside(sum(users.values()), users.get(user, 0), 0, is_slow)
        users[user] = users.get(user, 0) + max(0, min(room, MAX_OF_TRIGGER))
    of_all = sum(users.values())
    assert of_all < MAX_OF_ALL
    assert room_beside(of_all, 0, 0, is_slow=False) > 0
    if all(is_slow for _, is_slow in asks):
        assert all(room_beside(of_all, held, 0, is_slow=False) > 0 for held in users.values())
