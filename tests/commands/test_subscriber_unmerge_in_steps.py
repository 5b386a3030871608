"""Is `subscriber.unmerge` answered in time however many events there are, and gone on with by the same call?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gevent
import pytest

from tests.commands.api import Api
from tracker.jobs.runner import CALL_ROWS

BROWSER = "550e8400-e29b-41d4-a716-446655440000"
MANY = CALL_ROWS + 600
JANE = {"EmailAddress": "jane@example.com"}


@pytest.fixture
def api(sqlite_url: str) -> Iterator[Api]:
    """Tracker that takes so many events at once."""
    tracker = Api(sqlite_url, TRACKER_LIMITS="event.track=1000000/60")
    yield tracker
    tracker.close()


def test_more_events_than_a_call_moves_are_moved_by_the_same_call_later(api: Api) -> None:
    jane = api.add_user()
    list_id = api.services.stores.lists.add(jane.id, "Shop")

    def call(command: str, **params: Any) -> dict[str, Any]:
        return api.ok(command, jane.key, ListID=list_id, **params)

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
        gevent.sleep(2)
        answer = call("subscriber.unmerge", **JANE, UUID=BROWSER)
        moved.append(answer["MovedEvents"])
    assert 0 < moved[0] <= CALL_ROWS
    assert moved == sorted(moved)
    assert moved[-1] == MANY
    events = call("subscriber.events", **JANE)["Events"]
    assert [event["Event"] for event in events] == ["identify", "hers"]
