"""Does `tracker retention` delete what lists keep no longer, and say it?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.served import Account, Tracker


@pytest.fixture
def aged(tracker: Tracker, account: Account) -> Account:
    """A list that keeps events for 30 days, with three that are older and one that is not."""
    for days in (50, 40, 31, 1):
        at = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        sent = {"ListID": account.list_id, "Event": "seen", "Timestamp": at}
        assert tracker.call("event.track", account.key, **sent).status_code == 200
    settings = {"ListID": account.list_id, "RetentionDays": 30}
    assert tracker.call("list.update", account.key, **settings).status_code == 200
    return account


def test_it_counts_then_deletes_then_has_nothing_to_do(tracker: Tracker, aged: Account) -> None:
    number = str(aged.list_id)
    dry = tracker.run("retention", "--list", number, "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, f"list {number}: 3 events are older than 30 days\n")
    assert tracker.run("retention", "--dry-run").stdout == dry.stdout
    done = tracker.run("retention")
    assert done.stdout.startswith(
        f"list {number}: 3 events older than 30 days deleted, events are kept from 20"
    )
    again = tracker.run("retention", "--list", number)
    assert again.stdout.startswith(f"list {number}: 0 events older than 30 days deleted")
    assert tracker.run("db", "check").returncode == 0


def test_a_list_that_keeps_its_events_is_left_alone(tracker: Tracker) -> None:
    found = tracker.run("retention", "--list", "999")
    assert (found.returncode, found.stdout) == (0, "list 999: keeps its events\n")
