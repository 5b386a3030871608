"""Login throttling: guessing is slowed down, the owner is not locked out, and what is kept of failures is bounded."""

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

#: Failed logins: of one place at one account; of one place at any; of all places at one account that does not know them.
#: An account thus bears 2,880 guesses a day at most, and an owner may mistype ten times in a row.
AT_ACCOUNT_FROM_PLACE, FROM_PLACE, AT_ACCOUNT = RateLimit(10, 900), RateLimit(50, 900), RateLimit(30, 900)
#: Where they are counted among the windows of the rate limits.
COUNTED_AS = "user.login.failed"
#: Failures that the audit log tells of: of one place at one account, and of one place with keys that are none. Anybody can
#: make up accounts and keys; beyond these the log would grow as fast as they do.
NOTED_AS, NOTED = "user.login.noted", RateLimit(1, 60)


@dataclass(frozen=True, slots=True)
class Login:
    """A session that was opened, and for whom."""

    user: User
    session_id: str


class _Window(NamedTuple):
    who: str
    limit: RateLimit


class LoginService:
    """Opens sessions. Failures are counted over all processes that share the rate limits, successes are not.

    A place is an address, or the /64 network of an IPv6 one. One that has logged in to an account before is stopped by
    its own failures there only, whatever others do to the account or to the place. An account that does not exist is
    counted, and answered, like one that does.
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
        """The new session, or None for a wrong username or password. Raises CommandError (429) after too many."""
        place = place_of(address)
        with self._turn(deadline):
            user, stored = self._users.with_hash(username, deadline)
            is_known = self._is_known(user.id if user else 0, place, deadline)
            at_pair, from_place, at_account = _windows(username, place)
            self._refuse_spent([at_pair] if is_known else [at_pair, from_place, at_account])
            if is_password(password, stored, deadline) and user is not None:
                return self._opened(user, None, place, deadline)
            self._count([at_pair, from_place] if is_known else [at_pair, from_place, at_account])
        self._note_failure(user.id if user else None, "", at_pair.who, deadline)
        return None

    def by_key(self, key: str, address: str, deadline: float | None = None) -> Login | None:
        """The new session, or None if the key is unknown or revoked. Raises CommandError (429) after too many of those."""
        owner = self._keys.owner(key, deadline)
        user = self._users.get(owner.user_id, deadline) if owner else None
        if owner is not None and user is not None:
            return self._opened(user, owner.key_id, None, deadline)
        place = place_of(address)
        from_place = _Window(f"place:{place}", FROM_PLACE)
        self._refuse_spent([from_place])
        self._count([from_place])
        if prefix := key_prefix(key):
            self._note_failure(None, f"key:{prefix}", from_place.who, deadline)
        return None

    @contextmanager
    def _turn(self, deadline: float | None) -> Iterator[None]:
        """Between the look at the counts and the counting of a failure few others come: a burst gains little."""
        seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not self._turns.acquire(timeout=seconds):
            raise StorageUnavailable("too many passwords are waiting to be checked")
        try:
            yield
        finally:
            self._turns.release()

    def _is_known(self, user_id: int, place: str, deadline: float | None) -> bool:
        return self._database.read(
            lambda transaction: known_networks.is_known(transaction, user_id, place), deadline
        )

    def _refuse_spent(self, windows: list[_Window]) -> None:
        verdicts = [self._limiter.hit(COUNTED_AS, *window, cost=0) for window in windows]
        now = self._now()
        waits = [verdict.seconds_left(now) for verdict in verdicts if verdict.remaining == 0]
        if waits:
            raise CommandError(RATE_LIMITED, headers={"Retry-After": str(max(waits))})

    def _count(self, windows: list[_Window]) -> None:
        for window in windows:
            self._limiter.hit(COUNTED_AS, *window)

    def _opened(self, user: User, key_id: int | None, place: str | None, deadline: float | None) -> Login:
        """One transaction: the session, its entry in the audit log, and the place."""
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
        """For an account that does not exist as well: it must not be answered sooner."""
        if not self._limiter.hit(NOTED_AS, who, NOTED).is_allowed:
            return
        now = self._now()
        self._database.write(
            lambda transaction: note_failed_login(transaction, user_id, thing, now), deadline
        )


def place_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /64 network of an IPv6 one, which is one customer's."""
    place = network(address)
    return f"{place}/64" if ":" in place else place


def _windows(username: str, place: str) -> tuple[_Window, _Window, _Window]:
    """Accounts are named by hashes: the store of counts holds no emails. Spellings of an address are one account."""
    address = email_key(username)
    name = digest(address[1] if address else username).hex()
    return (
        _Window(f"account:{name}/place:{place}", AT_ACCOUNT_FROM_PLACE),
        _Window(f"place:{place}", FROM_PLACE),
        _Window(f"account:{name}", AT_ACCOUNT),
    )
