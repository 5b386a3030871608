"""Is what real pages, shops and mails send taken as its senders mean it, and refused where it means nobody?"""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track
from tests.contract.test_conversions import conversion, repeats, totals
from tests.contract.test_identity_rules import subscribers_of

VISITOR = "550e8400-e29b-41d4-a716-446655440000"
NOBODY = (
    "{{subscriber.id}}", "{{ contact.ID }}", "*|UNIQID|*", "%%ID%%", "%%=v(@id)=%%", "[[ID]]", "${id}", "#{id}", "<%= id %>",
    "%Subscriber:SubscriberID%", "%recipient.id%", "{$id}", "{id}", "{% id %}", "crm-{{id}}", " {{id}} ", "undefined\n", "\u200bnull",
)  # fmt: skip
HASHED = ("", "undefined", "null", "NaN", "\n", "undefined\n", "0", "None", "[object Object]", " ")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# Whose event it is


@pytest.mark.parametrize("sent", [*NOBODY, *map(sha256, HASHED), sha256("").upper()])
def test_what_no_program_or_mail_filled_in_is_nobodys_id(client: InProcess, track: Track, sent: str) -> None:
    before = client.counts()
    answer = track(ID=sent)
    assert (answer.status, answer.codes) == (422, [15])
    assert client.counts() == before


@pytest.mark.parametrize(
    "sent",
    [
        "{550e8400-e29b-41d4-a716-446655440000}",
        "100%",
        "a%b%c",
        "$5",
        "{1}",
        "[7]",
        "id-7",
        sha256("a@example.com"),
    ],
)
def test_what_only_looks_a_little_like_that_is_somebodys(track: Track, sent: str) -> None:
    assert track(ID=sent).body["external_id"] == sent


def test_an_id_is_trimmed_as_an_address_is(client: InProcess, shop: Shop, track: Track) -> None:
    sent = ["user1", " user1 ", "user1\n", "\u00a0user1\u200b", "\ufeffuser1"]
    assert {track(ID=each).body["external_id"] for each in sent} == {"user1"}
    assert subscribers_of(client, shop) == [(None, "user1")]
    found = client.call("subscriber.get", shop.key, ListID=shop.list_id, ExternalID=" user1 ")
    assert found.body["SubscriberInformation"]["ExternalID"] == "user1"


def test_an_integer_is_an_id_as_its_digits_are(client: InProcess, shop: Shop, track: Track) -> None:
    assert [track(ID=each).body["external_id"] for each in (12345, "12345", 2**63 - 1)] == ["12345"] * 2 + [
        str(2**63 - 1)
    ]
    assert subscribers_of(client, shop) == [(None, "12345"), (None, str(2**63 - 1))]
    assert track(ID=0).codes == track(ID=-1).codes == [15]
    found = client.call("subscriber.get", shop.key, ListID=shop.list_id, ExternalID=12345)
    assert found.body["SubscriberInformation"]["ExternalID"] == "12345"


def test_empty_text_is_absent_in_json_as_in_a_form(client: InProcess, shop: Shop, track: Track) -> None:
    empty = dict.fromkeys(("Email", "ID", "UUID", "EventID", "Timestamp", "SentAt"), "")
    answer = track(**empty)
    assert answer.status == 200
    assert answer.body["external_id"] is None
    assert subscribers_of(client, shop) == []
    batch = client.call("event.batch", shop.key, ListID=shop.list_id, Events=[{"Event": "seen", **empty}])
    assert batch.body["results"][0]["status"] == "ok"
    assert track(Event="").codes == [5]
    assert track(ListID="").codes == [4]


def test_event_names_stay_exact(track: Track) -> None:
    assert track(Event="conversion ", Properties={}).status == 200


# What was bought


@pytest.mark.parametrize(
    "sent", ["undefined", "NULL", " NaN ", "[object Object]", "{{order.id}}", "0", True, sha256("undefined")]
)
def test_placeholder_order_ids_swallow_no_orders(client: InProcess, track: Track, sent: Any) -> None:
    before = client.counts()
    answer = track(**conversion(sent))
    message = "Invalid conversion-id event property: it is a placeholder, not the id of an order"
    assert (answer.status, answer.body) == (422, {"Errors": [{"Code": 22, "Message": message}]})
    assert client.counts() == before


def test_a_blank_order_id_is_a_missing_one(track: Track) -> None:
    assert [track(**conversion(sent)).codes for sent in (" ", "\t\n", "\u200b")] == [[8]] * 3


def test_the_number_0_is_the_id_of_an_order(client: InProcess, shop: Shop, track: Track) -> None:
    assert track(**conversion(0)).status == 200
    assert repeats(client, shop) == [False]


@pytest.mark.parametrize(
    "spellings",
    [
        ["1001", " 1001 ", "1001\n", 1001, 1001.0, "1001.0"],
        ["caf\u00e9-1", "cafe\u0301-1", "\ufeffcaf\u00e9-1"],
    ],
)
def test_spellings_of_one_order_are_one_order(
    client: InProcess, shop: Shop, track: Track, spellings: list[Any]
) -> None:
    for each in spellings:
        assert track(**conversion(each)).status == 200
    assert repeats(client, shop) == [False] + [True] * (len(spellings) - 1)


def test_orders_of_other_ids_are_other_orders(client: InProcess, shop: Shop, track: Track) -> None:
    for each in ("a", "A", "a 1", "a1", 1.5, "1.50"):
        assert track(**conversion(each)).status == 200
    assert repeats(client, shop) == [False] * 6


def test_a_currency_is_one_in_any_spelling_and_by_either_name(
    client: InProcess, shop: Shop, track: Track
) -> None:
    for number, said in enumerate(
        [
            {"conversion-currency": "EUR"},
            {"conversion-currency": "eur"},
            {"conversion-currency": " Eur\n"},
            {"currency": "eur"},
            {"conversion-currency": "", "currency": "EUR"},
            {"conversion-currency": None, "currency": "EUR"},
            {"conversion-currency": "EUR", "currency": "JPY"},
            {"currency": "JPY"},
            {},
        ],
        1,
    ):
        assert track(**conversion(number, **said), Email="buyer@example.com").status == 200
    assert totals(client, shop) == {
        (b"Sale", b"EUR"): (7, 70_000_000), (b"Sale", b"JPY"): (1, 10_000_000), (b"Sale", b""): (1, 10_000_000),
    }  # fmt: skip
    found = client.call(
        "subscriber.get", shop.key, ListID=shop.list_id, EmailAddress="buyer@example.com"
    ).body
    assert [(each["Currency"], each["Value"]) for each in found["Revenue"]] == [
        ("EUR", 70.0),
        ("", 10.0),
        ("JPY", 10.0),
    ]
    assert found["TotalRevenue"] == 70.0


# When it happened


@pytest.mark.parametrize(
    "sent", ["2026-01-31t09:30:00z", "2026-01-31T09:30:00z", "2026-01-31t09:30:00+00:00"]
)
def test_small_letters_are_times_too(client: InProcess, shop: Shop, track: Track, sent: str) -> None:
    assert track(Timestamp=sent).status == 200
    assert client.rows("SELECT event_at FROM events WHERE list_id = ?", shop.list_id) == [(1769851800000,)]
