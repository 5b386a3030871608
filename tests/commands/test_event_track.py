"""Does `event.track` answer as the seed documents it? Parameters, answer keys, error codes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.client import InProcess, Shop, Track

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
VISITOR = "550e8400-e29b-41d4-a716-446655440000"
CONVERSION = {"conversion-id": "order-1", "conversion-name": "Sale", "conversion-value": 12.5}
Listing = Callable[[], dict[str, list[str]]]


def errors(*rows: tuple[int, str]) -> dict[str, Any]:
    return {"Errors": [{"Code": code, "Message": message} for code, message in rows]}


def test_the_answer_has_these_keys_in_this_order(track: Track) -> None:
    answer = track(Email="subscriber@example.com", ID="user-12345", Properties={"product_id": "item-1"})
    assert answer.status == 200
    assert list(answer.body) == ["status", "uuid", "external_id", "identify_event_sent"]
    assert answer.body["status"] == "success"
    assert UUID.fullmatch(answer.body["uuid"])
    assert answer.body["external_id"] == "user-12345"
    assert answer.body["identify_event_sent"] is True
    assert answer.headers["Content-Type"] == "application/json"


def test_without_an_id_external_id_is_null(track: Track) -> None:
    assert track(Email="a@example.com").body["external_id"] is None


def test_the_event_is_committed_when_it_is_answered(client: InProcess, track: Track, shop: Shop) -> None:
    properties = {"b": 1, "a": [1.5, None, {"x": "ü"}], "": True}
    track(Event="page_view", UUID=VISITOR, ID="user-1", Properties=properties)
    [(name, stored, external_id)] = client.rows(
        "SELECT name, properties, external_id FROM events WHERE list_id = ?", shop.list_id
    )
    assert bytes(name) == b"page_view"
    assert bytes(stored) == b'\x01{"b":1,"a":[1.5,null,{"x":"\xc3\xbc"}],"":true}'
    assert bytes(external_id) == b"user-1"


@pytest.mark.parametrize(
    ("params", "row"),
    [
        ({"ListID": "abc"}, (4, "Invalid ListID parameter")),
        ({"ListID": 0}, (4, "Invalid ListID parameter")),
        ({"ListID": "0"}, (4, "Invalid ListID parameter")),
        ({"ListID": -1}, (4, "Invalid ListID parameter")),
        ({"ListID": 1.5}, (4, "Invalid ListID parameter")),
        ({"ListID": 1.0}, (4, "Invalid ListID parameter")),
        ({"ListID": True}, (4, "Invalid ListID parameter")),
        ({"ListID": "1_0"}, (4, "Invalid ListID parameter")),
        ({"ListID": " 1"}, (4, "Invalid ListID parameter")),
        ({"ListID": "+1"}, (4, "Invalid ListID parameter")),
        ({"ListID": "１２"}, (4, "Invalid ListID parameter")),
        ({"ListID": ""}, (4, "Invalid ListID parameter")),
        ({"ListID": 2**63 - 1}, (4, "Invalid ListID parameter")),
        ({"ListID": "9223372036854775808"}, (4, "Invalid ListID parameter")),
        ({"ListID": [1]}, (4, "Invalid ListID parameter")),
        ({"Event": ...}, (5, "Missing event parameter")),
        ({"Event": None}, (5, "Missing event parameter")),
        ({"Event": ""}, (5, "Missing event parameter")),
        ({"Event": " \t\n"}, (5, "Missing event parameter")),
        ({"Email": "not an address"}, (7, "Invalid email parameter")),
        ({"Email": 5}, (7, "Invalid email parameter")),
        ({"Email": "a@b"}, (7, "Invalid email parameter")),
        ({"Email": "a@b.c\0"}, (7, "Invalid email parameter")),
        ({"Email": "a b@example.com"}, (7, "Invalid email parameter")),
        ({"Event": "a\0b"}, (11, "Invalid event parameter")),
        ({"Event": 5}, (11, "Invalid event parameter")),
        ({"Event": ["seen"]}, (11, "Invalid event parameter")),
        ({"Properties": "text"}, (12, "Invalid Properties parameter")),
        ({"Properties": "[]"}, (12, "Invalid Properties parameter")),
        ({"Properties": "{"}, (12, "Invalid Properties parameter")),
        ({"Properties": '{"a": NaN}'}, (12, "Invalid Properties parameter")),
        ({"Properties": ["a"]}, (12, "Invalid Properties parameter")),
        ({"Properties": 1}, (12, "Invalid Properties parameter")),
        ({"Properties": False}, (12, "Invalid Properties parameter")),
        (
            {"Properties": {"a\0b": 1}},
            (12, "Invalid Properties parameter: a property name contains NUL"),
        ),
        ({"UUID": "nobody"}, (13, "Invalid UUID parameter")),
        ({"UUID": 5}, (13, "Invalid UUID parameter")),
        ({"UUID": VISITOR + "0"}, (13, "Invalid UUID parameter")),
        ({"UUID": "{" + VISITOR}, (13, "Invalid UUID parameter")),
        ({"UUID": " " + VISITOR}, (13, "Invalid UUID parameter")),
        ({"UUID": "00000000-0000-0000-0000-000000000000"}, (13, "Invalid UUID parameter")),
        ({"UUID": "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"}, (13, "Invalid UUID parameter")),
        ({"ID": 5.5}, (14, "Invalid ID parameter: it must be a string or an integer")),
        ({"ID": True}, (14, "Invalid ID parameter: it must be a string or an integer")),
        ({"ID": ["a"]}, (14, "Invalid ID parameter: it must be a string or an integer")),
        ({"ID": "a\0b"}, (14, "Invalid ID parameter")),
        ({"ID": "a\nb"}, (14, "Invalid ID parameter: it contains control characters")),
        ({"ID": " "}, (14, "Invalid ID parameter: it is blank")),
        ({"ID": "\u200b\u00a0\ufeff"}, (14, "Invalid ID parameter: it is blank")),
        ({"EventID": "a b"}, (16, "Invalid EventID parameter: 1 to 64 of A-Z a-z 0-9 _ -")),
        ({"EventID": "é"}, (16, "Invalid EventID parameter: 1 to 64 of A-Z a-z 0-9 _ -")),
        ({"EventID": 1}, (16, "Invalid EventID parameter")),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_number(
    client: InProcess, track: Track, params: dict[str, Any], row: tuple[int, str]
) -> None:
    before = client.counts()
    answer = track(**params)
    assert (answer.status, answer.body) == (422, errors(row))
    assert client.counts() == before


@pytest.mark.parametrize(
    "word", ["undefined", "null", "NaN", " None ", "0", "[object Object]", '"guest"', "FALSE"]
)
def test_what_broken_pages_send_is_nobodys_id(client: InProcess, track: Track, word: str) -> None:
    before = client.counts()
    answer = track(ID=word)
    assert (answer.status, answer.codes) == (422, [15])
    assert client.counts() == before


def test_all_that_is_wrong_is_answered_at_once_in_the_order_of_codes(track: Track) -> None:
    answer = track(ListID="x", Event="", Email="x", UUID="x", ID=" ", EventID="!", Properties=1)
    assert answer.codes == [4, 5, 7, 12, 13, 14, 16]


def test_a_list_of_another_user_and_none_at_all_give_the_same_bytes(
    client: InProcess, shop: Shop, track: Track
) -> None:
    stranger = client.open_shop("stranger@example.com")
    foreign, none, wrong = track(ListID=stranger.list_id), track(ListID=2**62), track(ListID="x")
    assert foreign.status == 422
    assert (
        foreign.raw
        == none.raw
        == wrong.raw
        == b'{"Errors":[{"Code":4,"Message":"Invalid ListID parameter"}]}'
    )
    assert [name for name, _ in foreign.headers.items()] == [name for name, _ in none.headers.items()]


def test_events_without_a_list_go_to_a_list_that_cannot_be_named(
    client: InProcess, shop: Shop, track: Track
) -> None:
    answer = track(ListID=..., Event="loose", Email="loose@example.com")
    assert answer.status == 200
    assert answer.body["identify_event_sent"] is False
    [(hidden,)] = client.rows("SELECT id FROM lists WHERE user_id = ? AND is_hidden = 1", shop.user_id)
    assert client.rows("SELECT list_id, name FROM events WHERE list_id = ?", hidden) == [(hidden, b"loose")]
    assert track(ListID=hidden).codes == [4]
    assert client.call("website_events.properties", shop.key, ListID=hidden).codes == [3]
    names = client.call("lists.get", shop.key).body["Lists"]
    assert hidden not in [row["ListID"] for row in names]


def test_list_id_may_be_digits(client: InProcess, shop: Shop, track: Track) -> None:
    assert track(ListID=str(shop.list_id)).status == 200
    assert track(ListID=f"{shop.list_id:019d}").status == 200
    assert client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(2,)]


@pytest.mark.parametrize(
    "spelling",
    [
        VISITOR,
        VISITOR.upper(),
        "550E8400-e29b-41D4-a716-446655440000",
        VISITOR.replace("-", ""),
        "{" + VISITOR + "}",
        "urn:uuid:" + VISITOR,
        "URN:UUID:" + VISITOR.upper(),
    ],
)
def test_a_uuid_is_read_in_any_spelling_and_answered_in_one(track: Track, spelling: str) -> None:
    assert track(UUID=spelling).body["uuid"] == VISITOR


def test_a_uuid_names_the_visitor_and_not_the_row(client: InProcess, shop: Shop, track: Track) -> None:
    answers = [track(Event=name, UUID=VISITOR).body for name in ("page_view", "add_to_cart", "page_view")]
    assert [answer["uuid"] for answer in answers] == [VISITOR] * 3
    assert client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(3,)]
    assert client.rows("SELECT COUNT(*) FROM visitors WHERE list_id = ?", shop.list_id) == [(1,)]


def test_one_uuid_on_two_lists_is_two_visitors(client: InProcess, shop: Shop, track: Track) -> None:
    other = client.services.stores.lists.add(shop.user_id, "Other")
    track(UUID=VISITOR)
    track(UUID=VISITOR, ListID=other)
    sql = "SELECT COUNT(DISTINCT id) FROM visitors WHERE uuid = ? AND list_id IN (?, ?)"
    assert client.rows(sql, bytes.fromhex(VISITOR.replace("-", "")), shop.list_id, other) == [(2,)]


def test_without_anybody_a_fresh_uuid_is_made(track: Track) -> None:
    first, second = track().body, track().body
    assert UUID.fullmatch(first["uuid"])
    assert first["uuid"] != second["uuid"]
    assert first["identify_event_sent"] is False


def test_the_three_properties_of_a_conversion_are_needed_and_all_missing_ones_are_told(track: Track) -> None:
    rows = [
        (8, "Missing conversion-id event property"),
        (9, "Missing conversion-name event property"),
        (10, "Missing conversion-value event property"),
    ]
    for properties in (
        ...,
        None,
        {},
        [],
        {"other": 1},
        dict.fromkeys(CONVERSION),
        dict.fromkeys(CONVERSION, ""),
    ):
        answer = track(Event="conversion", Properties=properties)
        assert (answer.status, answer.body) == (422, errors(*rows)), properties
    for (code, message), name in zip(rows, CONVERSION, strict=True):
        rest = {key: value for key, value in CONVERSION.items() if key != name}
        assert track(Event="conversion", Properties=rest).body == errors((code, message))


def test_properties_that_cannot_be_read_are_not_called_missing(track: Track) -> None:
    too_many = {**CONVERSION, **{f"p{number}": 1 for number in range(300)}}
    assert track(Event="conversion", Properties=too_many).codes == [12]
    assert track(Event="conversion", Properties="garbage").codes == [12]


@pytest.mark.parametrize(
    "value", [0, -3, 12.5, 10**12, -(10**12), "0", "12.50", "-1e3", " 7 ", "+.5", "1000000000000"]
)
def test_values_that_are_numbers(track: Track, value: Any) -> None:
    assert track(Event="conversion", Properties={**CONVERSION, "conversion-value": value}).status == 200


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (True, "it must be a number"),
        ("free", "it must be a number"),
        ("12,50", "write 12.50, with a point and without separators"),
        ("1.299,00", "it must be a number"),
        ("1_000", "it must be a number"),
        ("１２", "it must be a number"),
        ("0x10", "it must be a number"),
        ("1e999", "it must be within 10^12 either way"),
        ("NaN", "it must be a number"),
        ("inf", "it must be a number"),
        ([1], "it must be a number"),
        ({"a": 1}, "it must be a number"),
        (10**12 + 1, "it must be within 10^12 either way"),
        (1e15, "it must be within 10^12 either way"),
        ("1e13", "it must be within 10^12 either way"),
        (" ", "it must be a number"),
    ],
)
def test_values_that_are_none(client: InProcess, track: Track, value: Any, reason: str) -> None:
    before = client.counts()
    answer = track(Event="conversion", Properties={**CONVERSION, "conversion-value": value})
    message = f"Invalid conversion-value event property: {reason}"
    assert (answer.status, answer.body) == (422, errors((20, message)))
    assert client.counts() == before


@pytest.mark.parametrize("name", ["Conversion", "conversion ", "CONVERSION", "conversión"])
def test_only_the_exact_name_is_a_conversion(track: Track, name: str) -> None:
    assert track(Event=name, Properties={}).status == 200


def test_a_test_event_is_validated_and_not_stored(client: InProcess, track: Track, listing: Listing) -> None:
    before = client.counts()
    answer = track(
        Event="tried", UUID=VISITOR, ID="user-1", Email="t@example.com", Properties={"isTest": True}
    )
    assert answer.status == 200
    expected = {"status": "success", "uuid": VISITOR, "external_id": "user-1", "identify_event_sent": False}
    assert answer.body == expected
    assert UUID.fullmatch(track(Properties={"isTest": True}).body["uuid"])
    assert track(Event="conversion", Properties={"isTest": True}).codes == [8, 9, 10]
    assert track(Email="x", Properties={"isTest": True}).codes == [7]
    assert track(ListID=2**62, Properties={"isTest": True}).codes == [4]
    assert client.counts() == before
    assert listing() == {}


@pytest.mark.parametrize("value", ["true", "1", 1, "True", False, None, [True]])
def test_in_json_only_true_makes_a_test_event(
    client: InProcess, shop: Shop, track: Track, value: Any
) -> None:
    assert track(Properties={"isTest": value}).status == 200
    assert client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(1,)]


def test_a_string_that_holds_an_object_is_taken_as_that_object(track: Track, listing: Listing) -> None:
    assert track(Properties='{"color": "red", "size": 5}').status == 200
    assert track(Event="none", Properties=[]).status == 200
    assert track(Event="empty", Properties="{}").status == 200
    assert listing() == {"empty": [], "none": [], "seen": ["color", "size"]}


def test_unknown_parameters_are_ignored(track: Track) -> None:
    assert track(Unheard="of", Timestamps=[1, {"a": 2}]).status == 200


def test_any_credential_will_do(client: InProcess) -> None:
    plain = client.open_shop("plain@example.com", permissions="")
    assert client.call("event.track", plain.key, Event="seen", ListID=plain.list_id).status == 200
    assert client.call("website_events.properties", plain.key, ListID=plain.list_id).codes == [403]


def test_a_repeat_with_the_same_event_id_is_stored_once(client: InProcess, shop: Shop, track: Track) -> None:
    first = track(EventID="order-17", Email="once@example.com", Properties={"a": 1, "b": 2})
    again = track(
        EventID="order-17", Email="Once@Example.com", Properties={"b": 2, "a": 1, "$sent_at": "later"}
    )
    assert again.status == 200
    assert again.body == {**first.body, "duplicate": True}
    assert "duplicate" not in first.body
    other = track(EventID="order-17", Email="once@example.com", Properties={"a": 2})
    assert (other.status, other.body) == (409, errors((17, "EventID is already used for another event")))
    assert client.rows(
        "SELECT COUNT(*) FROM events WHERE list_id = ? AND name = ?", shop.list_id, b"seen"
    ) == [(1,)]


def test_an_event_id_belongs_to_its_list(client: InProcess, shop: Shop, track: Track) -> None:
    other = client.services.stores.lists.add(shop.user_id, "Other")
    assert track(EventID="same").status == 200
    answer = track(EventID="same", ListID=other, Event="another")
    assert (answer.status, "duplicate" in answer.body) == (200, False)


def test_users_see_only_their_own(client: InProcess, shop: Shop, track: Track) -> None:
    stranger = client.open_shop("other@example.com")
    mine = replace(shop, key=stranger.key)
    assert client.call("event.track", mine.key, Event="seen", ListID=shop.list_id).codes == [4]
    assert client.call("website_events.properties", mine.key, ListID=shop.list_id).codes == [3]


# When it happened


def event_time(client: InProcess, shop: Shop) -> tuple[int, int]:
    """(when it happened, when it was received), in milliseconds, of the list's only event."""
    [row] = client.rows("SELECT event_at, received_at FROM events WHERE list_id = ?", shop.list_id)
    return row[0], row[1]


def test_without_a_timestamp_an_event_happens_when_it_is_received(
    client: InProcess, shop: Shop, track: Track
) -> None:
    before = time.time_ns() // 1_000_000
    track()
    happened, received = event_time(client, shop)
    assert before <= happened == received <= time.time_ns() // 1_000_000


@pytest.mark.parametrize("form", ["iso", "iso with offset", "seconds", "milliseconds", "digits"])
def test_a_timestamp_is_read_in_each_form(client: InProcess, shop: Shop, track: Track, form: str) -> None:
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    seconds = int(moment.timestamp())
    forms: dict[str, Any] = {
        "iso": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "iso with offset": moment.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat(),
        "seconds": seconds,
        "milliseconds": seconds * 1000,
        "digits": str(seconds),
    }
    assert track(Timestamp=forms[form]).status == 200
    assert event_time(client, shop)[0] == seconds * 1000


def test_a_clock_that_is_wrong_is_corrected_by_when_the_request_was_sent(
    client: InProcess, shop: Shop, track: Track
) -> None:
    """Its clock is a day ahead, and the event happened ten minutes before it was sent."""
    day_ahead = int(time.time()) + 86_400
    assert track(Timestamp=day_ahead - 600, SentAt=day_ahead).status == 200
    happened, received = event_time(client, shop)
    assert abs(received - 600_000 - happened) < 3000


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"Timestamp": "yesterday"}, 18),
        ({"Timestamp": "2026-01-31T09:30:00"}, 18),
        ({"Timestamp": "2026-02-30T09:30:00Z"}, 18),
        ({"Timestamp": -1}, 18),
        ({"Timestamp": True}, 18),
        ({"Timestamp": [1]}, 18),
        ({"Timestamp": "9999-12-31T00:00:00Z"}, 18),
        ({"Timestamp": 0}, 18),
        ({"SentAt": "now"}, 19),
        ({"SentAt": 10**18}, 19),
    ],
)
def test_times_that_cannot_be_used(
    client: InProcess, track: Track, params: dict[str, Any], code: int
) -> None:
    before = client.counts()
    answer = track(**params)
    assert (answer.status, answer.codes) == (422, [code])
    assert client.counts() == before
