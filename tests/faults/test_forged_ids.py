"""What if a stranger takes the row ids of the next moments? Every event that is acknowledged is there all the same."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from dataclasses import dataclass

import orjson
import pytest

from tests.faults.harness import Harness
from tests.faults.tables import Report
from tests.processes import until
from tests.served import Tracker
from tests.servers import NewDatabase
from tracker.domain.row_ids import SEQUENCE_BITS, first_id_at
from tracker.storage.schema.own_database import own_database

#: Milliseconds whose rows are tried, how long the stranger has for it before they begin, and the writers.
TRIED_MS, LEAD_MS, WRITERS = 3_000, 8_000, (0, 1)
CLIENTS = 3
LIMITS = {
    "TRACKER_LIMITS": "event.track=100000000/60,event.collect=1000000/60,event.collect.address=1000000/60"
}


@dataclass
class Outcome:
    placed: int
    statuses: list[int]
    stored: int

    @property
    def acknowledged(self) -> int:
        return self.statuses.count(200)


def forged(tracker: Harness) -> Outcome:
    """A stranger sends an event for each row that will come; then clients send real events until that time is over."""
    listed = tracker.call("list.get", tracker.key, ListID=tracker.shop.list_id).body["List"]
    door = f"/t/{listed['EventListTrackerID']}"
    begin = time.time_ns() // 1_000_000 + LEAD_MS
    rows = [first_id_at(begin + ms) | number << SEQUENCE_BITS for ms in range(TRIED_MS) for number in WRITERS]
    placed = 0
    for start in range(0, len(rows), 1_000):
        events = [{"Event": "taken", "EventID": _made_up(row)} for row in rows[start : start + 1_000]]
        answer = tracker.post(door, json={"Events": events})
        placed += sum(result["status"] == "ok" for result in answer.body["results"])
    until(lambda: time.time_ns() // 1_000_000 >= begin, 2 * LEAD_MS / 1000, "the moments that were tried")
    statuses = _real(tracker, begin + TRIED_MS)
    tracker.stop()
    return Outcome(placed, statuses, _stored(tracker))


def _real(tracker: Tracker, until_ms: int) -> list[int]:
    statuses: list[int] = []

    def send() -> None:
        while time.time_ns() // 1_000_000 < until_ms:
            answer = tracker.call("event.track", tracker.key, ListID=tracker.shop.list_id, Event="real")
            statuses.append(answer.status)

    clients = [threading.Thread(target=send) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return statuses


def _stored(tracker: Tracker) -> int:
    database = own_database(tracker.database_url)
    try:
        sql = "SELECT COUNT(*) FROM events WHERE name = ?"
        return int(database.read(lambda transaction: transaction.select(sql, (b"real",)))[0][0])
    finally:
        database.close()


def _made_up(row_id: int) -> str:
    """As anybody can who knows the code."""
    digest = hashlib.sha256(orjson.dumps(["taken", None, None, None, None, {}])).digest()
    return f"trk-{row_id:016x}-{base64.urlsafe_b64encode(digest[:15]).decode()}"


@pytest.mark.faults
def test_what_is_acknowledged_is_stored(
    report: Report, database_kind: str, new_database: NewDatabase
) -> None:
    with Harness(new_database(database_kind), settings=LIMITS) as tracker:
        outcome = forged(tracker)
    report(
        f"{outcome.placed} forged ids, {database_kind}",
        acknowledged=outcome.acknowledged,
        refused=len(outcome.statuses) - outcome.acknowledged,
        verdict="all stored" if outcome.stored == outcome.acknowledged else f"{outcome.stored} stored",
    )
    assert set(outcome.statuses) == {200}
    assert outcome.stored == outcome.acknowledged > CLIENTS


@pytest.mark.faults
def test_ids_that_nobody_signs_are_caught(report: Report) -> None:
    with Harness(planted=["unsigned ids"], settings=LIMITS) as tracker:
        outcome = forged(tracker)
    lost, failed = outcome.acknowledged - outcome.stored, len(outcome.statuses) - outcome.acknowledged
    met = f"{outcome.placed} forged ids"
    report("unsigned ids", of="mutation", met=met, found=f"{lost} lost, {failed} answered with 500")
    assert lost + failed > 0
