"""Does `subscriber.events` give what somebody has done, page by page, and nothing of anybody else?"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from tests.client import InProcess, Reply, Shop
from tracker.app import now_ms
from tracker.domain.event import Event
from tracker.domain.row_ids import SHIFT
from tracker.reports import timeline_merge
from tracker.storage.engine.database import IN_FLIGHT_SECONDS
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.timeline import sorted_runs, timeline_rows
from tracker.storage.timeline.timeline_reading import Window, named, newest
from tracker.storage.timeline.timeline_rows import name_key
from tracker.storage.timeline.visitor_history import MAX_IN_PLACE, uncopied_histories

Track = Callable[..., Reply]
Events = Callable[..., list[dict[str, Any]]]
JANE, JOHN = "jane@example.com", "john@example.com"
START = 1_700_000_000_000

_numbers = itertools.count(1)


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


@pytest.fixture
def page(client: InProcess, shop: Shop) -> Callable[..., Reply]:
    """`page(EmailAddress=…, …)`: one answer about the test's list."""

    def call(**params: Any) -> Reply:
        return client.call("subscriber.events", shop.key, ListID=shop.list_id, **params)

    return call


@pytest.fixture
def events(page: Callable[..., Reply]) -> Events:
    """`events(EmailAddress=…, …)`: all events, page by page; checks that they are newest first and each is there once."""

    def call(**params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for answer in pages(page, **params):
            found += answer["Events"]
        order = [(each["EventAt"], int(each["EventID"])) for each in found]
        assert order == sorted(set(order), reverse=True)
        return found

    return call


def pages(page: Callable[..., Reply], **params: Any) -> list[dict[str, Any]]:
    """All answers until there is no cursor."""
    answers = []
    sent = params
    for _ in range(1000):
        answer = page(**sent)
        assert answer.status == 200, answer.body
        answers.append(answer.body)
        if answer.body["Cursor"] is None:
            return answers
        sent = params | {"Cursor": answer.body["Cursor"]}
    raise AssertionError("the pages have no end")


def numbers(found: list[dict[str, Any]]) -> list[int]:
    """The property `n` of the events that have it."""
    return [each["Properties"]["n"] for each in found if "n" in each["Properties"]]


def batch(client: InProcess, shop: Shop, sent: list[dict[str, Any]]) -> None:
    answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=sent)
    assert answer.status == 200, answer.body
    assert {each["status"] for each in answer.body["results"]} == {"ok"}, answer.body


@pytest.fixture
def fill(client: InProcess, shop: Shop) -> Callable[[list[dict[str, Any]]], None]:
    """Track many events, in batches."""

    def send(sent: list[dict[str, Any]]) -> None:
        for start in range(0, len(sent), 100):
            batch(client, shop, sent[start : start + 100])

    return send


def test_an_event_is_described_in_full(track: Track, page: Callable[..., Reply]) -> None:
    money = {"conversion-id": "o1", "conversion-name": "Order", "conversion-value": 5}
    tracked = track(
        Event="conversion", Email=JANE, ID="j-1", UUID=uuid(1), Properties=money, Timestamp=START + 125
    )
    track(Event="conversion", Email=JANE, UUID=uuid(1), Properties=money, Timestamp=START + 250)
    assert tracked.status == 200
    answer = page(EmailAddress=JANE).body
    again, added, first = (dict(each) for each in answer["Events"])
    assert again["IsRepeatedConversion"]
    assert added["EventID"] > first["EventID"], "at the same time, the id says which is newer"
    assert (added["Event"], added["IsAddedByTracker"], added["Properties"]) == ("identify", True, {})
    assert first.pop("ReceivedAt") > "2026"
    assert first.pop("EventID").isdigit()
    assert first == {
        "Event": "conversion",
        "Properties": money,
        "EventAt": "2023-11-14T22:13:20.125Z",
        "UUID": uuid(1),
        "ExternalID": "j-1",
        "IsAddedByTracker": False,
        "IsRepeatedConversion": False,
        "IsBot": False,
    }
    assert answer["Cursor"] is None
    for who in ({"ExternalID": "j-1"}, {"SubscriberID": answer["SubscriberID"]}):
        assert page(**who).body == answer


def test_the_past_of_a_visitor_becomes_the_subscribers_and_stays_in_its_own_timeline(
    track: Track, events: Events, page: Callable[..., Reply]
) -> None:
    for n in range(3):
        track(UUID=uuid(1), Properties={"n": n}, Timestamp=START + n)
    track(UUID=uuid(2), Properties={"n": 9}, Timestamp=START)
    assert numbers(events(UUID=uuid(1))) == [2, 1, 0]
    assert page(UUID=uuid(1)).body["SubscriberID"] is None
    track(Event="identify", UUID=uuid(1), Email=JANE, Timestamp=START + 10)
    track(UUID=uuid(1), Properties={"n": 3}, Timestamp=START + 20)
    assert numbers(events(EmailAddress=JANE)) == [3, 2, 1, 0]
    assert numbers(events(UUID=uuid(1))) == [2, 1, 0], "what it did while it was nobody's"
    assert page(UUID=uuid(1)).body["SubscriberID"] == page(EmailAddress=JANE).body["SubscriberID"]


def test_a_visitor_that_becomes_another_subscribers_takes_nothing_along(track: Track, events: Events) -> None:
    track(UUID=uuid(1), Properties={"n": 0}, Timestamp=START)
    track(UUID=uuid(1), Email=JANE, Properties={"n": 1}, Timestamp=START + 1)
    track(UUID=uuid(1), Properties={"n": 2}, Timestamp=START + 2)
    track(UUID=uuid(1), Email=JOHN, Properties={"n": 3}, Timestamp=START + 3)
    track(UUID=uuid(1), Properties={"n": 4}, Timestamp=START + 4)
    assert numbers(events(EmailAddress=JANE)) == [2, 1, 0]
    assert numbers(events(EmailAddress=JOHN)) == [4, 3]


def test_an_event_that_names_another_subscriber_is_theirs_alone(track: Track, events: Events) -> None:
    track(UUID=uuid(1), Email=JANE, Properties={"n": 0}, Timestamp=START)
    track(UUID=uuid(1), ID="other", Properties={"n": 1}, Timestamp=START + 1)
    assert numbers(events(EmailAddress=JANE)) == [0]
    assert numbers(events(ExternalID="other")) == [1]


def test_pages_fit_together_whatever_their_size(
    fill: Callable[[list[dict[str, Any]]], None], events: Events, page: Callable[..., Reply]
) -> None:
    """Many events happen at the same time, and they come from the person and from two pasts."""
    sent = [
        {"Event": "seen", "UUID": uuid(n % 3), "Properties": {"n": n}, "Timestamp": START + n // 10}
        for n in range(90)
    ]
    fill(sent[:60])
    fill([{"Event": "identify", "UUID": uuid(n), "Email": JANE, "Timestamp": START - 1} for n in range(3)])
    fill(sent[60:])
    whole = events(EmailAddress=JANE, RecordsPerRequest=100)
    assert sorted(numbers(whole)) == list(range(90))
    for size in (1, 7, 93):
        assert events(EmailAddress=JANE, RecordsPerRequest=size) == whole
    assert [len(each["Events"]) for each in pages(page, EmailAddress=JANE, RecordsPerRequest=31)] == [31] * 3


def test_pages_stay_while_events_come(track: Track, page: Callable[..., Reply]) -> None:
    for n in range(6):
        track(Email=JANE, Properties={"n": n}, Timestamp=START + n)
    first = page(EmailAddress=JANE, RecordsPerRequest=2).body
    track(Email=JANE, Properties={"n": 6}, Timestamp=START + 6)
    second = page(EmailAddress=JANE, RecordsPerRequest=2, Cursor=first["Cursor"]).body
    assert numbers(first["Events"]) + numbers(second["Events"]) == [5, 4, 3, 2]


FILTERS: list[tuple[dict[str, Any], Callable[[int, str, Any], bool]]] = [
    ({"Event": "a"}, lambda n, name, x: name == "a"),
    ({"Event": "nothing"}, lambda n, name, x: False),
    ({"From": START + 10, "To": START + 20}, lambda n, name, x: 10 <= n < 20),
    ({"From": START + 10, "Event": "b"}, lambda n, name, x: n >= 10 and name == "b"),
    ({"To": START + 10}, lambda n, name, x: n < 10),
    ({"From": START + 20, "To": START + 10}, lambda n, name, x: False),
    ({"Property": "x"}, lambda n, name, x: x is not ...),
    ({"Property": "inner"}, lambda n, name, x: False),
    ({"Property": "x", "Value": "1"}, lambda n, name, x: x == "1" or (x == 1 and x is not True)),
    ({"Property": "x", "Value": 1}, lambda n, name, x: x == 1 and x is not True),
    ({"Property": "x", "Value": True}, lambda n, name, x: x is True),
    ({"Property": "x", "Value": "true"}, lambda n, name, x: x is True),
    ({"Property": "x", "Value": "text", "Event": "b"}, lambda n, name, x: x == "text" and name == "b"),
    ({"Property": "x", "Value": 2.5, "To": START + 30}, lambda n, name, x: x == 2.5 and n < 30),
    ({"Property": 'é"', "Value": "ü"}, lambda n, name, x: n % 5 == 0),
]


def test_filters_keep_what_a_plain_filter_keeps(
    fill: Callable[[list[dict[str, Any]]], None], events: Events
) -> None:
    values = [1, "1", True, "text", 2.5, {"inner": 1}, None, ...]
    plain = [(n, "ab"[n % 2], values[n // 2 % len(values)]) for n in range(60)]
    fill(
        [
            {
                "Event": name,
                "Email": JANE,
                "Timestamp": START + n,
                "Properties": {"n": n} | ({} if x is ... else {"x": x}) | ({} if n % 5 else {'é"': "ü"}),
            }
            for n, name, x in plain
        ]
    )
    for sent, keeps in FILTERS:
        kept = [n for n, name, x in reversed(plain) if keeps(n, name, x)]
        for size in (3, 100):
            assert numbers(events(EmailAddress=JANE, RecordsPerRequest=size, **sent)) == kept, sent


def test_a_page_looks_at_5000_events_and_goes_on_from_there(
    client: InProcess, shop: Shop, track: Track, page: Callable[..., Reply]
) -> None:
    """The one event with the property is the oldest of 5,100: the first page finds nothing, and says where to go on."""
    track(Email=JANE, Properties={"rare": 1}, Timestamp=START)
    sent = [
        Event(shop.list_id, "seen", START + 1 + n, properties={"n": n}, email=(JANE, JANE))
        for n in range(5100)
    ]
    for start in range(0, len(sent), 500):
        client.services.ingest.track_batch(sent[start : start + 500])
    first = page(EmailAddress=JANE, Property="rare").body
    assert first["Events"] == []
    second = page(EmailAddress=JANE, Property="rare", Cursor=first["Cursor"]).body
    assert [each["Properties"] for each in second["Events"]] == [{"rare": 1}]
    assert second["Cursor"] is None
    between = page(EmailAddress=JANE, RecordsPerRequest=1, Cursor=first["Cursor"]).body
    assert numbers(between["Events"]) == [99], "all of 5,000 newer ones were looked at"


def test_a_name_is_looked_for_among_so_many_events_a_page(
    client: InProcess, shop: Shop, track: Track, page: Callable[..., Reply], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline_merge, "MAX_SKIMMED", 500)
    track(Event="rare", Email=JANE, Timestamp=START)
    sent = [Event(shop.list_id, "seen", START + 1 + n // 700, email=(JANE, JANE)) for n in range(1400)]
    for start in range(0, len(sent), 500):
        client.services.ingest.track_batch(sent[start : start + 500])
    answers = pages(page, EmailAddress=JANE, Event="rare")
    assert [len(each["Events"]) for each in answers] == [0, 0, 1]


def test_a_cursor_is_only_good_for_its_timeline(track: Track, page: Callable[..., Reply]) -> None:
    for n in range(3):
        track(Email=JANE, Properties={"n": n}, Timestamp=START + n)
        track(Email=JOHN, Properties={"n": n}, Timestamp=START + n)
    cursor = page(EmailAddress=JANE, RecordsPerRequest=1).body["Cursor"]
    assert page(EmailAddress=JANE, Cursor=cursor).status == 200
    raw = base64.urlsafe_b64decode(cursor)
    forged = base64.urlsafe_b64encode(bytes([raw[0] ^ 1]) + raw[1:]).decode()
    for bad in ("x", "é", cursor[:-4], cursor + cursor, forged, "A" * 200, cursor.lower()):
        assert page(EmailAddress=JANE, Cursor=bad).codes == [16]
    assert page(EmailAddress=JOHN, Cursor=cursor).codes == [16]


def test_strange_parameters_are_refused_by_number(track: Track, page: Callable[..., Reply]) -> None:
    track(Email=JANE)
    cases: dict[int, dict[str, Any]] = {
        8: {"UUID": "x"}, 9: {"Event": 5}, 10: {"From": "yesterday"}, 11: {"To": []}, 12: {"Value": 1},
        13: {"Property": "x" * 256}, 14: {"Property": "x", "Value": []}, 15: {"RecordsPerRequest": 101}, 16: {"Cursor": 5},
    }  # fmt: skip
    for code, params in cases.items():
        answer = page(EmailAddress=JANE, **params)
        assert (answer.status, answer.codes) == (422, [code])
    assert page(UUID=uuid(5)).codes == [17]
    assert page(EmailAddress=JOHN).codes == [3]
    assert page(EmailAddress=JANE, From=10**15).codes == [10]


def test_another_users_list_is_like_none(client: InProcess, track: Track, page: Callable[..., Reply]) -> None:
    track(Email=JANE)
    other = client.open_shop(f"other{next(_numbers)}-{client.services.storage.engine.name}@example.com")
    theirs = client.call("subscriber.events", other.key, ListID=other.list_id - 1, EmailAddress=JANE)
    none = client.call("subscriber.events", other.key, ListID=10**9, EmailAddress=JANE)
    assert theirs.raw == none.raw
    assert theirs.codes == [4]


def test_a_thousand_visitors_of_one_subscriber_are_read_as_one(
    client: InProcess, shop: Shop, events: Events, page: Callable[..., Reply]
) -> None:
    """Each has an anonymous past, some a long one; settling them changes nothing that is answered."""
    list_id, ingest = shop.list_id, client.services.ingest
    pasts = [
        Event(list_id, "seen", START + n, properties={"n": n}, uuid=UUID(uuid(visitor)).bytes)
        for n, visitor in enumerate(v for v in range(1000) for _ in range(40 if v % 100 == 0 else 1))
    ]
    links = [
        Event(list_id, "identify", START + 10_000, email=(JANE, JANE), uuid=UUID(uuid(visitor)).bytes)
        for visitor in range(1000)
    ]
    for sent in (pasts, links):
        for start in range(0, len(sent), 500):
            ingest.track_batch(sent[start : start + 500])
    before = events(EmailAddress=JANE, RecordsPerRequest=100)
    assert numbers(before) == list(reversed(range(len(pasts))))
    make_old(client, list_id)
    assert events(EmailAddress=JANE, RecordsPerRequest=100) == before
    subscriber_id = int(page(EmailAddress=JANE).body["SubscriberID"])
    left = client.services.storage.read(
        partial(uncopied_histories, list_id=list_id, subscriber_id=subscriber_id, most=2000)
    )
    assert len(left) <= MAX_IN_PLACE
    assert events(EmailAddress=JANE, RecordsPerRequest=100) == before


def make_old(client: InProcess, list_id: int) -> None:
    """As if the links of a list were long over."""
    ids = {row[0]: row[0] - (int(IN_FLIGHT_SECONDS * 1000) + 1 << SHIFT) for row in client.rows(
        "SELECT event_id FROM identity_links WHERE list_id = ?", list_id
    )}  # fmt: skip
    client.services.storage.write(
        lambda transaction: transaction.update(
            "UPDATE identity_links SET linked_at = 0, event_id = ? WHERE list_id = ? AND event_id = ?",
            [(new, list_id, old) for old, new in ids.items()],
        )
    )


def test_on_a_server_no_past_is_settled_while_somebody_may_write_to_it(
    client: InProcess, shop: Shop, events: Events
) -> None:
    list_id, ingest = shop.list_id, client.services.ingest
    for name, email in (("seen", None), ("identify", (JANE, JANE))):
        now = now_ms()
        ingest.track_batch(
            [
                Event(list_id, name, now, email=email, uuid=UUID(uuid(n)).bytes)
                for n in range(MAX_IN_PLACE + 1)
            ]
        )
    assert len(events(EmailAddress=JANE)) == 2 * (MAX_IN_PLACE + 1)
    [(apart,)] = client.rows(
        "SELECT SUM(has_uncopied_history) FROM identity_links WHERE list_id = ?", list_id
    )
    assert apart == (MAX_IN_PLACE + 1 if client.services.storage.engine.is_remote else 0)


def test_a_row_counts_only_if_its_event_and_link_say_so(
    client: InProcess, shop: Shop, track: Track, events: Events
) -> None:
    """An unlinked span and a removed event are gone from the timeline at once, whatever rows are left."""
    for n, visitor in enumerate((1, 1, 2, 2)):
        track(UUID=uuid(visitor), Properties={"n": n}, Timestamp=START + n)
    track(Event="identify", UUID=uuid(1), Email=JANE)
    track(Event="identify", UUID=uuid(2), Email=JANE)
    spans = client.rows(
        "SELECT list_id, visitor_id, span FROM identity_links WHERE list_id = ?", shop.list_id
    )
    write = client.services.storage.write
    write(partial(timeline_rows.copy_history, spans=spans))
    assert numbers(events(EmailAddress=JANE)) == [3, 2, 1, 0]
    last = int(events(UUID=uuid(2))[0]["EventID"])
    write(lambda t: t.execute("DELETE FROM events WHERE list_id = ? AND id = ?", (shop.list_id, last)))
    assert numbers(events(EmailAddress=JANE)) == [2, 1, 0]
    first = spans[0]
    write(
        lambda t: t.execute(
            "UPDATE identity_links SET subscriber_id = NULL WHERE list_id = ? AND visitor_id = ? AND span = ?",
            first,
        )
    )
    assert numbers(events(EmailAddress=JANE)) == [2]
    assert numbers(events(UUID=uuid(1))) == [1, 0]


class Recorder(Transaction):
    """Keeps what it selects."""

    def __init__(self, transaction: Transaction, seen: list[tuple[str, Any]]) -> None:
        super().__init__(transaction.database, transaction.engine)
        self.seen = seen

    def select(self, sql: str, values: Any = ()) -> list[Row]:
        self.seen.append((sql, values))
        return super().select(sql, values)


def test_a_page_is_read_by_its_key(
    client: InProcess, shop: Shop, track: Track, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without and with a cursor, by name, of conversions, and the pasts of a person."""
    database = client.services.storage
    monkeypatch.setattr(sorted_runs, "MAX_RECENT", 40)
    for n in range(200):
        track(Email=JANE, UUID=uuid(n), Timestamp=START + n)
        if n % 50 == 0 and not database.engine.is_remote:
            database.write(sorted_runs.maintain)
    [(subscriber_id,)] = client.rows("SELECT id FROM subscribers WHERE list_id = ?", shop.list_id)
    window, list_id = Window(START, (START + 100, 5)), shop.list_id
    seen: list[tuple[str, Any]] = []

    def read(transaction: Transaction) -> None:
        recorder = Recorder(transaction, seen)
        newest(recorder, list_id, [subscriber_id], Window(), 25)
        newest(recorder, list_id, [subscriber_id, -subscriber_id], window, 25)
        named(recorder, list_id, subscriber_id, window, [name_key(b"seen"), 1], 25, 100)
        uncopied_histories(recorder, list_id, subscriber_id, 65)

    database.read(read)
    statements = [(sql, values) for sql, values in seen if "timeline_runs" not in sql]
    assert len(statements) >= 5
    check = by_key_on_mariadb if database.engine.is_remote else by_key_on_sqlite
    for sql, values in statements:
        check(client, sql, values)


def by_key_on_sqlite(client: InProcess, sql: str, values: Any) -> None:
    """Runs are read in their order and merged; only what is unsorted, and what has been chosen, is sorted."""
    plan = [row[3] for row in client.rows(f"EXPLAIN QUERY PLAN {sql}", *values)]
    keys = [step for step in plan if "timeline_sorted" in step or "identity_links" in step]
    assert len(keys) == max(1, sql.count("FROM timeline_sorted")) > 0
    for step in keys:
        assert "owner_id=? AND event_at" in step or "subscriber_id=? AND has_uncopied_history=?" in step, plan
    sorted_apart = [step for step in plan if "ORDER BY" in step]
    assert len(sorted_apart) <= sql.count("FROM timeline_recent") + sql.count("name_key = "), plan


def by_key_on_mariadb(client: InProcess, sql: str, values: Any) -> None:
    plan = [row for row in client.rows(f"EXPLAIN {sql}", *values) if row[2] in ("timeline", "identity_links")]
    assert plan
    for row in plan:
        assert row[3] in ("range", "ref"), plan
        assert row[5] == "PRIMARY" if row[2] == "timeline" else "has_uncopied_history" in row[5], plan
        assert "filesort" not in (row[9] or ""), plan
