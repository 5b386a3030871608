"""Does Mixpanel's adapter read what each of its SDKs writes, and answer in the words that each looks at?"""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sdks.adapter_calls import REFUSED, AdapterCalls
from tracker.sdks.shapes import PIXEL

MIXPANEL = AdapterCalls("mixpanel")
A_UUID = "550e8400-e29b-41d4-a716-446655440000"


def track(event: str = "Seen", **properties: Any) -> dict[str, Any]:
    return {"event": event, "properties": {"token": "x", **properties}}


def packed(value: Any) -> dict[str, str]:
    return {"data": base64.b64encode(json.dumps(value).encode()).decode()}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"distinct_id": f"$device:{A_UUID}"}, (A_UUID, None)),
        ({"distinct_id": A_UUID, "$device_id": A_UUID}, (A_UUID, None)),
        ({"distinct_id": "u-1"}, (None, "u-1")),
        ({"distinct_id": "u-1", "$device_id": A_UUID}, (A_UUID, "u-1")),
        ({"$user_id": "u-1", "distinct_id": f"$device:{A_UUID}"}, (A_UUID, "u-1")),
        ({}, (None, None)),
    ],
)
def test_an_event_is_of_a_visitor_a_user_or_both(properties: dict[str, Any], expected: Any) -> None:
    event = MIXPANEL.event("/track", track(**properties))
    assert (event.get("UUID"), event.get("ID")) == expected
    assert event["Properties"] == {}


def test_a_visitor_and_a_user_in_one_event_are_tied_once_for_ever() -> None:
    sent = track(distinct_id="u-1", **{"$device_id": A_UUID})
    ties = [MIXPANEL.items("/track", [sent])[0][1] for _ in range(2)]
    assert ties[0] == ties[1]
    assert (ties[0]["Event"], ties[0]["UUID"], ties[0]["ID"]) == ("identify", A_UUID, "u-1")


def test_a_device_stays_the_visitor_when_a_user_becomes_another() -> None:
    before = {"$anon_distinct_id": "u-1", "$device_id": A_UUID}
    event = MIXPANEL.event("/track", track("$identify", distinct_id="u-2", **before))
    assert (event["Event"], event["UUID"], event["ID"]) == ("identify", A_UUID, "u-2")


def test_halves_of_characters_that_the_browser_sdk_writes_are_put_together() -> None:
    text = '[{"event": "Zürich 🚀 東京", "properties": {"token": "x"}}]'
    halves = text.encode("utf-16-le")
    units = [int.from_bytes(halves[at : at + 2], "little") for at in range(0, len(halves), 2)]
    written = "".join(map(chr, units)).encode(errors="surrogatepass")
    body = urlencode({"data": base64.b64encode(written)}).encode()
    assert MIXPANEL.event("/track/", body)["Event"] == "Zürich 🚀 東京"


def test_what_is_no_form_of_a_profile_sets_nothing() -> None:
    who = {"$token": "x", "$distinct_id": "u-1"}
    body = [{**who, "$add": {"n": 1}}, {**who, "$append": {"list": 1}}, {**who, "$set": {"$phone": "1"}}]
    added, appended, [known] = MIXPANEL.items("/engage", body)
    assert added == appended == []
    assert known["IdentifyProperties"] == {"phone": "1"}


def test_the_price_of_a_charge_without_a_time_counts_whenever_it_is_sent() -> None:
    paid = {"$append": {"$transactions": {"$amount": 4.5}}, "$token": "x", "$distinct_id": "u-1"}
    [[event, conversion]] = MIXPANEL.items("/engage", paid)
    assert "EventID" not in event
    assert conversion["Properties"]["conversion-value"] == 4.5


def test_the_answer_is_what_was_asked_for() -> None:
    body = track()
    assert MIXPANEL.answer([None], "/track", body).body == "1"
    assert MIXPANEL.answer([None], "/track", body, {"verbose": "1"}).body == {"status": 1, "error": None}
    assert MIXPANEL.answer([None], "/track", b"", {**packed(body), "img": "1"}).body == PIXEL


def test_an_import_names_the_records_that_failed() -> None:
    body = [{"event": "Seen", "properties": {"time": 1_795_700_000, "distinct_id": "u"}}] * 2
    told = MIXPANEL.answer([None, REFUSED], "/import", body, {"strict": "1"})
    assert (told.status, told.body["num_records_imported"]) == (400, 1)
    assert [each["index"] for each in told.body["failed_records"]] == [1]
    assert MIXPANEL.answer([None, REFUSED], "/import", body, {"strict": "0"}).status == 200
    assert MIXPANEL.answer([None, None], "/import", body).body["num_records_imported"] == 2


def test_no_secret_is_read_from_an_address() -> None:
    pair = {"event": "Seen", "properties": {"token": "LISTPUBLICID0001:trk_EXAMPLE0_secret"}}
    in_body, in_query = MIXPANEL.request("/track", pair), MIXPANEL.request("/track", b"", packed(pair))
    assert MIXPANEL.adapter.credential_in_body(in_body) == ("LISTPUBLICID0001", "trk_EXAMPLE0_secret")
    assert MIXPANEL.adapter.credential_in_body(in_query) == ("LISTPUBLICID0001", None)


def test_errors_have_a_status_of_nought() -> None:
    assert MIXPANEL.refused(503).body == {"status": 0, "error": "why", "code": 503}
