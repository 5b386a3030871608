"""Is a person forgotten to the end, whoever is killed meanwhile, and while events go on coming?"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest

from tests.client import InProcess, Shop
from tests.contract.tables import places_of
from tests.processes import start_module, until
from tests.servers import NewDatabase
from tracker.api.forget import forget
from tracker.integrity.counter_check import recount
from tracker.storage.accounts.audit_log import Somebody

JANE, VISITORS, EVENTS = "jane@example.com", 100, 3_000


class Stage:
    """A Tracker of the test's own, with somebody who did a lot, from many browsers."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.client = InProcess(url, folder)
        self.shop: Shop = self.client.open_shop("owner@example.com")
        browsers = [str(uuid.uuid4()) for _ in range(VISITORS)]
        self.browser = browsers[0]
        self.send(
            [{"Event": "seen", "UUID": each, "Properties": {"whose": "janes past"}} for each in browsers]
        )
        self.send(
            [
                {"Event": "seen", "UUID": each, "Email": JANE, "EventID": f"j-{n}"}
                for n, each in enumerate(browsers)
            ]
        )
        many = [{"Event": "seen", "Email": JANE, "Properties": {"whose": "janes"}} for _ in range(1000)]
        for _ in range(EVENTS // 1000):
            self.send(many)
        self.send([{"Event": "seen", "Email": f"other{n % 7}@example.com"} for n in range(100)])
        self.client.services.ingest.flush()

    def send(self, events: list[dict[str, Any]]) -> None:
        answer = self.client.call("event.batch", self.shop.key, ListID=self.shop.list_id, Events=events)
        assert answer.status == 200, answer.body

    def forget(self, seconds: float = 5.0) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        told = forget(
            self.client.services, Somebody(self.shop.user_id), self.shop.list_id, ("email_key", JANE),
            time.time_ns() // 1_000_000, deadline,
        )  # fmt: skip
        assert told is not None
        return told

    def told(self, number: str) -> dict[str, Any]:
        who = {"SubscriberID": int(number)}
        return dict(
            self.client.call("subscriber.forget", self.shop.key, ListID=self.shop.list_id, **who).body
        )

    def handled(self) -> int:
        return int(self.client.rows("SELECT SUM(handled) FROM jobs")[0][0] or 0)

    def is_running(self) -> bool:
        return bool(self.client.rows("SELECT 1 FROM jobs WHERE kind = ? AND finished_at IS NULL", b"forget"))

    def let_lease_run_out(self) -> None:
        sql = "UPDATE jobs SET due_at = 0 WHERE list_id = ? AND finished_at IS NULL AND kind = ?"
        list_id = self.shop.list_id
        self.client.services.storage.write(
            lambda transaction: transaction.execute(sql, (list_id, b"forget")), list_id=list_id
        )

    def differences(self) -> list[str]:
        self.client.services.ingest.flush()
        return [str(each) for each in recount(self.client.services.storage, self.shop.list_id).differences]


@pytest.fixture
def stage(database_kind: str, new_database: NewDatabase, tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(new_database(database_kind), tmp_path)
    yield stage
    stage.client.close()


def test_what_killed_processes_leave_another_does_to_the_end(stage: Stage) -> None:
    number = stage.forget(seconds=0.9)["SubscriberID"]
    stage.client.services.jobs.close()
    for share in (0.05, 0.2, 0.35):
        stage.let_lease_run_out()
        worker = start_module("tests.jobs.working", stage.url, log=stage.folder / "worker.log")
        until(lambda: stage.handled() > EVENTS * share, 60, "steps of another process")  # noqa: B023
        worker.kill()
        assert stage.told(number)["Status"] == "running"
    stage.let_lease_run_out()
    last = start_module("tests.jobs.working", stage.url, log=stage.folder / "worker.log")
    until(lambda: not stage.is_running(), 60, "the end")
    last.kill()
    assert stage.told(number)["Status"] == "finished"
    removed = {row["Table"]: row["Rows"] for row in stage.told(number)["Removed"]}
    assert removed["events"] == 2 * VISITORS + EVENTS + VISITORS + 1  # identify events are theirs too
    assert places_of(stage.client, [JANE, "janes", uuid.UUID(stage.browser).bytes]) == {}
    assert stage.differences() == []
    assert stage.client.rows("SELECT COUNT(*) FROM events") == [(107,)]


def test_events_that_come_meanwhile_are_a_new_subscribers(stage: Stage) -> None:
    """They come from her browser, with her address and without, all the time that she is being forgotten."""
    stage.forget(seconds=0.9)
    new = [
        {"Event": "seen", "UUID": stage.browser, "Properties": {"when": "meanwhile"}},
        {"Event": "seen", "UUID": stage.browser, "Email": JANE, "Properties": {"when": "meanwhile"}},
        {"Event": "seen", "UUID": stage.browser, "Properties": {"when": "meanwhile"}},
    ]
    sent = 0
    with gevent.Timeout(60):
        while stage.is_running():
            stage.send(new)
            sent += 1
            gevent.sleep(0.01)
    stage.send(new)
    assert sent > 2
    subscriber = stage.client.call(
        "subscriber.get", stage.shop.key, ListID=stage.shop.list_id, EmailAddress=JANE
    )
    assert subscriber.status == 200
    assert stage.differences() == []
    assert places_of(stage.client, ["janes"]) == {}
    second = stage.forget(seconds=30)
    assert second["Status"] == "finished"
    assert places_of(stage.client, [JANE, "janes"]) == {}
    assert stage.differences() == []
