"""Is each kind of Snowplow's events what its warehouse would call it, also where no client of ours could be recorded?"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.sdks.golden_rows import PUBLIC_ID, Row, listed_of, outcome
from tracker.sdks import SdkRefusal, SdkRequest

NOW = 1_795_780_000_000
OWN = {"tv": "js-2.18.0", "duid": "550e8400-e29b-41d4-a716-446655440000", "eid": "e-1"}
IGLU = "iglu:com.snowplowanalytics.snowplow"


def items(*sent: Any) -> list[Any]:
    """What the events of one batch become."""
    body = json.dumps({"schema": f"{IGLU}/payload_data/jsonschema/1-0-4", "data": sent})
    path = f"/{PUBLIC_ID}/com.snowplowanalytics.snowplow/tp2"
    return list(outcome(Row("snowplow", "", "POST", path, "", {}, None, body, NOW))[0])


def described(schema: str, data: Any, *contexts: Any) -> dict[str, Any]:
    """A self-describing event, in base64 as clients write it by default."""
    wrapped = {"data": {"schema": schema, "data": data}}
    packed = base64.urlsafe_b64encode(json.dumps(wrapped).encode()).decode().rstrip("=")
    return {**OWN, "e": "ue", "ue_px": packed, "co": json.dumps({"data": contexts})}


def test_an_order_is_an_event_and_a_conversion_and_its_items_are_events() -> None:
    order = {**OWN, "e": "tr", "tr_id": "o-1", "tr_tt": "12.50", "tr_cu": "EUR", "tr_ci": ""}
    item = {**OWN, "e": "ti", "ti_id": "o-1", "ti_sk": "s1", "ti_pr": "6.25", "ti_qu": "2", "ti_nm": 7}
    [[event, conversion], [of_item]] = items(order, item)
    assert (event["Event"], event["Properties"]["total"]) == ("transaction", 12.5)
    assert conversion["Properties"] == {
        "conversion-id": "o-1", "conversion-name": "transaction", "conversion-value": 12.5, "conversion-currency": "EUR",
    }  # fmt: skip
    assert of_item["Event"] == "transaction_item"
    assert of_item["Properties"]["quantity"] == 2


def test_an_order_of_its_ecommerce_is_a_conversion_too() -> None:
    sent = {"transaction_id": "o-2", "revenue": 30, "currency": "CHF"}
    schema = "iglu:com.snowplowanalytics.snowplow.ecommerce"
    order = {"schema": f"{schema}/transaction/jsonschema/1-0-0", "data": sent}
    action = f"{schema}/snowplow_ecommerce_action/jsonschema/1-0-2"
    [[event, conversion]] = items(described(action, {"type": "transaction"}, order))
    assert event["Properties"]["$contexts"] == {"transaction": sent}
    assert conversion["Properties"]["conversion-value"] == 30


def test_contexts_of_one_name_are_a_list() -> None:
    products = [{"schema": "iglu:a.b/product/jsonschema/1-0-0", "data": {"n": n}} for n in range(2)]
    [[event]] = items(described("iglu:a.b/seen/jsonschema/1-0-0", {"x": 1}, *products, None, {"schema": 7}))
    assert event["Properties"]["$contexts"] == {"product": [{"n": 0}, {"n": 1}]}


def test_an_identify_names_who_it_says_even_without_a_user_id() -> None:
    data = {"id": "u-1", "email": "a@example.com", "plan": "pro"}
    [[event]] = items(described(f"{IGLU}/identify/jsonschema/1-0-0", data))
    assert (event["ID"], event["Email"], event["UUID"]) == ("u-1", "a@example.com", OWN["duid"])
    assert event["IdentifyProperties"] == {"email": "a@example.com", "plan": "pro"}


@pytest.mark.parametrize(
    ("sent", "visitor"),
    [
        ({"duid": "550E8400-E29B-41D4-A716-446655440000"}, "550e8400-e29b-41d4-a716-446655440000"),
        ({"nuid": "ef17a050-481f-4c43-af1c-d6ea5953a8a9"}, "ef17a050-481f-4c43-af1c-d6ea5953a8a9"),
        ({"uid": "u-1"}, None),
        ({"ua": "Firefox"}, "of the day: 192.0.2.7 Firefox"),
    ],
)
def test_who_has_no_id_is_the_visitor_of_a_day(sent: dict[str, str], visitor: str | None) -> None:
    [[event, *_]] = items({"e": "pv", "tv": "no-js-0.1.0", **sent})
    assert event.get("UUID") == visitor


def test_heartbeats_are_no_events_and_what_is_none_is_refused_alone() -> None:
    broken = [
        {**OWN, "e": "ue", "ue_px": "%"},
        {**OWN, "e": "ue", "ue_pr": "{"},
        {**OWN, "e": "ue"},
        {"e": "x"},
        7,
    ]
    heartbeat, page, *refused = items({**OWN, "e": "pp"}, {**OWN, "e": "pv"}, *broken)
    assert (heartbeat, page[0]["Event"]) == ([], "page_view")
    assert all(isinstance(each, str) for each in refused)
    assert len(refused) == len(broken)


def test_what_is_too_large_is_refused_so_that_it_does_not_come_again() -> None:
    refused = listed_of("snowplow").adapter.refused
    assert refused(SdkRequest("POST", ""), SdkRefusal(413, 100010, "large")).status == 400
    assert refused(SdkRequest("POST", ""), SdkRefusal(429, 100001, "many")).status == 429
