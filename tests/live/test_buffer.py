"""Is every event that is committed told once, however late its commit is, and is what is kept bounded?"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tracker.domain.row_ids import EPOCH_MS, first_id_at
from tracker.live.buffer import MAX_IDS, MAX_KEPT, MAX_KEPT_BYTES, EventBuffer

#: Milliseconds: when an id is made after the one before, how long its commit takes, and by how much its clock is wrong.
events = st.lists(
    st.tuples(st.integers(0, 4_000), st.integers(0, 5_000), st.integers(-1_000, 1_000)), max_size=60
)
START = EPOCH_MS + 10**9


def read(feed: EventBuffer, committed: set[int], now: int) -> list[int]:
    """One reading, as the poller does it; the news."""
    ids = sorted((each for each in committed if each >= feed.first_id(now)), reverse=True)[:MAX_IDS]
    news = feed.news(ids)
    feed.add(ids, 0, [(each, b"seen", b"{}") for each in news])
    return news


@settings(max_examples=examples(40))
@given(events, st.integers(50, 500))
def test_each_event_is_news_once(made: list[tuple[int, int, int]], poll_ms: int) -> None:
    at, commits = START, []
    for number, (gap, delay, error) in enumerate(made):
        at += gap
        commits.append((at + delay, first_id_at(at + error) + number))
    feed, told, committed = EventBuffer(1), [], set()
    feed.begin([])
    for now in range(START, at + 6_000, poll_ms):
        committed = {event_id for committed_at, event_id in commits if committed_at <= now}
        told += read(feed, committed, now)
    assert sorted(told) == sorted(committed)
    assert len(committed) == len(made)
    assert feed.total == len(made)


def test_what_was_there_before_is_no_news() -> None:
    feed, there = EventBuffer(1), [first_id_at(START + n) for n in range(5)]
    feed.begin(there[::-1])
    assert read(feed, set(there), START + 5) == []
    late = there[0] + 1
    assert read(feed, {*there, late}, START + 5) == [late]


def test_what_is_not_read_again_is_no_news_when_later_ones_are_deleted() -> None:
    feed, there = EventBuffer(1), [first_id_at(START) + n for n in range(MAX_IDS + 10)]
    feed.begin(there[: -MAX_IDS - 1 : -1])
    assert read(feed, set(there[:-5]), START) == []


def test_what_is_kept_is_bounded() -> None:
    feed = EventBuffer(1)
    feed.begin([])
    for number in range(3 * MAX_KEPT):
        feed.add([number], 0, [(number, b"seen", b"{}")])
    assert [row.number for row in feed.since(0)] == list(range(2 * MAX_KEPT, 3 * MAX_KEPT))
    assert [row.number for row in feed.since(3 * MAX_KEPT - 2)] == [3 * MAX_KEPT - 2, 3 * MAX_KEPT - 1]
    large = b"x" * (MAX_KEPT_BYTES // 3)
    for number in range(10):
        feed.add([number], 0, [(number, b"seen", large)])
    assert len(feed.since(0)) == 3
