"""Does `tracker retention` delete what lists keep no longer, and say it?"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.shell import Shell
from tests.served import Account, Tracker
from tracker.storage.engine import trusted_time
from tracker.storage.schema.own_database import own_database


@pytest.fixture
def aged(tracker: Tracker, account: Account) -> Account:
    """A list that keeps events for 30 days, with three that are older and one that is not."""
    for days in (50, 40, 31, 1):
        at = (datetime.now(UTC) - timedelta(days=days)).isoformat()
        sent = {"ListID": account.list_id, "Event": "seen", "Timestamp": at}
        assert tracker.call("event.track", account.key, **sent).status == 200
    settings = {"ListID": account.list_id, "RetentionDays": 30}
    assert tracker.call("list.update", account.key, **settings).status == 200
    return account


@pytest.fixture
def beside(tracker: Tracker) -> Shell:
    """A shell on the machine where Tracker serves."""
    return Shell(tracker.folder, TRACKER_DATABASE_URL=tracker.database_url)


def test_it_counts_then_deletes_then_has_nothing_to_do(beside: Shell, aged: Account) -> None:
    number = str(aged.list_id)
    dry = beside.run("retention", "--list", number, "--dry-run")
    assert (dry.exit_code, dry.stdout) == (0, f"list {number}: 3 events are older than 30 days\n")
    assert beside.run("retention", "--dry-run").stdout == dry.stdout
    done = beside.run("retention")
    assert done.stdout.startswith(
        f"list {number}: 3 events older than 30 days deleted, events are kept from 20"
    )
    again = beside.run("retention", "--list", number)
    assert again.stdout.startswith(f"list {number}: 0 events older than 30 days deleted")
    assert beside.run("db", "check").exit_code == 0


def test_a_clock_that_may_have_jumped_deletes_when_somebody_says_that_it_is_right(
    shell_on_each: Shell,
) -> None:
    url = shell_on_each.settings["TRACKER_DATABASE_URL"]
    database = own_database(url)
    month_ago = time.time_ns() // 1_000_000 - 31 * 24 * 3_600_000
    database.write(lambda transaction: trusted_time.trust(transaction, month_ago))
    said = shell_on_each.fails("retention")
    assert said.startswith("the clock says 20")
    assert said.endswith("nothing was deleted. If the clock is right, add --clock-is-right")
    assert shell_on_each.ok("retention", "--dry-run") == "no list has RetentionDays\n"
    assert shell_on_each.ok("retention", "--clock-is-right") == "no list has RetentionDays\n"
    assert shell_on_each.ok("retention") == "no list has RetentionDays\n"
    database.close()


def test_a_list_that_keeps_its_events_is_left_alone(beside: Shell) -> None:
    found = beside.run("retention", "--list", "999")
    assert (found.exit_code, found.stdout) == (0, "list 999: keeps its events\n")
