"""Subscription hub: all subscriptions of one process, fed by one greenlet that polls the followed lists."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from typing import TypeVar

import gevent

from tracker.domain.row_ids import first_id_at, received_ms
from tracker.errors import StorageUnavailable
from tracker.live.buffer import MAX_IDS, MAX_KEPT_BYTES, MAX_ROWS, OVERLAP_MS, EventBuffer
from tracker.live.sse import greeting, sse_message
from tracker.live.subscription import Subscription
from tracker.storage.engine import Database, Transaction
from tracker.storage.events import ids_from

#: Subscriptions of one process, and of one user in it: each occupies a connection.
MAX_FOLLOWERS, MAX_FOLLOWERS_PER_USER = 200, 20
#: Seconds from one poll of a list to the next, and seconds that a read may wait for the database.
POLL_SECONDS, READ_SECONDS = 0.5, 2.0
#: Events read at once: other requests are served in between.
AT_ONCE = 100
#: Seconds that a subscription may still be sending, to a client that does not read, after the hub closed.
CUT_SECONDS = 0.5

T = TypeVar("T")
#: (event_id, name, the event as JSON).
Rendered = tuple[int, bytes, bytes]
#: `render(transaction, list_id, event_ids)` reads events and writes them as the API does.
Render = Callable[[Transaction, int, Sequence[int]], list[Rendered]]

_log = logging.getLogger("tracker.reports")


class TooManySubscribers(Exception):
    """The process, or the user, has as many subscriptions as allowed."""


class SubscriptionHub:
    """The subscriptions of one process. Nothing starts before the first one, and so nothing before a fork."""

    def __init__(self, database: Database, now: Callable[[], int], render: Render) -> None:
        self._database, self._now, self._render = database, now, render
        self._buffers: dict[int, EventBuffer] = {}
        self._subscriptions: dict[Subscription, None] = {}
        self._poller: gevent.Greenlet | None = None
        self._is_closed = False

    def parts(
        self,
        user_id: int,
        list_id: int,
        names: frozenset[bytes] | None,
        after: int | None,
        seconds: int | None,
    ) -> Iterator[bytes]:
        """Yield the events that the list receives, as server-sent events, for `seconds` or until either side ends the stream.

        `names` are those of the events to send, None for all. `after` is the event id of a cursor to resume from. Raises TooManySubscribers or StorageUnavailable before the first
        part.
        """
        subscription = self._joined(user_id, list_id, names, seconds)
        try:
            if after is None:
                yield greeting(list_id, subscription.newest_id)
            else:
                yield from self._missed(subscription, after)
            yield from subscription.parts()
        finally:
            self._leave(subscription)

    def __len__(self) -> int:
        """Return the number of subscriptions."""
        return len(self._subscriptions)

    def close(self) -> None:
        """End all subscriptions at once, and later ones as soon as they begin."""
        self._is_closed = True
        followers = list(self._subscriptions)
        for subscription in followers:
            subscription.end()
        if followers:
            gevent.spawn_later(CUT_SECONDS, self._cut_off, followers)

    def _cut_off(self, followers: Sequence[Subscription]) -> None:
        """Kill subscriptions that are still sending: a client that does not read would delay the stop until its timeout."""
        for subscription in followers:
            if subscription in self._subscriptions and isinstance(subscription.greenlet, gevent.Greenlet):
                subscription.greenlet.kill(block=False)

    # Joining and leaving

    def _joined(
        self, user_id: int, list_id: int, names: frozenset[bytes] | None, seconds: int | None
    ) -> Subscription:
        of_user = sum(each.user_id == user_id for each in self._subscriptions)
        if len(self._subscriptions) >= MAX_FOLLOWERS or of_user >= MAX_FOLLOWERS_PER_USER:
            raise TooManySubscribers
        buffer = self._buffers.setdefault(list_id, EventBuffer(list_id))
        subscription = Subscription(user_id, buffer, names, seconds)
        self._subscriptions[subscription] = None
        buffer.subscription_count += 1
        try:
            self._begin(buffer)
        except BaseException:
            self._leave(subscription)
            raise
        subscription.start()
        if self._is_closed:
            subscription.end()
        elif self._poller is None:
            self._poller = gevent.spawn(self._poll_while_followed)
        return subscription

    def _leave(self, subscription: Subscription) -> None:
        del self._subscriptions[subscription]
        buffer = subscription.buffer
        buffer.subscription_count -= 1
        if not buffer.subscription_count:
            del self._buffers[buffer.list_id]

    def _begin(self, buffer: EventBuffer) -> None:
        with buffer.lock:
            if not buffer.is_begun:
                buffer.begin(self._read(partial(_last_ids, list_id=buffer.list_id, now=self._now())))

    # Reading

    def _missed(self, subscription: Subscription, after: int) -> Iterator[bytes]:
        """Yield the events since the cursor, and those of OVERLAP_MS before it: some of them are sent a second time."""
        list_id, now = subscription.buffer.list_id, self._now()
        first = first_id_at(received_ms(after) - OVERLAP_MS)
        ids = self._read(partial(ids_from, list_id=list_id, first_id=first, now=now, most=MAX_IDS + 1))
        newest, subscription.newest_id = max([after, *ids[:1]]), after
        yield greeting(list_id, after) + (sse_message("skipped", Count=None) if len(ids) > MAX_IDS else b"")
        oldest_first = ids[:MAX_IDS][::-1]
        for start in range(0, len(oldest_first), AT_ONCE):
            some = oldest_first[start : start + AT_ONCE]
            rows = yield from self._read_with_retries(
                subscription, partial(self._rendered, list_id=list_id, event_ids=some)
            )
            if subscription.is_ended:
                return
            yield b"".join(subscription.row(*row) for row in rows)
            gevent.sleep(0)
        subscription.newest_id = max(newest, subscription.newest_id)

    def _read_with_retries(
        self, subscription: Subscription, work: Callable[[Transaction], list[Rendered]]
    ) -> Generator[bytes, None, list[Rendered]]:
        """Return what the database answers, once it does. Meanwhile yields `unavailable`, and waits even with `Seconds=0`."""
        while not subscription.is_ended:
            try:
                found = self._read(work)
            except StorageUnavailable:
                yield subscription.availability(True)
                yield from subscription.rest(POLL_SECONDS)
            else:
                yield subscription.availability(False)
                return found
        return []

    def _poll_while_followed(self) -> None:
        while self._buffers and not self._is_closed:
            started = time.monotonic()
            self._poll_all()
            gevent.sleep(max(0.0, started + POLL_SECONDS - time.monotonic()))
        self._poller = None

    def _poll_all(self) -> None:
        """Poll all followed lists; after a failure of the database the remaining lists are not tried."""
        is_unavailable = False
        for buffer in [each for each in self._buffers.values() if each.is_begun]:
            try:
                self._poll(buffer)
            except StorageUnavailable:
                is_unavailable = True
                break
            except Exception as failure:  # noqa: BLE001  subscriptions are sent `unavailable`, and the next poll tries again
                is_unavailable = True
                _log.error("followed lists cannot be read: %s", type(failure).__name__)
            gevent.sleep(0)
        for subscription in self._subscriptions:
            if subscription.buffer.is_unavailable != is_unavailable:
                subscription.news.set()
        for buffer in self._buffers.values():
            buffer.is_unavailable = is_unavailable

    def _poll(self, buffer: EventBuffer) -> None:
        first, now = buffer.first_id(self._now()), self._now()
        ids = self._read(partial(ids_from, list_id=buffer.list_id, first_id=first, now=now, most=MAX_IDS))
        news = buffer.news(ids)
        rows = self._newest_rows(buffer.list_id, news[-MAX_ROWS:])
        buffer.add(ids, len(news) - len(rows), rows)
        if news:
            for subscription in self._subscriptions:
                if subscription.buffer is buffer:
                    subscription.news.set()

    def _newest_rows(self, list_id: int, event_ids: Sequence[int]) -> list[Rendered]:
        """Return the events, or the latest of them if they are large."""
        rows: list[Rendered] = []
        for end in range(len(event_ids), 0, -AT_ONCE):
            some = event_ids[max(0, end - AT_ONCE) : end]
            rows = self._read(partial(self._rendered, list_id=list_id, event_ids=some)) + rows
            if sum(len(data) for _, _, data in rows) > MAX_KEPT_BYTES:
                break
            gevent.sleep(0)
        return rows

    def _rendered(self, transaction: Transaction, list_id: int, event_ids: Sequence[int]) -> list[Rendered]:
        return self._render(transaction, list_id, event_ids)

    def _read(self, work: Callable[[Transaction], T]) -> T:
        return self._database.read(work, time.monotonic() + READ_SECONDS)


def _last_ids(transaction: Transaction, list_id: int, now: int) -> list[int]:
    """Return the ids of a list that is not followed yet, the largest first, as far back as later polls read them again."""
    buffer = EventBuffer(list_id)
    buffer.begin(ids_from(transaction, list_id, 0, now, 1))
    return ids_from(transaction, list_id, buffer.first_id(now), now, MAX_IDS)
