"""Does a copy learn of everything that changes beside new events: late ids, counted conversions, verdicts, retention, fields?"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.analytics.copying import Copied
from tests.client import InProcess, Shop, Track
from tests.contract.test_bots_recheck import CHROME, CURL, Judge, Send, rechecked
from tests.contract.test_retention import ago, one_day, update
from tracker.analytics.copy import copy_tail
from tracker.domain.event import Event
from tracker.domain.row_ids import first_id_at
from tracker.jobs.change_purge import ChangePurge
from tracker.storage.changes import KEPT_MS, changes_from, note_field, purge_changes
from tracker.storage.events import deletion, read_events

HOUR_MS = 3_600_000
ORDER = {
    "conversion-id": "o-1",
    "conversion-name": "Order",
    "conversion-value": 3.25,
    "conversion-currency": "eur",
}

Copy = Callable[[], Copied]


@pytest.fixture
def copy(client: InProcess, shop: Shop, tmp_path: Path) -> Iterator[Copy]:
    """`copy()` builds the copy of the test's list, and checks it."""
    made: list[Copied] = []

    def build() -> Copied:
        client.services.ingest.flush()
        made.append(Copied(client.services.storage, shop.list_id, tmp_path / "reports"))
        made[-1].check()
        return made[-1]

    yield build
    for each in made:
        each.close()


def test_properties_of_every_kind_are_copied(copy: Copy, track: Track) -> None:
    kinds: dict[str, Any] = {
        "text": "ü\u2028\"'", "NUL": "a\0b", "a/b~c": "1", "A": 1, "a": 2, "whole": 7.0, "part": 7.25, "tiny": 1e-7,
        "big": 2**53, "yes": True, "no": False, "nothing": None, "deep": {"x": [1, 2.0, None, "ä"]}, "list": [], "": "empty",
        "0": "digit", "$.x": "path", "p0": "column",
    }  # fmt: skip
    for _ in range(3):
        track(Properties=kinds)
        track(Properties={"whole": "7", "part": "much", "A": "1e3"})
    copied = copy()
    track(Properties={**kinds, "never seen": "later"})
    copied.check()
    numbers = {each.property: each.index for each in copied.tail._columns if each.has_numbers}  # noqa: SLF001
    rows = copied.engine.execute(
        f"SELECT n{numbers['whole']}, n{numbers['A']} FROM one.e ORDER BY id"
    ).fetchall()
    assert rows == [(7.0, 1.0), (7.0, None)] * 3 + [(7.0, 1.0)]


def test_campaigns_are_derived_for_events_sent_with_a_key(copy: Copy, track: Track) -> None:
    url = "https://shop.example/?utm_source=news&utm_medium=email"
    track(Event="page_view", Properties={"$current_url": url, "$referrer": "https://www.google.com/"})
    copied = copy()
    track(Event="page_view", Properties={"$current_url": "https://shop.example/", "$channel": "sent"})
    track(Event="page_view", Properties={"$current_url": 7})
    copied.check()
    index = next(each.index for each in copied.tail._columns if each.property == "$channel")  # noqa: SLF001
    found = copied.engine.execute(f"SELECT p{index} FROM one.e ORDER BY id").fetchall()
    assert found == [("Email",), ("sent",), (None,)]


def test_an_event_stored_under_an_old_id_is_found(
    client: InProcess, shop: Shop, copy: Copy, track: Track
) -> None:
    """As a repeat of a lost answer is."""
    track()
    copied = copy()
    now = time.time_ns() // 1_000_000
    for hours in (1, 20 * 24):
        event = Event(
            shop.list_id, "late", now, uuid=uuid.uuid4().bytes, row_id=first_id_at(now - hours * HOUR_MS) + 5
        )
        client.services.ingest.track(event)
    copied.check()
    assert copied.engine.execute("SELECT count(*) FROM one.e WHERE name = 'late'").fetchall() == [(2,)]


def test_a_conversion_that_another_one_replaces_counts_no_more(copy: Copy, track: Track, send: Send) -> None:
    send(CHROME, event="conversion", properties=ORDER)
    copied = copy()
    track(Event="conversion", Properties={**ORDER, "conversion-value": "4.5"})
    copied.check()
    rows = copied.engine.execute("SELECT worth, currency FROM one.e WHERE is_counted").fetchall()
    assert [(str(worth), currency) for worth, currency in rows] == [("4.500000", "EUR")]


def test_other_verdicts_about_robots_are_followed(
    client: InProcess,
    shop: Shop,
    copy: Copy,
    send: Send,
    judge: Judge,
) -> None:
    judge({CURL: None})
    send(CURL, event="page_view", properties={"n": 1})
    send(CHROME, event="page_view", properties={"n": 2})
    copied = copy()
    judge({CURL: "curl"})
    assert len(rechecked(client, shop).robots) == 1
    copied.check()
    assert copied.engine.execute("SELECT count_if(is_bot) FROM one.e").fetchall() == [(1,)]


def test_expired_events_leave_the_copy(client: InProcess, shop: Shop, copy: Copy, track: Track) -> None:
    for days in (0, 2, 9, 30):
        track(Timestamp=ago(days=days), Properties={"days": days})
    copied = copy()
    update(client, shop, RetentionDays=7)
    assert one_day(client, shop) == 2
    copied.check()
    assert copied.engine.execute("SELECT count(*) FROM one.e").fetchall() == [(2,)]
    assert copied.tail.state.erased_at > 0


def test_fields_are_followed(client: InProcess, shop: Shop, copy: Copy, track: Track) -> None:
    made = {}
    for name, kind in (
        ("Plan", "text"),
        ("Seats", "number"),
        ("Born", "date"),
        ("Seen", "datetime"),
        ("Vip", "boolean"),
    ):
        answer = client.call(
            "customfield.create",
            shop.key,
            SubscriberListID=shop.list_id,
            FieldName=name,
            MergeTagAlias=name,
            DataType=kind,
        )
        assert answer.status == 200, answer.body
        made[name] = answer.body["CustomFieldID"]
    values = {"Plan": "12.5", "Seats": 3.0, "Born": "2001-02-03", "Seen": "2026-01-31T09:30:00Z", "Vip": True}
    who = {"ListID": shop.list_id, "EmailAddress": "a@example.com"}
    assert client.call("subscriber.create", shop.key, **who, CustomFields=values).status == 200
    track(Event="identify", Email="b@example.com", IdentifyProperties={"Plan": "free"})
    copied = copy()
    assert (
        client.call("subscriber.update", shop.key, **who, CustomFields={"Plan": "pro", "Vip": None}).status
        == 200
    )
    track(Event="identify", Email="b@example.com", IdentifyProperties={"Plan": "paid", "Seats": 9})
    copied.check()
    assert (
        client.call(
            "customfield.delete", shop.key, CustomFieldID=made["Seats"], SubscriberListID=shop.list_id
        ).status
        == 200
    )
    copied.check()
    assert client.call("subscriber.delete", shop.key, **who).status == 200
    copied.check()
    left = copied.engine.execute("SELECT value, number FROM one.fields").fetchall()
    assert left == [("paid", None)]


def test_what_differs_from_the_counters_is_read_again(
    client: InProcess, shop: Shop, copy: Copy, track: Track, tmp_path: Path
) -> None:
    """An event that went without a change, and one that came without: planted faults."""
    for number in range(5):
        track(Properties={"n": number})
    copied = copy()
    first = copied.engine.execute("SELECT min(id) FROM one.e").fetchall()[0][0]
    copied.engine.execute("DELETE FROM one.e WHERE id = $1", [first])
    copied.engine.execute("INSERT INTO one.e SELECT * REPLACE (id + 1 AS id, 'planted' AS name) FROM one.e")
    found = copied.compare()
    assert found.differing == 2
    copied.check()
    assert copied.compare().differing == 0
    copied.engine.execute("UPDATE one.visits SET total = total + 1")
    with pytest.raises(copy_tail.CopyOutdated):
        copied.compare()


def test_a_copy_that_was_followed_too_long_ago_or_of_another_truth_is_built_anew(
    copy: Copy, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    track()
    copied = copy()
    copied.close()
    with monkeypatch.context() as later:
        later.setattr(copy_tail, "MAX_AGE_MS", -1)
        with pytest.raises(copy_tail.CopyOutdated):
            copied.open()
    copied.open()
    copied.engine.execute("UPDATE one.state SET source = 'another'")
    copied.close()
    with pytest.raises(copy_tail.CopyOutdated):
        copied.open()


def test_changes_hold_numbers_only_and_go_after_thirty_days(
    client: InProcess, shop: Shop, track: Track
) -> None:
    track(Email="jane@example.com", Properties={"secret": "marker"})
    answer = client.call("subscriber.forget", shop.key, ListID=shop.list_id, EmailAddress="jane@example.com")
    assert answer.body["Status"] == "finished"
    storage = client.services.storage
    rows = client.rows("SELECT * FROM changes WHERE list_id = ?", shop.list_id)
    assert rows
    assert all(
        b"jane" not in bytes(row[-1] or b"") and b"marker" not in bytes(row[-1] or b"") for row in rows
    )
    now = time.time_ns() // 1_000_000
    assert storage.write(partial(purge_changes, now=now)) is False
    assert storage.read(partial(changes_from, list_id=shop.list_id, first_id=0))
    storage.write(partial(purge_changes, now=now + KEPT_MS + 60_000))
    assert storage.read(partial(changes_from, list_id=shop.list_id, first_id=0)) == []


def test_deleted_events_leave_the_copy(client: InProcess, shop: Shop, copy: Copy, track: Track) -> None:
    track(Properties={"n": 1})
    track(Properties={"n": 2})
    copied = copy()
    ids = [row[0] for row in client.rows("SELECT id FROM events WHERE list_id = ? ORDER BY id", shop.list_id)]

    def work(transaction: Any) -> int:
        found = read_events(transaction, shop.list_id, ids[:1], is_locking=True)
        return deletion.remove_rows(transaction, shop.list_id, list(found.values()), {}, 0)

    assert client.services.storage.write(work) == 1
    copied.check()
    assert json.loads(copied.engine.execute("SELECT coalesce(rest, '{}') FROM one.e").fetchall()[0][0]) in (
        {},
        {"n": 2},
    )


def test_a_process_purges_changes_once_a_day(client: InProcess, shop: Shop) -> None:
    storage, days = client.services.storage, [0.0]
    now = time.time_ns() // 1_000_000
    purge = ChangePurge(storage, lambda: now, lambda: days[0] * 86_400)
    left = partial(changes_from, list_id=shop.list_id, first_id=0)

    def note_old() -> None:
        """A change of a month ago."""
        storage.write(partial(note_field, list_id=shop.list_id, field_id=7))
        sql = "UPDATE changes SET id = id - ? WHERE list_id = ?"
        month = first_id_at(now) - first_id_at(now - KEPT_MS - HOUR_MS)
        storage.write(lambda transaction: transaction.execute(sql, (month, shop.list_id)))

    for day, kept in ((0.0, 0), (0.5, 1), (1.5, 0)):
        note_old()
        days[0] = day
        purge.purge()
        assert len(storage.read(left)) == kept


def test_a_deletion_says_until_when_its_bytes_are_in_a_copy(
    client: InProcess, shop: Shop, track: Track
) -> None:
    who = {"ListID": shop.list_id, "EmailAddress": "jane@example.com"}
    track(Email="jane@example.com")
    track(Email="joe@example.com")
    file = Path(client.services.analytics._setup.folder) / f"{shop.list_id}.duckdb"  # noqa: SLF001
    assert "ReportsErasedBy" not in client.ok("subscriber.forget", shop.key, **who)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    told = [
        client.ok("subscriber.forget", shop.key, **who | {"EmailAddress": "joe@example.com"}),
        client.ok("events.delete", shop.key, ListID=shop.list_id, Event="seen"),
    ]
    file.unlink()
    for each in told:
        hours = (datetime.fromisoformat(each["ReportsErasedBy"]).timestamp() - time.time()) / 3600
        assert 23 < hours <= 24
    again = client.ok("events.delete", shop.key, ListID=shop.list_id, JobID=told[1]["JobID"])
    assert "ReportsErasedBy" not in again
