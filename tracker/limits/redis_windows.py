"""How do several instances count together? A storage for `limits` on Redis: one script, one round trip a hit."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.retry import Retry

#: A request waits at most this long for Redis, once: the first failure sends all others to the share.
PATIENCE_SECONDS = 0.25
#: More than a worker ever serves at once; the client's own default is 100.
_MAX_CONNECTIONS = 10_000
_SCHEMES = ("redis", "rediss", "redis+unix")
_PREFIX = "tracker+"

# Redis keeps the window: the key lives as long as it, and a key that is no count, or has lost its end, is no window.
_TAKE = b"""
local hits, window_ms, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local found = redis.pcall('GET', KEYS[1])
local count = type(found) == 'string' and tonumber(found) or 0
local left_ms = count > 0 and redis.call('PTTL', KEYS[1]) or -2
if left_ms <= 0 then count, left_ms = 0, -2 end
if left_ms > window_ms then
  left_ms = window_ms
  redis.call('PEXPIRE', KEYS[1], window_ms)
end
if count + cost > hits or cost == 0 then
  return {count + cost <= hits and 1 or 0, count, left_ms > 0 and left_ms or window_ms}
end
if left_ms > 0 then
  redis.call('INCRBY', KEYS[1], cost)
else
  left_ms = window_ms
  redis.call('DEL', KEYS[1])
  redis.call('INCRBY', KEYS[1], cost)
  redis.call('PEXPIRE', KEYS[1], window_ms)
end
return {1, count + cost, left_ms}
"""


def storage_uri(url: str) -> str:
    """The address under which `limits` finds our class. Raises ValueError for one that is no Redis'."""
    if urlsplit(url).scheme not in _SCHEMES:
        raise ValueError(
            f"a rate-limit store's URL starts with one of {', '.join(f'{s}://' for s in _SCHEMES)}"
        )
    return _PREFIX + url


class RedisWindows(RedisStorage):
    """Fixed windows in Redis, exact over everything that uses it. Raises RedisError; never waits long, never retries."""

    STORAGE_SCHEME = [_PREFIX + scheme for scheme in _SCHEMES]

    def __init__(self, uri: str, wrap_exceptions: bool = False, now: Callable[[], float] = time.time) -> None:
        super().__init__(
            uri.removeprefix(_PREFIX),
            key_prefix="tracker-limit",
            wrap_exceptions=wrap_exceptions,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
            max_connections=_MAX_CONNECTIONS,
        )
        self._now = now
        self._take = self.get_connection().register_script(_TAKE)

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> tuple[bool, int, int]:
        """Add `cost` to the key's window unless that exceeds `hits`: (was added, count, end in milliseconds)."""
        is_added, count, left_ms = self._take([self.prefixed_key(key)], [hits, window_ms, cost])
        return is_added == 1, count, int(self._now() * 1000) + left_ms

    def probe(self) -> None:
        """Raise RedisError unless Redis can count: it answers, has loaded its data, and may be written to."""
        self.take("probe", 1, 1000, 1)
