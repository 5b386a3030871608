"""Does the door let in whom it should, tell the others in their SDK's words, and keep what a browser and a log need?"""

from __future__ import annotations

import base64
import gzip
import json
import logging
import time
import zlib
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.client import InProcess, Reply, Shop
from tracker.domain.event import IS_BOT, IS_PUBLIC
from tracker.http.hushed_log import HushedLog

PAGE = "https://shop.example"
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
BATCH = "/v1/batch"


class Segment:
    """The door of one list, as Segment's clients find it."""

    def __init__(self, client: InProcess, shop: Shop) -> None:
        self.client, self.shop = client, shop
        found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
        assert found is not None
        self.public_id: str = found.tracker_id
        self.pair = f"{self.public_id}:{shop.key}"
        number = shop.list_id
        self.address = f"198.18.{number // 250 % 250}.{number % 250 + 1}"

    def send(self, *messages: Any, key: str | None = None, path: str = BATCH, **options: Any) -> Reply:
        """A batch with a key, the public id if none is said; "" sends none."""
        body = options.pop("body", None) or json.dumps({"batch": list(messages)}).encode()
        user = self.public_id if key is None else key
        basic = {"Authorization": "Basic " + base64.b64encode(f"{user}:".encode()).decode()} if user else {}
        headers = {**basic, **options.pop("headers", {})}
        return self.client.request(
            options.pop("method", "POST"),
            f"/sdk/segment{path}",
            headers=headers,
            data=body,
            address=self.address,
            **options,
        )

    def stored(self) -> list[tuple[str, int, dict[str, Any]]]:
        """(name, flags, properties) of the list's events, in the order of their ids."""
        sql = "SELECT name, flags, properties FROM events WHERE list_id = ? ORDER BY id"
        rows = self.client.rows(sql, self.shop.list_id)
        return [(bytes(n).decode(), flags, json.loads(bytes(p)[1:])) for n, flags, p in rows]

    def names(self) -> list[str]:
        return [name for name, _, _ in self.stored()]


@pytest.fixture
def segment(client: InProcess, shop: Shop) -> Segment:
    return Segment(client, shop)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the door logs."""
    logging.getLogger("tracker.sdks").propagate = True
    with caplog.at_level(logging.WARNING, "tracker.sdks"):
        yield caplog


def track(**more: Any) -> dict[str, Any]:
    sent = {"type": "track", "event": "Seen", "anonymousId": str(uuid4()), "messageId": str(uuid4()), **more}
    return {name: value for name, value in sent.items() if value is not ...}


def has_cors(reply: Reply, origin: str = "*") -> bool:
    return reply.headers.get("Access-Control-Allow-Origin") == origin


# Who may


def test_a_public_id_is_enough_and_says_so(segment: Segment) -> None:
    reply = segment.send(track(), headers={"Origin": PAGE, "User-Agent": CHROME})
    assert (reply.status, reply.body) == (200, {"success": True})
    assert has_cors(reply)
    [(name, flags, properties)] = segment.stored()
    assert name == "Seen"
    assert flags & IS_PUBLIC
    assert properties["$browser"] == "Chrome"


def test_a_pair_is_a_credential(segment: Segment) -> None:
    assert segment.send(track(), key=segment.pair).status == 200
    [(_, flags, _)] = segment.stored()
    assert not flags & IS_PUBLIC


def test_a_key_may_stand_in_the_body_of_a_family_that_puts_it_there(segment: Segment) -> None:
    for key in (segment.public_id, segment.pair):
        body = json.dumps({"batch": [track()], "writeKey": key}).encode()
        assert segment.send(key="", body=body).status == 200
    flags = [flags & IS_PUBLIC for _, flags, _ in segment.stored()]
    assert flags == [IS_PUBLIC, 0]


def test_a_pair_that_no_byte_of_the_body_shows_is_found_all_the_same(segment: Segment) -> None:
    escaped = json.dumps(segment.pair).replace("t", "\\u0074")
    body = b'{"writeKey": %s, "batch": [%s]}' % (escaped.encode(), json.dumps(track()).encode())
    assert segment.send(key="", body=body).status == 200
    [(_, flags, _)] = segment.stored()
    assert not flags & IS_PUBLIC


def test_an_id_may_stand_in_the_path(segment: Segment) -> None:
    path = f"/{segment.public_id}{BATCH}"
    assert segment.send(track(), key="", path=path).status == 200
    assert segment.send(track(), path=path).status == 200
    assert segment.send(track(), key=segment.pair, path=path).status == 200
    body = json.dumps({"batch": [track()], "writeKey": segment.pair}).encode()
    assert segment.send(key="", path=path, body=body).status == 200
    assert [bool(flags & IS_PUBLIC) for _, flags, _ in segment.stored()] == [True, True, False, False]


@pytest.mark.parametrize(
    "key", ["A" * 16, "A" * 16 + ":trk_" + "x" * 47, "undefined", "short", ":", "é" * 16]
)
def test_a_key_of_nobody_is_refused_in_the_familys_words(segment: Segment, key: str) -> None:
    reply = segment.send(track(), key=key, headers={"Origin": PAGE} if ":" not in key else {})
    assert reply.status == 401
    assert reply.body.keys() == {"code", "message"}
    assert has_cors(reply)
    assert segment.stored() == []


def test_no_key_at_all_is_refused(segment: Segment) -> None:
    assert segment.send(track(), key="").status == 401
    assert segment.send(track(), key="", headers={"Authorization": "Bearer None"}).status == 401
    assert segment.send(track(), key="", headers={"Authorization": "Basic !"}).status == 401


def test_a_good_key_opens_no_list_of_others(segment: Segment) -> None:
    other = segment.client.open_shop(f"other{segment.shop.list_id}@example.com")
    reply = segment.send(track(), key=f"{segment.public_id}:{other.key}")
    made_up = segment.send(track(), key=f"{'A' * 16}:{other.key}")
    assert (reply.status, reply.body) == (made_up.status, made_up.body)
    assert reply.status == 401
    assert segment.stored() == []


def test_two_ids_that_differ_are_refused(segment: Segment) -> None:
    assert segment.send(track(), path=f"/{'A' * 16}{BATCH}").status == 401
    body = json.dumps({"batch": [track()], "writeKey": "A" * 16}).encode()
    assert segment.send(key="", path=f"/{segment.public_id}{BATCH}", body=body).status == 401
    assert segment.stored() == []


@pytest.mark.parametrize("is_in_body", [False, True])
def test_a_secret_from_a_page_is_refused_and_logged(
    segment: Segment, logged: pytest.LogCaptureFixture, is_in_body: bool
) -> None:
    body = json.dumps({"batch": [track()], "writeKey": segment.pair}).encode()
    options = {"key": "", "body": body} if is_in_body else {"key": segment.pair}
    reply = segment.send(track(), headers={"Origin": PAGE}, **options)
    assert reply.status == 401
    assert has_cors(reply)
    assert segment.stored() == []
    [line] = logged.messages
    assert segment.public_id in line
    assert segment.shop.key not in line


@pytest.mark.parametrize("header", ["Origin", "Sec-Fetch-Site", "Sec-Fetch-Dest"])
def test_so_is_one_in_the_address_of_a_picture(
    segment: Segment, logged: pytest.LogCaptureFixture, header: str
) -> None:
    path = f"/sdk/matomo/{segment.public_id}/matomo.php"
    query = {"idsite": "1", "rec": "1", "url": f"{PAGE}/a", "token_auth": segment.shop.key}
    values = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}
    for headers, status in (({header: values[header]}, 401), ({"Sec-Fetch-Mode": "cors"}, 200)):
        reply = segment.client.request("GET", path, headers=headers, params=query, address=segment.address)
        assert reply.status == status
        assert len(segment.stored()) == (status == 200)
    [line] = [each for each in logged.messages if "API key" in each]
    assert segment.shop.key not in line


def test_what_follows_the_colon_is_no_secret_without_its_mark(segment: Segment) -> None:
    assert segment.send(track(), key=f"{segment.public_id}:web", headers={"Origin": PAGE}).status == 200


def test_a_key_without_the_right_to_send_is_as_good_as_at_the_command(segment: Segment) -> None:
    weak = segment.client.weak_key(segment.shop)
    assert segment.send(track(), key=f"{segment.public_id}:{weak}").status == 200


# As at the other doors


def test_pages_of_other_origins_are_refused_where_a_list_allows_some(segment: Segment) -> None:
    segment.client.services.stores.list_settings.change(segment.shop.list_id, allowed_origins=(PAGE,))
    good = segment.send(track(), headers={"Origin": PAGE})
    assert (good.status, has_cors(good, PAGE)) == (200, True)
    bad = segment.send(track(), headers={"Origin": "https://elsewhere.example"})
    assert (bad.status, "Access-Control-Allow-Origin" in bad.headers) == (403, False)
    assert segment.names() == ["Seen"]


@pytest.mark.parametrize(
    ("headers", "is_taken"),
    [
        ({"Referer": f"{PAGE}/a?b=https://elsewhere.example"}, True),
        ({"Referer": PAGE.upper()}, True),
        ({"Referer": "https://elsewhere.example/a"}, False),
        ({"Referer": f"{PAGE}.elsewhere.example/"}, False),
        ({"Referer": f"{PAGE}@elsewhere.example/", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "null", "Referer": f"{PAGE}/a"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({}, True),
    ],
)
def test_a_picture_is_of_the_page_that_its_browser_names(
    segment: Segment, headers: dict[str, str], is_taken: bool
) -> None:
    segment.client.services.stores.list_settings.change(segment.shop.list_id, allowed_origins=(PAGE,))
    path = f"/sdk/goatcounter/{segment.public_id}/count"
    reply = segment.client.request("GET", path, headers=headers, params={"p": "/a"}, address=segment.address)
    assert (reply.status, segment.names()) == ((200, ["page_view"]) if is_taken else (403, []))


def test_people_who_do_not_want_to_be_tracked_are_not(segment: Segment) -> None:
    segment.client.services.stores.list_settings.change(segment.shop.list_id, is_privacy_signal_honoured=True)
    reply = segment.send(track(), headers={"Origin": PAGE, "Sec-GPC": "1"})
    assert (reply.status, reply.body, segment.stored()) == (200, {"success": True}, [])


def test_a_test_of_an_sdk_is_an_event_like_any_other(segment: Segment) -> None:
    for key in (None, segment.pair):
        assert segment.send(track(properties={"isTest": True}), key=key).status == 200
    assert [properties["isTest"] for _, _, properties in segment.stored()] == [True, True]


def test_robots_are_told_by_the_agent_of_the_event_and_servers_are_none(segment: Segment) -> None:
    server = {"User-Agent": "python-requests/2.31"}
    bot = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
    for key in (None, segment.pair):
        segment.send(
            track(), track(context=bot), track(context={"userAgent": CHROME}), key=key, headers=server
        )
    found = [(bool(flags & IS_BOT), properties.get("$browser")) for _, flags, properties in segment.stored()]
    assert [is_bot for is_bot, _ in found] == [False, True, False] * 2
    assert [browser for _, browser in found][2::3] == ["Chrome", "Chrome"]
    assert [browser for _, browser in found][::3] == [None, None]


def test_channels_and_campaigns_follow_from_the_page_with_a_key_too(segment: Segment) -> None:
    page = {"url": "https://shop.example/a?utm_source=news&utm_medium=email&token=secret", "title": "A"}
    for key in (None, segment.pair):
        segment.send({"type": "page", "anonymousId": "abc", "properties": page}, key=key)
    for name, _, properties in segment.stored():
        assert name == "page_view"
        assert (properties["$channel"], properties["$utm_source"]) == ("Email", "news")
        assert properties["$pathname"] == "/a"


def test_the_address_in_an_event_is_believed_with_a_key_only(segment: Segment) -> None:
    segment.client.services.stores.list_settings.change(segment.shop.list_id, is_address_kept=True)
    for key in (None, segment.pair):
        segment.send(track(context={"ip": "203.0.113.77"}), key=key)
    kept = [properties["$ip"] for _, _, properties in segment.stored()]
    assert kept[0].startswith("198.18.")
    assert kept[1] == "203.0.113.0"


def test_no_address_is_stored_with_its_secrets_whatever_it_is_called(segment: Segment) -> None:
    segment.client.ok(
        "customfield.create",
        segment.shop.key,
        SubscriberListID=segment.shop.list_id,
        FieldName="initial",
        MergeTagAlias="initial",
    )
    secret = "email=jane@x.example&token=SEKRET"
    dirty = {
        "url": f"{PAGE}/reset?{secret}&page=2",
        "search": f"?{secret}",
        "view": f"/reset?{secret}",
        "[Amplitude] Page Location": "HTTPS://jane:SEKRET@shop.example/reset#access_token=SEKRET",
        "$elements": [{"attr__href": f"{PAGE}/reset?{secret}", "nth": 1}],
        "$elements_chain": f'a:text="?"href="/reset?{secret}"attr__href="{PAGE}/a"',
        "said": "Is my token=1 safe?",
    }
    clean = {
        "url": f"{PAGE}/reset?page=2",
        "search": "",
        "view": "/reset",
        "[Amplitude] Page Location": "HTTPS://shop.example/reset",
        "$elements": [{"attr__href": f"{PAGE}/reset", "nth": 1}],
        "$elements_chain": f'a:text="?"href="/reset"attr__href="{PAGE}/a"',
        "said": dirty["said"],
    }
    for key in (None, segment.pair):
        person = {"type": "identify", "userId": f"u{key}", "traits": {"initial": dirty["url"]}}
        assert segment.send(track(properties=dirty), person, key=key).status == 200
        found = segment.client.ok(
            "subscriber.get", segment.shop.key, ListID=segment.shop.list_id, ExternalID=f"u{key}"
        )
        assert clean["url"] in json.dumps(found)
    for name, _, properties in segment.stored():
        assert "SEKRET" not in json.dumps(properties)
        assert name != "Seen" or properties.items() >= clean.items()


# Answers


def test_a_batch_of_which_something_is_stored_succeeds(segment: Segment) -> None:
    reply = segment.send(track(), {"type": "track"}, "no object", track(event="Other"))
    assert (reply.status, reply.body) == (200, {"success": True})
    assert segment.names() == ["Seen", "Other"]


def test_a_batch_of_nothing_good_is_refused(segment: Segment) -> None:
    reply = segment.send({"type": "track"}, 7)
    assert (reply.status, reply.body["code"]) == (400, "100000")


def test_what_is_refused_is_in_the_inbox_by_adapter_and_command(segment: Segment) -> None:
    no_user = {"type": "track", "event": "lost, no user"}
    for key in (None, segment.pair):
        again = track()
        assert segment.send(again, {**again, "event": "Other"}, no_user, no_user, key=key).status == 200
        assert segment.send(no_user, key=key).status == 400
    segment.client.services.inbox.flush()
    found = segment.client.ok("rejections.get", segment.shop.key, ListID=segment.shop.list_id)["Rejections"]
    counts = {(each["Sender"]["Kind"], each["Reason"]): each["Count"] for each in found}
    of_one = {"17": 1, "100000": 3}
    assert counts == {(kind, reason): of_one[reason] for kind in ("key", "network") for reason in of_one}
    assert any("a message has a type" in each["Message"] for each in found)


def test_what_comes_again_is_a_success_even_if_it_differs(segment: Segment) -> None:
    first = track()
    for sent in (first, first, {**first, "properties": {"late": True}}):
        assert segment.send(sent).status == 200
    assert segment.names() == ["Seen"]


def test_more_events_than_a_command_takes_are_all_stored(segment: Segment) -> None:
    sent = [{"type": "track", "event": "e", "anonymousId": "a", "messageId": f"m-{n}"} for n in range(1_203)]
    assert segment.send(*sent, key=segment.pair).status == 200
    assert len(segment.names()) == 1_203


def test_an_order_is_an_event_and_a_conversion_and_a_pair_is_tied_once(segment: Segment) -> None:
    visitor = str(uuid4())
    order = {"revenue": 12.5, "currency": "EUR", "order_id": "o-1"}
    for _ in range(2):
        segment.send(track(anonymousId=visitor), key=segment.pair)
        sent = track(event="Order Completed", anonymousId=visitor, userId="u-1", properties=order)
        segment.send(sent, key=segment.pair)
    assert sorted(segment.names()) == [
        "Order Completed", "Order Completed", "Seen", "Seen", "conversion", "conversion", "identify",
    ]  # fmt: skip
    who = segment.client.ok("subscriber.get", segment.shop.key, ListID=segment.shop.list_id, ExternalID="u-1")
    assert who["TotalRevenue"] == 12.5
    named = segment.client.ok(
        "subscriber.events", segment.shop.key, ListID=segment.shop.list_id, ExternalID="u-1"
    )
    assert len(named["Events"]) == 7


@pytest.mark.parametrize("command", ["delete", "forget", "unmerge"])
def test_a_pair_that_was_unlinked_is_tied_by_the_events_of_another_day(
    segment: Segment, command: str
) -> None:
    now, visitor = int(time.time() * 1000), str(uuid4())
    yesterday, today = (
        track(anonymousId=visitor, userId="u-1", timestamp=now - day * 86_400_000) for day in (1, 0)
    )
    anonymous = track(event="Anonymous", anonymousId=visitor)
    named = {"ListID": segment.shop.list_id, "ExternalID": "u-1"}
    uuid = {"UUID": visitor} if command == "unmerge" else {}

    def theirs(*messages: dict[str, Any]) -> list[str]:
        assert segment.send(*messages, key=segment.pair).status == 200
        answer = segment.client.call("subscriber.events", segment.shop.key, **named)
        return sorted(each["Event"] for each in answer.body.get("Events", ()))

    assert theirs(yesterday) == ["Seen", "identify"]
    segment.client.ok(f"subscriber.{command}", segment.shop.key, **named, **uuid)
    kept = theirs(yesterday)
    assert kept == (["Seen", "identify"] if command == "unmerge" else [])
    assert theirs(today, today, anonymous) == sorted([*kept, "Anonymous", "Seen", "identify"])


def test_an_identify_with_an_address_and_then_one_with_an_id_are_one_subscriber(segment: Segment) -> None:
    visitor = str(uuid4())
    segment.send(
        {"type": "identify", "anonymousId": visitor, "traits": {"email": "zoe@example.com"}}, key=segment.pair
    )
    segment.send({"type": "identify", "anonymousId": visitor, "userId": "u-7"}, key=segment.pair)
    who = segment.client.ok("subscriber.get", segment.shop.key, ListID=segment.shop.list_id, ExternalID="u-7")
    assert who["SubscriberInformation"]["EmailAddress"] == "zoe@example.com"


def test_a_body_may_be_packed_without_a_word(segment: Segment) -> None:
    body = gzip.compress(json.dumps({"batch": [track()]}).encode())
    assert segment.send(body=body, headers={"Content-Type": "text/plain"}).status == 200
    deflated = segment.send(body=zlib.compress(body), headers={"Content-Encoding": "deflate"})
    assert (deflated.status, deflated.body["code"]) == (400, "100011")
    bomb = gzip.compress(b" " * 20_000_000)
    assert segment.send(body=bomb).status == 413
    assert segment.send(body=b" " * 1_100_000).status == 413
    assert segment.names() == ["Seen"]


# Paths


def test_a_preflight_is_granted_what_it_asks_for(segment: Segment) -> None:
    asked = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-retry-count",
    }
    reply = segment.send(method="OPTIONS", path="/v1/t", headers=asked, key="", body=b" ")
    assert reply.status == 204
    assert has_cors(reply)
    assert reply.headers["Access-Control-Allow-Headers"] == "authorization,x-retry-count"
    assert reply.headers["Access-Control-Max-Age"] == "86400"
    assert reply.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    asked["Access-Control-Request-Headers"] = "a: b"
    reply = segment.send(method="OPTIONS", path="/v1/t", headers=asked, key="", body=b" ")
    assert reply.headers["Access-Control-Allow-Headers"] == "Content-Type"


def test_side_endpoints_answer_whatever_the_key_is(segment: Segment) -> None:
    reply = segment.send(method="GET", path="/v1/projects/nobody/settings", key="", headers={"Origin": PAGE})
    assert reply.status == 200
    assert reply.body["integrations"]["Segment.io"]["apiKey"] == "nobody"
    assert has_cors(reply)
    assert reply.headers["Cache-Control"] == "max-age=300"


def test_an_unknown_path_is_said_to_the_page_and_in_the_log_once_a_minute(
    segment: Segment, logged: pytest.LogCaptureFixture
) -> None:
    for path in ("/v7/batch", "/v8/batch"):
        reply = segment.send(track(), path=path, headers={"Origin": PAGE})
        assert (reply.status, has_cors(reply)) == (404, True)
        assert reply.body["code"] == "100003"
    assert len([line for line in logged.messages if "/sdk/segment/v" in line]) <= 1
    reply = segment.client.post("/sdk/nobodys/v1/batch", json={})
    assert (reply.status, has_cors(reply)) == (404, True)


def test_a_method_that_a_path_does_not_take_is_refused_with_those_it_takes(segment: Segment) -> None:
    reply = segment.send(method="PUT", headers={"Origin": PAGE})
    assert (reply.status, reply.headers["Allow"], has_cors(reply)) == (405, "POST, OPTIONS", True)


@pytest.mark.parametrize("path", ["/v1/batch/", "//v1//batch", "/v1/batch//"])
def test_slashes_too_many_mean_nothing(segment: Segment, path: str) -> None:
    assert segment.send(track(), path=path).status == 200


def test_lines_of_a_kind_are_written_once_a_minute_with_their_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    log = HushedLog(logging.getLogger("tests.hushed"), lambda: now[0])
    for at, count in ((0.0, 1), (1.0, 2), (59.0, 3), (60.0, 1)):
        now[0] = at
        log.warn("kind", "a line", count)
    for number in range(1_000):
        log.warn(f"kind {number}", "one of many")
    lines = [message for message in caplog.messages if message.startswith("a line")]
    assert lines == ["a line (1 since the last such line)", "a line (6 since the last such line)"]
    assert len(caplog.messages) < 210
