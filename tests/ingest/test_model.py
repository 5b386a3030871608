"""Does the real storage do what the model does, with visitors, emails, ids, hashes, re-links, unmerges and forgetting in any order?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.examples import examples
from tests.ingest.model import LATER
from tests.ingest.real import Real, check_readers, state
from tests.ingest.whole_model import Create, Delete, Forget, Model, Rename, Step, Together, Track, Unmerge
from tests.servers import NewDatabase

#: Few of each, so that they meet often: three addresses share a mailbox, two a person.
EMAILS = ("a.b@gmail.com", "ab+x@gmail.com", "AB@gmail.com", "c@example.com", "C@example.com")
TEXTS = ("ab@gmail.com", "a.b@gmail.com", "c@example.com", "C@example.com", "nobody@example.com")
IDS, BROWSERS = ("x", "y"), (1, 2)
_lists = itertools.count(1)

emails, ids, browsers = st.sampled_from(EMAILS), st.sampled_from(IDS), st.sampled_from(BROWSERS)
names = st.sampled_from(["seen", "seen", "identify"])
#: When events happened: few times, so that some happen at once, in any order of arrival.
times = st.none() | st.integers(0, 5)


def in_time(sent: Track) -> Track:
    """Whether a public event links is asked when it arrives: in the browser that has some, nothing is late."""
    sent = sent._replace(browser=2) if sent.is_public and sent.browser else sent
    return sent._replace(at=None) if sent.is_public or sent.browser == 2 else sent


tracks = st.builds(
    Track,
    name=names,
    email=st.none() | emails,
    external_id=st.none() | ids,
    browser=st.none() | browsers,
    at=times,
    is_public=st.booleans(),
    hash_of=st.none(),
    unique=st.none(),
).map(in_time)


class Machine(RuleBasedStateMachine):
    """One list."""

    real: ClassVar[Real]

    def __init__(self) -> None:
        super().__init__()
        self.list_id, self.model = next(_lists), Model()
        self.subscribers: dict[int, int] = {}
        self.owns: dict[bytes, int] = {}

    def step(self, step: Step) -> None:
        assert self.real.apply(self.list_id, step) == self.model.apply(step)
        if isinstance(step, (Forget, Unmerge)):
            check_readers(self.real, self.list_id)
        sql = "SELECT id, own_uuid FROM subscribers WHERE list_id = ? ORDER BY id"
        for subscriber, own in self.real.rows(sql, self.list_id):
            number = self.subscribers.setdefault(subscriber, len(self.subscribers))
            self.owns[bytes(own)] = number

    @rule(name=names, browser=browsers, email=st.none() | emails, is_public=st.booleans(), at=times)
    def in_a_browser(
        self, name: str, browser: int, email: str | None, is_public: bool, at: int | None
    ) -> None:
        self.step(in_time(Track(name, email=email, browser=browser, is_public=is_public, at=at)))

    @rule(sent=tracks)
    def of_a_subscriber(self, sent: Track) -> None:
        self.step(sent)

    @rule(sent=tracks, unique=ids)
    def with_the_unique_identifier(self, sent: Track, unique: str) -> None:
        self.step(sent._replace(name="identify", unique=unique))

    @rule(sent=tracks, text=st.sampled_from(TEXTS))
    def by_a_hash(self, sent: Track, text: str) -> None:
        self.step(sent._replace(external_id=None, hash_of=text))

    @rule(sent=st.lists(tracks, min_size=2, max_size=4), text=st.sampled_from(TEXTS))
    def in_one_transaction(self, sent: list[Track], text: str) -> None:
        """The last one by a hash: what those before it made known, it must see."""
        self.step(Together([*sent[:-1], sent[-1]._replace(external_id=None, hash_of=text)]))

    @rule(email=st.none() | emails, external_id=ids)
    def create(self, email: str | None, external_id: str) -> None:
        self.step(Create(email, external_id))

    @rule(email=emails, new_email=emails)
    def rename(self, email: str, new_email: str) -> None:
        self.step(Rename(email, new_email))

    @rule(email=emails)
    def delete(self, email: str) -> None:
        self.step(Delete(email))

    @rule(email=emails)
    def forget(self, email: str) -> None:
        self.step(Forget(email))

    @rule(email=emails, browser=browsers, at=st.integers(0, 6))
    def unmerge(self, email: str, browser: int, at: int) -> None:
        self.step(Unmerge(email, browser, at))

    @rule(data=st.data(), at=st.sampled_from([0, 1, 2, 3, 4, 5, LATER]))
    def unmerge_what_is_linked(self, data: st.DataObject, at: int) -> None:
        """Most unmerges of the rule above are of nothing."""
        model = self.model
        linked = [
            Unmerge(email, browser, at)
            for browser in BROWSERS
            if browser in model.lives
            if (subscriber := model.lives[browser].whose((at, 10**12))) is not None
            if not model.subscribers[subscriber].is_deleted
            if (email := model.subscribers[subscriber].email)
        ]
        if linked:
            self.step(data.draw(st.sampled_from(linked)))

    @rule()
    def settle(self) -> None:
        self.real.settle(self.list_id)

    @invariant()
    def the_tables_say_what_the_model_says(self) -> None:
        got = state(self.real, self.list_id, TEXTS, dict(self.subscribers), dict(self.owns))
        assert got == self.model.state()

    def teardown(self) -> None:
        check_readers(self.real, self.list_id)


@pytest.fixture(scope="module")
def real(database_kind: str, new_database: NewDatabase) -> Iterator[Real]:
    real = Real(new_database(database_kind))
    real.database.upgrade()
    yield real
    real.close()


def run(real: Real, **options: Any) -> None:
    machine = type("OnThis", (Machine,), {"real": real})
    checks = list(HealthCheck)
    run_state_machine_as_test(machine, settings=settings(suppress_health_check=checks, **options))


def test_any_order_of_steps_ends_where_the_model_does(real: Real, database_kind: str) -> None:
    """MariaDB takes four times as long for an order."""
    run(real, max_examples=examples(50 if database_kind == "sqlite" else 15), stateful_step_count=25)


@pytest.mark.fuzz
def test_any_order_of_many_steps_ends_where_the_model_does(real: Real) -> None:
    run(real, max_examples=1000, stateful_step_count=60)
