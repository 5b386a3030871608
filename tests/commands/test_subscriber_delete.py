"""Is a person who was deleted gone, and does their past go to nobody else?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from tests.client import InProcess, Reply, Shop, Track
from tests.served import StartTracker, make_account
from tests.servers import NewDatabase
from tracker.storage.schema.own_database import own_database
from tracker.storage.subscribers import identity_rows

BROWSER = "550e8400-e29b-41d4-a716-446655440000"
A, B = "a@example.com", "b@example.com"
CALLS, WORKERS = 12, 3
Delete = Callable[..., int]
#: The events of a person are those of the spans of visitors that are linked to them.
EVENTS_OF = (
    "SELECT e.name FROM identity_links b JOIN events e"
    " ON e.list_id = b.list_id AND e.visitor_id = b.visitor_id AND e.span = b.span"
    " WHERE b.list_id = ? AND b.subscriber_id = ? ORDER BY e.id"
)


@pytest.fixture
def delete(client: InProcess, shop: Shop) -> Delete:
    """Delete a subscriber of the test's list; gives the number they had."""

    def call(**who: Any) -> int:
        answer = client.call("subscriber.delete", shop.key, ListID=shop.list_id, **who)
        assert answer.status == 200, answer.body
        return int(answer.body["SubscriberID"])

    return call


def subscriber(client: InProcess, shop: Shop, email: str = A) -> int:
    answer = get(client, shop, EmailAddress=email)
    assert answer.status == 200, answer.body
    return int(answer.body["SubscriberInformation"]["SubscriberID"])


def get(client: InProcess, shop: Shop, **who: Any) -> Reply:
    return client.call("subscriber.get", shop.key, ListID=shop.list_id, **who)


def events_of(client: InProcess, shop: Shop, subscriber_id: int) -> list[str]:
    """The names of a person's events, the extra identify events left out."""
    names = [bytes(row[0]).decode() for row in client.rows(EVENTS_OF, shop.list_id, subscriber_id)]
    return [name for name in names if name != "identify"]


def test_a_deleted_subscriber_is_gone_with_their_values(
    client: InProcess, shop: Shop, track: Track, delete: Delete
) -> None:
    sent = {"SubscriberListID": shop.list_id, "FieldName": "x", "MergeTagAlias": "x"}
    client.call("customfield.create", shop.key, **sent)
    for email in (A, B):
        track(Event="identify", Email=email, ID=email[0], IdentifyProperties={"x": "a secret"})
    number = delete(EmailAddress=A)
    for who in ({"EmailAddress": A}, {"ExternalID": "a"}, {"SubscriberID": number}):
        assert get(client, shop, **who).codes == [3]
        again = client.call("subscriber.delete", shop.key, ListID=shop.list_id, **who)
        assert again.codes == [3]
    left = client.rows("SELECT subscriber_id FROM subscriber_fields WHERE list_id = ?", shop.list_id)
    assert left == [(subscriber(client, shop, B),)]


def test_what_they_did_stays_and_is_counted(
    client: InProcess, shop: Shop, track: Track, delete: Delete, listing: Callable[[], Any]
) -> None:
    track(Event="bought", Email=A, UUID=BROWSER, EventID="e-1", Properties={"x": 1})
    tables = ("events", "identity_links", "visitors", "event_ids", "event_counts")
    before, listed = client.counts(tables), listing()
    delete(EmailAddress=A)
    assert client.counts(tables) == before
    assert listing() == listed
    again = track(Event="bought", Email=A, UUID=BROWSER, EventID="e-1", Properties={"x": 1})
    assert (again.status, again.body["duplicate"]) == (200, True)
    assert get(client, shop, EmailAddress=A).codes == [3], "a repeat makes nobody"


@pytest.mark.parametrize("email", [A, B])
def test_the_next_subscriber_of_a_browser_gets_none_of_their_past(
    client: InProcess, shop: Shop, track: Track, delete: Delete, email: str
) -> None:
    """Be it somebody else, or the same address again."""
    track(Event="anonymous", UUID=BROWSER)
    track(Event="known", UUID=BROWSER, Email=A)
    gone = delete(EmailAddress=A)
    assert track(Event="between", UUID=BROWSER).status == 200
    answer = track(Event="next", UUID=BROWSER, Email=email)
    assert (answer.body["uuid"], answer.body["identify_event_sent"]) == (BROWSER, True)
    track(Event="later", UUID=BROWSER)
    new = subscriber(client, shop, email)
    assert new != gone
    assert events_of(client, shop, new) == ["next", "later"]
    assert events_of(client, shop, gone) == ["anonymous", "known", "between"], "nobody's"


def test_an_identify_event_by_id_opens_a_new_span_too(
    client: InProcess, shop: Shop, track: Track, delete: Delete
) -> None:
    track(Event="known", UUID=BROWSER, Email=A)
    delete(EmailAddress=A)
    track(Event="identify", UUID=BROWSER, ID="user-1")
    track(Event="later", UUID=BROWSER)
    number = int(get(client, shop, ExternalID="user-1").body["SubscriberInformation"]["SubscriberID"])
    assert events_of(client, shop, number) == ["later"]


@pytest.mark.parametrize("who", [{"Email": A}, {"ID": "user-1"}])
def test_calls_without_uuid_have_a_new_visitor(
    client: InProcess, shop: Shop, track: Track, delete: Delete, who: dict[str, str]
) -> None:
    first = track(Event="old", **who).body["uuid"]
    gone = delete(**({"EmailAddress": A} if "Email" in who else {"ExternalID": "user-1"}))
    second = track(Event="new", **who).body
    assert second["uuid"] != first
    assert second["identify_event_sent"] is ("Email" in who)
    assert events_of(client, shop, gone) == ["old"]


def test_who_keeps_the_old_visitors_uuid_gets_a_new_span(
    client: InProcess, shop: Shop, track: Track, delete: Delete
) -> None:
    """A back end that was answered with the visitor's uuid, and goes on to send it."""
    kept = track(Event="old", Email=A).body["uuid"]
    gone = delete(EmailAddress=A)
    assert track(Event="nobody's", UUID=kept).body["uuid"] == kept
    assert track(Event="new", UUID=kept, Email=A).body["uuid"] == kept
    new = subscriber(client, shop)
    assert events_of(client, shop, new) == ["new"]
    assert events_of(client, shop, gone) == ["old", "nobody's"]
    sql = "SELECT span, subscriber_id FROM visitors WHERE list_id = ? AND uuid = ?"
    assert client.rows(sql, shop.list_id, UUID(kept).bytes) == [(1, new)]


def test_identify_properties_of_a_browser_whose_subscriber_is_gone_are_dropped(
    client: InProcess, shop: Shop, track: Track, delete: Delete
) -> None:
    sent = {"SubscriberListID": shop.list_id, "FieldName": "x", "MergeTagAlias": "x"}
    client.call("customfield.create", shop.key, **sent)
    track(UUID=BROWSER, Email=A)
    delete(EmailAddress=A)
    answer = track(Event="identify", UUID=BROWSER, IdentifyProperties={"x": "1"})
    assert answer.body["ignored_identify_properties"] == ["x"]
    assert client.rows("SELECT * FROM subscriber_fields WHERE list_id = ?", shop.list_id) == []


def test_an_address_or_id_of_somebody_who_is_gone_is_free(
    client: InProcess, shop: Shop, track: Track, delete: Delete
) -> None:
    track(Email=A, ID="user-1")
    gone = delete(EmailAddress=A)
    sent = {"ListID": shop.list_id, "EmailAddress": A, "ExternalID": "user-1"}
    assert int(client.call("subscriber.create", shop.key, **sent).body["SubscriberID"]) > gone
    assert track(Event="new", ID="user-1").status == 200
    assert events_of(client, shop, subscriber(client, shop)) == ["new"]


@pytest.mark.parametrize(("losses", "status"), [(5, 200), (100, 503)])
def test_who_is_overtaken_again_and_again_tries_again(
    client: InProcess, shop: Shop, track: Track, monkeypatch: pytest.MonkeyPatch, losses: int, status: int
) -> None:
    """Other processes link the same browser each time that this one is about to; for ever is never said to be a failure of ours."""
    add_links, left = identity_rows.add_links, iter(range(losses))

    def overtaken(*rows: Any) -> None:
        add_links(*rows)
        if next(left, None) is not None:
            add_links(*rows)

    monkeypatch.setattr(identity_rows, "add_links", overtaken)
    assert track(Event="identify", UUID=BROWSER, Email=A).status == status
    assert get(client, shop, EmailAddress=A).status == (200 if status == 200 else 422)


def test_deleting_and_identifying_at_once_leaves_no_values_of_nobody(
    start_tracker: StartTracker, database_kind: str, new_database: NewDatabase
) -> None:
    url = new_database(database_kind)
    tracker = start_tracker(database_url=url, workers=WORKERS)
    account = make_account(tracker, f"gone-{database_kind}@example.com", "*")
    sent = {"SubscriberListID": account.list_id, "FieldName": "x", "MergeTagAlias": "x"}
    tracker.ok("customfield.create", account.key, **sent)

    def call(number: int) -> int:
        """Who is told that storage is busy, as on a busy machine some are, calls again."""
        for _ in range(10):
            status = called(number)
            if status != 503:
                break
        return status

    def called(number: int) -> int:
        if number % 3:
            values = {"Email": A, "IdentifyProperties": {"x": str(number)}}
            answer = tracker.call(
                "event.track", account.key, ListID=account.list_id, Event="identify", UUID=BROWSER, **values
            )
        else:
            answer = tracker.call("subscriber.delete", account.key, ListID=account.list_id, EmailAddress=A)
        status: int = answer.status
        return status

    with ThreadPoolExecutor(CALLS) as pool:
        statuses = Counter(pool.map(call, range(150)))
    assert statuses[200] >= 100
    assert set(statuses) <= {200, 422}
    database = own_database(url)
    sql = (
        "SELECT subscriber_id FROM subscriber_fields WHERE subscriber_id NOT IN (SELECT id FROM subscribers)"
    )
    try:
        assert database.read(lambda transaction: transaction.select(sql)) == []
    finally:
        database.close()
