"""Can a browser do all that it needs with a list's public id, and nobody anything else with it?"""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from tests.client import InProcess, NewClient, Reply, Shop
from tests.servers import NewDatabase
from tracker.domain.channel_rules import ChannelRule, ChannelRules
from tracker.domain.event import IS_BOT
from tracker.http.message.responses import PIXEL
from tracker.integrity.bot_recheck import recheck
from tracker.integrity.counter_check import recount
from tracker.storage.aggregates import catalogue, catalogue_eviction

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
PAGE = "https://shop.example"
EMAIL = "jane@example.com"
_addresses = (f"198.51.100.{number}" for number in itertools.cycle(range(1, 255)))


class Door:
    """The collect endpoint of one list, as browsers find it."""

    def __init__(self, client: InProcess, shop: Shop) -> None:
        self.client, self.shop = client, shop
        found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
        self.tracker_id: str = found.tracker_id
        self.path = f"/t/{self.tracker_id}"
        self.address = next(_addresses)

    def post(self, sent: Any, headers: Mapping[str, str] | None = None, **options: Any) -> Reply:
        """As a browser sends it: JSON that says it is text, from a page of another origin."""
        said = {"User-Agent": CHROME, "Origin": PAGE, "Content-Type": "text/plain;charset=UTF-8"}
        data = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        options.setdefault("address", self.address)
        return self.client.request(
            "POST", self.path, headers={**said, **(headers or {})}, data=data, **options
        )

    def settings(self, **changes: Any) -> None:
        self.client.services.stores.list_settings.change(self.shop.list_id, **changes)

    def stored(self) -> list[tuple[str, int, dict[str, Any]]]:
        """(name, flags, properties) of the list's events, in the order of their ids."""
        sql = "SELECT name, flags, properties FROM events WHERE list_id = ? ORDER BY id"
        rows = self.client.rows(sql, self.shop.list_id)
        return [(bytes(n).decode(), flags, json.loads(bytes(p)[1:])) for n, flags, p in rows]

    def names(self) -> list[str]:
        return [name for name, _, _ in self.stored()]


@pytest.fixture
def door(client: InProcess, shop: Shop) -> Door:
    return Door(client, shop)


# What it takes


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "text/plain;charset=UTF-8", "application/json", "application/x-www-form-urlencoded"],
)
def test_one_event_as_json_whatever_it_is_called(door: Door, kind: str) -> None:
    reply = door.post({"Event": "seen", "EventID": "e-1"}, {"Content-Type": kind})
    assert (reply.status, reply.body) == (200, {"status": "success", "EventID": "e-1"})
    assert door.names() == ["seen"]


def test_a_batch_answers_each_in_its_place_and_names_the_visitor_once(door: Door) -> None:
    visitor = str(uuid4())
    events = [{"Event": "a", "EventID": "1"}, {"Event": ""}, 7, {"Event": "b", "UUID": str(uuid4())}]
    reply = door.post({"UUID": visitor, "Events": events})
    assert reply.status == 200
    results = reply.body["results"]
    assert results[0] == {"status": "ok", "EventID": "1"}
    assert [[row["Code"] for row in result.get("Errors", [])] for result in results] == [[], [5], [11], []]
    assert [properties["$uuid"] == visitor for _, _, properties in door.stored()] == [True, False]


def test_a_packed_batch_and_lines(door: Door) -> None:
    packed = gzip.compress(json.dumps({"Events": [{"Event": "a"}]}).encode())
    assert door.post(packed, {"Content-Encoding": "gzip"}).status == 200
    lines = b'{"Event": "b"}\n{"Event": "c"}\n'
    assert door.post(lines, {"Content-Type": "application/x-ndjson"}).status == 200
    assert door.names() == ["a", "b", "c"]


def test_repeats_are_stored_once_and_look_like_the_first(door: Door) -> None:
    event = {"Event": "seen", "EventID": "e-1", "Properties": {"a": 1}}
    first = door.post({"SentAt": 1_800_000_000_000, "Events": [event]})
    # Another browser version, another moment of sending: it is the same event all the same.
    again = door.post({"SentAt": 1_800_000_009_000, "Events": [event, event]}, {"User-Agent": "Firefox/1"})
    assert again.body["results"] == first.body["results"] * 2
    assert door.names() == ["seen"]
    other = door.post({**event, "Properties": {"a": 2}})
    assert (other.status, other.codes) == (409, [17])


def test_times_are_corrected_by_the_browsers_own_clock(client: InProcess, door: Door) -> None:
    """A clock that is a year ahead: both times are shifted back alike."""
    year = 365 * 24 * 3600 * 1000
    desk_now = 1_900_000_000_000
    sent = {"SentAt": desk_now + year, "Events": [{"Event": "x", "Timestamp": desk_now + year - 5000}]}
    assert door.post(sent).body["results"][0]["status"] == "ok"
    [(event_at, received_at)] = client.rows(
        "SELECT event_at, received_at FROM events WHERE list_id = ?", door.shop.list_id
    )
    assert received_at - event_at == 5000


def test_a_conversion_is_checked_and_counted_as_at_the_other_door(client: InProcess, door: Door) -> None:
    order = {"conversion-id": "o-1", "conversion-name": "Order", "conversion-value": 9.5}
    assert door.post({"Event": "conversion", "Properties": {}}).codes == [8, 9, 10]
    assert door.post({"Event": "conversion", "Properties": order}).status == 200
    [(conversions, units)] = client.rows(
        "SELECT SUM(conversions), SUM(units) FROM conversion_totals WHERE list_id = ?", door.shop.list_id
    )
    assert (conversions, units) == (1, 9)


def test_a_test_event_is_checked_and_not_stored(door: Door) -> None:
    assert door.post({"Event": "seen", "Properties": {"isTest": True}}).body == {"status": "success"}
    assert door.stored() == []


# What a page cannot help

TORN = {
    "half an emoji": b"Sale \\ud83d",
    "the other half": b"\\ude00 Sale",
    "cut UTF-8": b"caf\xc3",
    "UTF-8 of a surrogate": b"\xed\xa0\x80",
}


@pytest.mark.parametrize("torn", TORN)
def test_half_a_character_in_what_the_script_captures_loses_nothing(door: Door, torn: str) -> None:
    captured = (
        b'{"Event":"b","EventID":"2","Properties":{"$page_title":"%s","$n":1,"own":"\\ud83d\\ude00"}}'
        % TORN[torn]
    )
    single = door.post(captured.replace(b'"2"', b'"1"'))
    assert (single.status, single.body) == (200, {"status": "success", "EventID": "1"})
    batch = b'{"UUID":"%s","Events":[{"Event":"a"},%s,{"Event":"c"}]}' % (str(uuid4()).encode(), captured)
    assert [one["status"] for one in door.post(batch).body["results"]] == ["ok"] * 3
    lines = door.post(captured.replace(b'"2"', b'"3"'), {"Content-Type": "application/x-ndjson"})
    assert lines.body["results"] == [{"status": "ok", "EventID": "3"}]
    assert door.names() == ["b", "a", "b", "c", "b"]
    for name, _, properties in door.stored():
        if name == "b":
            assert set(TORN[torn].decode(errors="ignore").split("\\u")[0].split()) <= set(
                properties["$page_title"].replace("\ufffd", " ").split()
            )
            assert "\ufffd" in properties["$page_title"]
            assert properties["own"] == "\U0001f600"


@pytest.mark.parametrize(
    "fault",
    [
        b'{"Event":"x","Properties":{"own":"\\ud83d"}}',
        b'{"Event":"x","Properties":{"\\ud83d":1}}',
        b'{"Event":"x","Properties":{"$\\ud83d":1}}',
        b'{"Event":"x\\ud83d","Properties":{"$page_title":"\\ud83d"}}',
        b'{"Event":"x","Email":"caf\xc3@example.com"}',
        b'{"Event":"x","Properties":{"$page_title":1e400}}',
        b'{"Event":"x","Properties":{"n":%s}}' % (b"1" * 1000),
        b'{"Event":"x","Properties":{"$page_title":"\\ud83d"}, "a": NaN}',
    ],
)
def test_what_cannot_be_read_harms_its_own_event_only(door: Door, fault: bytes) -> None:
    reply = door.post(b'{"Events":[{"Event":"a"},%s,{"Event":"c"}]}' % fault)
    assert [[row["Code"] for row in result.get("Errors", [])] for result in reply.body["results"]] == [
        [],
        [100000],
        [],
    ]
    alone = door.post(fault)
    assert (alone.status, alone.codes) == (400, [100000])
    assert door.names() == ["a", "c"]


def test_numbers_that_only_javascript_has_are_stored(client: InProcess, door: Door) -> None:
    big = b'{"Event":"b","Properties":{"n":100000000000000000000,"m":18446744073709551615,"l":[-9223372036854775809]}}'
    assert door.post(big).status == 200
    assert client.request("POST", "/api/v1/event", door.shop.key, data=big.replace(b'"Event"', b'"ListID":%d,"Event"' % door.shop.list_id),
                        content_type="application/json").status == 200  # fmt: skip
    for _, _, properties in door.stored():
        assert {name: properties[name] for name in "nml"} == {
            "n": 1e20,
            "m": 18446744073709551616.0,
            "l": [-9223372036854775808.0],
        }


# What it does not do


def test_the_id_is_no_credential_for_anything_else(client: InProcess, door: Door) -> None:
    as_key = {"EventListTrackerID": door.tracker_id, "ListID": door.shop.list_id}
    for command in ("event.track", "event.batch", "website_events.properties", "list.get", "lists.get"):
        assert client.call(command, None, **as_key, Event="x", Events=[]).codes == [99998], command
        assert client.call(command, door.tracker_id, **as_key).codes == [99998], command
        assert client.call(command, None, APIKey=door.tracker_id).codes == [99998], command


def test_a_key_opens_no_public_door(client: InProcess, door: Door) -> None:
    assert client.call("event.collect", door.shop.key, Event="x").codes == [99998]
    assert client.call("event.collect", None, APIKey=door.shop.key, Event="x").codes == [99998]


def test_unknown_ids_and_that_of_the_hidden_list_give_the_same_bytes(client: InProcess, door: Door) -> None:
    [(hidden,)] = client.rows(
        "SELECT tracker_id FROM lists WHERE user_id = ? AND is_hidden = 1", door.shop.user_id
    )
    replies = []
    for unknown in (bytes(hidden).decode(), "A" * 16, "", "x/y", "%00", "é", door.tracker_id.lower() + "x"):
        door.path = f"/t/{unknown}"
        replies.append(door.post({"Event": "seen"}))
    assert {reply.status for reply in replies} == {401}
    assert len({reply.raw for reply in replies}) == 1
    assert replies[0].codes == [99998]


def test_no_other_list_can_be_named(client: InProcess, door: Door, owner: Shop) -> None:
    """Not even another one of the same owner."""
    assert door.post({"Event": "one", "ListID": owner.list_id}).status == 200
    assert (
        door.post({"ListID": owner.list_id, "Events": [{"Event": "two", "ListID": owner.list_id}]}).status
        == 200
    )
    assert door.post({"Event": "three", "EventListTrackerID": "A" * 16}).status == 200
    assert door.post({"Event": "four", "APIKey": "x"}, {"Authorization": "Bearer nonsense"}).status == 200
    assert door.names() == ["one", "two", "three", "four"]


def test_the_answer_does_not_tell_who_is_known(client: InProcess, door: Door) -> None:
    known = {"ListID": door.shop.list_id, "Event": "bought", "Email": EMAIL, "ID": "customer-7"}
    assert client.call("event.track", door.shop.key, **known).status == 200
    for subscriber in (
        {"Email": EMAIL}, {"Email": "nobody@example.com"}, {"ID": "customer-7"}, {"ID": "customer-8"},
        {"ID": "customer-7", "Email": "nobody@example.com"}, {"UUID": str(uuid4())},
    ):  # fmt: skip
        replies = [door.post({"Event": name, **subscriber}) for name in ("identify", "seen")]
        replies.append(door.post({"Events": [{"Event": "identify", **subscriber}]}))
        assert [reply.raw for reply in replies] == [
            b'{"status":"success"}', b'{"status":"success"}', b'{"status":"success","results":[{"status":"ok"}]}'
        ]  # fmt: skip


def test_it_links_but_writes_onto_nobody_who_exists(client: InProcess, door: Door) -> None:
    list_id, people = (
        door.shop.list_id,
        "SELECT email, external_id FROM subscribers WHERE list_id = ? ORDER BY id",
    )
    client.call("event.track", door.shop.key, ListID=list_id, Event="x", Email=EMAIL, ID="customer-7")
    visitor = str(uuid4())
    door.post({"Event": "seen", "UUID": visitor})
    door.post({"Event": "identify", "UUID": visitor, "Email": EMAIL, "ID": "somebody-else"})
    assert [tuple(bytes(part) for part in row) for row in client.rows(people, list_id)] == [
        (EMAIL.encode(), b"customer-7")
    ]
    linked = client.rows(
        "SELECT COUNT(*) FROM visitors WHERE list_id = ? AND subscriber_id IS NOT NULL", list_id
    )
    assert linked == [(2,)], "the person's own visitor and the browser"
    door.post({"Event": "identify", "UUID": str(uuid4()), "Email": "new@example.com"})
    door.post({"Event": "identify", "UUID": str(uuid4()), "Email": "new@example.com", "ID": "customer-8"})
    assert client.rows(people, list_id)[1:] == [(b"new@example.com", None)], "who exists gets no ID"
    door.post({"Event": "identify", "UUID": str(uuid4()), "Email": "newer@example.com", "ID": "customer-9"})
    assert client.rows(people, list_id)[2:] == [(b"newer@example.com", b"customer-9")]


def test_identify_properties_fill_empty_fields_and_no_others(client: InProcess, door: Door) -> None:
    key, list_id = door.shop.key, door.shop.list_id
    for alias in ("First", "Last", "City"):
        made = {"SubscriberListID": list_id, "FieldName": alias, "MergeTagAlias": alias}
        assert client.call("customfield.create", key, **made).status == 200
    own = {"ListID": list_id, "Event": "identify", "Email": EMAIL, "IdentifyProperties": {"First": "Jane"}}
    assert client.call("event.track", key, **own).status == 200
    sent = {"First": "Mallory", "Last": "Doe", "City": "", "Nonsense": 1}
    identify = {"Event": "identify", "Email": EMAIL, "UUID": str(uuid4())}
    replies = [
        door.post({**identify, "IdentifyProperties": sent}),
        door.post({**identify, "IdentifyProperties": {"Last": "", "First": None}}),
        door.post(
            {"Events": [{**identify, "IdentifyProperties": {"City": name}} for name in ("Rome", "Bonn")]}
        ),
    ]
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert replies[0].body == {"status": "success"}, "not even that a field is not there"
    sql = (
        "SELECT f.alias, v.value FROM subscriber_fields v JOIN custom_fields f ON f.id = v.field_id"
        " WHERE v.list_id = ? ORDER BY f.id"
    )
    kept = {bytes(alias).decode(): bytes(value).decode() for alias, value in client.rows(sql, list_id)}
    assert {name: value.strip('"') for name, value in kept.items()} == {
        "First": "Jane",
        "Last": "Doe",
        "City": "Rome",
    }


# The pixel


def pixel(door: Door, query: str = "Event=opened", method: str = "GET", **headers: str) -> Reply:
    agent = {"User-Agent": CHROME, **headers}
    return door.client.request(method, f"{door.path}.gif?{query}", headers=agent, address=door.address)


@pytest.mark.parametrize("tag", ["{{subscriber.id}}", "*|UNIQID|*", "%%ID%%", "%Subscriber:SubscriberID%"])
def test_a_mail_whose_tag_was_not_filled_in_makes_nobody_of_its_readers(door: Door, tag: str) -> None:
    assert pixel(door, urlencode({"Event": "opened", "ID": tag})).status == 422
    assert door.stored() == []


def test_a_pixel_tracks_and_is_always_the_same_picture(door: Door) -> None:
    answers = {
        query: pixel(door, query)
        for query in ("Event=opened&ID=customer-7&Properties[mail]=spring", "", "Event=x&Email=nobody")
    }
    assert [answer.status for answer in answers.values()] == [200, 422, 422]
    for answer in answers.values():
        assert answer.raw == PIXEL
        assert len(answer.raw) == 43
        assert answer.headers["Content-Type"] == "image/gif"
        assert answer.headers["Cache-Control"] == "no-store"
    [(name, _, properties)] = door.stored()
    assert (name, properties["mail"]) == ("opened", "spring")


def test_a_pixel_with_an_unknown_id_or_another_method(door: Door) -> None:
    for method, status in (("POST", 405), ("DELETE", 405), ("OPTIONS", 204)):
        answer = pixel(door, method=method)
        assert answer.status == status, method
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
        assert answer.raw == (PIXEL if method in ("POST", "DELETE") else b"")
    assert door.stored() == [], "what only looks must not track"
    door.path = "/t/" + "A" * 16
    assert (pixel(door).status, pixel(door).raw) == (401, PIXEL)


def test_head_tells_of_the_pixel_and_tracks_nothing(door: Door) -> None:
    get = pixel(door)
    before = door.stored(), get.headers["X-RateLimit-Remaining"]
    for _ in range(3):
        head = pixel(door, method="HEAD")
        assert (head.status, head.raw) == (200, b"")
        for name in ("Content-Type", "Content-Length", "Cache-Control", "X-Content-Type-Options"):
            assert head.headers[name] == get.headers[name]
    assert before == (door.stored(), str(int(pixel(door, "").headers["X-RateLimit-Remaining"]) + 1))
    door.path = "/t/" + "A" * 16
    assert (pixel(door, method="HEAD").status, pixel(door, method="HEAD").raw) == (401, b"")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_events_are_only_posted(door: Door, method: str) -> None:
    reply = door.client.request(method, door.path, headers={"User-Agent": CHROME})
    assert (reply.status, reply.headers["Allow"]) == (405, "POST, OPTIONS")
    assert method == "HEAD" or reply.codes == [100001]


# CORS

ALLOWED = (PAGE, "https://www.shop.example:8443")
#: Origin that asks, origins that the list allows, what the answer grants, whether the event is taken.
CORS = [
    (PAGE, (), "*", True),
    ("null", (), "*", True),
    (None, (), "*", True),
    (PAGE, ALLOWED, PAGE, True),
    (ALLOWED[1], ALLOWED, ALLOWED[1], True),
    (None, ALLOWED, None, True),
    ("null", ALLOWED, None, False),
    ("https://evil.example", ALLOWED, None, False),
    ("http://shop.example", ALLOWED, None, False),
    ("https://shop.example:8443", ALLOWED, None, False),
    ("https://shop.example.evil.example", ALLOWED, None, False),
    ("https://evilshop.example", ALLOWED, None, False),
    ("HTTPS://SHOP.EXAMPLE", ALLOWED, None, False),
    ("*", ALLOWED, None, False),
]


@pytest.mark.parametrize(("origin", "allowed", "granted", "is_taken"), CORS)
def test_cross_origin_table(
    door: Door, origin: str | None, allowed: tuple[str, ...], granted: str | None, is_taken: bool
) -> None:
    door.settings(allowed_origins=allowed)
    said = {} if origin is None else {"Origin": origin}
    sent = {"User-Agent": CHROME, "Content-Type": "text/plain", **said}
    reply = door.client.request("POST", door.path, headers=sent, data=b'{"Event":"seen"}')
    assert reply.status == (200 if is_taken else 403)
    assert door.names() == ["seen"] * is_taken
    asked = {
        **said,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    preflight = door.client.request("OPTIONS", door.path, headers=asked)
    assert (preflight.status, preflight.raw) == (204, b"")
    assert preflight.headers.get("Access-Control-Allow-Methods") == (granted and "POST")
    for answer in (reply, preflight):
        assert answer.headers.get("Access-Control-Allow-Origin") == granted
        assert answer.headers.get("Vary") == ("Origin" if allowed else None)
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert ("Retry-After" in answer.headers.get("Access-Control-Expose-Headers", "")) == bool(granted)


def test_refusals_can_be_read_across_origins_too(door: Door) -> None:
    refusals = [door.post(b"{"), door.post({"Event": ""}), door.post(b"x" * (1024 * 1024 + 1))]
    door.path = "/t/" + "A" * 16
    refusals.append(door.post({"Event": "x"}))
    assert [reply.status for reply in refusals] == [400, 422, 413, 401]
    assert {reply.headers["Access-Control-Allow-Origin"] for reply in refusals} == {"*"}


def test_other_doors_have_no_cors(client: InProcess, door: Door) -> None:
    for path in ("/api.php", "/api/v1/event", "/api/v1/event.collect", "/health", "/api/v1/openapi.json"):
        for method in ("GET", "POST", "OPTIONS"):
            answer = client.request(method, path, headers={"Origin": PAGE})
            assert not [name for name in answer.headers if name.startswith("Access-Control")], path


def test_the_origins_hold_at_the_commands_own_path_as_well(client: InProcess, door: Door) -> None:
    door.settings(allowed_origins=ALLOWED)
    sent = {"EventListTrackerID": door.tracker_id, "Event": "x"}
    for origin, status in (("https://evil.example", 403), (PAGE, 200)):
        reply = client.request("POST", "/api/v1/event.collect", headers={"Origin": origin}, json=sent)
        assert reply.status == status


# What Tracker adds


def test_what_the_request_tells_is_added_and_what_was_sent_stays(door: Door) -> None:
    visitor = str(uuid4())
    url, referrer = "https://shop.example:8443/products/1?a=b", "https://www.search.example/?q=x"
    sent = {"$current_url": url, "$referrer": referrer, "$os": "mine"}
    door.post({"UUID": visitor, "SentAt": 1_900_000_000_000, "Event": "page_view", "Properties": sent})
    [(_, flags, properties)] = door.stored()
    assert properties == {
        **sent, "$raw_user_agent": CHROME, "$browser": "Chrome", "$browser_version": "126.0", "$device_type": "desktop",
        "$host": "shop.example:8443", "$pathname": "/products/1", "$referring_domain": "www.search.example",
        "$channel": "Referral",
        "$uuid": visitor, "$list_id": door.shop.list_id, "$sent_at": "2030-03-17T17:46:40.000Z",
    }  # fmt: skip
    assert flags & IS_BOT == 0


def test_the_campaign_is_read_from_the_address_of_the_page(door: Door) -> None:
    url = "https://shop.example/tea?utm_source=news&utm_medium=email&utm_campaign=spring&gclid=x1"
    door.post({"Event": "page_view", "Properties": {"$current_url": url, "$utm_source": "mine"}})
    [(_, _, properties)] = door.stored()
    found = {
        name: value for name, value in properties.items() if name.startswith(("$utm", "$click", "$channel"))
    }
    assert found == {
        "$utm_source": "mine", "$utm_medium": "email", "$utm_campaign": "spring", "$click_id": "gclid",
        "$channel": "Search",
    }  # fmt: skip


def test_rules_of_the_list_say_the_channel(door: Door) -> None:
    door.settings(channel_rules=ChannelRules((ChannelRule("source", "partner", "Partners"),)))
    url = "https://shop.example/?utm_source=Partner&utm_medium=email"
    assert door.post({"Event": "page_view", "Properties": {"$current_url": url}}).status == 200
    assert door.stored()[0][2]["$channel"] == "Partners"


@pytest.mark.parametrize(
    ("zone", "country"), [("Europe/Amsterdam", "NL"), ("Asia/Calcutta", "IN"), ("UTC", None)]
)
def test_the_country_is_that_of_the_browsers_time_zone(door: Door, zone: str, country: str | None) -> None:
    door.post({"Event": "page_view", "Properties": {"$timezone": zone}})
    [(_, _, properties)] = door.stored()
    assert (properties["$timezone"], properties.get("$country")) == (zone, country)


@pytest.mark.parametrize(
    "zone", ["Mars/Olympus", "", "../etc/passwd", "europe/berlin", 7, None, ["UTC"], "x" * 40_000]
)
def test_a_time_zone_that_is_none_is_left_out(client: InProcess, door: Door, zone: Any) -> None:
    assert door.post({"Event": "page_view", "Properties": {"$timezone": zone, "n": 1}}).status == 200
    [(_, _, properties)] = door.stored()
    assert properties["n"] == 1
    assert not properties.keys() & {"$timezone", "$country"}


def test_nothing_is_added_to_events_that_are_sent_with_a_key(client: InProcess, shop: Shop) -> None:
    sent = {"$current_url": "https://shop.example/?utm_source=news"}
    assert (
        client.call("event.track", shop.key, ListID=shop.list_id, Event="keyed", Properties=sent).status
        == 200
    )
    listing = client.call("website_events.properties", shop.key, ListID=shop.list_id)
    assert listing.body["Properties"]["keyed"] == ["$current_url"]


@pytest.mark.parametrize("url", [7, "", "no url", "http://[", ["x"], None])
def test_a_url_that_is_none_is_taken_as_it_is(door: Door, url: Any) -> None:
    assert door.post({"Event": "x", "Properties": {"$current_url": url, "$referrer": url}}).status == 200
    assert "$host" not in door.stored()[0][2]


def test_addresses_are_not_stored_unless_asked_for_and_then_truncated(door: Door) -> None:
    door.post({"Event": "before"})
    door.settings(is_address_kept=True)
    for address in ("203.0.113.77", "2001:db8:1:2:3:4:5:6", "::ffff:203.0.113.77", "unknown"):
        door.post({"Event": "after"}, address=address)
    kept = [properties.get("$ip") for _, _, properties in door.stored()]
    assert kept == [None, "203.0.113.0", "2001:db8:1::", "203.0.113.0", None]


@pytest.mark.parametrize("signal", ["Sec-GPC", "DNT"])
def test_privacy_signals_are_honoured_when_a_list_asks(door: Door, signal: str) -> None:
    assert door.post({"Event": "before"}, {signal: "1"}).status == 200
    door.settings(is_privacy_signal_honoured=True)
    single = door.post({"Event": "x", "Email": EMAIL}, {signal: "1"})
    batch = door.post({"Events": [{"Event": "x"}, {"Event": ""}]}, {signal: "1"})
    assert single.body == {"status": "success"}
    assert [result["status"] for result in batch.body["results"]] == ["ok", "error"], "it is checked as ever"
    assert door.post({"Event": "after"}, {signal: "0"}).status == 200
    assert door.names() == ["before", "after"]


# Robots


@pytest.fixture
def robots() -> dict[str, str]:
    """User agents, and the reason they are flagged with."""
    return {
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "Googlebot",
        CHROME.replace("Chrome/", "HeadlessChrome/"): "HeadlessChrome",
        "": "no user agent",
    }


def test_robots_are_stored_flagged_and_left_out_of_counts(
    client: InProcess, door: Door, robots: dict[str, str]
) -> None:
    order = {"conversion-id": "o-1", "conversion-name": "Order", "conversion-value": 5}
    for robot in robots:
        door.post({"Events": [{"Event": "seen"}]}, {"User-Agent": robot})
        door.post({"Event": "conversion", "Properties": order}, {"User-Agent": robot})
    stored = [event for event in door.stored() if event[0] == "seen"]
    assert [properties["$bot"] for _, _, properties in stored] == list(robots.values())
    assert all(flags & IS_BOT for _, flags, _ in stored)
    counted = "SELECT COALESCE(SUM(events), 0) FROM event_counts WHERE list_id = ?"
    assert client.rows(counted, door.shop.list_id) == [(0,)]
    assert client.rows("SELECT COUNT(*) FROM conversion_totals WHERE list_id = ?", door.shop.list_id) == [
        (0,)
    ]
    door.post({"Event": "conversion", "Properties": order})
    door.post({"Event": "seen"})
    assert client.rows(counted, door.shop.list_id) == [(2,)], "the robots have not used up the conversion-id"
    client.services.ingest.flush()
    events = "SELECT name, events FROM event_names WHERE list_id = ? ORDER BY name"
    assert [(bytes(n), c) for n, c in client.rows(events, door.shop.list_id)] == [
        (b"conversion", 1),
        (b"seen", 1),
    ]


def test_a_recount_agrees_on_robots(client: InProcess, door: Door, robots: dict[str, str]) -> None:
    for robot in (*robots, CHROME):
        door.post({"Event": "identify", "Email": EMAIL, "Properties": {"a": 1}}, {"User-Agent": robot})
    client.services.ingest.flush()
    assert recounted(client, door.shop.list_id) == []


@pytest.mark.parametrize(
    ("address", "is_own"),
    [("192.0.2.77", True), ("192.0.3.1", False), ("2001:db8:0:1::9", True), ("::ffff:192.0.2.1", True), ("2001:db9::", False)],
)  # fmt: skip
def test_events_of_the_lists_own_networks_are_stored_and_left_out_of_counts(
    client: InProcess, door: Door, address: str, is_own: bool
) -> None:
    networks = ["192.0.2.5/24", "2001:db8::/32"]
    client.ok("list.update", door.shop.key, ListID=door.shop.list_id, OwnNetworks=networks)
    assert door.post({"Event": "seen"}, address=address).status == 200
    [(_, flags, properties)] = door.stored()
    assert bool(flags & IS_BOT) is is_own
    assert properties.get("$bot") == ("own network" if is_own else None)
    assert "192.0" not in str(properties)
    counted = "SELECT COALESCE(SUM(events), 0) FROM event_counts WHERE list_id = ?"
    assert client.rows(counted, door.shop.list_id) == [(0 if is_own else 1,)]
    assert recounted(client, door.shop.list_id) == []
    changed = recheck(client.services.storage, door.shop.list_id)
    assert (changed.people, changed.robots) == ([], []), "whom it came from is no question of the user agent"


def recounted(client: InProcess, list_id: int) -> list[str]:
    return [str(difference) for difference in recount(client.services.storage, list_id).differences]


# Bounds


def test_names_first_seen_here_may_use_most_of_the_catalogue_but_not_all(
    client: InProcess, door: Door, monkeypatch: pytest.MonkeyPatch, new_database: NewDatabase
) -> None:
    monkeypatch.setattr(catalogue, "MAX_NAMES", 10)
    monkeypatch.setattr(catalogue, "MAX_PROPERTIES", 20)
    monkeypatch.setattr(catalogue_eviction, "NAMES_AT_ONCE", 1)
    for number in range(12):
        door.post({"Event": f"public-{number:02}"})
    listed = client.call("website_events.properties", door.shop.key, ListID=door.shop.list_id).body[
        "Properties"
    ]
    assert len(listed) == 8
    for number in range(3):
        client.call("event.track", door.shop.key, ListID=door.shop.list_id, Event=f"own-{number}")
    listed = client.call("website_events.properties", door.shop.key, ListID=door.shop.list_id).body[
        "Properties"
    ]
    assert [name for name in listed if name.startswith("own")] == ["own-0", "own-1", "own-2"]
    assert len(listed) <= 10, "a name that browsers sent once has given way"
    properties = {f"p{number:02}": 1 for number in range(30)}
    door.post({"Event": "public-11", "Properties": properties})
    listed = client.call("website_events.properties", door.shop.key, ListID=door.shop.list_id).body[
        "Properties"
    ]
    assert len(listed["public-11"]) == 16
    client.call(
        "event.track", door.shop.key, ListID=door.shop.list_id, Event="public-11", Properties=properties
    )
    listed = client.call("website_events.properties", door.shop.key, ListID=door.shop.list_id).body[
        "Properties"
    ]
    assert len(listed["public-11"]) == 20
    assert len(door.names()) == 17, "all are stored, catalogued or not"


# Limits


@pytest.fixture
def strict(new_client: NewClient) -> Door:
    """A door with small limits, behind two proxies."""
    settings = {
        "TRACKER_LIMITS": "event.collect=5/60,event.collect.address=3/60",
        "TRACKER_TRUSTED_PROXIES": "2",
    }
    client = new_client(settings)
    return Door(client, client.open_shop("strict@example.com"))


def from_address(door: Door, forwarded: str, count: int = 1) -> int:
    events = {"Events": [{"Event": "x"}] * count}
    return door.post(events, {"X-Forwarded-For": forwarded}, address="10.0.0.1").status


def test_limits_are_per_address_and_per_list_and_count_events(strict: Door) -> None:
    reply = strict.post(
        {"Events": [{"Event": "x"}] * 2}, {"X-Forwarded-For": "9.9.9.9, 203.0.113.1, 10.0.0.2"}
    )
    assert reply.headers["X-RateLimit-Remaining"] == "1", "what the list has left is nobody else's business"
    refused = strict.post({"Events": [{"Event": "x"}] * 2}, {"X-Forwarded-For": "203.0.113.1, 10.0.0.2"})
    assert (refused.status, refused.codes) == (429, [429])
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert from_address(strict, "1.1.1.1, 203.0.113.1, 10.0.0.2") == 200, "whatever the client claims"
    assert from_address(strict, "2.2.2.2, 203.0.113.1, 10.0.0.2") == 429
    assert from_address(strict, "203.0.113.2, 10.0.0.2", count=2) == 200
    assert from_address(strict, "203.0.113.3, 10.0.0.2") == 429, "the list's own limit of 5"
    key, list_id = strict.shop.key, strict.shop.list_id
    assert strict.client.call("event.track", key, ListID=list_id, Event="x").status == 200, (
        "the owner goes on"
    )


def test_an_ipv6_client_is_counted_by_its_network(strict: Door) -> None:
    statuses = [from_address(strict, f"2001:db8:0:1::{number}, 10.0.0.2") for number in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert from_address(strict, "2001:db8:0:2::1, 10.0.0.2") == 200


def test_without_as_many_entries_as_proxies_the_peer_counts(strict: Door) -> None:
    assert [from_address(strict, "203.0.113.9") for _ in range(4)] == [200, 200, 200, 429]


def test_by_default_no_header_is_believed(client: InProcess, door: Door) -> None:
    door.settings(is_address_kept=True)
    door.post({"Event": "x"}, {"X-Forwarded-For": "8.8.8.8"}, address="203.0.113.9")
    assert door.stored()[0][2]["$ip"] == "203.0.113.0"
