"""Does `tracker db check` find what differs, mend it, and keep quiet otherwise?"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.client import InProcess
from tests.processes import until
from tests.served import StartTracker, make_account
from tracker.cli.database import check
from tracker.storage import job_queue
from tracker.storage.engine import Database, Transaction
from tracker.storage.events import reassign
from tracker.storage.job_queue import Job
from tracker.storage.schema.own_database import own_database
from tracker.storage.timeline import timeline_reading, timeline_rows

Damage = Callable[[Transaction], None]
#: Looks at a database into which events come in.
CHECKS = 6
VISITOR = "0f8fad5b-d9cb-469f-a165-70867728950e"


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


def fill(client: InProcess) -> None:
    owner = client.open_shop("owner@example.com")
    identify = {"Event": "identify", "UUID": VISITOR, "Email": "jane@example.com"}
    past: list[dict[str, object]] = [{"Event": "past", "UUID": VISITOR} for _ in range(40)]
    seen: dict[str, object] = {"Event": "seen", "UUID": VISITOR}
    for events in (some_events(200) + past, [identify], [seen]):
        client.ok("event.batch", owner.key, ListID=owner.list_id, Events=events)


def some_rows(transaction: Transaction) -> list[timeline_rows.TimelineEntry]:
    """Those of the events named `a`."""
    [(list_id,)] = transaction.select("SELECT MAX(list_id) FROM events")
    rows = next(iter(timeline_reading.rows_of_events(transaction, list_id, -1, timeline_reading.LAST_ID)))
    return [row for row in rows if row.name_key == timeline_rows.name_key(b"a")][:5]


def lose_rows(transaction: Transaction) -> None:
    timeline_rows.remove(transaction, some_rows(transaction))


def lose_money(transaction: Transaction) -> None:
    """The second rows of all conversions, and nothing else."""
    [(list_id,)] = transaction.select("SELECT MAX(list_id) FROM events")
    for rows in timeline_reading.rows_of_events(transaction, list_id, -1, timeline_reading.LAST_ID):
        timeline_rows.remove(transaction, [row for row in rows if row.owner_id < 0])


def lose_the_past(transaction: Transaction) -> None:
    """A visitor's past that nobody has copied is said to be copied."""
    transaction.execute("UPDATE identity_links SET has_uncopied_history = 0")


def add_ghosts(transaction: Transaction) -> None:
    timeline_rows.add(
        transaction, [row._replace(event_id=row.event_id + 1) for row in some_rows(transaction)]
    )


def add_wrong_times(transaction: Transaction) -> None:
    timeline_rows.add(
        transaction, [row._replace(event_at=row.event_at - 1) for row in some_rows(transaction)]
    )


DAMAGES: list[tuple[str, Damage]] = [
    ("5 too few", lose_rows),
    ("20 too few", lose_money),
    ("too few", lose_the_past),
    ("5 too many", add_ghosts),
    ("5 too many", add_wrong_times),
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
        "event 'a': stored first seen",
        lambda t: t.execute(
            "UPDATE event_names SET first_seen_at = first_seen_at + 60000 WHERE name = ?", (b"a",)
        ),
    ),
    (
        "event 'b': stored first seen",
        lambda t: t.execute(
            "UPDATE event_names SET first_seen_at = first_seen_at - 1 WHERE name = ?", (b"b",)
        ),
    ),
    (
        "property 'x' of event 'a': stored last seen",
        lambda t: t.execute(
            "UPDATE event_properties SET last_seen_at = last_seen_at + 1 WHERE property = ?", (b"x",)
        ),
    ),
    (
        "event 'c': stored last received",
        lambda t: t.execute("UPDATE event_names SET last_received_at = 0 WHERE name = ?", (b"c",)),
    ),
    (
        "property 'y' of event 'a': stored",
        lambda t: t.execute(
            "UPDATE event_properties SET numbers = numbers + 9 WHERE event_name = ?", (b"a",)
        ),
    ),
]


@pytest.fixture
def filled(database_url: str, tmp_path: Path) -> Shell:
    """A shell with a database of events that are old enough that all that is written late must be written."""
    with closing(InProcess(database_url, tmp_path)) as client:
        fill(client)
    database = own_database(database_url)
    database.write(
        lambda transaction: transaction.execute("UPDATE events SET received_at = received_at - 60000")
    )
    database.close()
    return Shell(tmp_path, TRACKER_DATABASE_URL=database_url)


def opened(shell: Shell) -> Database:
    return own_database(shell.settings["TRACKER_DATABASE_URL"])


def test_every_difference_is_found_and_mended(filled: Shell) -> None:
    database = opened(filled)
    assert filled.run("db", "check").exit_code == 0
    for said, damage in DAMAGES:
        database.write(damage)
        found = filled.run("db", "check", "--repair")
        assert said in found.stdout
        assert found.exit_code == 0, found.stdout
    database.write(DAMAGES[0][1])
    database.close()
    for _ in range(2):  # looking mends nothing
        found = filled.run("db", "check")
        assert found.exit_code == 1
        assert found.stdout.splitlines()[-1].startswith("Next: 'tracker db check --repair' corrects ")
    assert filled.run("db", "check", "--repair").exit_code == 0
    assert "Next:" not in filled.run("db", "check").stdout


def test_what_a_repair_leaves_has_a_next_step_too(
    filled: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where events come in faster than they are counted."""
    database = opened(filled)
    database.write(DAMAGES[0][1])
    monkeypatch.setattr("tracker.cli.database._repair", lambda *_: None)
    assert not check(database, is_repairing=True)
    database.close()
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("Next: run 'tracker db check --repair' again")


def test_a_name_in_no_event_is_found_and_taken_out(filled: Shell) -> None:
    database = opened(filled)
    columns = ("list_id", "name", "first_seen_at", "last_seen_at", "property_count", "events")
    database.write(
        lambda transaction: transaction.insert("event_names", columns, [(2, b"ghost", 1, 1, 0, 0)])
    )
    database.close()
    found = filled.run("db", "check", "--repair")
    assert "event 'ghost': stored it is catalogued, the events say it is in no event" in found.stdout
    assert filled.run("db", "check").exit_code == 0


def test_rows_that_are_on_their_way_home_are_no_difference(filled: Shell) -> None:
    """While a link that was taken back has its rows moved, they stand where they stood."""
    database = opened(filled)

    def begin(transaction: Transaction) -> None:
        [link] = transaction.select("SELECT list_id, subscriber_id, visitor_id, span FROM identity_links")
        state = reassign.unlink(transaction, reassign.SpanLink(*link), 1, 1)
        assert state is not None
        job = Job(link[0], 1, reassign.UNMERGE, 1, state, 0, 1, 1)
        job_queue.add(transaction, job, None, 2**62)

    database.write(begin)
    assert filled.run("db", "check").exit_code == 0
    database.write(lambda transaction: transaction.execute("UPDATE jobs SET finished_at = 1"))
    found = filled.run("db", "check", "--repair")
    assert "stored 1 too few" in found.stdout, "the identify event names somebody"
    assert found.exit_code == 0
    database.close()


def test_a_live_database_gives_no_false_alarm(start_tracker: StartTracker, database_url: str) -> None:
    tracker = start_tracker(database_url=database_url)
    account = make_account(tracker, "live@example.com")
    is_over = threading.Event()
    statuses: list[int] = []

    def keep_sending() -> None:
        while not is_over.is_set():
            visitor = {"UUID": str(uuid.uuid4())}
            identify = visitor | {"Event": "identify", "Email": "jane@example.com"}
            events = [*some_events(20), visitor | {"Event": "seen"}, identify, visitor | {"Event": "seen"}]
            statuses.append(
                tracker.call("event.batch", account.key, ListID=account.list_id, Events=events).status
            )

    shell, checks = Shell(tracker.folder, TRACKER_DATABASE_URL=database_url), []

    def look() -> bool:
        checks.append(shell.run("db", "check"))
        return len(checks) >= CHECKS and statuses.count(200) >= CHECKS

    sender = threading.Thread(target=keep_sending)
    sender.start()
    try:
        until(look, 30, "events and looks")
    finally:
        is_over.set()
        sender.join()
    assert {check.exit_code for check in checks} == {0}, checks[-1].stdout
    assert set(statuses) <= {200, 429}
