"""Redis store: fixed windows for several instances, counted by one script, with concurrent hits batched into one round trip.

The first caller that finds no batch in flight sends the hits of all who wait; later callers form the next batch. So a worker
needs one connection, and a thousand requests at once cost a few round trips instead of a thousand connections.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from urllib.parse import urlsplit

import gevent
from gevent import monkey
from limits.storage import RedisStorage
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from tracker.rate_limits.rate import MAX_HITS

#: Seconds that a request waits for Redis at most, once: the first failure opens the circuit breaker for all others.
PATIENCE_SECONDS = 0.25
#: Seconds that the start waits for Redis to connect, and to answer.
_START_SECONDS = 3.0
_SCHEMES = ("redis", "rediss", "redis+unix")
_PREFIX = "tracker+"
#: A timeout is measured in this many steps. A process that stood still (a slow disk, a busy machine) finds one step elapsed
#: and reads the reply that has arrived meanwhile; by the clock it would take the server for gone.
_STEPS = 5
Hit = tuple[str, int, int, int]
"""A key, the hits allowed, the window in milliseconds, the cost."""
Taken = tuple[bool, int, int]
"""Whether the cost was added, the count now, the window's end in epoch milliseconds."""

_MAX_BATCH = 500

# Redis keeps the window: the key lives as long as its window. A value that is no count, or has no end, is replaced: the
# prefix is ours.
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
    """Return the URI under which `limits` finds RedisWindows. Raises ValueError for a URL that names no Redis."""
    if urlsplit(url).scheme not in _SCHEMES:
        starts = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise ValueError(f"the URL of a rate-limit store starts with one of {starts}")
    return _PREFIX + url


def redis_fault(url: str) -> str | None:
    """Return what keeps the Redis at `url` from counting, in a few words that say what to change; None: nothing."""
    limits = {"socket_timeout": _START_SECONDS, "socket_connect_timeout": _START_SECONDS}
    try:
        with Redis.from_url(url.replace("redis+unix://", "unix://", 1), **limits) as client:
            role = client.info("replication").get("role")
    except ResponseError:  # this user may not ask
        return None
    except (RedisError, OSError) as failure:
        reason = " ".join(str(failure).split())
        return f"cannot be reached ({reason}): until it is, each worker allows its share of a limit"
    if role == "master":
        return None
    return f"names a replica (role:{role}), which does not count: name the master, or a proxy that finds it"


class RedisWindows(RedisStorage):
    """A storage of `limits`: fixed windows in Redis, exact over all of its clients.

    Raises OSError or RedisError. It waits PATIENCE_SECONDS and never retries.
    """

    STORAGE_SCHEME = [_PREFIX + scheme for scheme in _SCHEMES]

    def __init__(self, uri: str, wrap_exceptions: bool = False, now: Callable[[], float] = time.time) -> None:
        self._is_green = monkey.is_module_patched("socket")
        # Under gevent one timeout bounds the whole round trip: name look-up, connecting, every reply. Without gevent
        # the socket's own timeouts bound each step.
        step_seconds = 20 * PATIENCE_SECONDS if self._is_green else PATIENCE_SECONDS
        super().__init__(
            uri.removeprefix(_PREFIX),
            key_prefix="tracker-limit",
            wrap_exceptions=wrap_exceptions,
            socket_timeout=step_seconds,
            socket_connect_timeout=step_seconds,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
            # RESP2 needs no HELLO: a new connection costs no round trips of its own.
            protocol=2,
        )
        self._now = now
        self._script = self.get_connection().register_script(_TAKE)
        self._batcher = HitBatcher(self._send)

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        return (RedisError, OSError)

    def take(self, key: str, hits: int, window_ms: int, cost: int) -> Taken:
        """Add `cost` to the key's window unless that exceeds `hits`.

        Returns whether it was added, the count now, and the window's end in epoch milliseconds.
        """
        return self._batcher.take((self.prefixed_key(key), hits, window_ms, cost))

    def probe(self) -> None:
        """Raise unless Redis can count: it answers, has loaded its data, and may be written to."""
        self.take("probe", MAX_HITS, 1000, 1)

    def _send(self, hits: list[Hit]) -> list[Taken]:
        arguments = [number for hit in hits for number in hit[1:]]
        with stall_tolerant_timeout(PATIENCE_SECONDS) if self._is_green else nullcontext():
            answers = self._script([hit[0] for hit in hits], arguments)
        now_ms = int(self._now() * 1000)
        return [(is_added == 1, count, now_ms + left_ms) for is_added, count, left_ms in answers]


class BatchFailed(OSError):
    """The round trip that carried a hit failed; the cause says why."""


class _PendingHit:
    __slots__ = ("failure", "hit", "taken")

    def __init__(self, hit: Hit) -> None:
        self.hit = hit
        self.taken: Taken | None = None
        self.failure: BaseException | None = None

    @property
    def is_waiting(self) -> bool:
        return self.taken is None and self.failure is None


class HitBatcher:
    """Request batching: `send` takes a batch of hits and answers each, in order, or raises."""

    def __init__(self, send: Callable[[list[Hit]], list[Taken]]) -> None:
        self._send = send
        self._in_flight = threading.Lock()
        self._waiting: deque[_PendingHit] = deque()

    def take(self, hit: Hit) -> Taken:
        """Send the hit with the next batch that leaves. Raises BatchFailed."""
        me = _PendingHit(hit)
        self._waiting.append(me)
        with self._in_flight:
            while me.is_waiting:
                self._send_batch()
        if me.taken is None:
            raise BatchFailed(str(me.failure)) from me.failure
        return me.taken

    def _send_batch(self) -> None:
        batch = self._next_batch(_MAX_BATCH)
        try:
            answers = self._send([pending.hit for pending in batch])
        except BaseException as failure:
            # Hits that came meanwhile would only wait once more to fail alike.
            for pending in batch + self._next_batch(len(self._waiting)):
                pending.failure = failure
            if not isinstance(failure, Exception):
                raise
        else:
            for pending, taken in zip(batch, answers, strict=True):
                pending.taken = taken

    def _next_batch(self, at_most: int) -> list[_PendingHit]:
        return [self._waiting.popleft() for _ in range(min(at_most, len(self._waiting)))]


class _TimeoutExpired(BaseException):
    """Thrown into a waiting greenlet. A BaseException: no handler on its way may take it for an error of its own."""


@contextmanager
def stall_tolerant_timeout(seconds: float) -> Iterator[None]:
    """Bound all waiting of the block together, in `seconds`. Time in which the whole process stood still does not count.

    Raises TimeoutError.
    """
    greenlet, left = gevent.getcurrent(), _STEPS

    def step() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            greenlet.throw(_TimeoutExpired())

    # The lowest priority: data that has arrived is handled first.
    timer = gevent.get_hub().loop.timer(seconds / _STEPS, seconds / _STEPS, priority=-1)
    timer.start(step)
    try:
        yield
    except _TimeoutExpired as expired:
        raise TimeoutError("no answer in time") from expired
    finally:
        timer.stop()
        timer.close()
