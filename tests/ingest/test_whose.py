"""Is every sequence of events given to the right persons and visitors, one by one as in groups?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.ingest.event import Event, Tracked
from tracker.ingest.service import Ingest
from tracker.storage.database import Database


@dataclass(frozen=True)
class Sent:
    """What one call says about who it is."""

    name: str
    email: str | None
    external_id: str | None
    browser: int | None

    def event(self, list_id: int) -> Event:
        email = self.email and (self.email, self.email)
        uuid = None if self.browser is None else UUID(int=self.browser).bytes
        return Event(list_id, self.name, received_at=1, email=email or None, external_id=self.external_id, uuid=uuid)


@dataclass(eq=False)
class Person:
    email: str | None
    external_id: str | None


@dataclass
class Rules:
    """The rules of the design once more, as plainly as can be: one event after the other, nothing optimised."""

    persons: list[Person] = field(default_factory=list)
    bound: dict[object, Person] = field(default_factory=dict)

    def is_identify_sent(self, sent: Sent) -> bool:
        by_email = self._find(email=sent.email)
        person, is_learnt = self._person(sent, by_email)
        visitor: object = sent.browser if sent.browser is not None else person
        is_new = sent.email is not None and (is_learnt or self.bound.get(visitor) is not person)
        if person is not None and (sent.email is not None or sent.name == "identify" or sent.browser is None):
            self.bound[visitor] = person
        return is_new or sent.name == "identify"

    def visitor(self, sent: Sent) -> object:
        """Equal for calls that get the same uuid; None for a fresh one."""
        return sent.browser or self._find(email=sent.email) or self._find(external_id=sent.external_id)

    def _person(self, sent: Sent, by_email: Person | None) -> tuple[Person | None, bool]:
        by_id = self._find(external_id=sent.external_id)
        if sent.email is None:
            return by_id or (self._new(None, sent.external_id) if sent.external_id else None), False
        if by_email is not None:
            if by_id is None:
                by_email.external_id = by_email.external_id or sent.external_id
            return by_email, False
        if by_id is not None and by_id.email is None:
            by_id.email = sent.email
            return by_id, True
        return self._new(sent.email, None if by_id else sent.external_id), True

    def _new(self, email: str | None, external_id: str | None) -> Person:
        self.persons.append(Person(email, external_id))
        return self.persons[-1]

    def _find(self, **wanted: str | None) -> Person | None:
        [(name, value)] = wanted.items()
        return next((p for p in self.persons if value is not None and getattr(p, name) == value), None)


CALLS = st.lists(
    st.builds(
        Sent,
        st.sampled_from(["seen", "seen", "identify"]),
        st.none() | st.sampled_from(["a@example.com", "b@example.com", "c@example.com"]),
        st.none() | st.sampled_from(["x", "y"]),
        st.none() | st.integers(1, 3),
    ),
    max_size=12,
)
_lists = itertools.count(1)


@pytest.fixture(scope="module")
def ingest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Ingest, Database]]:
    database = Database(f"sqlite:///{Path(tmp_path_factory.mktemp('whose'), 'tracker.db')}")
    database.upgrade()
    yield Ingest(database), database
    database.close()


def one_by_one(ingest: Ingest, list_id: int, calls: list[Sent]) -> list[Tracked]:
    return [ingest.track(sent.event(list_id)) for sent in calls]


def at_once(ingest: Ingest, list_id: int, calls: list[Sent]) -> list[Tracked]:
    tracking = [gevent.spawn(ingest.track, sent.event(list_id)) for sent in calls]
    gevent.joinall(tracking, raise_error=True)
    return [each.value for each in tracking]


def persons(database: Database, list_id: int) -> list[tuple[object, ...]]:
    sql = "SELECT email, external_id FROM subscribers WHERE list_id = ? ORDER BY id"
    rows = database.read(lambda transaction: transaction.select(sql, (list_id,)))
    return [tuple(value and bytes(value).decode() for value in row) for row in rows]


@pytest.mark.parametrize("way", [one_by_one, at_once])
@settings(max_examples=150)
@given(calls=CALLS)
def test_every_sequence_is_answered_as_the_rules_say(
    ingest: tuple[Ingest, Database], way: object, calls: list[Sent]
) -> None:
    tracker, database = ingest
    list_id, rules = next(_lists), Rules()
    expected = [(rules.is_identify_sent(sent), rules.visitor(sent)) for sent in calls]
    tracked = way(tracker, list_id, calls)  # type: ignore[operator]
    assert [each.is_identify_sent for each in tracked] == [is_sent for is_sent, _ in expected]
    assert persons(database, list_id) == [(p.email, p.external_id) for p in rules.persons]
    uuids: dict[object, bytes] = {}
    for sent, each, (_, visitor) in zip(calls, tracked, expected, strict=True):
        if sent.browser is not None:
            assert each.uuid == UUID(int=sent.browser).bytes
        elif visitor is not None:
            assert uuids.setdefault(visitor, each.uuid) == each.uuid
    assert len(set(uuids.values())) == len(uuids)


@settings(max_examples=100)
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
    brought = [sent for sent, each in zip(calls, tracked, strict=True) if each.is_identify_sent and sent.name == "seen"]
    assert extra == ["identify"] * len(brought)
    sql = (
        "SELECT COUNT(*) FROM events e LEFT JOIN visitors v ON v.list_id = e.list_id AND v.id = e.visitor_id"
        " LEFT JOIN bindings b ON b.list_id = e.list_id AND b.visitor_id = e.visitor_id AND b.segment = e.segment"
        " WHERE e.list_id = ? AND (v.id IS NULL OR e.segment > v.segment OR (e.segment > 0 AND b.segment IS NULL))"
    )
    assert database.read(lambda transaction: transaction.select(sql, (list_id,))) == [(0,)]
