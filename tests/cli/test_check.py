"""Does `tracker db check` find what differs, mend it, and keep quiet otherwise?"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from tests.served import StartTracker, Tracker, make_account
from tests.servers import NewDatabase
from tracker.storage.database import Database
from tracker.storage.transaction import Transaction

Damage = Callable[[Transaction], None]


def some_events(count: int) -> list[dict[str, object]]:
    values = [1, 2.5, "text", None, True, [], {"a": 1}]
    events: list[dict[str, object]] = [
        {"Event": random.choice("abc"), "Properties": {"x": random.choice(values), "y": number}}
        for number in range(count)
    ]
    money = {"conversion-name": "Buy", "conversion-value": "19.99", "conversion-currency": "EUR"}
    return events + [
        {"Event": "conversion", "Properties": {"conversion-id": number % 7, **money}} for number in range(20)
    ]


def fill(tracker: Tracker) -> int:
    account = make_account(tracker, "owner@example.com")
    answer = tracker.call("event.batch", account.key, ListID=account.list_id, Events=some_events(200))
    assert answer.status_code == 200
    return account.list_id


DAMAGES: list[tuple[str, Damage]] = [
    (
        "events 'a' from",
        lambda t: t.execute("UPDATE event_counts SET events = events + 5 WHERE name = ?", (b"a",)),
    ),
    ("events 'b' from", lambda t: t.execute("DELETE FROM event_counts WHERE name = ?", (b"b",))),
    ("conversions 'Buy' in 'EUR'", lambda t: t.execute("UPDATE conversion_totals SET units = units - 2")),
    (
        "conversions 'Buy' in 'EUR'",
        lambda t: t.execute("UPDATE conversion_totals SET millionths = millionths + 1"),
    ),
    (
        "property 'x' of event 'b': stored nothing",
        lambda t: t.execute(
            "DELETE FROM event_properties WHERE event_name = ? AND property = ?", (b"b", b"x")
        ),
    ),
    ("event 'c': stored nothing", lambda t: t.execute("DELETE FROM event_names WHERE name = ?", (b"c",))),
    (
        "event 'a': stored",
        lambda t: t.execute("UPDATE event_names SET events = events + 3 WHERE name = ?", (b"a",)),
    ),
    (
        "property 'y' of event 'a': stored",
        lambda t: t.execute(
            "UPDATE event_properties SET numbers = numbers + 9 WHERE event_name = ?", (b"a",)
        ),
    ),
]


@pytest.fixture
def served(start_tracker: StartTracker, new_database: NewDatabase, database_kind: str) -> Tracker:
    """A Tracker of the test's own; the test runs once for each kind of database."""
    return start_tracker(database_url=new_database(database_kind))


@pytest.fixture
def filled(served: Tracker) -> Tracker:
    """One with events, stopped, and old enough that all that is written late must be written."""
    fill(served)
    served.stop()
    database = Database(served.database_url)
    database.write(
        lambda transaction: transaction.execute("UPDATE events SET received_at = received_at - 60000")
    )
    database.close()
    return served


def test_every_difference_is_found_and_mended(filled: Tracker) -> None:
    database = Database(filled.database_url)
    assert filled.run("db", "check").returncode == 0
    for said, damage in DAMAGES:
        database.write(damage)
        found = filled.run("db", "check", "--repair")
        assert said in found.stdout
        assert found.returncode == 0, found.stdout
    database.write(DAMAGES[0][1])
    database.close()
    assert filled.run("db", "check").returncode == 1
    assert filled.run("db", "check").returncode == 1, "looking mends nothing"


def test_a_name_in_no_event_is_found_and_taken_out(filled: Tracker) -> None:
    database = Database(filled.database_url)
    columns = ("list_id", "name", "first_seen_at", "last_seen_at", "property_count", "events")
    database.write(
        lambda transaction: transaction.insert("event_names", columns, [(2, b"ghost", 1, 1, 0, 0)])
    )
    database.close()
    found = filled.run("db", "check", "--repair")
    assert "event 'ghost': stored it is catalogued, the events say it is in no event" in found.stdout
    assert filled.run("db", "check").returncode == 0


def test_a_live_database_gives_no_false_alarm(served: Tracker) -> None:
    tracker = served
    account = make_account(tracker, "live@example.com")
    is_over = threading.Event()
    statuses: list[int] = []

    def keep_sending() -> None:
        while not is_over.is_set():
            events = some_events(20)
            statuses.append(
                tracker.call("event.batch", account.key, ListID=account.list_id, Events=events).status_code
            )

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        checks = [tracker.run("db", "check") for _ in range(4)]
    finally:
        is_over.set()
        sender.join()
    assert [check.returncode for check in checks] == [0] * 4, checks[-1].stdout
    assert set(statuses) <= {200, 429}
    assert statuses.count(200) > 4
