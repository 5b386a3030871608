"""Who is calling? Keys, sessions, and what they may do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tracker.caller import ADMINISTRATOR, EVERYTHING, Caller, parse_permissions
from tracker.errors import NOT_AUTHENTICATED, SESSION_EXPIRED, CommandError
from tracker.formats.credentials import credentials_in, digest, is_public_id, is_session_id
from tracker.storage.accounts import Keys, Lists, Sessions
from tracker.storage.engine import TtlCache


class Authenticator:
    """Finds the caller of a request by its credential.

    A key that was found is remembered for 5 s, so a revoked one is refused everywhere within 5 s. It is remembered
    by its hash: how long a look-up takes tells nothing about a key. Sessions are looked up each time.
    """

    def __init__(
        self,
        keys: Keys,
        sessions: Sessions,
        lists: Lists,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys, self._sessions, self._lists, self._now = keys, sessions, lists, now
        self._recent: TtlCache[bytes, Caller] = TtlCache(clock=clock)

    def caller(
        self, bearer: str | None, api_key: Any, session_id: Any, deadline: float | None = None
    ) -> Caller:
        """The first credential that is there decides, right or wrong. Raises CommandError (99998, 99999)."""
        if bearer is not None:
            return self._by_key(bearer, deadline)
        if api_key is not None:
            return self._by_key(api_key, deadline)
        if session_id is not None:
            return self._by_session(session_id, deadline)
        raise CommandError(NOT_AUTHENTICATED)

    def forget(self, api_key: Any) -> None:
        """Ask the database when this key is next looked up: a call that lasts must not outlive its key by 5 s more."""
        if type(api_key) is str and api_key.isascii():
            self._recent.forget(digest(api_key))

    def of_public_list(self, tracker_id: Any, deadline: float | None = None) -> Caller:
        """Who has a list's public id: it may only track into that list. Raises CommandError (99998)."""
        is_one = type(tracker_id) is str and is_public_id(tracker_id)
        found = self._lists.public(tracker_id, deadline) if is_one else None
        if found is None:
            raise CommandError(NOT_AUTHENTICATED)
        return Caller(found.user_id, list_id=found.id)

    def knows(self, text: bytes, deadline: float | None = None) -> bool:
        """Whether a key or a session of somebody's, if only an expired one, stands in a text as it is."""
        return any(self._is_somebodys(credential, deadline) for credential in credentials_in(text))

    def _is_somebodys(self, credential: str, deadline: float | None) -> bool:
        if is_session_id(credential):
            return self._sessions.find(credential, deadline) is not None
        # Not remembered: a key that has called nothing is refused as soon as it is revoked.
        is_recent = self._recent.get(digest(credential)) is not None
        return is_recent or self._key_caller(credential, deadline) is not None

    def _by_key(self, key: Any, deadline: float | None) -> Caller:
        if type(key) is not str or not key.isascii():
            raise CommandError(NOT_AUTHENTICATED)
        found = self._recent.look_up(digest(key), lambda: self._key_caller(key, deadline))
        if found is None:
            raise CommandError(NOT_AUTHENTICATED)
        return found

    def _key_caller(self, key: str, deadline: float | None) -> Caller | None:
        owner = self._keys.owner(key, deadline)
        if owner is None:
            return None
        permissions = _common(owner.user_permissions, owner.permissions)
        is_admin = owner.is_users_admin and _holds_administrator(owner.permissions)
        return Caller(owner.user_id, permissions, key_id=owner.key_id, is_admin=is_admin)

    def _by_session(self, token: Any, deadline: float | None) -> Caller:
        session = self._sessions.find(token, deadline) if type(token) is str and token.isascii() else None
        if session is None:
            raise CommandError(NOT_AUTHENTICATED)
        if session.expires_at <= self._now():
            raise CommandError(SESSION_EXPIRED)
        permissions = _common(session.user_permissions, session.key_permissions)
        is_admin = session.is_users_admin and _holds_administrator(session.key_permissions)
        return Caller(session.user_id, permissions, session.key_id, session.token_hash, is_admin=is_admin)


def _holds_administrator(key_permissions: str | None) -> bool:
    """Whether a key of an administrator is one for administrators' commands; a session opened with the password is."""
    return key_permissions is None or ADMINISTRATOR in parse_permissions(key_permissions)


def _common(user_permissions: str, key_permissions: str | None) -> frozenset[str]:
    """What both allow; a session opened with a password (None) has all of its user's."""
    users = parse_permissions(user_permissions)
    if key_permissions is None:
        return users
    keys = parse_permissions(key_permissions)
    if EVERYTHING in users:
        return keys
    return users if EVERYTHING in keys else users & keys
