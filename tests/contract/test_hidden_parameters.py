"""Are addresses of pages kept without what nobody needs to know, as each list says?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tests.commands.test_event_collect import Door, pixel
from tracker.domain.url_scrubbing import DEFAULT_HIDDEN

RESET = "https://jane:pw@shop.example/reset?token=abc&email=jane%40shop.example&utm_source=mail#code=1"
KEPT = "https://shop.example/reset?utm_source=mail"


@pytest.fixture
def door(client: InProcess, shop: Shop) -> Door:
    return Door(client, shop)


def update(client: InProcess, shop: Shop, **settings: Any) -> Reply:
    return client.call("list.update", shop.key, ListID=shop.list_id, **settings)


def test_an_old_script_and_every_other_client_of_the_door_is_covered(door: Door) -> None:
    sent = {"$current_url": RESET, "$referrer": RESET, "url": RESET}
    door.post({"Event": "page_view", "Properties": sent})
    door.post({"Events": [{"Event": "page_view", "Properties": sent}]})
    pixel(
        door,
        "Event=page_view&Properties[$current_url]=https%3A%2F%2Fshop.example%2Freset%3Fcode%3D1%26utm_source%3Dmail",
    )
    first, second, third = (stored for _, _, stored in door.stored())
    assert {first["$current_url"], first["$referrer"], third["$current_url"]} == {KEPT}
    assert (first["$host"], first["$pathname"]) == ("shop.example", "/reset")
    assert first["url"] == RESET, "what a page says in a property of its own is its own affair"
    assert [second[name] for name in sent] == [first[name] for name in sent]


def test_routes_of_fragments_stay_and_are_the_path(door: Door) -> None:
    places = ["/#/cart?step=2&token=abc", "/app#!/cart", "/#size", "/#"]
    for place in places:
        door.post({"Event": "page_view", "Properties": {"$current_url": f"https://shop.example{place}"}})
    found = [(stored["$current_url"][20:], stored["$pathname"]) for _, _, stored in door.stored()]
    assert found == [("/#/cart?step=2", "/#/cart"), ("/app#!/cart", "/app#!/cart"), ("/", "/"), ("/", "/")]


def test_a_list_says_itself_what_is_left_out(client: InProcess, door: Door) -> None:
    address = {"$current_url": "https://shop.example/?token=1&Voucher-Code=2&a=3"}
    assert update(client, door.shop, HiddenQueryParameters=["vouchercode", "*_x"]).status == 200
    door.post({"Event": "page_view", "Properties": address})
    assert update(client, door.shop, HiddenQueryParameters=[]).body["HiddenQueryParameters"] == []
    door.post({"Event": "page_view", "Properties": address})
    assert [stored["$current_url"][21:] for _, _, stored in door.stored()] == [
        "?token=1&a=3", "?token=1&Voucher-Code=2&a=3"
    ]  # fmt: skip


def test_the_setting_is_told_and_what_every_list_hides_is_not_written_down(
    client: InProcess, shop: Shop
) -> None:
    told = client.call("list.get", shop.key, ListID=shop.list_id).body["List"]["HiddenQueryParameters"]
    assert told == list(DEFAULT_HIDDEN)
    assert update(client, shop, KeepAddress=True).body["HiddenQueryParameters"] == told
    assert update(client, shop, HiddenQueryParameters=["a"]).body["HiddenQueryParameters"] == ["a"]
    assert update(client, shop, HiddenQueryParameters=told).body["HiddenQueryParameters"] == told
    sql = "SELECT hidden_parameters FROM list_settings WHERE list_id = ?"
    assert client.rows(sql, shop.list_id) == [(None,)], (
        "a list that never chose learns of what is added later"
    )


@pytest.mark.parametrize(
    "value", ["token", ["a b"], ["a=b"], [""], ["*"], ["a*"], [1], {"a": 1}, ["x" * 65], ["x" * 60] * 70]
)
def test_what_is_no_list_of_names(client: InProcess, shop: Shop, value: Any) -> None:
    assert update(client, shop, HiddenQueryParameters=value, KeepAddress=True).codes == [11]
    assert client.call("list.get", shop.key, ListID=shop.list_id).body["List"]["KeepAddress"] is False


def test_with_a_key_nothing_is_touched(client: InProcess, shop: Shop, door: Door) -> None:
    sent = {"$current_url": RESET, "$referrer": RESET}
    client.call("event.track", shop.key, ListID=shop.list_id, Event="page_view", Properties=sent)
    [(_, _, stored)] = door.stored()
    assert stored == sent


def test_a_repeat_is_one(door: Door) -> None:
    event = {"Event": "page_view", "EventID": "e-1", "Properties": {"$current_url": RESET}}
    assert [door.post(event).status, door.post(event).status] == [200, 200]
    assert len(door.stored()) == 1
