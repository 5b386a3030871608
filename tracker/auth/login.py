"""Login throttling: brute-force guessing is slowed down, the owner is not locked out, and stored failures are bounded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracker.auth.failed_tries import FROM_PLACE, FailedTries, TryWindow, place_of, windows_of
from tracker.formats.credentials import digest, key_prefix
from tracker.formats.email_address import email_key
from tracker.rate_limits import Limiter, RateLimit
from tracker.storage.accounts import (
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
        self._tries = FailedTries(limiter, COUNTED_AS, now)

    def by_password(
        self, username: str, password: str, address: str, deadline: float | None = None
    ) -> Login | None:
        """Return the new session, or None for a wrong username or password. Raises CommandError (429) after too many."""
        place = place_of(address)
        with self._tries.turn(deadline):
            user, stored = self._users.with_hash(username, deadline)
            is_known = self._is_known(user.id if user else 0, place, deadline)
            at_pair, from_place, at_account = _windows(username, place)
            self._tries.refuse_exhausted([at_pair] if is_known else [at_pair, from_place, at_account])
            if is_password(password, stored, deadline) and user is not None:
                return self._opened(user, None, place, deadline)
            self._tries.count([at_pair, from_place] if is_known else [at_pair, from_place, at_account])
        self._note_failure(user.id if user else None, "", at_pair.who, deadline)
        return None

    def by_key(self, key: str, address: str, deadline: float | None = None) -> Login | None:
        """Return the new session, or None if the key is unknown or revoked. Raises CommandError (429) after too many of those."""
        owner = self._keys.owner(key, deadline)
        user = self._users.get(owner.user_id, deadline) if owner else None
        if owner is not None and user is not None:
            return self._opened(user, owner.key_id, None, deadline)
        place = place_of(address)
        from_place = TryWindow(f"place:{place}", FROM_PLACE)
        self._tries.refuse_exhausted([from_place])
        self._tries.count([from_place])
        if prefix := key_prefix(key):
            self._note_failure(None, f"key:{prefix}", from_place.who, deadline)
        return None

    def _is_known(self, user_id: int, place: str, deadline: float | None) -> bool:
        return self._database.read(
            lambda transaction: known_networks.is_known(transaction, user_id, place), deadline
        )

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


def _windows(username: str, place: str) -> tuple[TryWindow, TryWindow, TryWindow]:
    """Return the windows of a login. Accounts are named by hashes: the store of counts holds no emails.

    All spellings of an address are one account.
    """
    address = email_key(username)
    name = digest(address[1] if address else username).hex()
    return windows_of(f"account:{name}", place)
