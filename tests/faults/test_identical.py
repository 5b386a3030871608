"""What if the same event comes 64 times at once, over several workers? It is stored once, and one answer is the first."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.faults.harness import Harness, Wire
from tests.faults.rows import read_tables
from tests.faults.run_length import run_length
from tests.faults.tables import Report
from tests.servers import NewDatabase

AT_ONCE, WORKERS = 64, run_length(short=2, long=4)
#: They take less than a second where nothing else runs.
MAX_SECONDS = 60.0
ROUNDS = run_length(short=2, long=20)


def _send_at_once(tracker: Harness, sent: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """The same request over connections that are all ready before the first byte is sent."""
    answers: list[tuple[int, dict[str, Any]]] = []
    ready = threading.Barrier(AT_ONCE)

    def call() -> None:
        with tracker.connection() as connection:
            ready.wait()
            answers.append(_until_answered(connection, sent))

    threads = [threading.Thread(target=call) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MAX_SECONDS)
    return answers


def _until_answered(connection: Wire, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """On a busy machine 64 at once may be too many for their deadline: what was certainly not stored is sent again."""
    until = time.monotonic() + MAX_SECONDS / 2
    status, body = connection.call(sent)
    while status == 503 and body["Errors"][0]["Code"] == 100012 and time.monotonic() < until:
        status, body = connection.call(sent)
    return status, body


def _firsts(tracker: Harness) -> list[int]:
    """How many of each 64 answers were no duplicate; everything else about them must be right."""
    found = []
    for number in range(ROUNDS):
        sent = {"Event": "bought", "EventID": f"order-{number}", "Properties": {"n": number}}
        sent |= {"Email": "a@example.com"} if number % 2 else {"ID": f"customer {number}"}
        answers = _send_at_once(tracker, sent)
        assert [status for status, _ in answers] == [200] * AT_ONCE
        assert len({body["uuid"] for _, body in answers}) == 1
        found.append(sum(body.get("duplicate") is not True for _, body in answers))
    return found


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_identical_requests_at_once_are_one_event(
    new_database: NewDatabase, kind: str, report: Report
) -> None:
    with Harness(new_database(kind), workers=WORKERS) as tracker:
        assert _firsts(tracker) == [1] * ROUNDS
        tracker.stop()
        stored = [
            row for row in read_tables(tracker.database_url)[0]["events"] if bytes(row.name) == b"bought"
        ]
    assert len(stored) == ROUNDS
    report(
        f"64 identical requests at once, {kind}",
        faults=ROUNDS,
        acknowledged=ROUNDS * AT_ONCE,
        verdict="one row each",
    )


def test_without_a_look_at_event_ids_they_are_several(new_database: NewDatabase) -> None:
    """The control."""
    with Harness(new_database("sqlite"), workers=WORKERS, planted=["no unique key"]) as tracker:
        assert max(_firsts(tracker)) > 1
