"""Is `subscriber.unmerge` answered in time however many events there are, and gone on with by the same call?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import gevent
import pytest

from tests.client import InProcess
from tracker.jobs import runner

BROWSER = "550e8400-e29b-41d4-a716-446655440000"
#: Fewer than they are, in steps as large as they are.
CALL_ROWS = 2 * runner.CALL_STEP_ROWS
MANY = CALL_ROWS + 600
JANE = {"EmailAddress": "jane@example.com"}


def test_more_events_than_a_call_moves_are_moved_by_the_same_call_later(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "CALL_ROWS", CALL_ROWS)
    client = InProcess(sqlite_url, tmp_path)
    jane = client.open_shop("jane@example.com")

    def call(command: str, **params: Any) -> dict[str, Any]:
        return client.ok(command, jane.key, ListID=jane.list_id, **params)

    call("event.track", Event="hers", UUID=BROWSER, Email="jane@example.com")
    for start in range(0, MANY, 1000):
        numbers = range(start, min(MANY, start + 1000))
        call("event.batch", Events=[{"Event": f"e{number}", "UUID": BROWSER} for number in numbers])
    began = time.monotonic()
    answer = call("subscriber.unmerge", **JANE, UUID=BROWSER)
    assert answer["Status"] == "running"
    moved = [answer["MovedEvents"]]
    while answer["Status"] == "running":
        assert time.monotonic() < began + 120
        gevent.sleep(0.05)
        answer = call("subscriber.unmerge", **JANE, UUID=BROWSER)
        moved.append(answer["MovedEvents"])
    assert 0 < moved[0] <= CALL_ROWS
    assert moved == sorted(moved)
    assert moved[-1] == MANY
    events = call("subscriber.events", **JANE)["Events"]
    assert [event["Event"] for event in events] == ["identify", "hers"]
    client.close()
