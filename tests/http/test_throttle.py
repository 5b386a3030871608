"""Are others served between two strangers' bodies, and does nobody wait for ever?"""

from __future__ import annotations

import time
from itertools import pairwise

import gevent
import pytest

from tracker.errors import STORAGE_UNAVAILABLE, CommandError
from tracker.http.throttle import Throttle


def soon() -> float:
    return time.monotonic() + 20


def test_others_come_between_two_turns() -> None:
    throttle, seen = Throttle(), list[str]()

    def stranger() -> None:
        with throttle.turn(soon()):
            seen.append("stranger")
            until = time.monotonic() + 0.003
            while time.monotonic() < until:
                pass

    def other() -> None:
        while True:
            gevent.sleep(0.0002)
            seen.append("other")

    waiting = gevent.spawn(other)
    gevent.joinall([gevent.spawn(stranger) for _ in range(8)], timeout=20, raise_error=True)
    waiting.kill()
    assert seen.count("stranger") == 8
    assert ("stranger", "stranger") not in pairwise(seen)


def test_who_gets_no_turn_in_time_is_told_to_come_again() -> None:
    throttle = Throttle()
    with (
        throttle.turn(soon()),
        pytest.raises(CommandError) as refused,
        throttle.turn(time.monotonic() + 0.01),
    ):
        pytest.fail("two at once")
    assert refused.value.errors == (STORAGE_UNAVAILABLE,)
    assert refused.value.headers == {"Retry-After": "1"}
    with throttle.turn(soon()):
        pass


def test_a_failure_ends_its_turn() -> None:
    throttle = Throttle()
    for _ in range(2):
        with pytest.raises(ValueError, match="in it"), throttle.turn(soon()):
            raise ValueError("in it")


def test_long_work_makes_no_long_pause() -> None:
    throttle, began = Throttle(), time.monotonic()
    with throttle.turn(soon()):
        gevent.sleep(2.0)
    with throttle.turn(soon()):
        assert time.monotonic() - began < 4.0, "as long as the work"
