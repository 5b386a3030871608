"""ClickHouse lives: a copy there learns of all that happens to events and people, as a file does, whichever instance looks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from tests.analytics import test_whose_copy
from tests.analytics.asked_lives import check_answers
from tests.analytics.clickhouse_server import ClickHouseDouble
from tests.analytics.shared_copying import SharedCopied
from tests.analytics.test_copy_changes import (
    test_a_conversion_that_another_one_replaces_counts_no_more,
    test_an_event_stored_under_an_old_id_is_found,
    test_campaigns_are_derived_for_events_sent_with_a_key,
    test_expired_events_leave_the_copy,
    test_fields_are_followed,
    test_other_verdicts_about_robots_are_followed,
    test_properties_of_every_kind_are_copied,
)
from tests.client import InProcess, Shop
from tests.ingest.real import Real
from tests.ingest.whole_model import Forget
from tests.ingest.whole_model import Track as Tracked
from tracker.analytics.clickhouse import shared_lock
from tracker.analytics.clickhouse.shared_lock import LockLost, SharedLock
from tracker.analytics.clickhouse.shared_tables import base_of

pytestmark = pytest.mark.processes
__all__ = [
    "test_a_conversion_that_another_one_replaces_counts_no_more",
    "test_an_event_stored_under_an_old_id_is_found",
    "test_campaigns_are_derived_for_events_sent_with_a_key",
    "test_expired_events_leave_the_copy",
    "test_fields_are_followed",
    "test_other_verdicts_about_robots_are_followed",
    "test_properties_of_every_kind_are_copied",
]

Copy = Callable[[], SharedCopied]


@pytest.fixture
def copy(client: InProcess, shop: Shop, clickhouse: ClickHouseDouble) -> Iterator[Copy]:
    """What `test_copy_changes` asks for, of ClickHouse."""
    made: list[SharedCopied] = []

    def build() -> SharedCopied:
        client.services.ingest.flush()
        made.append(SharedCopied(clickhouse.new_database(), client.services.storage, shop.list_id))
        made[-1].check()
        return made[-1]

    yield build
    for each in made:
        each.close()


def test_two_instances_follow_links_unlinks_and_erasures(filed: Real, clickhouse: ClickHouseDouble) -> None:
    """Looks of both in any order leave one copy: nothing is there twice, or whose it was."""
    chance, url = random.Random(3), clickhouse.new_database()
    for _ in range(10):
        test_whose_copy.apply_some(filed, chance)
    one = SharedCopied(url, filed.database, 1)
    other = SharedCopied(url, filed.database, 1, is_built=True)
    for _ in range(30):
        test_whose_copy.apply_some(filed, chance)
        if chance.random() < 0.3:
            chance.choice((one, other)).follow()
    filed.finish()
    one.check()
    other.copy.attach()
    other.check()
    check_answers(other)
    one.build()
    assert other.copy.attach()
    other.check()
    assert other.compare() is not None
    one.close()
    other.close()


def test_what_is_forgotten_is_gone_from_the_server_after_a_build(
    filed: Real, clickhouse: ClickHouseDouble
) -> None:
    url = clickhouse.new_database()
    filed.apply(1, Tracked("seen", email="secret@example.com"))
    filed.apply(1, Tracked("seen", browser=1))
    copied = SharedCopied(url, filed.database, 1)
    filed.apply(1, Forget("secret@example.com"))
    filed.finish()
    copied.check()
    assert copied.tail.state.erased_at > 0
    rows = copied.copy._client.rows  # noqa: SLF001
    seen = copied.tail.at.table("e")
    assert rows(f"SELECT count(*) FROM {copied.tail.prefix}_e") != rows(f"SELECT count(*) FROM {seen}")
    before = copied.tail.prefix
    copied.build()
    assert copied.copy.attach()
    assert copied.tail.prefix != before
    assert rows(f"SELECT count(*) FROM {copied.tail.prefix}_e") == [(1,)]
    assert rows("SELECT count(*) FROM system.tables WHERE startsWith(name, $1)", [f"{before}_"]) == [(0,)]
    copied.copy.remove()
    assert rows("SHOW TABLES") == []
    copied.close()


def test_a_writer_that_was_taken_for_dead_commits_nothing(
    filed: Real, clickhouse: ClickHouseDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = clickhouse.new_database()
    filed.apply(1, Tracked("seen", browser=1))
    slow = SharedCopied(url, filed.database, 1)
    quick = SharedCopied(url, filed.database, 1, is_built=True)
    filed.apply(1, Tracked("seen", browser=2))
    lock = SharedLock(slow.copy._client, base_of(slow.truth.source(), 1))  # noqa: SLF001
    taken = lock.wait(0)
    assert taken is not None
    assert SharedLock(quick.copy._client, base_of(slow.truth.source(), 1)).wait(0) is None  # noqa: SLF001
    slow.tail._read_known()  # noqa: SLF001
    version, state = slow.tail._write_version(slow.tail._read(()), taken)  # noqa: SLF001
    assert (version.number, state.rows_added) == (taken.number, 1)
    monkeypatch.setattr(shared_lock, "STEAL_SECONDS", 0.0)
    quick.check()
    with pytest.raises(LockLost):
        lock.commit(taken, taken.generation, taken.number)
    quick.check()
    assert quick.tail.at.aborted == (taken.number,)
    slow.copy.attach()
    slow.check()
    slow.close()
    quick.close()
