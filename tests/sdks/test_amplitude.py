"""Does Amplitude's adapter find values, groups and money, and answer so that nothing is sent again without end?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sdks.adapter_calls import REFUSED, AdapterCalls

AMPLITUDE = AdapterCalls("amplitude")
PATH = "/2/httpapi"
DEVICE = "550e8400-e29b-41d4-a716-446655440000"


def sent(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "api_key": "x",
        "events": [{"event_type": "Seen", "device_id": DEVICE, **each} for each in events],
    }


def test_operations_leave_values() -> None:
    operations = {
        "$setOnce": {"initial_utm_source": "EMPTY", "a": 1, "b": 1},
        "$append": {"tags": "x"},
        "$set": {"b": 2, "email": "ada@example.com"},
        "$add": {"logins": 1},
        "$unset": {"c": "-"},
    }
    event = AMPLITUDE.event(PATH, sent({"event_type": "$identify", "user_properties": operations}))
    assert event["IdentifyProperties"] == {"a": 1, "b": 2, "tags": "x", "email": "ada@example.com"}
    assert (event["Event"], event["Email"], event["UUID"]) == ("identify", "ada@example.com", DEVICE)


def test_properties_of_a_user_beside_an_event_are_an_identify_with_an_id_of_its_own() -> None:
    [[event, known]] = AMPLITUDE.items(PATH, sent({"insert_id": "i-1", "user_properties": {"plan": "pro"}}))
    assert (event["Event"], event["EventID"]) == ("Seen", "i-1")
    assert known["IdentifyProperties"] == {"plan": "pro"}
    assert known["EventID"] not in (None, "i-1")


@pytest.mark.parametrize(
    ("event", "value"),
    [
        ({"revenue": 9.5}, 9.5),
        ({"revenue": 100, "event_properties": {"revenue": 7}}, 100),
        ({"revenue": 100, "event_properties": {"revenue": "n/a"}}, 100),
        ({"price": 2, "quantity": 3}, 6),
        ({"price": 2}, 2),
        ({"event_properties": {"$price": 12.5, "$quantity": 2}}, 25.0),
        ({"event_properties": {"$revenue": 4}}, 4),
        ({"event_properties": {"price": 9.5}}, None),
        ({"event_properties": {"$price": "a", "$quantity": [2]}}, None),
        ({"price": True}, None),
    ],
)
def test_money_is_a_conversion_too(event: dict[str, Any], value: Any) -> None:
    [[_, *following]] = AMPLITUDE.items(PATH, sent(event))
    assert [each["Properties"]["conversion-value"] for each in following] == (
        [] if value is None else [value]
    )


def test_each_group_is_an_event() -> None:
    event = {"event_type": "$identify", "insert_id": "i", "groups": {"company": ["a", "b"], "team": 7}}
    [items] = AMPLITUDE.items(PATH, sent(event))
    found = [(each["Properties"]["$group_type"], each["Properties"]["$group_id"]) for each in items]
    assert found == [("company", "a"), ("company", "b"), ("team", 7)]
    assert len({each["EventID"] for each in items}) == 3


def test_of_very_many_groups_of_an_event_the_first_are_events() -> None:
    [items] = AMPLITUDE.items(
        PATH, sent({"event_type": "$identify", "groups": {"company": list(range(1, 999))}})
    )
    assert [each["Properties"]["$group_id"] for each in items] == list(range(1, 21))


def test_an_address_is_on_all_events_of_its_user() -> None:
    traits = {"user_properties": {"$set": {"email": "ada@example.com"}}, "event_type": "$identify"}
    items = AMPLITUDE.items(
        PATH, sent({"user_id": "u-1"}, {}, {"user_id": "u-2"}, {"user_id": "u-1", **traits})
    )
    assert [item[0].get("Email") for item in items] == ["ada@example.com", None, None, "ada@example.com"]


def test_an_event_of_nobody_is_refused_and_the_others_are_told_as_stored() -> None:
    body = sent({}, {"device_id": None})
    kept, refused = AMPLITUDE.items(PATH, body)
    assert kept[0]["Event"] == "Seen"
    assert "user_id or a device_id" in refused
    assert AMPLITUDE.answer([None, REFUSED], PATH, body).body["events_ingested"] == 1


def test_a_refusal_tells_its_clients_to_give_up_or_to_wait() -> None:
    assert AMPLITUDE.refused(400).body["missing_field"] == "events"
    assert AMPLITUDE.refused(401)[:2] == (400, {"code": 400, "error": "Invalid API key"})
    for status in (413, 429, 503):
        told = AMPLITUDE.refused(status)
        assert (told.status, told.body["code"]) == (status, status)
        assert "missing_field" not in told.body
