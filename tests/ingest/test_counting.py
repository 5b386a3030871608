"""Does the catalogue count each event once, whoever dies, is overtaken, or does not learn what became of its COMMIT?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.processes import make_folder, remove_folder
from tests.servers import MariaDB
from tests.storage.proxy import Fate, Proxy
from tracker.cli.database import check
from tracker.domain.event import Event, EventOutcomeUnknown
from tracker.domain.row_ids import SHIFT
from tracker.ingest.service import Ingest
from tracker.integrity.catalogue_check import LATE_MS, catalogue_differences
from tracker.privacy.event_deletion import EventDeleter
from tracker.storage.aggregates import catalogue_counts, count_outbox
from tracker.storage.aggregates.deferred_counts import OVERDUE_MS, count_overdue
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.events.events import read_events
from tracker.storage.schema.own_database import own_database

LIST = 1
#: Events that long ago have been counted by now, if there is no note that says otherwise.
LONG_AGO = time.time_ns() // 1_000_000 - 10 * LATE_MS


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = own_database(database_url)
    database.upgrade()
    add_list(database)
    yield database
    database.close()


def add_list(database: Database) -> None:
    columns = (
        "id",
        "user_id",
        "name",
        "folded_name",
        "is_hidden",
        "tracker_id",
        "created_at",
        "conversion_id_is",
    )
    row = (LIST, 1, b"Shop", b"shop", 0, b"public", 0, b"order")
    database.write(lambda transaction: transaction.insert("lists", columns, [row]))


def events(count: int, name: str = "seen", **fields: object) -> list[Event]:
    return [Event(LIST, name, received_at=LONG_AGO, properties={"n": n}, **fields) for n in range(count)]  # type: ignore[arg-type]


def counted(database: Database) -> dict[bytes, int]:
    names = database.read(partial(catalogue_counts.names, list_id=LIST))
    return {name: row[0] for name, row in names.items()}


def notes(database: Database) -> int:
    return len(database.read(partial(count_outbox.of_list, list_id=LIST)))


def differences(database: Database) -> list[str]:
    return [str(each) for each in catalogue_differences(database, LIST)]


def age(transaction: Transaction) -> None:
    """Time passes for all notes there are."""
    transaction.execute("UPDATE count_outbox SET id = id - ?", (2 * LATE_MS << SHIFT,))


def test_what_was_stored_is_noted_until_it_is_counted(database: Database) -> None:
    ingest = Ingest(database)
    ingest.track_batch(events(3))
    ingest.track(events(1, "bought")[0])
    assert (counted(database), notes(database)) == ({b"seen": 0, b"bought": 0}, 2)
    ingest.flush()
    assert (counted(database), notes(database)) == ({b"seen": 3, b"bought": 1}, 0)
    assert differences(database) == []


def test_what_nobody_counts_makes_no_notes(database: Database) -> None:
    ingest = Ingest(database)
    ingest.track_batch(events(3, is_bot=True))
    assert notes(database) == 0


def test_what_a_killed_process_left_is_counted_by_any_other(database: Database) -> None:
    killed = Ingest(database)
    killed.track_batch(events(3))
    assert count_overdue(database) == 0, "its own process would do so now"
    database.write(age)
    assert differences(database) == [
        "catalogue, events that are not counted yet: stored 3, there should be none that is older than 15 s"
    ]
    assert count_overdue(database) == 3
    assert (counted(database), notes(database), differences(database)) == ({b"seen": 3}, 0, [])


def test_many_are_counted_in_steps(database: Database) -> None:
    killed = Ingest(database)
    for _ in range(4):
        killed.track_batch(events(300))
    assert count_overdue(database, overdue_ms=-1000) == 1200
    assert (counted(database), differences(database)) == ({b"seen": 1200}, [])


def test_who_is_overtaken_counts_nothing_twice(database: Database) -> None:
    slow = Ingest(database)
    slow.track_batch(events(3))
    assert count_overdue(database, overdue_ms=-1000) == 3
    slow.track_batch(events(2))
    slow.flush()
    assert counted(database) == {b"seen": 3}, "of what is left a note says so"
    assert count_overdue(database, overdue_ms=-1000) == 2
    slow.track_batch(events(4))
    slow.flush()
    assert (counted(database), notes(database), differences(database)) == ({b"seen": 9}, 0, [])


def test_events_that_are_deleted_before_they_are_counted(database: Database) -> None:
    ingest = Ingest(database)
    ingest.track_batch(events(3))
    database.write(remove_first)
    ingest.flush()
    count_overdue(database, overdue_ms=-1000)
    assert counted(database) == {b"seen": 2}
    assert differences(database) == []


def remove_first(transaction: Transaction) -> None:
    rows = transaction.select("SELECT id FROM events WHERE list_id = ? ORDER BY id LIMIT 1", (LIST,))
    found = list(read_events(transaction, LIST, [row[0] for row in rows]).values())
    EventDeleter(transaction, LIST, {}, LONG_AGO, is_counted=False).remove(found)


def test_a_check_that_repairs_counts_what_is_noted_once(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    killed = Ingest(database)
    killed.track_batch(events(3))
    database.write(age)
    assert not check(database, is_repairing=False)
    assert check(database, is_repairing=True), capsys.readouterr().out
    count_overdue(database, overdue_ms=-1000)
    assert (counted(database), differences(database)) == ({b"seen": 3}, [])


def test_a_check_leaves_young_notes_to_their_process(database: Database) -> None:
    ingest = Ingest(database)
    ingest.track_batch(events(3))
    assert check(database, is_repairing=True), "late, not wrong"
    ingest.flush()
    assert (counted(database), differences(database)) == ({b"seen": 3}, [])


@pytest.mark.parametrize(
    ("fate", "is_away"),
    [("cut", False), ("lost", False), ("hasty", False), ("denied", False), ("cut", True), ("lost", True)],
)
def test_counts_survive_a_lost_reply_to_their_commit(mariadb: MariaDB, fate: Fate, is_away: bool) -> None:
    """Whether it took place is told by the notes, at once or, when nobody can be asked, later."""
    with Proxy(mariadb.port) as proxy:
        url = mariadb.new_database()
        near, far = own_database(url), own_database(url.replace(f":{mariadb.port}/", f":{proxy.port}/"))
        near.upgrade()
        add_list(near)
        ingest = Ingest(far)
        ingest.track_batch(events(3))
        if is_away:
            proxy.shut_after(fate)
        else:
            proxy.fates.append(fate)
        ingest.flush()
        assert not proxy.fates
        proxy.reopen()
        if not is_away:
            assert counted(near) == {b"seen": 3}
        count_overdue(near, overdue_ms=-1000)
        assert (counted(near), notes(near), differences(near)) == ({b"seen": 3}, 0, [])
        ingest.close()
        far.close()
        near.close()


def test_events_of_an_unknown_outcome_are_counted_if_they_are_there(mariadb: MariaDB) -> None:
    """Who asked was told to repeat them; nobody remembers that they are to be counted but the note."""
    with Proxy(mariadb.port) as proxy:
        url = mariadb.new_database()
        near, far = own_database(url), own_database(url.replace(f":{mariadb.port}/", f":{proxy.port}/"))
        near.upgrade()
        add_list(near)
        ingest = Ingest(far)
        ingest.track_batch(events(1))
        proxy.shut_after("lost")
        with pytest.raises(EventOutcomeUnknown):
            ingest.track_batch(events(3), time.monotonic() + 0.5)
        proxy.reopen()
        ingest.flush()
        count_overdue(near, overdue_ms=-1000)
        assert (counted(near), notes(near), differences(near)) == ({b"seen": 4}, 0, [])
        ingest.close()
        far.close()
        near.close()


class Processes(RuleBasedStateMachine):
    """Two processes on one file that store, write, die, are overtaken; events are deleted. At any time: counted or noted."""

    def __init__(self) -> None:
        super().__init__()
        self.folder: Path = make_folder()
        self.database = own_database(f"sqlite:///{self.folder / 'a.db'}")
        self.database.upgrade()
        add_list(self.database)
        self.ingests = [Ingest(self.database), Ingest(self.database)]

    @rule(who=st.integers(0, 1), count=st.integers(1, 3), name=st.sampled_from("ab"), is_bot=st.booleans())
    def store(self, who: int, count: int, name: str, is_bot: bool) -> None:
        self.ingests[who].track_batch(events(count, name, is_bot=is_bot))

    @rule(who=st.integers(0, 1))
    def write(self, who: int) -> None:
        self.ingests[who].flush()

    @rule(who=st.integers(0, 1))
    def kill(self, who: int) -> None:
        self.ingests[who] = Ingest(self.database)

    @rule()
    def count_what_is_left(self) -> None:
        count_overdue(self.database, overdue_ms=-1000)

    @precondition(lambda self: self.database.read(lambda t: t.select("SELECT 1 FROM events LIMIT 1")))
    @rule()
    def delete(self) -> None:
        self.database.write(remove_first)

    @invariant()
    def each_is_counted_or_noted(self) -> None:
        """A name outlives its events: only counts are looked at."""
        assert [each for each in differences(self.database) if "in no event" not in each] == []

    def teardown(self) -> None:
        self.count_what_is_left()
        for ingest in self.ingests:
            ingest.flush()
        self.each_is_counted_or_noted()
        stored = self.database.read(
            lambda t: t.select("SELECT name, COUNT(*) FROM events WHERE flags & 512 = 0 GROUP BY name")
        )
        found = {name: count for name, count in counted(self.database).items() if count}
        assert found == {bytes(name): count for name, count in stored}
        self.database.close()
        remove_folder(self.folder)


def test_whatever_happens_each_event_is_counted_or_noted() -> None:
    run_state_machine_as_test(
        Processes,
        settings=settings(
            max_examples=8, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_a_note_is_overdue_only_after_its_process_must_have_counted() -> None:
    """5 s until it is written and 5 s that a write may take; a check waits longer, and 30 s after a restart all is done."""
    assert OVERDUE_MS >= 10_000
    assert LATE_MS > OVERDUE_MS
