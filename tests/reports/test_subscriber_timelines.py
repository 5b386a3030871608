"""Is every person's timeline what the rules say, after any sequence of events, settled or not?"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.ingest.model import CALLS, Rules, Sent, Subscriber
from tests.servers import NewDatabase
from tracker.domain.event import Event
from tracker.ingest.service import Ingest
from tracker.reports import Reports
from tracker.reports.ownership import SubscriberTimeline
from tracker.reports.timeline_pages import Wanted
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.own_database import own_database
from tracker.storage.timeline import sorted_runs, timeline_rows

START = 1_700_000_000_000
#: When it happened, its name, the property `n` (None for an identify event of ours).
Shown = tuple[int, str, int | None]


@dataclass
class Span:
    """What a visitor did from one link to the next; the first begins with its past."""

    subscriber: Subscriber | None = None
    events: list[Shown] = field(default_factory=list)


@dataclass
class Timelines(Rules):
    """Whose is each event at the end? The person's it names, else the person's its span is linked to."""

    spans: dict[object, list[Span]] = field(default_factory=dict)
    named: dict[Subscriber, list[Shown]] = field(default_factory=lambda: defaultdict(list))
    who: Subscriber | None = None

    def track(self, number: int, sent: Sent, event: Event) -> None:
        is_sent = self.is_identify_sent(sent)
        visitor = self.visitor(sent) or ("fresh", number)
        spans = self.spans.setdefault(visitor, [Span()])
        linked = self.linked.get(visitor)
        if spans[-1].subscriber is None:
            spans[-1].subscriber = linked
        elif spans[-1].subscriber is not linked:
            spans.append(Span(linked))
        told = spans[-1].events if self.who is None else self.named[self.who]
        told.append((event.event_at, event.name, number))
        if is_sent and sent.name != "identify":
            told.append((event.event_at, "identify", None))

    def of(self, subscriber: Subscriber) -> list[Shown]:
        linked = [s.events for spans in self.spans.values() for s in spans if s.subscriber is subscriber]
        return sorted(itertools.chain(self.named[subscriber], *linked), key=str)

    def _subscriber(self, sent: Sent, by_email: Subscriber | None) -> tuple[Subscriber | None, bool]:
        self.who, is_learnt = super()._subscriber(sent, by_email)
        return self.who, is_learnt


@pytest.fixture(scope="module")
def ingest(database_kind: str, new_database: NewDatabase) -> Iterator[tuple[Ingest, Database]]:
    database = own_database(new_database(database_kind))
    database.upgrade()
    ingest = Ingest(database)
    yield ingest, database
    ingest.close()
    database.close()


_lists = itertools.count(1)
#: How long after the one before it each event happens, and whether it is a conversion. That a later one may arrive first is
#: what test_event_time and the models of identity are about.
MOMENTS = st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=16, max_size=16)


def event_of(list_id: int, number: int, sent: Sent, moment: tuple[int, bool]) -> Event:
    at, is_money = moment
    event = replace(sent.event(list_id), received_at=START + at, properties={"n": number})
    if is_money and event.name == "seen":
        money = {"conversion-id": number, "conversion-name": "Order", "conversion-value": f"{number}.000001"}
        event = replace(event, name="conversion", properties=event.properties | money)
    return event


def whole_timeline(reports: Reports, list_id: int, subscriber_id: int, size: int) -> list[Shown]:
    """All pages, one after the other."""
    whose, wanted = SubscriberTimeline(list_id, subscriber_id), Wanted(size)
    found: list[Shown] = []
    while True:
        page = reports.timeline(whose, wanted)
        order = [(event.event_at, event.id) for event in page.events]
        assert order == sorted(set(order), reverse=True)
        assert all(position < (wanted.before or (2**63, 0)) for position in order)
        for event in page.events:
            number = (
                None
                if event.flags & 1
                else int(event.properties.split(b'"n":')[1].rstrip(b"}").split(b",")[0])
            )
            found.append((event.event_at, bytes(event.name).decode(), number))
        if page.rest is None:
            return found
        wanted = replace(wanted, before=page.rest)


def settle_all(database: Database, list_id: int, most: int, together: int) -> None:
    """`together`: rows of several pasts that are read at once; with few each is read by itself."""
    sql = (
        "SELECT list_id, visitor_id, span FROM identity_links WHERE list_id = ? AND has_uncopied_history = 1"
    )

    def work(transaction: Transaction) -> None:
        timeline_rows.copy_history(transaction, transaction.select(sql, (list_id,)), most)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline_rows, "MAX_TOGETHER", together)
        database.write(work)


@pytest.fixture(scope="module")
def small_runs() -> Iterator[None]:
    """Rows of an SQLite file are sorted, and runs merged, after a few events."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_runs, "MAX_RECENT", 3)
        patch.setattr(sorted_runs, "RUNS_OF_A_LEVEL", 3)
        patch.setattr(sorted_runs, "CHUNK", 4)
        yield


@pytest.mark.usefixtures("small_runs")
@settings(max_examples=examples(60))
@given(
    calls=CALLS, moments=MOMENTS, size=st.integers(1, 20), settled_after=st.integers(0, 16), most=st.sampled_from([0, 2, 32]),
    together=st.sampled_from([2, 10_000])
)  # fmt: skip
def test_every_timeline_is_what_the_rules_say(
    ingest: tuple[Ingest, Database], calls: list[Sent], moments: list[tuple[int, bool]], size: int,
    settled_after: int, most: int, together: int,
) -> None:  # fmt: skip
    tracker, database = ingest
    list_id, rules, reports = next(_lists), Timelines(), Reports(database)
    at = 0
    for number, (sent, (later, is_money)) in enumerate(zip(calls, moments, strict=False)):
        at += later
        event = event_of(list_id, number, sent, (at, is_money))
        tracker.track(event)
        rules.track(number, sent, event)
        if not database.engine.is_remote:
            database.write(sorted_runs.maintain)
        if number == settled_after:
            settle_all(database, list_id, most, together)
    find = partial(ids_of_subscribers, database, list_id)
    for more_settled in (False, True):
        if more_settled:
            settle_all(database, list_id, 32, together)
        for subscriber_id, subscriber in zip(find(), rules.subscribers, strict=True):
            expected = rules.of(subscriber)
            assert sorted(whole_timeline(reports, list_id, subscriber_id, size), key=str) == expected
            assert worth(reports, list_id, subscriber_id) == worth_of(expected)


def ids_of_subscribers(database: Database, list_id: int) -> list[int]:
    sql = "SELECT id FROM subscribers WHERE list_id = ? ORDER BY id"
    return [row[0] for row in database.read(lambda transaction: transaction.select(sql, (list_id,)))]


def worth(reports: Reports, list_id: int, subscriber_id: int) -> list[tuple[int, int]]:
    revenue = reports.revenue(list_id, subscriber_id)
    assert revenue.is_complete
    return [(each.conversions, each.millionths) for each in revenue.sums]


def worth_of(expected: list[Shown]) -> list[tuple[int, int]]:
    numbers = [number for _, name, number in expected if name == "conversion" and number is not None]
    return [(len(numbers), sum(number * 1_000_000 + 1 for number in numbers))] if numbers else []
