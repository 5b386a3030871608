"""Is every event of a batch judged by itself, stored once, and answered in its place?"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import InProcess, NewClient, Reply, Shop
from tests.examples import examples
from tracker.domain.event import IS_BOT, IS_GENERATED

VISITOR = "550e8400-e29b-41d4-a716-446655440000"
BATCH_BYTES = 1024 * 1024
NDJSON = "application/x-ndjson"
Batch = Callable[..., Reply]


@pytest.fixture
def batch(client: InProcess, shop: Shop) -> Batch:
    """`batch({…}, {…}, SentAt=…)`: events of the test's list, at the path of the command."""

    def call(*events: Any, **params: Any) -> Reply:
        return client.request(
            "POST", "/api/v1/events", shop.key, json={"ListID": shop.list_id, "Events": events, **params}
        )

    return call


@pytest.fixture
def lines(client: InProcess, shop: Shop) -> Callable[..., Reply]:
    """`lines(body, header=…)`: a body of NDJSON for the test's list."""

    def call(body: bytes, path: str = "/api/v1/events", **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        at = f"{path}{'&' if '?' in path else '?'}ListID={shop.list_id}"
        return client.request("POST", at, shop.key, named, data=body, content_type=NDJSON)

    return call


def statuses(answer: Reply) -> list[Any]:
    """`ok`, `duplicate`, or the codes of the errors, one an event."""
    assert answer.status == 200, answer.body
    assert answer.body.keys() == {"status", "results"}
    assert answer.body["status"] == "success"
    return [_status(result) for result in answer.body["results"]]


def _status(result: dict[str, Any]) -> Any:
    if result["status"] == "error":
        assert result.keys() == {"status", "Errors"}
        return [row["Code"] for row in result["Errors"]]
    assert list(result) == ["status", "uuid", "external_id", "identify_event_sent"]
    return result["status"]


def stored(client: InProcess, shop: Shop) -> list[str]:
    """The names of the list's events in the order they were stored in, but for identify events of Tracker's own."""
    rows = client.rows("SELECT name, flags FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    return [bytes(name).decode() for name, flags in rows if not flags & IS_GENERATED]


def test_each_event_is_answered_in_its_place(client: InProcess, batch: Batch, shop: Shop) -> None:
    answer = batch(
        {"Event": "a", "EventID": "1", "UUID": VISITOR, "ID": "user-1"},
        {"Event": ""},
        {"Event": "b", "Email": "jane@example.com", "UUID": VISITOR},
        {"Event": "a", "EventID": "1", "UUID": VISITOR, "ID": "user-1"},
        {"Event": "other", "EventID": "1"},
        {"Event": "c", "Email": "x", "UUID": "y", "ListID": "z"},
        "no object",
        {"Event": "d"},
    )
    assert statuses(answer) == ["ok", [5], "ok", "duplicate", [17], [4, 7, 13], [11], "ok"]
    first, _, third, repeat, *_ = answer.body["results"]
    assert (first["uuid"], first["external_id"], first["identify_event_sent"]) == (VISITOR, "user-1", False)
    assert (third["uuid"], third["external_id"], third["identify_event_sent"]) == (VISITOR, None, True)
    assert repeat == first | {"status": "duplicate"}
    assert stored(client, shop) == ["a", "b", "d"]


def test_a_repeated_batch_stores_nothing(client: InProcess, batch: Batch, shop: Shop) -> None:
    events = [{"Event": f"e{n}", "EventID": f"id-{n}", "Email": f"p{n % 3}@example.com"} for n in range(20)]
    first = batch(*events)
    before = client.counts()
    again = batch(*events)
    assert statuses(again) == ["duplicate"] * 20
    assert [r | {"status": "ok"} for r in again.body["results"]] == first.body["results"]
    assert client.counts() == before
    single = client.call("event.track", shop.key, ListID=shop.list_id, **events[7])
    assert single.body == {
        "status": "success",
        **{k: v for k, v in again.body["results"][7].items() if k != "status"},
        "duplicate": True,
    }


def test_events_act_on_one_another_in_order(client: InProcess, batch: Batch, shop: Shop) -> None:
    answer = batch(
        {"Event": "a", "UUID": VISITOR},
        {"Event": "b", "UUID": VISITOR, "Email": "jane@example.com"},
        {"Event": "c", "UUID": VISITOR, "Email": "jane@example.com"},
        {"Event": "identify", "UUID": VISITOR, "Email": "ann@example.com"},
    )
    assert [r["identify_event_sent"] for r in answer.body["results"]] == [False, True, False, True]
    assert stored(client, shop) == ["a", "b", "c", "identify"]


GOOD = st.fixed_dictionaries({"Event": st.sampled_from(["seen", "bought"]), "UUID": st.just(VISITOR)})
BAD = st.sampled_from([{}, {"Event": " "}, {"Event": "a", "ID": "null"}, {"Event": "a", "ListID": 10**9}, 5, None, [], "", {"Event": "conversion"},
                       {"Event": "a", "Timestamp": 1}, {"Event": "a", "Properties": {"a": "x" * 32_769}}, {"Event": "a", "EventID": "!"}])  # fmt: skip


@settings(max_examples=examples(25), suppress_health_check=list(HealthCheck))
@given(st.lists(GOOD | BAD, max_size=12))
def test_bad_events_never_harm_good_ones(client: InProcess, owner: Shop, events: list[Any]) -> None:
    shop = replace(owner, list_id=client.services.stores.lists.add(owner.user_id, "Fresh"))
    answer = client.call("event.batch", shop.key, ListID=shop.list_id, Events=events)
    good = [event["Event"] for event in events if isinstance(event, dict) and event.get("UUID")]
    assert [s == "ok" for s in statuses(answer)] == [isinstance(e, dict) and "UUID" in e for e in events]
    assert stored(client, shop) == good


def test_a_batch_of_none(batch: Batch) -> None:
    answer = batch()
    assert statuses(answer) == []


# What is given once for all


def test_the_list_and_the_time_of_sending_may_be_given_once(
    client: InProcess, batch: Batch, shop: Shop
) -> None:
    other = client.services.stores.lists.add(shop.user_id, "Other")
    sent_at = "2026-01-01T00:00:00Z"
    answer = batch(
        {"Event": "a"}, {"Event": "b", "listid": str(other)}, {"Event": "c", "ListID": None},
        {"Event": "d", "SentAt": "2026-01-02T00:00:00Z"}, SentAt=sent_at,
    )  # fmt: skip
    assert statuses(answer) == ["ok"] * 4
    sql = "SELECT name, sent_at FROM events WHERE list_id = ? ORDER BY id"
    new_year, day = 1_767_225_600_000, 86_400_000
    assert client.rows(sql, shop.list_id) == [(b"a", new_year), (b"c", new_year), (b"d", new_year + day)]
    assert client.rows(sql, other) == [(b"b", new_year)]


def test_without_a_list_events_belong_to_none(client: InProcess, shop: Shop) -> None:
    answer = client.call("event.batch", shop.key, Events=[{"Event": "a", "Email": "a@example.com"}])
    assert statuses(answer) == ["ok"]
    assert answer.body["results"][0]["identify_event_sent"] is False


def test_what_is_given_once_and_cannot_be_used_refuses_all(
    client: InProcess, batch: Batch, shop: Shop
) -> None:
    stranger = client.open_shop(f"stranger{shop.list_id}@example.com")
    before = client.counts()
    for params, codes in [
        ({"ListID": 0}, [4]), ({"ListID": stranger.list_id}, [4]), ({"ListID": 2**62}, [4]), ({"SentAt": "now"}, [19]),
        ({"ListID": "x", "SentAt": True}, [4, 19]), ({"Events": 5}, [2]), ({"Events": {"Event": "a"}}, [2]), ({"Events": None}, [1]),
        ({"Events": "[]"}, [2]),
    ]:  # fmt: skip
        answer = batch(*[] if "Events" in params else [{"Event": "a"}], **params)
        assert (answer.status, answer.codes) == (422, codes)
    assert client.counts() == before


@pytest.mark.parametrize(
    "path", ["/api/v1/events", "/api/v1/event.batch", "/api/v1/Event.Batch", "/api/v1/EVENTS", "/api.php"]
)
def test_names_are_read_in_any_letter_case(client: InProcess, shop: Shop, path: str) -> None:
    events = [
        {"EVENT": "a", "email": "a@example.com", "PROPERTIES": {"Kept": 1, "kept": 2}},
        {"event": "x", "Event": "b"},
    ]
    sent = {"command": "Event.Batch", "listid": shop.list_id, "EVENTS": events, "LISTID": shop.list_id}
    assert statuses(client.request("POST", path, shop.key, json=sent)) == ["ok", "ok"]
    assert stored(client, shop) == ["a", "b"]


def test_an_exact_spelling_beats_another(client: InProcess, shop: Shop) -> None:
    sent = {
        "ListID": shop.list_id,
        "events": [{"Event": "other"}],
        "Events": [{"Event": "exact"}],
        "EVENTS": 5,
    }
    assert statuses(client.request("POST", "/api/v1/events", shop.key, json=sent)) == ["ok"]
    assert stored(client, shop) == ["exact"]


def test_test_events_are_checked_and_not_stored(client: InProcess, batch: Batch) -> None:
    before = client.counts()
    answer = batch(
        {"Event": "a", "UUID": VISITOR, "ID": "u-1", "Properties": {"isTest": True}},
        {"Event": "", "Properties": {"isTest": True}},
    )
    assert statuses(answer) == ["ok", [5]]
    assert answer.body["results"][0] == {
        "status": "ok",
        "uuid": VISITOR,
        "external_id": "u-1",
        "identify_event_sent": False,
    }
    assert client.counts() == before


def test_only_post_and_only_with_a_credential(client: InProcess, shop: Shop) -> None:
    assert client.request("GET", "/api/v1/events", shop.key).headers["Allow"] == "POST"
    assert client.request("POST", "/api/v1/events", json={"Events": []}).codes == [99998]
    weak = client.services.stores.keys.add(shop.user_id)
    assert client.request("POST", "/api/v1/events", weak, json={"Events": []}).status == 200


# Bodies


def test_lines_are_events(client: InProcess, lines: Callable[..., Reply], shop: Shop) -> None:
    body = b'\xef\xbb\xbf{"Event": "a"}\r\n\r\n  \n{"Event": "b"\n[]\n{"event": "c", "Properties": {"x": NaN}}\n{"Event": "d\xc3\xa9"}'
    answer = lines(body)
    assert statuses(answer) == ["ok", [100000], [100000], [100000], "ok"]
    assert stored(client, shop) == ["a", "dé"]
    messages = [r["Errors"][0]["Message"] for r in answer.body["results"] if "Errors" in r]
    assert messages[0].startswith("Unreadable request body: not valid JSON")
    assert messages[1] == "Unreadable request body: the JSON must be an object"


FAULTS = [
    b'{"Event": "x", "Properties": {"t": "\\ud83d"}}',
    b'{"Event": "x", "Properties": {"\\ude00": 1}}',
    b'{"Event": "caf\xc3"}',
    b'{"Event": "x", "Properties": {"n": 1e400}}',
    b'{"Event": "x", "Properties": {"n": %s}}' % (b"7" * 1000),
    b'{"Event": "x", "Properties": {"n": -Infinity}}',
    b'{"Event": "x",}',
]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_no_decoder_reads_is_the_fault_of_its_own_event(
    client: InProcess, lines: Callable[..., Reply], shop: Shop, fault: bytes
) -> None:
    """In JSON as in a line of NDJSON, with the same row; also where the body names the command."""
    by_line = lines(b'{"Event": "a"}\n%s\n{"Event": "b"}' % fault)
    assert statuses(by_line) == ["ok", [100000], "ok"]
    said = b'"Events": [{"Event": "a"}, %s, {"Event": "b"}], "ListID": %d}' % (fault, shop.list_id)
    for path, named in (("/api/v1/events", b"{"), ("/api.php", b'{"Command": "event.batch", ')):
        answer = client.request("POST", path, shop.key, data=named + said, content_type="application/json")
        assert statuses(answer) == ["ok", [100000], "ok"]
        assert answer.body["results"][1] == by_line.body["results"][1]
    assert stored(client, shop) == ["a", "b"] * 3
    alone = client.request("POST", "/api/v1/event", shop.key, data=fault, content_type="application/json")
    assert (alone.status, alone.codes) == (400, [100000])


def test_no_lines_are_no_batch(lines: Callable[..., Reply]) -> None:
    assert lines(b"").codes == [1]
    assert lines(b"\n \r\n").codes == [1]


def test_other_commands_take_no_lines(lines: Callable[..., Reply]) -> None:
    for path in ("/api/v1/event", "/api.php?Command=event.batch"):
        answer = lines(b'{"Event": "a"}', path)
        assert (answer.status, answer.codes) == (415, [100011])


def test_gzip_is_unpacked(client: InProcess, lines: Callable[..., Reply], shop: Shop) -> None:
    body = b"\n".join(b'{"Event": "e", "EventID": "%d"}' % n for n in range(1000))
    assert statuses(lines(gzip.compress(body), Content_Encoding="gzip")) == ["ok"] * 1000
    halves = gzip.compress(body[:500]) + gzip.compress(body[500:])
    assert statuses(lines(halves, Content_Encoding="x-gzip")) == ["duplicate"] * 1000


def test_what_gzip_unpacks_to_is_bounded(client: InProcess, shop: Shop) -> None:
    packed = {"Content-Encoding": "gzip"}

    def send(body: bytes, path: str = "/api/v1/events") -> Reply:
        return client.request(
            "POST", path, shop.key, packed, data=gzip.compress(body), content_type="application/json"
        )

    assert statuses(send(padded(BATCH_BYTES))) == ["ok"]
    for path in ("/api/v1/events", "/api.php"):
        refused = send(padded(BATCH_BYTES + 1), path)
        assert (refused.status, refused.codes) == (413, [100010])
        bomb = send(bytes(100_000_000), path)
        assert (bomb.status, bomb.codes) == (413, [100010])


@pytest.mark.parametrize("damage", [lambda b: b[:-1], lambda b: b + b"x", lambda b: b[:5], lambda b: b"{}"])
def test_damaged_gzip_is_unreadable(client: InProcess, shop: Shop, damage: Callable[[bytes], bytes]) -> None:
    body = damage(gzip.compress(b'{"Events": []}'))
    answer = client.request("POST", "/api/v1/events", shop.key, {"Content-Encoding": "gzip"}, data=body)
    assert (answer.status, answer.codes) == (400, [100000])


def padded(size: int, command: str = "event.batch") -> bytes:
    """A batch of one event in a body of so many bytes."""
    start = b'{"Command": "%s", "Event": "a", "Events": [{"Event": "a"}], "Padding": "' % command.encode()
    return start + b"x" * (size - len(start) - 2) + b'"}'


# Limits


@pytest.mark.parametrize("path", ["/api/v1/events", "/api.php"])
def test_a_mebibyte_is_read_and_not_a_byte_more(client: InProcess, shop: Shop, path: str) -> None:
    def send(size: int) -> Reply:
        return client.request("POST", path, shop.key, data=padded(size), content_type="application/json")

    assert statuses(send(BATCH_BYTES)) == ["ok"]
    refused = send(BATCH_BYTES + 1)
    assert (refused.status, refused.codes) == (413, [100010])
    assert refused.body["Errors"][0]["Message"] == f"Request body too large: more than {BATCH_BYTES} bytes"


def test_other_commands_keep_their_limits_where_the_body_names_them(client: InProcess, shop: Shop) -> None:
    for size, status in ((64 * 1024, 200), (64 * 1024 + 1, 413)):
        body = padded(size, "event.track")
        answer = client.request("POST", "/api.php", shop.key, data=body, content_type="application/json")
        assert answer.status == status
        named = client.request(
            "POST",
            "/api.php?Command=event.track",
            shop.key,
            data=body.replace(b"Command", b"Kommand"),
            content_type="application/json",
        )
        assert named.status == status
    for nested in (32, 33):  # the object of parameters is the first level
        body = json.dumps({"Command": "event.track", "Event": "a", "Properties": deep(nested - 1)}).encode()
        answer = client.request("POST", "/api.php", shop.key, data=body, content_type="application/json")
        assert answer.status == (200 if nested == 32 else 400)
    unknown = client.request(
        "POST", "/api.php", shop.key, data=padded(70_000, "no.such"), content_type="application/json"
    )
    assert (unknown.status, unknown.codes) == (413, [100010])


def deep(levels: int) -> dict[str, Any]:
    return {"a": deep(levels - 1)} if levels > 1 else {}


def test_a_thousand_events_and_not_one_more(
    client: InProcess, batch: Batch, lines: Callable[..., Reply], shop: Shop
) -> None:
    assert statuses(batch(*[{"Event": "a"}] * 1000)) == ["ok"] * 1000
    for answer in (batch(*[{"Event": "a"}] * 1001), lines(b'{"Event": "a"}\n' * 1001)):
        assert (answer.status, answer.codes) == (422, [2])
        assert (
            answer.body["Errors"][0]["Message"] == "Invalid Events parameter: an array of at most 1000 events"
        )
    assert len(stored(client, shop)) == 1000


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        (deep(31), None),
        (deep(32), "Unreadable request body: nested deeper than 32 levels"),
        ({"a": [0] * 19_996}, None),
        ({"a": [0] * 19_997}, "Unreadable request body: more than 20000 values"),
        ({"a": 2**63 - 1}, None),
        ({"a": [2**63, -(2**63) - 1, 10**300]}, None),
        ({f"p{n}": n for n in range(255)}, None),
        ({f"p{n}": n for n in range(256)}, "Invalid Properties parameter: more than 255 properties"),
        ({"a" * 255: 1}, None),
        ({"a" * 256: 1}, "Invalid Properties parameter: a property name is longer than 255 bytes"),
        ({"a": "x" * 32_768}, None),
        ({"a": "x" * 32_769}, "Invalid Properties parameter: a string is longer than 32768 bytes"),
    ],
)  # fmt: skip
def test_each_event_has_the_limits_of_a_request(
    client: InProcess,
    batch: Batch,
    lines: Callable[..., Reply],
    shop: Shop,
    properties: dict[str, Any],
    message: str | None,
) -> None:
    event = {"Event": "edge", "Properties": properties}
    by_php = client.call("event.batch", shop.key, ListID=shop.list_id, Events=[event, {"Event": "good"}])
    by_line = lines(json.dumps(event).encode() + b'\n{"Event": "good"}')
    for answer in (batch(event, {"Event": "good"}), by_line, by_php):
        first, second = answer.body["results"]
        assert second["status"] == "ok"
        assert first.get("Errors", [{}])[0].get("Message") == message
    assert stored(client, shop).count("edge") == (3 if message is None else 0)


# The rate limit


@pytest.fixture
def limited(new_client: NewClient) -> InProcess:
    return new_client({"TRACKER_LIMITS": "event.track=10/60"})


def test_a_batch_counts_as_its_events_and_fits_or_is_refused_whole(limited: InProcess) -> None:
    shop = limited.open_shop("jane@example.com")

    def send(count: int) -> tuple[int, str]:
        answer = limited.call("event.batch", shop.key, ListID=shop.list_id, Events=[{"Event": "a"}] * count)
        assert answer.headers["X-RateLimit-Limit"] == "10"
        return answer.status, answer.headers["X-RateLimit-Remaining"]

    assert send(4) == (200, "6")
    refused = limited.call("event.batch", shop.key, ListID=shop.list_id, Events=[{"Event": "a"}] * 7)
    assert (refused.status, refused.codes) == (429, [429])
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert (
        limited.call("event.track", shop.key, ListID=shop.list_id, Event="b").headers["X-RateLimit-Remaining"]
        == "5"
    )
    assert send(0) == (200, "4")
    assert send(1001) == (422, "3"), "no waiting helps it"
    assert send(3) == (200, "0")
    assert limited.call("event.track", shop.key, ListID=shop.list_id, Event="b").status == 429
    assert len(stored(limited, shop)) == 8


def test_a_batch_larger_than_the_limit_takes_all_of_a_window(limited: InProcess) -> None:
    """What the documents allow is not refused for ever."""
    shop = limited.open_shop("june@example.com")

    def send(count: int) -> Reply:
        return limited.call("event.batch", shop.key, ListID=shop.list_id, Events=[{"Event": "a"}] * count)

    first = send(11)
    assert (first.status, first.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert statuses(first) == ["ok"] * 11
    assert [send(count).status for count in (11, 1)] == [429, 429]
    other = limited.open_shop("july@example.com")
    assert limited.call("event.track", other.key, ListID=other.list_id, Event="b").status == 200
    many = limited.call("event.batch", other.key, ListID=other.list_id, Events=[{"Event": "a"}] * 1000)
    assert (many.status, many.headers["X-RateLimit-Remaining"]) == (429, "9")


def test_a_list_may_be_named_by_its_public_id(client: InProcess, shop: Shop) -> None:
    mine = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert mine is not None
    named = {"EventListTrackerID": mine.tracker_id, "Events": [{"Event": "a"}, {"Event": "b"}]}
    assert statuses(client.call("event.batch", shop.key, **named)) == ["ok", "ok"]
    assert statuses(client.call("event.batch", shop.key, ListID=shop.list_id, **named)) == ["ok", "ok"]
    assert stored(client, shop) == ["a", "b", "a", "b"]


def test_a_public_id_of_others_is_as_good_as_none(client: InProcess, shop: Shop) -> None:
    other = client.open_shop(f"other{shop.list_id}@example.com")
    theirs = client.services.stores.lists.owned(other.user_id, other.list_id)
    mine = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert theirs is not None
    assert mine is not None
    replies = [
        client.call("event.batch", shop.key, EventListTrackerID=named, Events=[{"Event": "a"}])
        for named in (theirs.tracker_id, "A" * 16, "é", "")
    ]
    assert {(reply.refusal[0], *reply.codes) for reply in replies} == {(422, 25)}
    assert len({reply.text for reply in replies}) == 1
    both = client.call(
        "event.batch", shop.key, EventListTrackerID=mine.tracker_id, ListID=other.list_id, Events=[]
    )
    assert both.refusal == (422, [4])
    fresh = client.services.stores.lists.add(shop.user_id, "Another")
    both = client.call("event.batch", shop.key, EventListTrackerID=mine.tracker_id, ListID=fresh, Events=[])
    assert both.refusal == (422, [25])
    assert stored(client, other) == []


CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


def test_what_follows_from_the_browser_of_an_event_is_added(
    client: InProcess, batch: Batch, shop: Shop
) -> None:
    client.services.stores.list_settings.change(
        shop.list_id, is_address_kept=True, own_networks=("10.0.0.0/8",)
    )
    page = {"$current_url": "https://shop.example/a?utm_source=x&token=secret", "$timezone": "Europe/Berlin"}
    answer = batch(
        {"Event": "browser", "Properties": page, "UserAgent": CHROME, "IPAddress": "203.0.113.77"},
        {"Event": "robot", "Properties": page, "UserAgent": "curl/8.0 (bot)"},
        {"Event": "unknown", "Properties": page, "UserAgent": ""},
        {"Event": "own", "IPAddress": "10.1.2.3"},
        {"Event": "plain", "Properties": page},
    )
    assert statuses(answer) == ["ok"] * 5
    rows = client.rows(
        "SELECT name, flags, properties FROM events WHERE list_id = ? ORDER BY id", shop.list_id
    )
    found = {
        bytes(name).decode(): (flags & IS_BOT, json.loads(bytes(kept)[1:])) for name, flags, kept in rows
    }
    assert {name: bool(is_bot) for name, (is_bot, _) in found.items()} == {
        "browser": False, "robot": True, "unknown": False, "own": True, "plain": False,
    }  # fmt: skip
    of_browser, unknown = found["browser"][1], found["unknown"][1]
    assert (of_browser["$browser"], of_browser["$ip"], of_browser["$country"]) == (
        "Chrome",
        "203.0.113.0",
        "DE",
    )
    assert (of_browser["$utm_source"], "secret" in json.dumps(of_browser)) == ("x", False)
    assert unknown.keys() == of_browser.keys() - {
        "$browser", "$browser_version", "$os", "$device_type", "$device", "$raw_user_agent", "$ip",
    }  # fmt: skip
    assert found["plain"][1] == page


def test_a_browser_that_is_none_is_refused_with_its_event_alone(batch: Batch) -> None:
    answer = batch({"Event": "a", "UserAgent": 7}, {"Event": "b", "IPAddress": "here"}, {"Event": "c"})
    assert statuses(answer) == [[23], [24], "ok"]


def test_a_refused_event_is_in_the_inbox_of_the_list_that_its_public_id_names(
    client: InProcess, shop: Shop
) -> None:
    mine = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert mine is not None
    client.call(
        "event.batch", shop.key, EventListTrackerID=mine.tracker_id, Events=[{"Event": "x", "UUID": "y"}]
    )
    client.services.inbox.flush()
    found = client.ok("rejections.get", shop.key, ListID=shop.list_id)
    assert [each["Reason"] for each in found["Rejections"]] == ["13"]
