"""How do several instances count together? A storage for `limits` on Redis: one script, one round trip for many hits."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from urllib.parse import urlsplit

from gevent import monkey
from limits.storage import RedisStorage
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tracker.rate_limits.hit_batcher import Hit, HitBatcher, Taken
from tracker.rate_limits.rate import MAX_HITS
from tracker.rate_limits.stall_timeout import stall_tolerant_timeout

#: A request waits at most this long for Redis, once: the first failure sends all others to the share.
PATIENCE_SECONDS = 0.25
_SCHEMES = ("redis", "rediss", "redis+unix")
_PREFIX = "tracker+"

# Redis keeps the window: the key lives as long as it. What is no count, or has no end, is replaced: the prefix is ours.
_TAKE = b"""
local answers = {}
for n, key in ipairs(KEYS) do
  local hits, window_ms, cost = tonumber(ARGV[3 * n - 2]), tonumber(ARGV[3 * n - 1]), tonumber(ARGV[3 * n])
  local found = redis.pcall('GET', key)
  local count, left_ms = 0, 0
  if type(found) == 'string' and found:find('^%d+$') then left_ms = redis.call('PTTL', key) end
  if left_ms > 0 then count = tonumber(found) end
  if left_ms > window_ms then
    left_ms = window_ms
    redis.call('PEXPIRE', key, window_ms)
  end
  local is_added = count + cost <= hits
  if is_added and cost > 0 then
    if left_ms > 0 then
      redis.call('INCRBY', key, cost)
    else
      redis.call('SET', key, cost, 'PX', window_ms)
    end
    count = count + cost
  end
  answers[n] = {is_added and 1 or 0, count, left_ms > 0 and left_ms or window_ms}
end
return answers
"""


def storage_uri(url: str) -> str:
    """The address under which `limits` finds our class. Raises ValueError for one that is no Redis'."""
    if urlsplit(url).scheme not in _SCHEMES:
        starts = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise ValueError(f"the URL of a rate-limit store starts with one of {starts}")
    return _PREFIX + url


class RedisWindows(RedisStorage):
    """Fixed windows in Redis, exact over everything that uses it. Raises OSError or RedisError; waits briefly, never retries."""

    STORAGE_SCHEME = [_PREFIX + scheme for scheme in _SCHEMES]

    def __init__(self, uri: str, wrap_exceptions: bool = False, now: Callable[[], float] = time.time) -> None:
        self._is_green = monkey.is_module_patched("socket")
        # Under gevent a trip is bounded as a whole: finding the host, connecting, every reply. Without it the socket's
        # own timeouts bound each of them.
        step_seconds = 20 * PATIENCE_SECONDS if self._is_green else PATIENCE_SECONDS
        super().__init__(
            uri.removeprefix(_PREFIX),
            key_prefix="tracker-limit",
            wrap_exceptions=wrap_exceptions,
            socket_timeout=step_seconds,
            socket_connect_timeout=step_seconds,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
            # The oldest protocol needs no greeting: a new connection costs no round trips of its own.
            protocol=2,
        )
        self._now = now
        self._script = self.get_connection().register_script(_TAKE)
        self._trips = HitBatcher(self._send)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return (RedisError, OSError)

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> Taken:
        """Add `cost` to the key's window unless that exceeds `hits`: (was added, count, end in milliseconds)."""
        return self._trips.take((self.prefixed_key(key), hits, window_ms, cost))

    def probe(self) -> None:
        """Raise unless Redis can count: it answers, has loaded its data, and may be written to."""
        self.take("probe", MAX_HITS, 1000, 1)

    def _send(self, hits: list[Hit]) -> list[Taken]:
        arguments = [number for hit in hits for number in hit[1:]]
        with stall_tolerant_timeout(PATIENCE_SECONDS) if self._is_green else nullcontext():
            answers = self._script([hit[0] for hit in hits], arguments)
        now_ms = int(self._now() * 1000)
        return [(is_added == 1, count, now_ms + left_ms) for is_added, count, left_ms in answers]
