"""Beside each other: the commands that a page calls at once, as each of them waits for reports and not for this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any, Protocol, TypeVar

import gevent

T = TypeVar("T")


class Begin(Protocol):
    """Begins work, and returns what waits for its outcome: a value, or an exception that is raised there."""

    def __call__(self, work: Callable[[], T]) -> Callable[[], T]: ...


@contextmanager
def beside() -> Iterator[Begin]:
    """Yield what begins work in this request beside other work. At the end all that was begun is waited for."""
    begun: list[gevent.Greenlet] = []

    def begin(work: Callable[[], T]) -> Callable[[], T]:
        started = gevent.spawn(copy_context().run, _outcome, work)
        begun.append(started)
        gevent.sleep(0)  # it asks before whoever began it goes on

        def outcome() -> T:
            value, failure = started.get()
            if failure is not None:
                raise failure
            found: T = value
            return found

        return outcome

    try:
        yield begin
    finally:
        gevent.joinall(begun)


def _outcome(work: Callable[[], Any]) -> tuple[Any, Exception | None]:
    """Return the value or the exception: gevent would print one that ends a greenlet, though somebody waits for it."""
    try:
        return work(), None
    except Exception as failure:  # noqa: BLE001  it is raised where the outcome is asked for
        return None, failure
