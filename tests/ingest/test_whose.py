"""Is every sequence of events given to the right persons and visitors, one by one as in groups?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import gevent
import pytest
from hypothesis import given, settings

from tests.examples import examples
from tests.ingest.model import CALLS, Rules, Sent
from tracker.domain.event import Tracked
from tracker.ingest.service import Ingest
from tracker.storage.engine.database import Database
from tracker.storage.schema.own_database import own_database

_lists = itertools.count(1)


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ingest, Database]]:
    database = own_database(f"sqlite:///{Path(tmp_path_factory.mktemp('whose'), 'tracker.db')}")
    database.upgrade()
    ingest = Ingest(database)
    yield ingest, database
    ingest.close()
    database.close()


def one_by_one(ingest: Ingest, list_id: int, calls: list[Sent]) -> list[Tracked]:
    return [ingest.track(sent.event(list_id)) for sent in calls]


def at_once(ingest: Ingest, list_id: int, calls: list[Sent]) -> list[Tracked]:
    tracking = [gevent.spawn(ingest.track, sent.event(list_id)) for sent in calls]
    gevent.joinall(tracking, raise_error=True)
    return [each.value for each in tracking]


def subscribers(database: Database, list_id: int) -> list[tuple[object, ...]]:
    sql = "SELECT email, external_id FROM subscribers WHERE list_id = ? ORDER BY id"
    rows = database.read(lambda transaction: transaction.select(sql, (list_id,)))
    return [tuple(value and bytes(value).decode() for value in row) for row in rows]


@pytest.mark.parametrize("way", [one_by_one, at_once])
@settings(max_examples=examples(80))
@given(calls=CALLS)
def test_every_sequence_is_answered_as_the_rules_say(
    ingest: tuple[Ingest, Database], way: object, calls: list[Sent]
) -> None:
    tracker, database = ingest
    list_id, rules = next(_lists), Rules()
    expected = [(rules.is_identify_sent(sent), rules.visitor(sent)) for sent in calls]
    tracked = way(tracker, list_id, calls)  # type: ignore[operator]
    assert [each.is_identify_sent for each in tracked] == [is_sent for is_sent, _ in expected]
    assert subscribers(database, list_id) == [(p.email, p.external_id) for p in rules.subscribers]
    uuids: dict[object, bytes] = {}
    for sent, each, (_, visitor) in zip(calls, tracked, expected, strict=True):
        if sent.browser is not None:
            assert each.uuid == UUID(int=sent.browser).bytes
        elif visitor is not None:
            assert uuids.setdefault(visitor, each.uuid) == each.uuid
    assert len(set(uuids.values())) == len(uuids)


@settings(max_examples=examples(50))
@given(calls=CALLS)
def test_every_event_is_stored_in_its_order_with_the_identify_events_it_brings(
    ingest: tuple[Ingest, Database], calls: list[Sent]
) -> None:
    tracker, database = ingest
    list_id = next(_lists)
    tracked = at_once(tracker, list_id, calls)
    sql = "SELECT name, flags FROM events WHERE list_id = ? ORDER BY id"
    rows = database.read(lambda transaction: transaction.select(sql, (list_id,)))
    own = [bytes(name).decode() for name, flags in rows if not flags & 1]
    extra = [bytes(name).decode() for name, flags in rows if flags & 1]
    assert sorted(own) == sorted(sent.name for sent in calls)
    brought = [
        sent
        for sent, each in zip(calls, tracked, strict=True)
        if each.is_identify_sent and sent.name == "seen"
    ]
    assert extra == ["identify"] * len(brought)
    sql = (
        "SELECT COUNT(*) FROM events e LEFT JOIN visitors v ON v.list_id = e.list_id AND v.id = e.visitor_id"
        " LEFT JOIN identity_links b ON b.list_id = e.list_id AND b.visitor_id = e.visitor_id AND b.span = e.span"
        " WHERE e.list_id = ? AND (v.id IS NULL OR e.span > v.span OR (e.span > 0 AND b.span IS NULL))"
    )
    assert database.read(lambda transaction: transaction.select(sql, (list_id,))) == [(0,)]
