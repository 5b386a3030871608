"""Rate limiter: counts the calls of a caller in the store of the instance, through Flask-Limiter's storage."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from flask import Flask
from flask_limiter import Limiter as FlaskLimiter

from tracker.rate_limits.circuit_breaker import CircuitBreaker, WindowStore
from tracker.rate_limits.rate import Decision, RateLimit
from tracker.rate_limits.shared_memory import SharedFileStorage

#: Importing a `limits` storage registers its scheme. That of Redis is imported where one is set: its client takes a twelfth of
#: the time of all imports.
SCHEME = SharedFileStorage.STORAGE_SCHEME[0]


class Limiter:
    """Counts calls by command and caller, over all processes of the instance."""

    def __init__(
        self, extension: FlaskLimiter, breaker: CircuitBreaker, overrides: Mapping[str, RateLimit]
    ) -> None:
        self.extension = extension
        self._breaker, self._take = breaker, breaker.take
        self._overrides = {command.lower(): limit for command, limit in overrides.items()}

    @property
    def is_alone(self) -> bool:
        """Whether this process counts by itself, since the store cannot be used."""
        return self._breaker.is_open

    def hit(self, command: str, who: str, limit: RateLimit, cost: int = 1) -> Decision:
        """Add `cost` to the caller's window of the command, or nothing if that exceeds the limit. Returns the decision.

        A call that costs more than the whole limit takes all of a window: otherwise it could never be allowed.
        A limit set for the command by TRACKER_LIMITS replaces `limit`. Raises ValueError for an empty name, which
        Flask-Limiter would let pass uncounted, and for a negative cost.
        """
        if not command or not who or cost < 0:
            raise ValueError(f"cannot count {cost} calls of {command!r} by {who!r}")
        command = command.lower()
        limit = self._overrides.get(command, limit)
        applied, is_allowed, count, end_ms = self._take(
            f"{command}/{who}", limit.hits, limit.seconds * 1000, cost
        )
        return Decision(is_allowed, applied, max(0, applied - count), end_ms)


def build_limiter(
    url: str | None,
    path: str | Path,
    workers: int,
    overrides: Mapping[str, RateLimit] | None = None,
    now: Callable[[], float] = time.time,
    app: Flask | None = None,
) -> Limiter:
    """Return the limiter of a process: on Redis at `url`, or without a URL on the shared file at `path`.

    `workers` is the number of processes that share the limits of this instance. Nothing is opened or connected before
    the first hit. Raises ValueError for a URL that names no Redis.
    """
    uri = _redis_uri(url) if url else f"{SCHEME}://{quote(str(Path(path).absolute()))}"
    extension = _wire(app or Flask("tracker.rate_limits"), uri, now)
    store = cast(WindowStore, extension.storage)
    return Limiter(extension, CircuitBreaker(store, workers, now), overrides or {})


def _redis_uri(url: str) -> str:
    from tracker.rate_limits.redis import storage_uri

    return storage_uri(url)


def _wire(app: Flask, uri: str, now: Callable[[], float]) -> FlaskLimiter:
    options = cast(dict[str, Any], {"now": now})
    extension = FlaskLimiter(_no_key, storage_uri=uri, storage_options=options, strategy="fixed-window")
    # An extension the app knows already adds no hooks: every call is counted once, by the dispatcher.
    app.extensions.setdefault("limiter", set()).add(extension)
    extension.init_app(app)
    return extension


def _no_key() -> str:
    raise RuntimeError("rate limits are counted by the dispatcher, not by Flask-Limiter's decorators")
