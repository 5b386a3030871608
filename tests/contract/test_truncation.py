"""Is nothing that the script captures by itself too long for its event, and is it told what was cut?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.commands.test_event_collect import Door, pixel
from tracker.api.truncation import MAX_CAPTURED
from tracker.formats.event_limits import MAX_PROPERTIES, MAX_STRING_BYTES

PLACE = "https://shop.example/map"
LONG = PLACE + "?view=" + "x" * MAX_STRING_BYTES


@pytest.fixture
def door(client: InProcess, shop: Shop) -> Door:
    return Door(client, shop)


@pytest.mark.parametrize(
    "name", ["$current_url", "$referrer", "$page_title", "$browser_language", "$anything"]
)
def test_what_is_too_long_is_cut_and_told(door: Door, name: str) -> None:
    reply = door.post({"Event": "seen", "EventID": "e-1", "Properties": {name: LONG, "own": 1}})
    assert (reply.status, reply.body) == (
        200,
        {"status": "success", "EventID": "e-1", "cut_properties": [name]},
    )
    [(_, _, stored)] = door.stored()
    assert (stored[name], stored["own"]) == (LONG[:MAX_STRING_BYTES], 1)
    assert stored["$cut"] == [name], "whoever reads the event knows it, too"


def test_it_is_cut_between_characters(door: Door) -> None:
    door.post({"Event": "seen", "Properties": {"$page_title": "x" + "😀" * 10_000}})
    [(_, _, stored)] = door.stored()
    assert stored["$page_title"] == "x" + "😀" * (MAX_STRING_BYTES // 4 - 1)


def test_what_fits_is_as_it_was(door: Door) -> None:
    fits = "€" * (MAX_STRING_BYTES // 3)
    assert door.post({"Event": "seen", "Properties": {"$page_title": fits}}).body == {"status": "success"}
    [(_, _, stored)] = door.stored()
    assert (stored["$page_title"], "$cut" in stored) == (fits, False)


def test_in_a_batch_each_is_told_of_its_own(door: Door) -> None:
    """Also in Properties that a page has written as text; and a page's own property harms its event alone."""
    both = {"$current_url": LONG, "$referrer": LONG}
    events: list[Any] = [
        {"Event": "a", "Properties": {"$current_url": LONG}},
        {"Event": "b", "Properties": {"own": LONG}},
        {"event": "c", "properties": json.dumps(both)},
        {"Event": "d"},
        {"Event": "e", "Properties": {"$current_url": [LONG]}},
    ]
    results = door.post({"Events": events}).body["results"]
    assert [result.get("cut_properties") for result in results] == [
        ["$current_url"], None, ["$current_url", "$referrer"], None, None
    ]  # fmt: skip
    codes = [[row["Code"] for row in result.get("Errors", [])] for result in results]
    assert codes == [[], [12], [], [], [12]]
    assert door.names() == ["a", "c", "d"]


def test_what_is_captured_takes_no_room_from_the_pages_own(door: Door) -> None:
    captured = {f"$captured_{number}": "x" for number in range(MAX_CAPTURED)}
    own = {f"p{number}": number for number in range(MAX_PROPERTIES)}
    assert door.post({"Event": "seen", "Properties": captured | own}).status == 200
    for more in ({"more": 1}, {"$more": 1}, {"$" + "x" * 255: 1}, {"$more\0": 1}):
        assert door.post({"Event": "seen", "Properties": captured | own | more}).codes == [12]
    captured.popitem()
    for name in ("$" + "x" * 255, "$more\0"):
        assert door.post({"Event": "seen", "Properties": captured | own | {name: 1}}).codes == [12]


def test_a_repeat_is_one_however_long_its_address(door: Door) -> None:
    event = {"Event": "seen", "EventID": "e-1", "Properties": {"$current_url": LONG}}
    first, again = door.post(event), door.post(event)
    assert first.body == again.body
    assert door.names() == ["seen"]


def test_the_pixel_cuts_as_well(door: Door) -> None:
    answer = pixel(door, f"Event=opened&Properties[$page_title]={'x' * 40_000}")
    assert answer.status == 200
    [(_, _, stored)] = door.stored()
    assert len(stored["$page_title"]) == MAX_STRING_BYTES


def test_with_a_key_a_property_is_the_clients_own(client: InProcess, door: Door) -> None:
    sent = {"ListID": door.shop.list_id, "Event": "seen", "Properties": {"$current_url": LONG}}
    assert client.call("event.track", door.shop.key, **sent).codes == [12]
