"""Does PostHog's adapter find who each event is of, whatever form its SDKs send it in?"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sdks.adapter_calls import OF_THE_DAY, REFUSED, AdapterCalls
from tracker.sdks.mapping import visitor_uuid

POSTHOG = AdapterCalls("posthog")
V1 = "/i/v1/analytics/events"
A_UUID, ANOTHER = "550e8400-e29b-41d4-a716-446655440000", "6fa459ea-ee8a-4ca4-894e-db77e160355e"


def capture(event: str = "Seen", distinct_id: Any = "u-1", **more: Any) -> dict[str, Any]:
    return {"api_key": "x", "event": event, "distinct_id": distinct_id, **more}


def who(**message: Any) -> tuple[Any, Any]:
    event = POSTHOG.event("/capture/", capture(**message))
    return event.get("UUID"), event.get("ID")


@pytest.mark.parametrize(
    ("distinct_id", "properties", "expected"),
    [
        ("u-1", {}, (None, "u-1")),
        (A_UUID, {}, (A_UUID, None)),
        ("a7", {"$process_person_profile": False}, (visitor_uuid("a7"), None)),
        (A_UUID, {"$device_id": A_UUID}, (A_UUID, None)),
        ("u-1", {"$device_id": A_UUID}, (A_UUID, "u-1")),
        (ANOTHER, {"$device_id": A_UUID}, (A_UUID, ANOTHER)),
        ("$posthog_cookieless", {"$cookieless_mode": True}, (OF_THE_DAY, None)),
    ],
)
def test_an_event_is_of_a_visitor_a_user_or_both(
    distinct_id: str, properties: dict[str, Any], expected: tuple[Any, Any]
) -> None:
    assert who(distinct_id=distinct_id, properties=properties) == expected


def test_a_user_whose_id_is_a_uuid_is_the_visitor_that_a_server_names() -> None:
    properties = {"$device_id": A_UUID, "$anon_distinct_id": A_UUID}
    [[identified, tie]] = POSTHOG.items("/e/", capture("$identify", ANOTHER, properties=properties))
    assert (identified["UUID"], identified["ID"]) == (A_UUID, ANOTHER)
    assert (tie["Event"], tie["UUID"], tie["ID"]) == ("identify", ANOTHER, ANOTHER)
    assert tie["EventID"]


def test_what_is_set_beside_an_event_is_an_identify_and_first_values_alone_are_none() -> None:
    properties = {"$set": {"plan": "pro"}, "$set_once": {"$initial_host": "a", "$referrer": "b", "x": None}}
    [[event, identified]] = POSTHOG.items("/e/", capture(uuid=A_UUID, properties=properties))
    assert event["Properties"] == {}
    assert identified["IdentifyProperties"] == {"$initial_host": "a", "plan": "pro"}
    assert identified["EventID"] not in (None, event["EventID"])
    [item] = POSTHOG.items("/e/", capture(properties={"$set_once": {"x": 1}}))
    assert [each["Event"] for each in item] == ["Seen"]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (gzip.compress(json.dumps([capture()]).encode(), mtime=0), {"compression": "gzip-js"}),
        (urlencode({"data": base64.b64encode(json.dumps(capture()).encode())}).encode(), {}),
        (urlencode({"data": json.dumps(capture())}).encode(), {}),
    ],
    ids=["packed", "base64", "a form"],
)
def test_older_forms_are_read(body: bytes, query: dict[str, str]) -> None:
    assert POSTHOG.event("/e/", body, query)["ID"] == "u-1"


def test_an_offset_is_how_long_an_event_waited() -> None:
    now = POSTHOG.request("/").now
    assert POSTHOG.event("/e/", capture(offset=1500))["Timestamp"] == now - 1500
    assert POSTHOG.event("/e/", capture(timestamp=now - 10, offset=1500))["Timestamp"] == now - 10


def test_replay_and_heatmaps_are_left_out_and_messages_without_a_name_refused() -> None:
    batch = [{"event": "$snapshot", "distinct_id": "u"}, {"event": "Seen", "distinct_id": "u"}, {"event": 1}]
    dropped, kept, refused = POSTHOG.items("/batch/", {"api_key": "x", "batch": batch})
    assert dropped == []
    assert kept[0]["Event"] == "Seen"
    assert "distinct_id" in refused


def test_v1_says_what_became_of_each_event() -> None:
    batch = [{**capture(), "uuid": each} for each in (A_UUID, ANOTHER)]
    told = POSTHOG.answer([None, REFUSED], V1, {"batch": batch}).body["results"]
    assert told == {A_UUID: {"result": "ok"}, ANOTHER: {"result": "drop", "details": REFUSED.message}}
    sdk = "posthog-python/7.91.1"
    found = POSTHOG.items(V1, {"batch": batch}, posthog_sdk_info=sdk)[0][0]["Properties"]
    assert found == {"$lib": "posthog-python", "$lib_version": "7.91.1"}


def test_a_page_that_sends_too_much_is_told_to_wait() -> None:
    assert POSTHOG.refused(429, origin="https://shop.example").status == 503
    assert POSTHOG.refused(429).status == 429
    assert POSTHOG.refused(401).body["type"] == "authentication_error"


def test_the_key_of_v1_is_a_bearer_with_a_colon() -> None:
    request = POSTHOG.request(V1, authorization="Bearer LISTPUBLICID0001:trk_EXAMPLE0_secret")
    assert POSTHOG.adapter.credential(request) == ("LISTPUBLICID0001", "trk_EXAMPLE0_secret")
