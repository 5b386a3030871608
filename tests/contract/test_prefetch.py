"""Does nothing count that a browser fetches in advance, and that nobody may ever look at?"""

from __future__ import annotations

import pytest

from tests.client import InProcess, Shop
from tests.commands.test_event_collect import Door, pixel
from tracker.http.message.responses import PIXEL

IN_ADVANCE = [
    ("Sec-Purpose", "prefetch"),
    ("Sec-Purpose", "prefetch;prerender"),
    ("Sec-Purpose", "Prefetch; anonymous-client-ip"),
    ("Purpose", "prefetch"),
    ("X-Purpose", "preview"),
    ("X-Moz", "prefetch"),
]


@pytest.fixture
def door(client: InProcess, shop: Shop) -> Door:
    return Door(client, shop)


@pytest.mark.parametrize(("name", "value"), IN_ADVANCE)
def test_it_is_answered_as_ever_and_not_stored(door: Door, name: str, value: str) -> None:
    answer = pixel(door, "Event=opened", **{name: value})
    assert (answer.status, answer.raw) == (200, PIXEL)
    events = {"Events": [{"Event": "seen", "EventID": "e-1"}, {"Event": ""}]}
    plain = door.post({"Event": "seen", "EventID": "e-1"}, {name: value})
    assert plain.body == {"status": "success", "EventID": "e-1"}
    results = door.post(events, {name: value}).body["results"]
    assert [result["status"] for result in results] == ["ok", "error"]
    assert door.stored() == []
    assert pixel(door, "", **{name: value}).status == 422


@pytest.mark.parametrize(
    ("name", "value"), [("Sec-Purpose", "fetch"), ("Purpose", ""), ("X-Moz", "x;prefetch")]
)
def test_all_else_counts(door: Door, name: str, value: str) -> None:
    assert pixel(door, "Event=opened", **{name: value}).status == 200
    assert door.names() == ["opened"]


def test_a_key_counts_whatever_it_says(client: InProcess, shop: Shop) -> None:
    sent = {"Command": "event.track", "ListID": shop.list_id, "Event": "seen"}
    assert client.request("POST", "/api.php", shop.key, {"Sec-Purpose": "prefetch"}, json=sent).status == 200
    assert client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id) == [(1,)]
