"""Do commands of a page go on beside each other, in its request, with outcomes where they are asked for?"""

from __future__ import annotations

from contextvars import ContextVar

import pytest
from gevent.event import Event

from tracker.console.beside import beside

REQUEST: ContextVar[str] = ContextVar("request")


def test_work_goes_on_at_once_and_in_the_same_request() -> None:
    REQUEST.set("of the page")
    first, second = Event(), Event()

    def waits_for_the_other() -> str:
        first.set()
        assert second.wait(20)
        return REQUEST.get()

    def is_waited_for() -> int:
        assert first.is_set()
        second.set()
        return 7

    with beside() as begin:
        outcomes = begin(waits_for_the_other), begin(is_waited_for)
        assert (outcomes[0](), outcomes[1]()) == ("of the page", 7)


def test_a_failure_is_raised_where_it_is_asked_for_after_all_have_ended() -> None:
    done, is_open = [], Event()

    def fails() -> None:
        raise KeyError("gone")

    def takes_longer() -> None:
        assert is_open.wait(20)
        done.append("ended")

    def page() -> None:
        with beside() as begin:
            begin(takes_longer)
            failed = begin(fails)
            is_open.set()
            failed()

    with pytest.raises(KeyError, match="gone"):
        page()
    assert done == ["ended"]
