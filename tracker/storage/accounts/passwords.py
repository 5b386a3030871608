"""Password hashing: argon2id in a native thread, so that the event loop goes on; the one place that hashes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import gevent
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerificationError
from gevent.lock import BoundedSemaphore

from tracker.errors import StorageUnavailable

T = TypeVar("T")

#: OWASP's second choice for argon2id: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
#: Passwords that a process hashes at once: logins must not take all memory and all cores.
MAX_AT_ONCE = 2
_turns = BoundedSemaphore(MAX_AT_ONCE)
#: The hash that an unknown user's password is compared with, so that the answer takes as long. No password has this
#: hash.
_DUMMY_HASH = f"$argon2id$v=19$m={19 * 1024},t=2,p=1${'A' * 22}${'A' * 43}"


def hash_password(password: str, deadline: float | None = None) -> str:
    """Return the hash to store of a new password. Raises StorageUnavailable when its turn does not come before `deadline`."""
    return _in_thread(lambda: _HASHER.hash(_encoded(password)), deadline)


def is_password(password: str, stored: str | None, deadline: float | None = None) -> bool:
    """Return whether `password` matches `stored`; takes as long for None, which no password matches.

    Raises StorageUnavailable when its turn does not come before `deadline`, a `time.monotonic()` second.
    """
    return _in_thread(lambda: _matches(stored or _DUMMY_HASH, password), deadline) and stored is not None


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, _encoded(password))
    except VerificationError:
        return False


def _encoded(password: str) -> bytes:
    """Return the password as bytes: one that cannot be written as UTF-8 is answered as wrong, not as a failure."""
    return password.encode("utf-8", "surrogatepass")


def _in_thread(work: Callable[[], T], deadline: float | None) -> T:
    """Run `work` in a native thread, so that other requests go on meanwhile."""
    seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
    if not _turns.acquire(timeout=seconds):
        raise StorageUnavailable("too many passwords are waiting to be checked")
    try:
        return gevent.get_hub().threadpool.apply(work)  # type: ignore[no-any-return]
    finally:
        _turns.release()
