"""Login throttling: brute-force guessing is slowed down, the owner is not locked out, and stored failures are bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from gevent.lock import BoundedSemaphore

from tracker.errors import RATE_LIMITED, CommandError, StorageUnavailable
from tracker.formats.client_ip import network
from tracker.formats.credentials import digest, key_prefix
from tracker.formats.email_address import email_key
from tracker.rate_limits import Limiter, RateLimit
from tracker.storage.accounts import (
    MAX_AT_ONCE,
    Keys,
    Sessions,
    Somebody,
    User,
    Users,
    is_password,
    known_networks,
    note,
    note_failed_login,
)
from tracker.storage.engine import Database, Transaction

#: Limits of failed logins: of one network at one account; of one network at all accounts; of all networks at one account that
#: has not been used from them. An account thus bears 2,880 guesses a day at most, and its owner may mistype ten times in a row.
AT_ACCOUNT_FROM_PLACE, FROM_PLACE, AT_ACCOUNT = RateLimit(10, 900), RateLimit(50, 900), RateLimit(30, 900)
#: The name of their windows among those of the rate limits.
COUNTED_AS = "user.login.failed"
#: The limit of failures in the audit log: of one network at one account, and of one network with invalid keys. Anybody can
#: make up accounts and keys; without it the log would grow as fast as they do.
NOTED_AS, NOTED = "user.login.noted", RateLimit(1, 60)


@dataclass(frozen=True, slots=True)
class Login:
    """A session that was opened, and its user."""

    user: User
    session_id: str


class _Window(NamedTuple):
    who: str
    limit: RateLimit


class LoginService:
    """Opens sessions. Failures are counted over all processes that share the rate limits, successes are not.

    A place is an IPv4 address, or the /64 network of an IPv6 one. A place that has logged in to an account before is
    stopped only by its own failures there, whatever others do to the account or from the place. An account that does not
    exist is counted, and answered, like one that does.
    """

    def __init__(
        self,
        database: Database,
        users: Users,
        keys: Keys,
        sessions: Sessions,
        limiter: Limiter,
        now: Callable[[], int],
    ) -> None:
        self._database, self._users, self._keys, self._sessions = database, users, keys, sessions
        self._limiter, self._now = limiter, now
        self._turns = BoundedSemaphore(MAX_AT_ONCE)

    def by_password(
        self, username: str, password: str, address: str, deadline: float | None = None
    ) -> Login | None:
        """Return the new session, or None for a wrong username or password. Raises CommandError (429) after too many."""
        place = place_of(address)
        with self._turn(deadline):
            user, stored = self._users.with_hash(username, deadline)
            is_known = self._is_known(user.id if user else 0, place, deadline)
            at_pair, from_place, at_account = _windows(username, place)
            self._refuse_exhausted([at_pair] if is_known else [at_pair, from_place, at_account])
            if is_password(password, stored, deadline) and user is not None:
                return self._opened(user, None, place, deadline)
            self._count([at_pair, from_place] if is_known else [at_pair, from_place, at_account])
        self._note_failure(user.id if user else None, "", at_pair.who, deadline)
        return None

    def by_key(self, key: str, address: str, deadline: float | None = None) -> Login | None:
        """Return the new session, or None if the key is unknown or revoked. Raises CommandError (429) after too many of those."""
        owner = self._keys.owner(key, deadline)
        user = self._users.get(owner.user_id, deadline) if owner else None
        if owner is not None and user is not None:
            return self._opened(user, owner.key_id, None, deadline)
        place = place_of(address)
        from_place = _Window(f"place:{place}", FROM_PLACE)
        self._refuse_exhausted([from_place])
        self._count([from_place])
        if prefix := key_prefix(key):
            self._note_failure(None, f"key:{prefix}", from_place.who, deadline)
        return None

    @contextmanager
    def _turn(self, deadline: float | None) -> Iterator[None]:
        """Bound the logins between reading the counts and counting a failure, so that a burst gains little.

        Raises StorageUnavailable without a turn before the deadline.
        """
        seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not self._turns.acquire(timeout=seconds):
            raise StorageUnavailable("too many logins wait for the check of their password")
        try:
            yield
        finally:
            self._turns.release()

    def _is_known(self, user_id: int, place: str, deadline: float | None) -> bool:
        return self._database.read(
            lambda transaction: known_networks.is_known(transaction, user_id, place), deadline
        )

    def _refuse_exhausted(self, windows: list[_Window]) -> None:
        decisions = [self._limiter.hit(COUNTED_AS, *window, cost=0) for window in windows]
        now = self._now()
        waits = [each.seconds_left(now) for each in decisions if each.remaining == 0]
        if waits:
            raise CommandError(RATE_LIMITED, headers={"Retry-After": str(max(waits))})

    def _count(self, windows: list[_Window]) -> None:
        for window in windows:
            self._limiter.hit(COUNTED_AS, *window)

    def _opened(self, user: User, key_id: int | None, place: str | None, deadline: float | None) -> Login:
        """Write the session, its entry in the audit log, and the known place, in one transaction."""
        session_id, begin = self._sessions.new(user.id, key_id)
        now = self._now()

        def write(transaction: Transaction) -> None:
            begin(transaction)
            note(transaction, Somebody(user.id, key_id, digest(session_id)), "user.login", "", now)
            if place is not None:
                known_networks.remember(transaction, user.id, place, now)

        self._database.write(write, deadline)
        return Login(user, session_id)

    def _note_failure(self, user_id: int | None, thing: str, who: str, deadline: float | None) -> None:
        """Write a failed login to the audit log, also for an account that does not exist: it must not be answered sooner."""
        if not self._limiter.hit(NOTED_AS, who, NOTED).is_allowed:
            return
        now = self._now()
        self._database.write(
            lambda transaction: note_failed_login(transaction, user_id, thing, now), deadline
        )


def place_of(address: str) -> str:
    """Return the place of an address: an IPv4 address, or the /64 network of an IPv6 one, which is one customer's."""
    place = network(address)
    return f"{place}/64" if ":" in place else place


def _windows(username: str, place: str) -> tuple[_Window, _Window, _Window]:
    """Return the windows of a login. Accounts are named by hashes: the store of counts holds no emails.

    All spellings of an address are one account.
    """
    address = email_key(username)
    name = digest(address[1] if address else username).hex()
    return (
        _Window(f"account:{name}/place:{place}", AT_ACCOUNT_FROM_PLACE),
        _Window(f"place:{place}", FROM_PLACE),
        _Window(f"account:{name}", AT_ACCOUNT),
    )
