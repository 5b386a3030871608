"""Does OpenPanel's adapter read what no recording has: apps, currencies without cents, what is no event, and back ends?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.sdks.golden_rows import listed_of
from tracker.errors import CommandError
from tracker.sdks import SdkRefusal, SdkRequest

ADAPTER = listed_of("openpanel").adapter
VISITOR = "550e8400-e29b-41d4-a716-446655440000"


def request(kind: Any, **payload: Any) -> SdkRequest:
    made = SdkRequest(
        "POST", "track", raw=json.dumps({"type": kind, "payload": payload}).encode(), now=1_795_780_000_000
    )
    made.visitor_of_day = lambda _address, _agent: VISITOR
    return made


def events(kind: Any, **payload: Any) -> list[dict[str, Any]]:
    [item] = ADAPTER.events(request(kind, **payload))
    assert not isinstance(item, CommandError)
    return list(item)


@pytest.mark.parametrize(
    ("revenue", "currency", "value"),
    [
        (1999, "EUR", 19.99), (1999, None, 19.99), (500, "jpy", 500), ("250", "USD", 2.5), (12.5, "USD", 0.125),
        (True, "USD", None), ("much", "USD", None), (None, "USD", None), ([1], "USD", None),
    ],
)  # fmt: skip
def test_revenue_is_in_the_smallest_unit_of_its_currency(revenue: Any, currency: Any, value: Any) -> None:
    event, *conversions = events(
        "track", name="revenue", properties={"__revenue": revenue, "currency": currency}
    )
    assert event["Properties"]["__revenue"] == revenue
    assert [each["Properties"]["conversion-value"] for each in conversions] == (
        [] if value is None else [value]
    )


def test_the_path_of_an_app_is_a_screen() -> None:
    [event] = events("track", name="screen_view", properties={"__path": "/settings", "n": 1})
    assert (event["Event"], event["UUID"]) == ("screen_view", VISITOR)
    assert event["Properties"] == {"$screen_name": "/settings", "n": 1}


def test_an_event_that_waited_has_its_time() -> None:
    [event] = events("track", name="e", properties={"__timestamp": "2026-11-27T11:45:05.000Z"})
    assert event["Timestamp"] == 1_795_779_905_000
    assert event["Properties"] == {}


def test_who_is_named_has_no_visitor_and_whom_a_back_end_knows_has_that_one() -> None:
    device = "0b0c9e6a-7d5e-4a57-9d3c-1f2e3d4c5b6a"
    [named] = events("track", name="e", profileId=7, properties={"__deviceId": device})
    assert (named["ID"], "UUID" in named) == ("7", False)
    [known] = events("track", name="e", properties={"__deviceId": device})
    assert known["UUID"] == device


def test_groups_stay_with_events_and_are_one_by_themselves() -> None:
    [event] = events("track", name="e", groups=["acme"])
    assert event["Properties"] == {"groups": ["acme"]}
    [group] = events("group", id="acme", type="company", name="Acme", properties={"plan": "pro"})
    assert group["Event"] == "group"
    assert group["Properties"] == {
        "$group_id": "acme", "$group_type": "company", "name": "Acme", "plan": "pro",
    }  # fmt: skip


def test_two_names_are_an_alias_that_binds_nobody() -> None:
    [event] = events("alias", profileId="u-1", alias="u-2")
    assert (event["Event"], event["Properties"]) == ("alias", {"previous_id": "u-2", "user_id": "u-1"})


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("increment", {"profileId": "u-1", "property": "visits"}),
        ("decrement", {"profileId": "u-1", "property": "visits"}),
        ("assign_group", {"groupIds": ["acme"]}),
        ("replay", {"chunk_index": 1, "payload": "[]"}),
    ],
)
def test_what_changes_profiles_is_no_event_and_a_success(kind: str, payload: dict[str, Any]) -> None:
    assert events(kind, **payload) == []
    answer = ADAPTER.answer(request(kind, **payload), [None])
    assert (answer.status, answer.body["deviceId"]) == (200, VISITOR)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("track", {}),
        ("track", {"name": 1}),
        ("identify", {"email": "a@b.example"}),
        ("alias", {}),
        ([], {"name": "e"}),
    ],
)
def test_what_lacks_its_words_is_refused_in_openpanels_shape(kind: Any, payload: dict[str, Any]) -> None:
    with pytest.raises(CommandError) as raised:
        ADAPTER.events(request(kind, **payload))
    reply = ADAPTER.refused(request(kind), SdkRefusal(400, 100000, str(raised.value)))
    assert (reply.status, reply.body["status"], reply.body["error"]) == (400, 400, "Bad Request")


def test_a_page_and_the_back_end_it_tells_its_device_have_one_visitor(client: InProcess, shop: Shop) -> None:
    found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert found is not None
    page = {"type": "track", "payload": {"name": "Cart Opened"}}
    agent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
    key = {"openpanel-client-id": found.tracker_id}
    answered = client.post(
        "/sdk/openpanel/track", json=page, headers={**key, **agent, "Origin": "https://a.example"}
    )
    revenue = {"__revenue": 1250, "__deviceId": answered.body["deviceId"], "order_id": "o-1"}
    sent = {"type": "track", "payload": {"name": "revenue", "properties": revenue}}
    secret = {**key, "openpanel-client-secret": shop.key}
    for _ in range(2):
        assert client.post("/sdk/openpanel/track", json=sent, headers=secret).status == 200
    rows = client.rows("SELECT name, visitor_id FROM events WHERE list_id = ? ORDER BY id", shop.list_id)
    # Events have no ids: the client's second attempt is a second event. The order is one.
    assert [bytes(name) for name, _ in rows] == [b"Cart Opened", b"revenue", b"conversion", b"revenue"]
    assert len({visitor for _, visitor in rows}) == 1
