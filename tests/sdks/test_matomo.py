"""Is each kind of Matomo's requests the event that its reports would have, and is a bulk answered request by request?"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.client import InProcess, Shop
from tests.sdks.golden_rows import API_KEY, PUBLIC_ID, Row, outcome

NOW = 1_795_780_000_000
PATH = f"/{PUBLIC_ID}/matomo.php"
OWN = {"idsite": "1", "rec": "1", "_id": "a18f184646bd4c38", "url": "https://shop.example/a?b=c"}


def row(method: str = "GET", query: str = "", body: str = "") -> Row:
    return Row("matomo", "", method, PATH, query, {}, None, body, NOW)


def made(**sent: str) -> list[dict[str, Any]]:
    """The events of one request."""
    [item], _ = outcome(row(query=urlencode(OWN | sent)))
    return list(item)


@pytest.mark.parametrize(
    ("sent", "name", "properties"),
    [
        ({}, "page_view", {}),
        ({"link": "https://x.example/"}, "outlink", {"$target_url": "https://x.example/"}),
        ({"c_n": "ad", "c_p": "a.png"}, "content_impression", {"content_name": "ad", "content_piece": "a.png"}),
        ({"c_n": "ad", "c_i": "click"}, "content_interaction", {"content_name": "ad", "content_interaction": "click"}),
        ({"idgoal": "3"}, "goal_3", {"goal_id": 3}),
        ({"idgoal": "0", "revenue": "20"}, "ecommerce_cart", {"revenue": 20}),
        ({"_pks": "s1", "_pkp": "2.5"}, "page_view", {"product_sku": "s1", "product_price": 2.5}),
        ({"dimension2": "b", "dimensions": "c", "lang": "de-CH,de;q=0.5"}, "page_view", {"dimension2": "b", "$browser_language": "de-CH"}),
        ({"_cvar": '{"1":["plan","pro"]}', "cvar": '{"2":["a",""],"3":7}'}, "page_view", {"plan": "pro", "a": ""}),
        ({"e_c": "a", "e_a": "Played", "e_v": "long"}, "Played", {"category": "a", "value": "long"}),
        ({"ca": "1"}, "custom_action", {}),
    ],
)  # fmt: skip
def test_a_request_is_the_event_that_its_parameters_say(
    sent: dict[str, str], name: str, properties: dict[str, Any]
) -> None:
    [event] = made(**sent)
    assert (event["Event"], event["Properties"]) == (name, {"$current_url": OWN["url"], **properties})


def test_a_goal_with_a_revenue_and_an_order_are_conversions_too() -> None:
    goal, of_goal = made(idgoal="3", revenue="5")
    assert of_goal["Properties"]["conversion-name"] == goal["Event"] == "goal_3"
    _, of_order = made(idgoal="0", ec_id="o-1", revenue="12.5")
    assert of_order["Properties"] == {
        "conversion-id": "o-1", "conversion-name": "ecommerce_order", "conversion-value": 12.5,
    }  # fmt: skip


def test_heartbeats_are_no_events() -> None:
    assert made(ping="1") == made(ca="1", ma_id="x") == []


def test_a_time_older_than_a_day_needs_the_key() -> None:
    days = {"cdt": "2026-11-25 10:00:00"}
    [event] = made(**days)
    assert "Timestamp" not in event
    assert event["Properties"]["$refused_time"] == days["cdt"]
    [event] = made(**days, token_auth=API_KEY)
    assert event["Timestamp"] == 1_795_600_800_000
    [event] = made(cdo="60")
    assert event["Timestamp"] == NOW - 60_000


def test_who_has_no_id_is_the_visitor_of_a_day() -> None:
    [event] = made(_id="", ua="Mozilla/5.0 X", cip="203.0.113.7")
    assert event["UUID"] == "of the day: 192.0.2.7 Mozilla/5.0 X"
    [event] = made(_id="", cip="203.0.113.7", token_auth=API_KEY)
    assert (event["UUID"], event["IPAddress"]) == ("of the day: 203.0.113.7 ", "203.0.113.7")
    event, *_ = made(_id="", uid="u-1")
    assert "UUID" not in event


def test_a_form_is_as_good_as_a_query() -> None:
    [[event]], answer = outcome(row("POST", "idsite=1", urlencode(OWN)))
    assert event["Event"] == "page_view"
    assert answer["media_type"] == "image/gif"


def test_a_bulk_names_what_is_invalid_and_stores_the_rest(client: InProcess, shop: Shop) -> None:
    found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert found is not None
    sent = [
        OWN,
        "?idsite=1",
        "idsite=1&rec=1&url=https://shop.example/?x=y",
        7,
        "https://a.example/m.php?idsite=1&rec=1",
    ]
    body = json.dumps({"requests": sent, "token_auth": shop.key}).encode()
    reply = client.request("POST", f"/sdk/matomo/{found.tracker_id}/piwik.php", data=body)
    assert reply.status == 200
    assert reply.body == {"status": "success", "tracked": 3, "invalid": 2, "invalid_indices": [1, 3]}
    [(count,)] = client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id)
    assert count == 3
    body = json.dumps({"requests": ["%41" * 21_000]}).encode()
    reply = client.request("POST", f"/sdk/matomo/{found.tracker_id}/piwik.php", data=body)
    assert (reply.status, reply.body["status"]) == (400, "error")
