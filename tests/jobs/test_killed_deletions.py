"""Is a deletion done to the end, and everything still counted right, if the process that does it is killed again and again?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.processes import start_module, until
from tracker.integrity.counter_check import recount
from tracker.privacy import list_deletion, named_deletion
from tracker.storage import job_queue
from tracker.storage.engine import Transaction
from tracker.storage.job_queue import Job

#: Events of each list; kills.
EVENTS, KILLS = 2_000, 2
Prepare = Callable[[Transaction], Mapping[str, Any] | None]


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[InProcess]:
    with closing(InProcess(database_url, tmp_path)) as client:
        yield client


def fill(client: InProcess, shop: Shop) -> None:
    """Events of two names by a hundred people, half of them to be deleted."""
    events = [
        {"Event": "doomed" if n % 2 else "kept", "Email": f"{n % 100}@example.com", "Properties": {"n": n}}
        for n in range(EVENTS)
    ]
    for start in range(0, EVENTS, 1_000):
        client.ok("event.batch", shop.key, ListID=shop.list_id, Events=events[start : start + 1_000])
    client.services.ingest.flush()


def add(client: InProcess, list_id: int, kind: str, prepare: Prepare) -> None:
    """Add a job that any process may take."""

    def write(transaction: Transaction) -> None:
        state = prepare(transaction)
        assert state is not None
        now = time.time_ns() // 1_000_000
        job_queue.add(transaction, Job(list_id, 5, kind, 5, state, 0, now, now), None, now)

    client.services.storage.write(write)


def count(client: InProcess, list_id: int) -> int:
    return int(client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", list_id)[0][0])


def work_and_kill(client: InProcess, list_id: int, folder: Path, is_done: Callable[[], bool]) -> None:
    """Have processes work at the job, each but the last killed while it does."""
    for number in range(KILLS + 1):
        before = count(client, list_id)
        client.services.storage.write(
            lambda transaction: transaction.execute(
                "UPDATE jobs SET due_at = 0, claimed_by = NULL WHERE id = 5"
            )
        )
        url = client.services.settings.database_url
        program = start_module("tests.jobs.working", url, log=folder / f"{number}.log")
        try:
            if number < KILLS:
                until(lambda: count(client, list_id) < before, what="steps of the process")  # noqa: B023
                assert not is_done(), "killed too late"
            else:
                until(is_done, 60, "the end of the deletion")
        finally:
            program.kill()


def differences(client: InProcess, list_id: int) -> list[str]:
    return [str(each) for each in recount(client.services.storage, list_id).differences]


def test_a_deletion_of_events_is_done_to_the_end(house: InProcess, tmp_path: Path) -> None:
    shop = house.open_shop("shop@example.com")
    fill(house, shop)
    doomed = named_deletion.Doomed("doomed")
    add(
        house,
        shop.list_id,
        named_deletion.DELETE_EVENTS,
        lambda t: named_deletion.begin(t, shop.list_id, doomed),
    )
    before = count(house, shop.list_id)

    def job() -> Any:
        return house.services.jobs.find(shop.list_id, named_deletion.DELETE_EVENTS, 5)

    work_and_kill(house, shop.list_id, tmp_path, lambda: job().finished_at is not None)
    assert (job().state["removed"], count(house, shop.list_id)) == (EVENTS // 2, before - EVENTS // 2)
    assert differences(house, shop.list_id) == []


def test_a_deletion_of_a_list_is_done_to_the_end(house: InProcess, tmp_path: Path) -> None:
    shop = house.open_shop("shop@example.com")
    other = house.open_shop("other@example.com")
    fill(house, shop), fill(house, other)
    kept = count(house, other.list_id)

    def prepare(transaction: Transaction) -> dict[str, Any] | None:
        state = list_deletion.begin(transaction, shop.list_id, 0)
        list_deletion.give_up(transaction, shop.user_id, shop.list_id)
        return None if state is None else {**state, "late_at": 0}

    add(house, shop.list_id, list_deletion.DELETE_LIST, prepare)
    left = "SELECT (SELECT COUNT(*) FROM lists WHERE id = ?) + (SELECT COUNT(*) FROM jobs WHERE list_id = ?)"
    work_and_kill(
        house, shop.list_id, tmp_path, lambda: house.rows(left, shop.list_id, shop.list_id)[0][0] == 0
    )
    tables = ("events", "visitors", "subscribers", "event_counts", "event_names", "changes", "jobs")
    rows = {
        name: house.rows(f"SELECT COUNT(*) FROM {name} WHERE list_id = ?", shop.list_id)[0][0]
        for name in tables
    }
    assert rows == dict.fromkeys(tables, 0)
    assert (count(house, other.list_id), differences(house, other.list_id)) == (kept, [])
