"""Does each part of Countly's requests become what it means, once, and is nobody bound to anybody else?"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.sdks.golden_rows import PUBLIC_ID, Row, outcome
from tracker.sdks.mapping import visitor_uuid

NOW = 1_795_780_000_000
DEVICE = "13ce9d7f-e351-4b7a-b018-c489e8126f17"
OWN: dict[str, Any] = {"app_key": PUBLIC_ID, "device_id": DEVICE, "t": "1", "timestamp": str(NOW - 5_000)}


def items(path: str = "/i", headers: dict[str, str] | None = None, **sent: Any) -> list[Any]:
    """What one request becomes: texts are sent as they are, all else as JSON."""
    form = {name: value if isinstance(value, str) else json.dumps(value) for name, value in sent.items()}
    return list(outcome(Row("countly", "", "POST", path, "", headers or {}, None, urlencode(form), NOW))[0])


def test_a_view_is_one_page_view_wherever_it_is() -> None:
    view = {"name": "Home", "visit": 1, "view": "/a", "domain": "shop.example"}
    sent = [
        {"key": "[CLY]_view", "segmentation": view, "id": "v1"},
        {"key": "[CLY]_view", "segmentation": {"name": "Home"}, "dur": 9, "id": "v1"},
    ]
    for origin, url in (
        ("http://shop.example:81", "http://shop.example:81/a"),
        ("https://other.example", "https://shop.example/a"),
        ("http://[", "https://shop.example/a"),
    ):
        [[event], of_duration] = items(**OWN, events=sent, headers={"Origin": origin})
        assert (event["Event"], event["Properties"]["$current_url"], of_duration) == ("page_view", url, [])
    [[event]] = items(**OWN, events=[{"key": "[CLY]_view", "segmentation": {"visit": 1, "name": "Basket"}}])
    assert event["Properties"]["$page_title"] == "Basket"
    assert "$current_url" not in event["Properties"]


def test_events_without_an_id_get_one_that_comes_again_with_them() -> None:
    sent = {"key": "Played", "count": 3, "sum": 0, "dur": 1.5, "timestamp": NOW - 9_000}
    [[event]] = first = items(**OWN, events=[sent])
    assert items(**OWN, events=[sent]) == first
    assert event["Properties"] == {"$count": 3, "$duration": 1.5}
    assert event["EventID"] != items(**OWN, events=[{**sent, "key": "Won"}])[0][0]["EventID"]


@pytest.mark.parametrize(
    ("device", "kind", "who"),
    [
        (DEVICE, "0", {"UUID": DEVICE}),
        ("u-1", "0", {"ID": "u-1"}),
        ("zoe@example.com", "0", {"Email": "zoe@example.com"}),
        ("abc", "1", {"UUID": visitor_uuid("abc")}),
        ("[CLY]_temp_id", "2", {"UUID": "of the day: 192.0.2.7 Firefox"}),
        ("null", "0", {"UUID": "of the day: 192.0.2.7 Firefox"}),
    ],
)
def test_a_device_is_a_visitor_and_an_id_of_the_site_a_user(
    device: str, kind: str, who: dict[str, Any]
) -> None:
    sent = {**OWN, "device_id": device, "t": kind, "metrics": {"_ua": "Firefox"}, "events": [{"key": "e"}]}
    [[event]] = items(**sent)
    assert {name: event[name] for name in ("UUID", "ID", "Email") if name in event} == who


def test_another_id_for_a_device_binds_its_visitor_to_a_user_only() -> None:
    [[event]] = items(**{**OWN, "device_id": "u-1", "t": "0"}, old_device_id=DEVICE)
    assert (event["Event"], event["UUID"], event["ID"]) == ("identify", DEVICE, "u-1")
    [[event]] = items(**OWN, old_device_id="550e8400-e29b-41d4-a716-446655440000")
    assert (event["Event"], event["UUID"], event.get("ID")) == ("alias", DEVICE, None)


def test_details_are_traits_and_changes_of_them_are_not() -> None:
    details = {"name": "Zoë", "email": "zoe@example.com", "custom": {"plan": "pro", "seen": {"$inc": 1}}}
    [[event]] = items(**OWN, user_details=details)
    assert event["IdentifyProperties"] == {"name": "Zoë", "email": "zoe@example.com", "plan": "pro"}
    assert (event["Email"], event["UUID"]) == ("zoe@example.com", DEVICE)


def test_sessions_are_no_events_and_a_crash_is_one() -> None:
    assert items(**OWN, begin_session="1") == items(**OWN, session_duration="30") == [[]]
    [[event]] = items(**OWN, crash={"_error": "x is undefined", "_nonfatal": True})
    assert (event["Event"], event["Properties"]["_nonfatal"]) == ("[CLY]_crash", True)


def test_a_bulk_is_read_request_by_request_for_one_list() -> None:
    good = {"device_id": DEVICE, "events": [{"key": "e"}]}
    bad = [{}, 7, {**good, "app_key": "OTHERS0000000001"}, {**good, "events": "["}, {**good, "events": [7]}]
    found = items("/i/bulk", app_key=PUBLIC_ID, requests=[good, *bad, {**good, "events": '[{"key": "f"}]'}])
    assert [isinstance(each, str) for each in found] == [False, *[True] * 5, False]
