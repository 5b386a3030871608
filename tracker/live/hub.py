"""Who follows which lists in this process? One greenlet reads for all of them, while there is somebody."""

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

#: Followers of one process, and of one user in it: each holds a connection.
MAX_FOLLOWERS, MAX_OF_USER = 200, 20
#: From one reading of a list to the next, and how long one may wait for the database.
POLL_SECONDS, READ_SECONDS = 0.5, 2.0
#: Events that are read in one go: other requests are served in between.
AT_ONCE = 100
#: After the end was told: how long a follower may still be sending, to a client that does not read.
CUT_SECONDS = 0.5

T = TypeVar("T")
#: (event_id, name, the event as JSON).
Rendered = tuple[int, bytes, bytes]
#: `render(transaction, list_id, event_ids)` reads events and writes them as the API does.
Render = Callable[[Transaction, int, Sequence[int]], list[Rendered]]

_log = logging.getLogger("tracker.reports")


class TooManySubscribers(Exception):
    """As many follow as may."""


class SubscriptionHub:
    """The followers of one process. Starts nothing until there is one, so nothing before a fork."""

    def __init__(self, database: Database, now: Callable[[], int], render: Render) -> None:
        self._database, self._now, self._render = database, now, render
        self._feeds: dict[int, EventBuffer] = {}
        self._followers: dict[Subscription, None] = {}
        self._poller: gevent.Greenlet | None = None
        self._is_closed = False

    def parts(
        self, user_id: int, list_id: int, name: str | None, after: int | None, seconds: int | None
    ) -> Iterator[bytes]:
        """What comes to the list, as server-sent events, for so many seconds or until either side ends it.

        `after` is the id of a cursor to go on from. Raises TooManySubscribers, or StorageUnavailable, before the first part.
        """
        follower = self._joined(user_id, list_id, name, seconds)
        try:
            if after is None:
                yield greeting(list_id, follower.newest_id)
            else:
                yield from self._missed(follower, after)
            yield from follower.parts()
        finally:
            self._leave(follower)

    def __len__(self) -> int:
        """How many follow."""
        return len(self._followers)

    def close(self) -> None:
        """End all that is followed, at once, and what is asked for from now on when it has begun."""
        self._is_closed = True
        followers = list(self._followers)
        for follower in followers:
            follower.end()
        if followers:
            gevent.spawn_later(CUT_SECONDS, self._cut_off, followers)

    def _cut_off(self, followers: Sequence[Subscription]) -> None:
        """A client that does not read would hold up the stop until its time is over."""
        for follower in followers:
            if follower in self._followers and isinstance(follower.greenlet, gevent.Greenlet):
                follower.greenlet.kill(block=False)

    # Coming and going

    def _joined(self, user_id: int, list_id: int, name: str | None, seconds: int | None) -> Subscription:
        of_user = sum(each.user_id == user_id for each in self._followers)
        if len(self._followers) >= MAX_FOLLOWERS or of_user >= MAX_OF_USER:
            raise TooManySubscribers
        feed = self._feeds.setdefault(list_id, EventBuffer(list_id))
        follower = Subscription(user_id, feed, None if name is None else name.encode(), seconds)
        self._followers[follower] = None
        feed.watchers += 1
        try:
            self._begin(feed)
        except BaseException:
            self._leave(follower)
            raise
        follower.start()
        if self._is_closed:
            follower.end()
        elif self._poller is None:
            self._poller = gevent.spawn(self._poll_again_and_again)
        return follower

    def _leave(self, follower: Subscription) -> None:
        del self._followers[follower]
        feed = follower.feed
        feed.watchers -= 1
        if not feed.watchers:
            del self._feeds[feed.list_id]

    def _begin(self, feed: EventBuffer) -> None:
        with feed.lock:
            if not feed.is_begun:
                feed.begin(self._read(partial(_last_ids, list_id=feed.list_id, now=self._now())))

    # Reading

    def _missed(self, follower: Subscription, after: int) -> Iterator[bytes]:
        """What came since the cursor, and what may have: a few events that were given before come again."""
        list_id, now = follower.feed.list_id, self._now()
        first = first_id_at(received_ms(after) - OVERLAP_MS)
        ids = self._read(partial(ids_from, list_id=list_id, first_id=first, now=now, most=MAX_IDS + 1))
        newest, follower.newest_id = max([after, *ids[:1]]), after
        yield greeting(list_id, after) + (sse_message("skipped", Count=None) if len(ids) > MAX_IDS else b"")
        oldest_first = ids[:MAX_IDS][::-1]
        for start in range(0, len(oldest_first), AT_ONCE):
            some = oldest_first[start : start + AT_ONCE]
            rows = yield from self._patiently(
                follower, partial(self._rendered, list_id=list_id, event_ids=some)
            )
            if follower.is_ended:
                return
            yield b"".join(follower.row(*row) for row in rows)
            gevent.sleep(0)
        follower.newest_id = max(newest, follower.newest_id)

    def _patiently(
        self, follower: Subscription, work: Callable[[Transaction], list[Rendered]]
    ) -> Generator[bytes, None, list[Rendered]]:
        """What the database says, once it says something. Also one who follows for no time at all waits for that."""
        while not follower.is_ended:
            try:
                found = self._read(work)
            except StorageUnavailable:
                yield follower.trouble(True)
                yield from follower.rest(POLL_SECONDS)
            else:
                yield follower.trouble(False)
                return found
        return []

    def _poll_again_and_again(self) -> None:
        while self._feeds and not self._is_closed:
            started = time.monotonic()
            self._poll_all()
            gevent.sleep(max(0.0, started + POLL_SECONDS - time.monotonic()))
        self._poller = None

    def _poll_all(self) -> None:
        """Where the database cannot be read, the other lists are not tried."""
        has_trouble = False
        for feed in [each for each in self._feeds.values() if each.is_begun]:
            try:
                self._poll(feed)
            except StorageUnavailable:
                has_trouble = True
                break
            except Exception as failure:  # noqa: BLE001  followers are told, and it is tried again
                has_trouble = True
                _log.error("followed lists cannot be read: %s", type(failure).__name__)
            gevent.sleep(0)
        for follower in self._followers:
            if follower.feed.has_trouble != has_trouble:
                follower.news.set()
        for feed in self._feeds.values():
            feed.has_trouble = has_trouble

    def _poll(self, feed: EventBuffer) -> None:
        first, now = feed.first_id(self._now()), self._now()
        ids = self._read(partial(ids_from, list_id=feed.list_id, first_id=first, now=now, most=MAX_IDS))
        news = feed.news(ids)
        rows = self._newest_rows(feed.list_id, news[-MAX_ROWS:])
        feed.add(ids, len(news) - len(rows), rows)
        if news:
            for follower in self._followers:
                if follower.feed is feed:
                    follower.news.set()

    def _newest_rows(self, list_id: int, event_ids: Sequence[int]) -> list[Rendered]:
        """The events, or the last ones of them when they are large."""
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
    """The ids of a list that is not watched yet, the largest first, as far back as they are read again."""
    feed = EventBuffer(list_id)
    feed.begin(ids_from(transaction, list_id, 0, now, 1))
    return ids_from(transaction, list_id, feed.first_id(now), now, MAX_IDS)
