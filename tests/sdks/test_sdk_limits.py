"""Is a request of an SDK counted whole, before anything of it is done, and for whom it names?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.client import InProcess, Reply
from tests.servers import NewDatabase
from tracker.domain.event import IS_PUBLIC

#: What a page's visitor may send in a minute, and what a key may where these tests need little of it.
OF_ADDRESS, OF_KEY = 600, 1_100
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
VISIT = {"idsite": "1", "rec": "1", "_id": "a18f184646bd4c38", "url": "https://shop.example/a?b=c&d=e"}


@pytest.fixture(scope="module")
def client(new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    limits = {"TRACKER_LIMITS": f"event.track={OF_KEY}/60"}
    opened = InProcess(new_database("sqlite"), tmp_path_factory.mktemp("limits"), limits)
    yield opened
    opened.close()


class Doors:
    """The addresses of one list, called from an address that nobody else calls from."""

    def __init__(self, client: InProcess) -> None:
        self.client, self.shop = client, client.open_shop(f"{client.counts(['users'])['users']}@example.com")
        self.key = self.shop.key
        found = client.services.stores.lists.owned(self.shop.user_id, self.shop.list_id)
        assert found is not None
        self.public_id: str = found.tracker_id
        self.pair = f"{self.public_id}:{self.key}"
        self._address = f"198.18.{self.shop.list_id // 250}.{self.shop.list_id % 250 + 1}"

    def send(self, path: str, body: Any, headers: dict[str, str] | None = None) -> Reply:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.request("POST", f"/sdk/{path}", headers=headers, data=data, address=self._address)

    def segment(self, *messages: Any, key: str | None = None, is_in_path: bool = False) -> Reply:
        named = self.public_id if key is None else key
        path = f"segment/{self.public_id}/v1/batch" if is_in_path else "segment/v1/batch"
        return self.send(path, {"batch": messages, "writeKey": named})

    def matomo(self, count: int, headers: dict[str, str] | None = None, **beside: Any) -> Reply:
        requests = [f"?{urlencode(VISIT | {'action_name': f'page {number}'})}" for number in range(count)]
        return self.send(f"matomo/{self.public_id}/matomo.php", {"requests": requests, **beside}, headers)

    def use_up(self, count: int = OF_ADDRESS) -> None:
        """Send what leaves nothing of the address's limit, and stores nothing."""
        assert self.segment(*[{}] * count).status == 400

    def stored(self) -> int:
        [(count,)] = self.client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", self.shop.list_id)
        return int(count)

    def are_public(self) -> set[bool]:
        rows = self.client.rows("SELECT flags FROM events WHERE list_id = ?", self.shop.list_id)
        return {bool(flags & IS_PUBLIC) for (flags,) in rows}


@pytest.fixture
def doors(client: InProcess) -> Doors:
    return Doors(client)


def tracks(count: int) -> list[dict[str, Any]]:
    return [{"type": "track", "event": "e", "anonymousId": "a", "messageId": f"m-{n}"} for n in range(count)]


# Whole or not at all


def test_more_events_than_a_minute_has_are_stored_whole_and_take_all_of_it(doors: Doors) -> None:
    whole = doors.segment(*tracks(1_103))
    assert (whole.status, whole.headers["X-RateLimit-Remaining"], doors.stored()) == (200, "0", 1_103)
    refused = doors.segment(*tracks(1))
    assert (refused.status, refused.body["code"]) == (429, "429")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert doors.stored() == 1_103


@pytest.mark.parametrize("count", [OF_ADDRESS, 1_103])
def test_what_does_not_fit_beside_others_is_refused_whole(doors: Doors, count: int) -> None:
    assert doors.segment(*tracks(1)).status == 200
    refused = doors.segment(*tracks(count))
    assert (refused.status, doors.stored()) == (429, 1)
    assert doors.segment(*tracks(3)).status == 200
    assert doors.stored() == 3


def test_a_bulk_without_ids_is_stored_whole_or_not_at_all_with_a_key_too(client: InProcess) -> None:
    whole, refused = Doors(client), Doors(client)
    assert whole.matomo(1_200, token_auth=whole.key).body == {
        "status": "success",
        "tracked": 1_200,
        "invalid": 0,
    }
    assert whole.stored() == 1_200
    assert refused.matomo(1, token_auth=refused.key).status == 200
    reply = refused.matomo(1_200, token_auth=refused.key)
    assert (reply.status, reply.body["status"], refused.stored()) == (429, "error", 1)
    assert "Retry-After" in reply.headers


def test_what_is_made_of_an_event_does_not_count(doors: Doors) -> None:
    orders = [track | {"userId": "u-1", "properties": {"revenue": 1}} for track in tracks(OF_ADDRESS)]
    assert doors.segment(*orders).status == 200
    assert doors.stored() == 2 * OF_ADDRESS + 1


def test_what_is_refused_counts_as_what_is_stored(doors: Doors) -> None:
    doors.use_up(OF_ADDRESS - 1)
    assert [doors.segment(*tracks(1)).status for _ in range(2)] == [200, 429]


def test_events_in_the_requests_of_a_bulk_count_one_by_one(doors: Doors) -> None:
    events = [[{"key": "e", "id": f"e-{part}-{number}"} for number in range(100)] for part in range(6)]
    sent = [{"device_id": "d", "app_key": doors.public_id, "events": json.dumps(each)} for each in events]
    assert doors.send("countly/i/bulk", f"requests={quote(json.dumps(sent))}".encode(), FORM).status == 200
    assert (doors.stored(), doors.segment(*tracks(1)).status) == (600, 429)


# More than a stranger's request may have


def test_a_request_without_a_key_has_at_most_two_thousand_events(doors: Doors) -> None:
    refused = doors.segment(*tracks(2_001))
    assert (refused.status, refused.body["code"], doors.stored()) == (413, "100010", 0)
    assert doors.segment(*tracks(2_001), key=doors.pair).status == 200


@pytest.mark.parametrize("sent", [{"a": "x" * 1_100_000}, {"a": [0] * 33_000}], ids=["bytes", "values"])
def test_a_large_body_needs_a_key(doors: Doors, sent: dict[str, Any]) -> None:
    event = {"event": "e", "distinct_id": "u-1", "properties": sent}
    refused = doors.send("posthog/batch", {"api_key": doors.public_id, "batch": [event]})
    assert (refused.status, doors.stored()) == (413, 0), "PostHog's and Amplitude's clients then send halves"
    for end in ({"api_key": doors.pair, "batch": [event]}, {"batch": [event], "api_key": doors.pair}):
        assert doors.send("posthog/batch", end).status == 200


def test_nothing_is_read_for_a_list_that_is_not_there(doors: Doors) -> None:
    assert doors.segment(*tracks(2_001), key="A" * 16).status == 401


@pytest.mark.parametrize("count", [100, 400])
def test_a_form_has_as_many_escapes_as_its_events_need(doors: Doors, count: int) -> None:
    events = [
        {"key": "e", "count": 1, "timestamp": 1_795_780_000_000 + n, "id": f"e-{n}", "hour": 9, "dow": 1,
         "segmentation": {"plan": "pro", "position": n, "label": "a “b”, c: d", "url": "https://shop.example/a?b=c"}}
        for n in range(count)
    ]  # fmt: skip
    fields = {
        "app_key": doors.public_id,
        "device_id": "0b0e9aa6-1f4f-4e0c-a0b2-4f3b7c4b8d11",
        "events": json.dumps(events),
    }
    body = urlencode(fields, quote_via=quote).encode()
    assert body.count(b"%") > 60 * count
    reply = doors.send("countly/i", body, FORM)
    assert (reply.status, reply.body, doors.stored()) == (200, {"result": "Success"}, count)


def test_a_form_of_json_is_as_good_as_json(doors: Doors) -> None:
    own = {"token": doors.public_id, "$device_id": "d", "label": "ä, ö", "url": "https://shop.example/?a=b"}
    events = [{"event": "e", "properties": own | {"$insert_id": f"i-{number}"}} for number in range(300)]
    body = f"data={quote(json.dumps(events))}".encode()
    assert body.count(b"%") > 12_000
    assert (doors.send("mixpanel/track", body, FORM).text, doors.stored()) == ("1", 300)


# Whom the body names


def test_a_key_in_a_long_body_is_found_before_a_limit_of_strangers(doors: Doors) -> None:
    doors.use_up()
    sent = doors.matomo(100, token_auth=doors.key)
    assert (sent.status, sent.body["tracked"]) == (200, 100)
    sent = doors.segment(*tracks(100), key=doors.pair, is_in_path=True)
    assert (sent.status, doors.stored(), doors.are_public()) == (200, 200, {False})
    assert doors.segment(*tracks(100), is_in_path=True).status == 429
    assert doors.segment(*tracks(1_200), key=doors.pair, is_in_path=True).status == 429, (
        "of the key's own limit"
    )


def test_a_key_in_one_request_of_a_bulk_is_that_of_all(doors: Doors) -> None:
    requests = [VISIT, VISIT | {"token_auth": doors.key}]
    assert doors.send(f"matomo/{doors.public_id}/matomo.php", {"requests": requests}).body["tracked"] == 2
    assert doors.are_public() == {False}


def test_matomos_key_may_stand_in_the_header(doors: Doors) -> None:
    doors.use_up()
    assert doors.matomo(100, {"Authorization": f"Bearer {doors.key}"}).status == 200
    assert (doors.stored(), doors.are_public()) == (100, {False})
    assert doors.matomo(1, {"Authorization": f"Bearer trk_{'x' * 47}"}).status == 401
    assert (
        doors.matomo(1, {"Authorization": f"Bearer {doors.key}", "Origin": "https://shop.example"}).status
        == 401
    )
    assert doors.stored() == 100
