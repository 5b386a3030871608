"""Is a person gone, with everything that was theirs, and nothing that is somebody else's? `subscriber.forget`."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.contract.tables import places_of
from tracker.integrity.counter_check import recount

JANE, JOHN = "Jane.Doe@Example.com", "john@example.com"
ORDER = {"conversion-name": "Order", "conversion-value": "12.5", "conversion-currency": "EUR"}
COUNTED = (
    "events",
    "visitors",
    "identity_links",
    "subscribers",
    "event_ids",
    "conversions",
    "subscriber_fields",
)


def forget(client: InProcess, shop: Shop, **who: Any) -> dict[str, Any]:
    answer = client.call("subscriber.forget", shop.key, ListID=shop.list_id, **who)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def differences(client: InProcess, shop: Shop) -> list[str]:
    """What `tracker db check` would find, once all is written that is written late."""
    client.services.ingest.flush()
    return [str(each) for each in recount(client.services.storage, shop.list_id).differences]


def events_counted(client: InProcess, shop: Shop) -> int:
    [(total,)] = client.rows(
        "SELECT COALESCE(SUM(events), 0) FROM event_counts WHERE list_id = ?", shop.list_id
    )
    return int(total)


@pytest.fixture
def life(client: InProcess, shop: Shop, track: Track) -> list[str]:
    """What Jane left: two browsers, one shared with John, calls of a back end, orders, a field. The texts that name her."""
    browser, shared, by_id = (str(uuid.uuid4()) for _ in range(3))
    field = {"SubscriberListID": shop.list_id, "FieldName": "City", "MergeTagAlias": "City"}
    assert client.call("customfield.create", shop.key, **field).status == 200
    track(UUID=browser, Properties={"secret": "before she was known"}, EventID="jane-1")
    track(UUID=browser, Email=JANE, ID="jane-77", IdentifyProperties={"City": "Janesville"}, Event="identify")
    track(UUID=browser, Properties={"only-hers": 1})
    track(UUID=shared, Event="john-was-here")
    track(UUID=shared, Email=JOHN)
    track(UUID=shared, Email=JANE)
    track(UUID=shared, Properties={"secret": "after John"})
    track(Email=JANE, Event="conversion", Properties={"conversion-id": "jane-order", **ORDER})
    track(Email=JOHN, Event="conversion", Properties={"conversion-id": "john-order", **ORDER})
    track(UUID=by_id, ID="jane-77")
    own = track(Email=JANE).body["uuid"]
    client.services.ingest.flush()
    hashes = [hashlib.sha256(each.encode()).digest() for each in (JANE, JANE.lower())]
    uuids = [uuid.UUID(each).bytes for each in (browser, by_id, own)]
    texts = [
        JANE,
        "jane-77",
        "Janesville",
        "jane-1",
        "jane-order",
        "before she was known",
        "after John",
        browser,
    ]
    return [*texts, *uuids, *hashes, *(each.hex() for each in hashes)]  # type: ignore[list-item]


def test_nothing_of_a_subscriber_stands_in_any_table(client: InProcess, shop: Shop, life: list[str]) -> None:
    assert "events" in places_of(client, life)
    report = forget(client, shop, EmailAddress=JANE)
    assert report["Status"] == "finished"
    assert places_of(client, life) == {}
    assert report["Checks"]
    assert all(each["Found"] == 0 for each in report["Checks"])


def test_what_is_somebody_elses_stays(client: InProcess, shop: Shop, track: Track, life: list[str]) -> None:
    forget(client, shop, EmailAddress=JANE)
    names = client.rows("SELECT name FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    assert [bytes(name) for (name,) in names] == [
        b"john-was-here",
        b"seen",
        b"identify",
        b"conversion",
        b"identify",
    ]
    john = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=JOHN)
    assert john.status == 200
    assert track(Email=JOHN).body["identify_event_sent"] is False


def test_figures_are_as_if_the_events_had_never_come(
    client: InProcess, shop: Shop, track: Track, life: list[str]
) -> None:
    assert differences(client, shop) == []
    forget(client, shop, EmailAddress=JANE)
    assert differences(client, shop) == []
    assert events_counted(client, shop) == 5
    totals = client.rows(
        "SELECT SUM(conversions), SUM(units), SUM(millionths) FROM conversion_totals WHERE list_id = ?",
        shop.list_id,
    )
    assert [tuple(map(int, row)) for row in totals] == [(1, 12, 500_000)]


def test_the_report_says_how_many_rows_went_and_is_told_again_by_number(
    client: InProcess, shop: Shop, life: list[str]
) -> None:
    before = {
        table: client.rows(f"SELECT COUNT(*) FROM {table} WHERE list_id = ?", shop.list_id)[0][0]
        for table in COUNTED
    }
    report = forget(client, shop, EmailAddress=JANE)
    after = {
        table: client.rows(f"SELECT COUNT(*) FROM {table} WHERE list_id = ?", shop.list_id)[0][0]
        for table in COUNTED
    }
    removed = {row["Table"]: row["Rows"] for row in report["Removed"]}
    gone = {table: before[table] - after[table] for table in COUNTED if before[table] != after[table]}
    assert gone.items() <= removed.items()
    assert removed["visitors"] == 3
    assert forget(client, shop, SubscriberID=int(report["SubscriberID"])) == report
    for who in ({"EmailAddress": JANE}, {"ExternalID": "jane-77"}):
        gone_now = client.call("subscriber.forget", shop.key, ListID=shop.list_id, **who)
        assert (gone_now.status, gone_now.codes) == (422, [3])


def test_a_forgotten_subscriber_is_found_by_no_command(
    client: InProcess, shop: Shop, life: list[str]
) -> None:
    number = int(forget(client, shop, EmailAddress=JANE)["SubscriberID"])
    for command in ("subscriber.get", "subscriber.export", "subscriber.delete"):
        for who in ({"EmailAddress": JANE}, {"SubscriberID": number}, {"ExternalID": "jane-77"}):
            answer = client.call(command, shop.key, ListID=shop.list_id, **who)
            assert (answer.status, answer.codes) == (422, [3])


def test_who_comes_with_the_address_again_is_new(
    client: InProcess, shop: Shop, track: Track, life: list[str]
) -> None:
    browser = life[7]
    first = forget(client, shop, EmailAddress=JANE)["SubscriberID"]
    assert track(UUID=browser, Email=JANE).body["identify_event_sent"] is True
    again = client.call("subscriber.get", shop.key, ListID=shop.list_id, EmailAddress=JANE)
    assert again.body["SubscriberInformation"]["SubscriberID"] != first
    second = forget(client, shop, EmailAddress=JANE)
    assert {row["Table"]: row["Rows"] for row in second["Removed"]}["events"] == 2
    assert places_of(client, life) == {}
    assert differences(client, shop) == []


def test_a_repeat_of_a_forgotten_event_is_a_duplicate_and_not_stored(
    client: InProcess, shop: Shop, track: Track
) -> None:
    sent = {"Email": JANE, "EventID": "e-1", "Properties": {"a": 1}}
    track(**sent)
    forget(client, shop, EmailAddress=JANE)
    before = client.counts()
    repeat = track(**sent)
    assert (repeat.status, repeat.body["duplicate"]) == (200, True)
    other = track(**sent | {"Properties": {"a": 2}})
    assert (other.status, other.codes) == (409, [17])
    assert client.counts() == before


def test_a_conversion_id_counts_again_once_its_event_is_forgotten(
    client: InProcess, shop: Shop, track: Track
) -> None:
    """The conversions of others that were repeats of it stay what they were."""
    order = {"Event": "conversion", "Properties": {"conversion-id": "o-1", **ORDER}}
    track(Email=JANE, **order)
    track(Email=JOHN, **order)
    forget(client, shop, EmailAddress=JANE)
    assert differences(client, shop) == []
    track(Email="third@example.com", **order)
    assert differences(client, shop) == []
    [(count,)] = client.rows("SELECT SUM(conversions) FROM conversion_totals WHERE list_id = ?", shop.list_id)
    assert int(count) == 1


def test_who_was_named_by_the_hash_of_the_address_is_forgotten_too(
    client: InProcess, shop: Shop, track: Track
) -> None:
    digest = hashlib.sha256(JANE.encode()).hexdigest()
    track(ID=digest, Properties={"secret": "by hash"})
    track(Email=JANE)
    forget(client, shop, EmailAddress=JANE)
    assert places_of(client, [digest, "by hash", JANE]) == {}


def test_the_audit_log_says_that_it_was_done_and_no_address(
    client: InProcess, shop: Shop, track: Track
) -> None:
    track(Email=JANE)
    number = forget(client, shop, EmailAddress=JANE)["SubscriberID"]
    entries = client.rows("SELECT object FROM audit_log WHERE action = ?", b"subscriber.forget")
    assert f"list:{shop.list_id} subscriber:{number}".encode() in [bytes(row[0]) for row in entries]


def test_spent_event_ids_are_let_go_after_thirty_days(client: InProcess, shop: Shop, track: Track) -> None:
    track(Email=JANE, EventID="e-1")
    forget(client, shop, EmailAddress=JANE)
    storage = client.services.storage
    month = 31 * 24 * 3_600_000
    for sql in (
        f"UPDATE deleted_event_ids SET deleted_at = deleted_at - {month}",
        f"UPDATE jobs SET due_at = due_at - {month}",
    ):
        storage.write(
            lambda transaction, sql=sql: transaction.execute(f"{sql} WHERE list_id = ?", (shop.list_id,))
        )
    job = client.services.jobs.find(shop.list_id, "retention", 0)
    claimed = client.services.jobs.claim(job)
    while claimed.is_open:
        claimed.step()
    assert client.rows("SELECT * FROM deleted_event_ids WHERE list_id = ?", shop.list_id) == []
    assert client.services.jobs.find(shop.list_id, "retention", 0).finished_at is not None


def test_what_was_taken_back_from_a_subscriber_is_the_visitors_and_names_them_no_more(
    client: InProcess, shop: Shop, track: Track
) -> None:
    browser = str(uuid.uuid4())
    track(UUID=browser, Properties={"n": 1})
    track(UUID=browser, Email=JANE)
    track(UUID=browser, Properties={"n": 2})
    who = {"ListID": shop.list_id, "EmailAddress": JANE}
    assert client.call("subscriber.unmerge", shop.key, UUID=browser, **who).status == 200
    number = forget(client, shop, EmailAddress=JANE)["SubscriberID"]
    left = client.rows("SELECT properties FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    assert [bytes(row[0])[1:] for row in left] == [b'{"n":1}', b'{"n":2}']
    seen = client.call("subscriber.events", shop.key, ListID=shop.list_id, UUID=browser)
    assert [each["Properties"]["n"] for each in seen.body["Events"]] == [2, 1]
    kept = ("jobs", "audit_log", "changes")  # `changes` tells copies by number whom to look up again
    names = [table for table in places_of(client, [number]) if table not in kept]
    assert names == []
    assert differences(client, shop) == []
