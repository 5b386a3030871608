"""Is each thing of a request judged by itself: in its own list, counted once, and told from others?"""

from __future__ import annotations

import base64
import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from tests.client import InProcess, Shop
from tests.sdks.batches import BATCHES, Address

#: (family, path, a request for one list with a thing in it that names another), given two keys.
TWO_LISTS: dict[str, Any] = {
    "mixpanel": ("/track", lambda own, other: [
        {"event": name, "properties": {"token": key, "distinct_id": "u"}} for name, key in (("own", own), ("lost", other))
    ]),
    "mixpanel profiles": ("/engage", lambda own, other: [
        {"$token": key, "$distinct_id": "u", "$append": {"$transactions": {"$amount": "free", "is": name}}}
        for name, key in (("own", own), ("lost", other))
    ]),
    "umami": ("/api/batch", lambda own, other: [
        {"type": "event", "payload": {"website": key, "name": name}} for name, key in (("own", own), ("lost", other))
    ]),
    "posthog": ("/e", lambda own, other: [
        {"event": name, "distinct_id": "u", "api_key": key} for name, key in (("own", own), ("lost", other))
    ]),
    "posthog pages": ("/e", lambda own, other: [
        {"event": name, "distinct_id": "u", "properties": {"token": key, "$lib": "web"}}
        for name, key in (("own", own), ("lost", other))
    ]),
    "segment": ("/v1/batch", lambda own, other: {"writeKey": own, "batch": [
        {"type": "track", "event": name, "userId": "u", "writeKey": key} for name, key in (("own", own), ("lost", other))
    ]}),
    "amplitude": ("/2/httpapi", lambda own, other: {"api_key": own, "events": [
        {"event_type": name, "user_id": "u", "api_key": key} for name, key in (("own", own), ("lost", other))
    ]}),
    "countly": ("/i/bulk", lambda own, other: f"app_key={own}&requests=" + json.dumps([
        {"app_key": key, "device_id": "d", "events": [{"key": name}]} for name, key in (("own", own), ("lost", other))
    ])),
}  # fmt: skip


@pytest.fixture(scope="module")
def database_kind() -> str:
    """What becomes of a thing does not depend on the database."""
    return "sqlite"


@pytest.fixture(scope="module")
def neighbour(client: InProcess) -> Shop:
    """The account of somebody else."""
    return client.open_shop("neighbour@example.com")


@pytest.mark.parametrize("case", TWO_LISTS)
def test_what_names_another_list_is_stored_in_none(
    client: InProcess, shop: Shop, neighbour: Shop, case: str
) -> None:
    family = case.partition(" ")[0]
    own, others = Address(client, shop, family), Address(client, neighbour, family)
    path, made = TWO_LISTS[case]
    for key in (others.public_id, f"{others.public_id}:{neighbour.key}", "A" * 16):
        assert own.send(path, made(own.public_id, key)).status == 200
    names = [properties.get("is", name) for name, properties in own.stored()]
    assert (names, others.stored()) == (["own"] * 3, [])


@pytest.mark.parametrize(
    ("family", "path", "header", "body"),
    [
        ("mixpanel", "/import", "Basic", [{"event": "a", "properties": {"token": "OTHER", "distinct_id": "u"}}]),
        ("segment", "/v1/track", "Basic", {"type": "track", "event": "a", "userId": "u", "writeKey": "OTHER"}),
        ("klaviyo", "/client/events?company_id=OTHER", "Klaviyo-API-Key", {"data": {"type": "event", "attributes": {
            "metric": {"data": {"type": "metric", "attributes": {"name": "a"}}},
            "profile": {"data": {"type": "profile", "attributes": {"email": "zoe@example.com"}}},
        }}}),
    ],
)  # fmt: skip
def test_a_key_in_a_header_makes_no_other_lists_things_its_own(
    client: InProcess, shop: Shop, neighbour: Shop, family: str, path: str, header: str, body: Any
) -> None:
    own, others = Address(client, shop, family), Address(client, neighbour, family)
    pair = f"{own.public_id}:{shop.key}"
    sent = base64.b64encode(f"{pair}:".encode()).decode() if header == "Basic" else pair
    text = json.dumps(body)
    for named, count in ((others.public_id, 0), (own.public_id, 1)):
        own.send(path.replace("OTHER", named), text.replace("OTHER", named), Authorization=f"{header} {sent}")
        assert (len(own.stored()), others.stored()) == (count, [])


#: Family -> (path, a request in which somebody buys twice for the same, and nothing tells the two apart), given a key.
PURCHASES: dict[str, Any] = {
    "segment": ("/v1/batch", lambda key: {"writeKey": key, "batch": [
        {"type": "track", "event": "Bought", "userId": "u", "properties": {"revenue": 5}}
    ] * 2}),
    "posthog": ("/batch", lambda key: {"api_key": key, "batch": [
        {"event": "Bought", "distinct_id": "u", "properties": {"revenue": 5}}
    ] * 2}),
    "amplitude": ("/2/httpapi", lambda key: {"api_key": key, "events": [
        {"event_type": "Bought", "user_id": "u", "event_properties": {"revenue": 5}}
    ] * 2}),
    "mixpanel": ("/track", lambda key: [
        {"event": "Bought", "properties": {"token": key, "distinct_id": "u", "revenue": 5}}
    ] * 2),
    "mixpanel profiles": ("/engage", lambda key: [
        {"$token": key, "$distinct_id": "u", "$append": {"$transactions": {"$amount": 5}}}
    ] * 2),
    "umami": ("/api/batch", lambda key: [
        {"type": "event", "payload": {"website": key, "name": "Bought", "data": {"revenue": 5}}}
    ] * 2),
    "ga4": ("/mp/collect", lambda key: {"client_id": "1.2", "events": [
        {"name": "purchase", "params": {"value": 5, "currency": "EUR"}}
    ] * 2}),
    "matomo": ("/matomo.php", lambda key: {"requests": [{"idsite": 1, "rec": 1, "idgoal": 3, "revenue": 5}] * 2}),
    "snowplow": ("/com.snowplowanalytics.snowplow/tp2", lambda key: {
        "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        "data": [{"e": "tr", "tv": "js-1", "tr_tt": "5", "uid": "u"}] * 2,
    }),
}  # fmt: skip


@pytest.mark.parametrize("case", PURCHASES)
def test_purchases_that_nothing_tells_apart_count_each(client: InProcess, shop: Shop, case: str) -> None:
    own = Address(client, shop, case.partition(" ")[0])
    path, made = PURCHASES[case]
    for _ in range(2):
        assert own.send(path, made(own.public_id), is_named_in_path=True).status < 300
    paid = [properties for name, properties in own.stored() if name == "conversion"]
    assert len(own.stored()) == 8
    assert len({each["conversion-id"] for each in paid}) == 4


@pytest.mark.parametrize("words", [{"messageId": "m-1"}, {"properties": {"revenue": 5, "order_id": "o-1"}}])
def test_purchases_with_an_id_count_once(client: InProcess, shop: Shop, words: dict[str, Any]) -> None:
    own = Address(client, shop, "segment")
    sent = {"type": "track", "event": "Bought", "userId": "u", "properties": {"revenue": 5}, **words}
    for _ in range(2):
        own.send("/v1/batch", {"writeKey": own.public_id, "batch": [sent, sent]})
    assert own.names().count("conversion") == 1


def test_a_request_without_ids_that_comes_again_as_it_was_counts_once_where_its_events_have_times(
    client: InProcess, shop: Shop
) -> None:
    paid = {"$append": {"$transactions": {"$amount": 5, "$time": "2026-01-05T09:00:00"}}}
    own = Address(client, shop, "mixpanel")
    for _ in range(2):
        own.send("/engage", [{"$token": own.public_id, "$distinct_id": "u", **paid}] * 2)
    assert sorted(own.names()) == ["$transactions"] * 2 + ["conversion"] * 2


def test_events_of_one_moment_are_told_apart_by_all_that_they_say(client: InProcess, shop: Shop) -> None:
    now = time.time_ns() // 1_000_000
    bought = [{"key": "purchase", "count": 1, "sum": paid, "timestamp": now} for paid in (10, 99, 99)]
    own = Address(client, shop, "countly")
    text = f"app_key={own.public_id}&device_id=d&timestamp={now}&events={quote(json.dumps(bought))}"
    for _ in range(2):
        assert own.send("/i", text).status == 200
    assert [properties["$sum"] for _, properties in own.stored()] == [10, 99, 99]


@pytest.mark.parametrize("family", BATCHES)
@pytest.mark.parametrize("bad", [None, {}, 7])
def test_what_is_no_event_is_refused_alone_wherever_it_stands(
    client: InProcess, shop: Shop, family: str, bad: Any
) -> None:
    own = Address(client, shop, family)
    path, event, batch = BATCHES[family]
    is_named_in_body = family in ("posthog", "mixpanel", "umami", "amplitude", "countly")
    good = [event(own.public_id, name, {}) for name in ("a", "b", "c", "d")]
    for sent in ([bad, good[0]], [good[1], bad, good[2]], [good[3], bad]):
        body = batch(own.public_id, sent)
        assert own.send(path, body, is_named_in_path=not is_named_in_body).status < 300
    assert own.names() == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("family", "path"),
    [("segment", "/v1/track"), ("rudderstack", "/v1/track"), ("jitsu", "/api/s/track")],
)
def test_of_the_steps_of_an_order_only_its_completion_is_a_sale(
    client: InProcess, shop: Shop, family: str, path: str
) -> None:
    own = Address(client, shop, family)
    steps = ("Checkout Started", "Order Completed", "Order Updated", "Order Cancelled", "Order Refunded")
    for name in (*steps, "Donated"):
        properties = {"revenue": 25, "checkout_id": "c-1", "order_id": "o-1"}
        if name == "Donated":
            del properties["order_id"]
        sent = {"type": "track", "event": name, "userId": "u", "messageId": name, "properties": properties}
        assert own.send(path, sent, is_named_in_path=True).status == 200
    paid = [properties for name, properties in own.stored() if name == "conversion"]
    assert [(each["conversion-id"] == "c-1", each["conversion-name"]) for each in paid] == [
        (False, "Order Completed"),
        (False, "Donated"),
    ]


def test_no_money_is_stored_without_its_event(client: InProcess, shop: Shop) -> None:
    own = Address(client, shop, "segment")

    def track(name: str, message_id: str, **properties: Any) -> dict[str, Any]:
        return {
            "type": "track", "event": name, "userId": "u", "messageId": message_id, "properties": properties,
        }  # fmt: skip

    pair = base64.b64encode(f"{own.public_id}:{shop.key}:".encode()).decode()
    other = {"revenue": 77, "order_id": "o17"}
    many = [track("Seen", f"s-{number}") for number in range(999)]
    for sent in (
        [track("A", "m17")],
        [track("B", "m17", **other)],
        [track("C", "m18"), track("D", "m18", **other)],
        [*many, track("E", "m19", revenue=5)],
        [track("E", "m19", revenue=5)],
    ):
        assert own.send("/v1/batch", {"batch": sent}, Authorization=f"Basic {pair}").status == 200
    found = own.stored()
    assert [name for name, _ in found if name != "Seen"] == ["A", "C", "E", "conversion"]
    assert [each["conversion-name"] for name, each in found if name == "conversion"] == ["E"]
