"""Does Klaviyo's adapter know whose an event is, once, and answer as the API does that its clients read?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.sdks.golden_rows import listed_of
from tracker.errors import CommandError
from tracker.sdks import SdkCredential, SdkRefusal, SdkRequest

ADAPTER = listed_of("klaviyo").adapter
VISITOR = "550e8400-e29b-41d4-a716-446655440000"
EVENTS = "api/events"


def request(path: str, sent: Any, query: str = "", **headers: str) -> SdkRequest:
    made = SdkRequest(
        "POST", path, {}, query, headers, json.dumps({"data": sent}).encode(), 1_795_780_000_000
    )
    made.visitor_of_day = lambda _address, _agent: VISITOR
    return made


def event(profile: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    who = {"id": (profile or {}).get("id"), "attributes": profile or {"email": "zoe@example.com"}}
    metric = {"data": {"type": "metric", "attributes": {"name": "Placed Order"}}}
    return {"type": "event", "attributes": {"metric": metric, "profile": {"data": who}, **attributes}}


def events(path: str, sent: Any) -> list[dict[str, Any]]:
    [item] = ADAPTER.events(request(path, sent))
    assert not isinstance(item, CommandError)
    return list(item)


@pytest.mark.parametrize(
    ("profile", "named"),
    [
        ({"email": "zoe@example.com", "id": "01GD"}, {"Email": "zoe@example.com"}),
        ({"external_id": "u-1", "phone_number": "+15005550006"}, {"ID": "u-1"}),
        ({"id": "01GD", "phone_number": "+15005550006"}, {"ID": "01GD"}),
        ({"phone_number": "+15005550006"}, {"ID": "+15005550006"}),
        ({"anonymous_id": "abc"}, {"UUID": "711e9fbd-ba7f-54e1-b086-2de9cc966270"}),
        ({"_kx": VISITOR}, {"UUID": VISITOR}),
        ({"first_name": "Zoë"}, {"UUID": VISITOR}),
    ],
)
def test_an_event_is_of_whom_its_profile_names(profile: dict[str, Any], named: dict[str, str]) -> None:
    [found] = events(EVENTS, event(profile))
    assert {name: found[name] for name in ("ID", "Email", "UUID") if name in found} == named


def test_a_unique_id_is_one_within_metric_and_profile() -> None:
    ids = [
        events(EVENTS, event({"email": email}, unique_id="letter-5"))[0]["EventID"]
        for email in ("a@example.com", "b@example.com", "a@example.com")
    ]
    assert ids[0] == ids[2] != ids[1]
    assert "EventID" not in events(EVENTS, event())[0]


@pytest.mark.parametrize("order", [{"OrderId": "o-1"}, {"order_id": "o-1"}, {"$event_id": "o-1"}])
def test_an_event_with_a_value_is_a_conversion_of_its_order(order: dict[str, str]) -> None:
    sent = event(properties=order, value=99.5, value_currency="USD", time="2026-11-27T11:45:05+00:00")
    found, conversion = events(EVENTS, sent)
    assert (found["Timestamp"], conversion["Timestamp"]) == (1_795_779_905_000, 1_795_779_905_000)
    assert conversion["Properties"] == {
        "conversion-id": "o-1", "conversion-name": "Placed Order", "conversion-value": 99.5,
        "conversion-currency": "USD",
    }  # fmt: skip


def test_the_id_in_an_answer_names_the_same_profile_afterwards() -> None:
    for attributes, named in (
        ({"external_id": "u-1", "email": "zoe@example.com"}, {"ID": "u-1"}),
        ({"email": "zoe@example.com"}, {"Email": "zoe@example.com"}),
    ):
        for path in ("api/profiles", "api/profile-import"):
            made = request(path, {"type": "profile", "attributes": attributes})
            reply = ADAPTER.answer(made, [None])
            assert (reply.status, reply.body["data"]["type"]) == (201, "profile")
            [found] = events(EVENTS, event({"id": reply.body["data"]["id"]}))
            assert {name: found[name] for name in ("ID", "Email") if name in found} == named


def test_a_page_has_the_public_id_in_its_address_and_no_secret() -> None:
    sent = request("client/events", event(), "company_id=LISTPUBLICID0001:trk_EXAMPLE0_secret")
    assert ADAPTER.credential(sent) == SdkCredential("LISTPUBLICID0001", None)
    assert ADAPTER.answer(sent, [None]).status == 202
    assert ADAPTER.credential(request(EVENTS, event(), authorization="Bearer None")) is None


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (EVENTS, {"type": "profile", "attributes": {}}),
        (EVENTS, {"type": "event", "attributes": {}}),
        ("api/profiles", {"type": "event", "attributes": {}}),
        ("api/profiles", {"type": "profile"}),
        ("client/profiles", [{"type": "profile", "attributes": {}}]),
    ],
)
def test_a_document_of_another_type_is_refused_in_the_shape_of_its_errors(path: str, sent: Any) -> None:
    with pytest.raises(CommandError) as raised:
        events(path, sent)
    reply = ADAPTER.refused(request(path, sent), SdkRefusal(400, 100000, str(raised.value)))
    [error] = reply.body["errors"]
    assert (reply.status, error["status"], error["title"]) == (400, 400, "Bad Request")


def test_a_page_and_a_server_tell_of_one_person(client: InProcess, shop: Shop) -> None:
    found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert found is not None
    page = event({"anonymous_id": VISITOR, "email": "zoe@example.com"})
    sent = client.post(
        f"/sdk/klaviyo/client/events?company_id={found.tracker_id}",
        json={"data": page},
        headers={"Origin": "https://a.example"},
    )
    assert sent.status == 202
    profile = {"type": "profile", "attributes": {"email": "zoe@example.com", "external_id": "u-1"}}
    key = {"Authorization": f"Klaviyo-API-Key {found.tracker_id}:{shop.key}"}
    assert client.post("/sdk/klaviyo/api/profiles", json={"data": profile}, headers=key).status == 201
    named = client.ok("subscriber.events", shop.key, ListID=shop.list_id, ExternalID="u-1")
    own = [each["Event"] for each in named["Events"] if not each["IsAddedByTracker"]]
    assert sorted(own) == ["Placed Order", "identify"]
