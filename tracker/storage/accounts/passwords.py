"""How is a password kept and checked? The one place that hashes, away from the event loop."""

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
#: A process hashes at most this many passwords at once: logging in must not take all memory and all cores.
MAX_AT_ONCE = 2
_turns = BoundedSemaphore(MAX_AT_ONCE)
#: What an unknown user's password is compared with, so that the answer takes as long. No password has this hash.
_NOBODY = f"$argon2id$v=19$m={19 * 1024},t=2,p=1${'A' * 22}${'A' * 43}"


def hash_password(password: str, deadline: float | None = None) -> str:
    """What to store of a new password."""
    return _aside(lambda: _HASHER.hash(_encoded(password)), deadline)


def is_password(password: str, stored: str | None, deadline: float | None = None) -> bool:
    """Whether `password` is the one `stored` was made from; takes as long for None, which no password fits.

    Raises StorageUnavailable when it is not its turn before `deadline`, a `time.monotonic()` second.
    """
    return _aside(lambda: _fits(stored or _NOBODY, password), deadline) and stored is not None


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, _encoded(password))
    except VerificationError:
        return False


def _encoded(password: str) -> bytes:
    """As bytes: the answer to one that cannot be written as UTF-8 is that it is wrong, not a failure."""
    return password.encode("utf-8", "surrogatepass")


def _aside(work: Callable[[], T], deadline: float | None) -> T:
    """Do it in a native thread, so that other requests go on meanwhile."""
    seconds = None if deadline is None else max(0.0, deadline - time.monotonic())
    if not _turns.acquire(timeout=seconds):
        raise StorageUnavailable("too many passwords are waiting to be checked")
    try:
        return gevent.get_hub().threadpool.apply(work)  # type: ignore[no-any-return]
    finally:
        _turns.release()
