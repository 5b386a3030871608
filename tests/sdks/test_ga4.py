"""Is the Measurement Protocol read as its documentation says, with no secret from an address?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.client import InProcess, Shop
from tests.sdks.golden_rows import Row, listed_of, outcome
from tracker.sdks import SdkCredential, SdkRequest

NOW = 1_795_780_000_000
ID = "LISTPUBLICID0001"


def items(**sent: Any) -> list[Any]:
    """What one request becomes."""
    body = json.dumps({"client_id": "123.456", **sent})
    query = f"measurement_id={ID}"
    return list(outcome(Row("ga4", "", "POST", "/mp/collect", query, {}, None, body, NOW))[0])


@pytest.mark.parametrize(
    ("query", "headers", "credential"),
    [
        (f"measurement_id={ID}", {}, SdkCredential(ID)),
        (f"firebase_app_id={ID}", {"authorization": "Bearer trk_x"}, SdkCredential(ID, "trk_x")),
        ("measurement_id=G-1A2BCD345E&api_secret=trk_x", {}, SdkCredential(None)),
        (f"measurement_id={ID}:trk_x", {}, SdkCredential(None)),
    ],
)
def test_a_key_is_read_from_a_header_only(
    query: str, headers: dict[str, str], credential: SdkCredential
) -> None:
    request = SdkRequest("POST", "mp/collect", query_string=query, headers=headers)
    assert listed_of("ga4").adapter.credential(request) == credential


def test_a_measurement_id_of_google_may_stay(client: InProcess, shop: Shop) -> None:
    found = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert found is not None
    body = json.dumps({"client_id": "1.2", "events": [{"name": "login"}, {"params": {}}]}).encode()
    query = "measurement_id=G-1A2BCD345E&api_secret=s"
    statuses = [
        client.request("POST", f"/sdk/ga4{path}/mp/collect", params=query, data=body).status
        for path in ("", f"/{found.tracker_id}")
    ]
    assert statuses == [401, 204]
    [(count,)] = client.rows("SELECT COUNT(*) FROM events WHERE list_id = ?", shop.list_id)
    assert count == 1


def test_times_are_microseconds_of_the_event_or_of_its_request() -> None:
    micros = NOW * 1000
    sent = [
        {"name": "a"},
        {"name": "b", "timestamp_micros": micros - 9_000_000},
        {"name": "c", "timestamp_micros": "x"},
    ]
    [[a], [b], [c]] = items(events=sent, timestamp_micros=str(micros))
    assert (a["Timestamp"], b["Timestamp"], c["Properties"]["$refused_time"]) == (NOW, NOW - 9_000, "x")


def test_only_a_purchase_is_revenue_and_engagement_is_no_event() -> None:
    order = {"value": 12.5, "currency": "EUR", "transaction_id": "o-1"}
    names = ("add_to_cart", "purchase", "user_engagement")
    cart, bought, engaged = items(events=[{"name": name, "params": order} for name in names])
    assert [event["Event"] for event in (*cart, *bought, *engaged)] == [
        "add_to_cart",
        "purchase",
        "conversion",
    ]
    assert bought[1]["Properties"]["conversion-id"] == "o-1"


def test_user_properties_are_traits_and_a_client_and_a_user_are_tied() -> None:
    properties = {"plan": {"value": "pro"}, "odd": 7}
    identified, [event] = items(events=[{"name": "a"}], user_properties=properties, user_id="u-1")
    assert identified[0]["IdentifyProperties"] == {"plan": "pro"}
    [[event, tie]] = items(events=[{"name": "a"}], user_id="u-1")
    assert (tie["Event"], tie["UUID"], tie["ID"]) == ("identify", event["UUID"], "u-1")
