"""Authentication: finds the caller of an API key, a session or a public id, with their permissions."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tracker.caller import ADMINISTRATOR, EVERYTHING, Caller, Misplaced, parse_permissions
from tracker.errors import NOT_AUTHENTICATED, SESSION_EXPIRED, CommandError, hinted
from tracker.formats.credentials import credentials_in, digest, is_public_id, is_session_id, key_prefix
from tracker.storage.accounts import Keys, Lists, Sessions
from tracker.storage.engine import TtlCache

#: Where credentials are looked for, in error hints.
_IN_HEADER, _IN_APIKEY, _IN_SESSION = (
    "the Authorization header",
    "the parameter APIKey",
    "the parameter SessionID",
)
_NONE_SENT = (
    "No credential was found. Send the header 'Authorization: Bearer KEY', the parameter APIKey, or the parameter SessionID"
    " from user.login"
)
#: Each says what was found, and how to send it rightly. None repeats anything of the header.
_MISPLACED: dict[Misplaced, str] = {
    "Basic": (
        "The Authorization header has the scheme Basic, which Tracker does not read: write 'Authorization: Bearer KEY', or send"
        " the parameter APIKey where a proxy needs the header. For a password, user.login gives a SessionID"
    ),
    "another scheme": (
        "The Authorization header has a scheme that Tracker does not read: write 'Authorization: Bearer KEY', or send the"
        " parameter APIKey where a proxy needs the header"
    ),
    "X-API-Key": (
        "The header X-API-Key is not read: send its key as 'Authorization: Bearer KEY', or as the parameter APIKey"
    ),
}
_NO_BEARER = "The Authorization header holds no readable key: write 'Authorization: Bearer KEY'"
_NO_TRACKER_ID = "Send the parameter EventListTrackerID: list.get answers with the one of a list"


class Authenticator:
    """Finds the caller of a request by its credential.

    A key that was found is cached for 5 s, so a revoked one is refused by every process within 5 s. It is cached
    by its hash: the duration of a look-up reveals nothing about a key. Sessions are looked up each time.
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
        self,
        bearer: str | None,
        api_key: Any,
        session_id: Any,
        deadline: float | None = None,
        misplaced: Misplaced | None = None,
    ) -> Caller:
        """Return the caller by the first credential that was sent, right or wrong. Raises CommandError (99998, 99999).

        `misplaced` is where one was sent that is not read: without another one, the hint tells of it.
        """
        if bearer is not None:
            return self._by_key(bearer, _IN_HEADER, deadline)
        if api_key is not None:
            return self._by_key(api_key, _IN_APIKEY, deadline)
        if session_id is not None:
            return self._by_session(session_id, deadline)
        raise _refusal(_NONE_SENT if misplaced is None else _MISPLACED[misplaced])

    def forget(self, api_key: Any) -> None:
        """Drop this key from the cache: a stream must not outlive its key by another 5 s."""
        if type(api_key) is str and api_key.isascii():
            self._recent.forget(digest(api_key))

    def of_public_list(self, tracker_id: Any, deadline: float | None = None) -> Caller:
        """Return the caller by a list's public id, who may only track into that list. Raises CommandError (99998)."""
        is_one = type(tracker_id) is str and is_public_id(tracker_id)
        found = self._lists.public(tracker_id, deadline) if is_one else None
        if found is None:
            raise _refusal(_NO_TRACKER_ID if tracker_id is None else "No list has this EventListTrackerID")
        return Caller(found.user_id, list_id=found.id)

    def knows(self, text: bytes, deadline: float | None = None) -> bool:
        """Whether an existing key or session, if only an expired one, stands in `text` as it is."""
        return any(self._exists(credential, deadline) for credential in credentials_in(text))

    def _exists(self, credential: str, deadline: float | None) -> bool:
        if is_session_id(credential):
            return self._sessions.find(credential, deadline) is not None
        # Not cached: a key that has called nothing is refused as soon as it is revoked.
        is_recent = self._recent.get(digest(credential)) is not None
        return is_recent or self._key_caller(credential, deadline) is not None

    def _by_key(self, key: Any, place: str, deadline: float | None) -> Caller:
        if type(key) is not str or not key.isascii():
            raise _refusal(_why_no_key(key, place))
        found = self._recent.look_up(digest(key), lambda: self._key_caller(key, deadline))
        if found is None:
            raise _refusal(_why_no_key(key, place))
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
            raise _refusal(_why_no_session(token))
        if session.expires_at <= self._now():
            hint = f"The session in {_IN_SESSION} has expired: user.login opens another one"
            raise CommandError(hinted(SESSION_EXPIRED, hint))
        permissions = _common(session.user_permissions, session.key_permissions)
        is_admin = session.is_users_admin and _holds_administrator(session.key_permissions)
        return Caller(session.user_id, permissions, session.key_id, session.token_hash, is_admin=is_admin)


def _refusal(hint: str) -> CommandError:
    return CommandError(hinted(NOT_AUTHENTICATED, hint))


def _why_no_key(key: Any, place: str) -> str:
    """Tell what is wrong with a key, and no more than its holder can compute: unknown and revoked are one case."""
    if key == "":
        return _NO_BEARER if place == _IN_HEADER else f"The credential in {place} is empty"
    if type(key) is str and is_session_id(key):
        return f"The credential in {place} is a SessionID: send it as the parameter SessionID"
    if type(key) is not str or key_prefix(key) is None:
        return f"The credential in {place} is no well-formed API key: one begins with trk_ and was perhaps not copied whole"
    return f"The API key in {place} is unknown or revoked"


def _why_no_session(token: Any) -> str:
    if type(token) is str and is_session_id(token):
        return f"The session in {_IN_SESSION} is unknown or logged out: user.login opens another one"
    return f"The credential in {_IN_SESSION} is no well-formed SessionID: one begins with trs_ and comes from user.login"


def _holds_administrator(key_permissions: str | None) -> bool:
    """Whether an administrator's key is one for administrators' commands; a session opened with the password is."""
    return key_permissions is None or ADMINISTRATOR in parse_permissions(key_permissions)


def _common(user_permissions: str, key_permissions: str | None) -> frozenset[str]:
    """Return the permissions that both allow; a session opened with a password (None) has all of its user's."""
    users = parse_permissions(user_permissions)
    if key_permissions is None:
        return users
    keys = parse_permissions(key_permissions)
    if EVERYTHING in users:
        return keys
    return users if EVERYTHING in keys else users & keys
