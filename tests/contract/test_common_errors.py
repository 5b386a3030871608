"""Does every common error come with its status, its headers and its shape, and store nothing?"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import pytest

from tests.client import InProcess, NewClient, Reply, Shop, Track
from tests.commands.test_event_track import errors

LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


def send(
    client: InProcess, shop: Shop, body: bytes, content_type: str = "application/json", **headers: str
) -> Reply:
    return client.request(
        "POST", "/api/v1/event", shop.key, data=body, content_type=content_type, headers=headers
    )


def without_hints(answer: Reply) -> dict[str, Any]:
    """The rows as the table of common errors has them."""
    rows = [{key: value for key, value in row.items() if key != "Hint"} for row in answer.body["Errors"]]
    return {"Errors": rows}


#: What is sent to event.track -> (status, code, message's beginning). {} is the list.
BODIES: dict[str, tuple[bytes, str, dict[str, str], int, int, str]] = {
    "syntax": (b'{"Event": "seen"', "application/json", {}, 400, 100000, "Unreadable request body: not valid JSON"),
    "no object": (b'["Event"]', "application/json", {}, 400, 100000, "Unreadable request body: the JSON must be an object"),
    "NaN": (b'{"Event": "seen", "Properties": {"a": NaN}}', "application/json", {}, 400, 100000, "Unreadable request body"),
    "Infinity": (b'{"Event": "seen", "Properties": {"a": -Infinity}}', "application/json", {}, 400, 100000, "Unreadable request body"),
    "lone surrogate": (b'{"Event": "seen", "Properties": {"a": "\\ud800"}}', "application/json", {}, 400, 100000, "Unreadable request body"),
    "no UTF-8": (b'{"Event": "\xff"}', "application/json", {}, 400, 100000, "Unreadable request body"),
    "form no UTF-8": (b"Event=%ff", "application/x-www-form-urlencoded", {}, 400, 100000, "Unreadable request body"),
    "too deep": (b'{"a":' * 33 + b"1" + b"}" * 33, "application/json", {}, 400, 100000, "Unreadable request body: nested deeper"),
    "very deep": (b"[" * 60_000, "application/json", {}, 400, 100000, "Unreadable request body"),
    "too large": (b" " * (64 * 1024 + 1), "application/json", {}, 413, 100010, "Request body too large: more than 65536 bytes"),
    "type": (b"<event/>", "application/xml", {}, 415, 100011, "Media type or content encoding not supported"),
    "charset": (b"{}", "application/json; charset=utf-16", {}, 415, 100011, "Media type or content encoding not supported"),
    "encoding": (b"{}", "application/json", {"Content-Encoding": "br"}, 415, 100011, "Media type or content encoding not supported"),
    "no gzip": (b"{}", "application/json", {"Content-Encoding": "gzip"}, 400, 100000, "Unreadable request body: it is not valid gzip"),
    "gzip bomb": (gzip.compress(bytes(10**7)), "application/json", {"Content-Encoding": "gzip"}, 413, 100010, "Request body too large: more than 65536 bytes"),
    "lines": (b"{}", "application/x-ndjson", {}, 415, 100011, "Media type or content encoding not supported: this command takes no NDJSON"),
}  # fmt: skip


@pytest.mark.parametrize("case", BODIES)
def test_bodies_that_cannot_be_read(client: InProcess, shop: Shop, case: str) -> None:
    body, content_type, headers, status, code, message = BODIES[case]
    before = client.counts()
    answer = send(client, shop, body, content_type, **headers)
    [row] = answer.body["Errors"]
    assert (answer.status, row["Code"]) == (status, code)
    assert row["Message"].startswith(message)
    assert not set(LIMITS) & set(answer.headers.keys())
    assert client.counts() == before


@pytest.mark.parametrize("path", ["/api.php", "/api/v1/event", "/api/v1/event.track"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_what_changes_something_takes_post_only(
    client: InProcess, shop: Shop, path: str, method: str
) -> None:
    before = client.counts()
    query = {"Command": "event.track", "Event": "seen", "ListID": shop.list_id}
    answer = client.request(method, path, shop.key, params=query)
    assert (answer.status, answer.headers["Allow"]) == (405, "POST")
    if method != "HEAD":
        assert answer.body == errors((100001, "Method not allowed for this command"))
    assert client.counts() == before


def test_what_changes_nothing_takes_get_and_post(client: InProcess, shop: Shop) -> None:
    path = "/api/v1/website_events.properties"
    for method in ("GET", "POST"):
        assert client.request(method, path, shop.key, params={"ListID": shop.list_id}).status == 200
    refused = client.request("DELETE", path, shop.key)
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, POST")


def test_a_refused_permission_reaches_no_limit(client: InProcess, shop: Shop) -> None:
    plain = client.services.stores.keys.add(shop.user_id)
    answer = client.call("website_events.properties", plain, ListID=shop.list_id)
    assert (answer.status, answer.body) == (
        403,
        errors((403, "Forbidden: the permission for this command is lacking")),
    )
    assert not set(LIMITS) & set(answer.headers.keys())


def test_unknown_credentials(client: InProcess, shop: Shop, track: Track) -> None:
    message = "Authentication failed: the API key or session is missing or not valid"
    for sent in ({}, {"APIKey": "x"}, {"SessionID": "x"}):
        before = client.counts()
        answer = client.call("event.track", Event="seen", ListID=shop.list_id, **sent)
        assert (answer.status, without_hints(answer)) == (401, errors((99998, message)))
        assert client.counts() == before


def test_every_answer_that_was_counted_says_so(client: InProcess, track: Track) -> None:
    left = []
    for params in ({}, {"Event": ""}, {"ListID": 2**62}, {"Properties": {"isTest": True}}):
        answer = track(**params)
        assert answer.headers["X-RateLimit-Limit"] == "1000000"
        assert answer.headers["X-RateLimit-Reset"].isdigit()
        left.append(int(answer.headers["X-RateLimit-Remaining"]))
    assert left == list(range(left[0], left[0] - 4, -1))


@pytest.fixture(scope="module")
def tight(new_client: NewClient) -> InProcess:
    """Tracker with low limits and short sessions."""
    limits = {
        "TRACKER_LIMITS": "event.track=3/60,website_events.properties=1/60",
        "TRACKER_SESSION_SECONDS": "1",
    }
    return new_client(limits)


def test_beyond_the_limit_nothing_is_stored(tight: InProcess) -> None:
    shop = tight.open_shop("limited@example.com")
    key = tight.services.stores.keys.add(shop.user_id, "*")
    sent: Mapping[str, Any] = {"Event": "seen", "ListID": shop.list_id}
    doors = ("/api.php", "/api/v1/event", "/api/v1/event.track")
    first = [
        tight.request("POST", door, each, json={"Command": "event.track", **sent})
        for door, each in zip(doors, (shop.key, key, shop.key), strict=True)
    ]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in first] == ["2", "1", "0"], (
        "one user, one count"
    )
    before = tight.counts()
    refused = tight.call("event.track", shop.key, **sent)
    assert (refused.status, refused.body) == (429, errors((429, "Rate limit exceeded: try again later")))
    assert 1 <= int(refused.headers["Retry-After"]) <= 61, "the rest of the window, rounded up"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert tight.counts() == before
    assert tight.call("website_events.properties", shop.key, ListID=shop.list_id).status == 200
    other = tight.open_shop("other@example.com")
    assert tight.call("event.track", other.key, Event="seen", ListID=other.list_id).status == 200


def test_refused_calls_count_but_a_call_beyond_the_limit_does_not(tight: InProcess) -> None:
    shop = tight.open_shop("counting@example.com")
    assert [tight.call("event.track", shop.key, Event="").codes for _ in range(5)] == [
        [5],
        [5],
        [5],
        [429],
        [429],
    ]


def test_an_expired_session_is_told_from_an_unknown_one(
    tight: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = tight.open_shop("session@example.com")
    session = tight.services.stores.sessions.open(shop.user_id)
    sent: Mapping[str, Any] = {"SessionID": session, "Event": "seen", "ListID": shop.list_id}
    assert tight.call("event.track", **sent).status == 200
    hash_of = "UPDATE sessions SET expires_at = 1"
    tight.services.storage.write(lambda transaction: transaction.execute(hash_of))
    expired = tight.call("event.track", **sent)
    assert (expired.status, without_hints(expired)) == (401, errors((99999, "Session expired: log in again")))
    assert "user.login" in expired.body["Errors"][0]["Hint"]
    assert tight.call("user.logout", SessionID=session).status in (200, 401)
    assert tight.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(1,)]


def test_at_most_ten_rows_are_answered(client: InProcess, track: Track) -> None:
    everything = {
        "ListID": "x", "Event": "", "Email": "x", "UUID": "x", "ID": " ", "EventID": "!", "Properties": 1,
        "Timestamp": "x", "SentAt": "x",
    }  # fmt: skip
    codes = track(**everything).codes
    assert codes == sorted(codes)
    assert len(codes) == 9
    conversion = track(**everything | {"Event": "conversion", "Properties": {"conversion-value": "x"}})
    assert conversion.codes == [4, 7, 8, 9, 13, 14, 16, 18, 19, 20]
