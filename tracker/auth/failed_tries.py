"""Failed tries: counts of wrong passwords over all processes, so that guessing is slowed down and what is stored is bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gevent.lock import BoundedSemaphore

from tracker.errors import RATE_LIMITED, CommandError, StorageUnavailable
from tracker.formats.client_ip import network
from tracker.rate_limits import Limiter, RateLimit
from tracker.storage.accounts import MAX_AT_ONCE

#: Limits of failures: of one network at one account; of one network at all accounts; of all networks at one account that has not
#: been used from them. An account thus bears 2,880 guesses a day at most, and its owner may mistype ten times in a row.
AT_ACCOUNT_FROM_PLACE, FROM_PLACE, AT_ACCOUNT = RateLimit(10, 900), RateLimit(50, 900), RateLimit(30, 900)


class TryWindow(NamedTuple):
    """Whose failures are counted together, and how many there may be."""

    who: str
    limit: RateLimit


class FailedTries:
    """Failures counted under one name among the rate limits; successes are not counted."""

    def __init__(self, limiter: Limiter, counted_as: str, now: Callable[[], int]) -> None:
        self._limiter, self._counted_as, self._now = limiter, counted_as, now
        self._turns = BoundedSemaphore(MAX_AT_ONCE)

    @contextmanager
    def turn(self, deadline: float | None) -> Iterator[None]:
        """Bound the tries between reading the counts and counting a failure, so that a burst gains little.

        Raises StorageUnavailable without a turn before the deadline.
        """
        seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not self._turns.acquire(timeout=seconds):
            raise StorageUnavailable("too many passwords are waiting to be checked")
        try:
            yield
        finally:
            self._turns.release()

    def refuse_exhausted(self, windows: Iterable[TryWindow]) -> None:
        """Raise CommandError (429) if nothing is left of one of the windows."""
        decisions = [self._limiter.hit(self._counted_as, *window, cost=0) for window in windows]
        now = self._now()
        waits = [each.seconds_left(now) for each in decisions if each.remaining == 0]
        if waits:
            raise CommandError(RATE_LIMITED, headers={"Retry-After": str(max(waits))})

    def count(self, windows: Iterable[TryWindow]) -> None:
        for window in windows:
            self._limiter.hit(self._counted_as, *window)


def windows_of(account: str, place: str) -> tuple[TryWindow, TryWindow, TryWindow]:
    """Return the windows of a try: at the account from the place, from the place, and at the account."""
    return (
        TryWindow(f"{account}/place:{place}", AT_ACCOUNT_FROM_PLACE),
        TryWindow(f"place:{place}", FROM_PLACE),
        TryWindow(account, AT_ACCOUNT),
    )


def place_of(address: str) -> str:
    """Return the place of an address: an IPv4 address, or the /64 network of an IPv6 one, which is one customer's."""
    place = network(address)
    return f"{place}/64" if ":" in place else place
