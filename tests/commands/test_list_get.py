"""Does `list.get` describe a list to its owner and to nobody else?"""

from __future__ import annotations

import re
import time
from datetime import datetime

import pytest

from tests.client import InProcess, Shop
from tracker.domain.url_scrubbing import DEFAULT_HIDDEN


def _made(client: InProcess, user: Shop, name: str = "Shop") -> int:
    return int(client.ok("list.create", user.key, SubscriberListName=name)["ListID"])


def _milliseconds(wire: str) -> int:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", wire)
    return round(datetime.fromisoformat(wire).timestamp() * 1000)


def test_a_new_list_has_nothing_tracked(client: InProcess, jane: Shop) -> None:
    before = time.time_ns() // 10**6
    list_id = _made(client, jane)
    found = client.ok("list.get", jane.key, ListID=list_id)
    described = found.pop("List")
    assert found == {"Success": True, "ErrorCode": 0, "ErrorText": ""}
    assert before <= _milliseconds(described.pop("CreatedOn")) <= time.time_ns() // 10**6
    snippet = described.pop("EventTrackerJS")
    assert f'data-to="http://127.0.0.1:8000/t/{described["EventListTrackerID"]}"' in snippet
    assert 'src="http://127.0.0.1:8000/tracker.js"' in snippet
    tracker_ids = described.pop("EventListTrackerID"), described.pop("EventUserTrackerID")
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{16}", opaque) for opaque in tracker_ids)
    assert described == {
        "ListID": list_id,
        "Name": "Shop",
        "ConversionIdIs": "order",
        "EventTrackerProperties": {},
        "LastEventTrackedAt": None,
        "TrackingState": "ok",
        "RetentionDays": 0,
        "EventsFrom": None,
        "HonourPrivacySignal": False,
        "AllowedOrigins": [],
        "KeepAddress": False,
        "ConversionsNeedKey": False,
        "HiddenQueryParameters": list(DEFAULT_HIDDEN),
        "Timezone": "UTC",
        "Currency": "",
        "VisitGapMinutes": 30,
        "ChannelRules": [],
        "OwnNetworks": [],
        "Products": {
            "Seen": "view_product", "InCart": "add_to_cart", "Bought": "conversion", "ID": "product_id", "Name": "product_name",
            "Price": "price", "Quantity": "quantity", "Items": "items", "Suggested": True,
        },
        "KeepRefusedValues": False,
    }  # fmt: skip


def test_what_was_tracked_is_shown(client: InProcess, jane: Shop) -> None:
    list_id = _made(client, jane)
    before = time.time_ns() // 10**6
    client.ok("event.track", jane.key, ListID=list_id, Event="page_view", Properties={"b": 1, "a": 2})
    described = client.ok("list.get", jane.key, ListID=list_id)["List"]
    listed = client.ok("website_events.properties", jane.key, ListID=list_id)["Properties"]
    assert described["EventTrackerProperties"] == listed == {"page_view": ["a", "b"]}
    assert before <= _milliseconds(described["LastEventTrackedAt"]) <= time.time_ns() // 10**6


def test_tracker_ids_tell_lists_apart_and_stay(client: InProcess, jane: Shop) -> None:
    first, second = _made(client, jane), _made(client, jane)
    one, same, other = (
        client.ok("list.get", jane.key, ListID=number)["List"] for number in (first, first, second)
    )
    assert one == same
    assert one["EventListTrackerID"] != other["EventListTrackerID"]
    assert one["EventUserTrackerID"] == other["EventUserTrackerID"]


def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(
    client: InProcess, jane: Shop
) -> None:
    john = client.open_shop(f"john-{jane.email}")
    numbers = [_made(client, john), 2**63 - 1, client.services.stores.lists.hidden_id(jane.user_id)]
    answers = {client.call("list.get", jane.key, ListID=number).raw for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}


@pytest.mark.parametrize(
    "list_id", [0, -1, str(2**63), 1.0, 1.5, True, "", "1.0", "+1", "1_0", "１２", "x", [1], {}]
)
def test_what_is_no_number_of_a_list_is_2(client: InProcess, jane: Shop, list_id: object) -> None:
    assert client.call("list.get", jane.key, ListID=list_id).refusal == (422, [2])


def test_a_missing_number_is_1(client: InProcess, jane: Shop) -> None:
    assert client.call("list.get", jane.key).refusal == (422, [1])


def test_it_can_be_had_with_get(client: InProcess, jane: Shop) -> None:
    list_id = _made(client, jane)
    answer = client.get(f"/api/v1/list.get?ListID={list_id}&APIKey={jane.key}")
    assert answer.body["List"]["ListID"] == list_id


def test_it_takes_the_permission(client: InProcess, jane: Shop) -> None:
    assert client.call("list.get", client.weak_key(jane), ListID=_made(client, jane)).refusal == (403, [403])
