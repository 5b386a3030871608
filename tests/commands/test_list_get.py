"""Does `list.get` describe a list to its owner and to nobody else?"""

from __future__ import annotations

import re
import time
from datetime import datetime

import pytest

from tests.commands.api import Api, User
from tracker.domain.url_scrubbing import DEFAULT_HIDDEN


def _made(api: Api, user: User, name: str = "Shop") -> int:
    return int(api.ok("list.create", user.key, SubscriberListName=name)["ListID"])


def _milliseconds(wire: str) -> int:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", wire)
    return round(datetime.fromisoformat(wire).timestamp() * 1000)


def test_a_new_list_has_nothing_tracked(api: Api, jane: User) -> None:
    before = time.time_ns() // 10**6
    list_id = _made(api, jane)
    found = api.ok("list.get", jane.key, ListID=list_id)
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
    }


def test_what_was_tracked_is_shown(api: Api, jane: User) -> None:
    list_id = _made(api, jane)
    before = time.time_ns() // 10**6
    api.ok("event.track", jane.key, ListID=list_id, Event="page_view", Properties={"b": 1, "a": 2})
    described = api.ok("list.get", jane.key, ListID=list_id)["List"]
    listed = api.ok("website_events.properties", jane.key, ListID=list_id)["Properties"]
    assert described["EventTrackerProperties"] == listed == {"page_view": ["a", "b"]}
    assert before <= _milliseconds(described["LastEventTrackedAt"]) <= time.time_ns() // 10**6


def test_tracker_ids_tell_lists_apart_and_stay(api: Api, jane: User) -> None:
    first, second = _made(api, jane), _made(api, jane)
    one, same, other = (
        api.ok("list.get", jane.key, ListID=number)["List"] for number in (first, first, second)
    )
    assert one == same
    assert one["EventListTrackerID"] != other["EventListTrackerID"]
    assert one["EventUserTrackerID"] == other["EventUserTrackerID"]


def test_anothers_list_a_missing_one_and_the_hidden_one_give_the_same_bytes(api: Api, jane: User) -> None:
    john = api.add_user("john@example.com")
    numbers = [_made(api, john), 2**63 - 1, api.services.stores.lists.hidden_id(jane.id)]
    answers = {api.call("list.get", jane.key, ListID=number).data for number in numbers}
    assert answers == {b'{"Errors":[{"Code":3,"Message":"List not found"}]}'}


@pytest.mark.parametrize(
    "list_id", [0, -1, str(2**63), 1.0, 1.5, True, "", "1.0", "+1", "1_0", "１２", "x", [1], {}]
)
def test_what_is_no_number_of_a_list_is_2(api: Api, jane: User, list_id: object) -> None:
    assert api.codes("list.get", jane.key, ListID=list_id) == (422, [2])


def test_a_missing_number_is_1(api: Api, jane: User) -> None:
    assert api.codes("list.get", jane.key) == (422, [1])


def test_it_can_be_had_with_get(api: Api, jane: User) -> None:
    list_id = _made(api, jane)
    answer = api.send("GET", f"/api/v1/list.get?ListID={list_id}&APIKey={jane.key}")
    assert answer.json is not None
    assert answer.json["List"]["ListID"] == list_id


def test_it_takes_the_permission(api: Api, jane: User) -> None:
    assert api.codes("list.get", jane.weak_key, ListID=_made(api, jane)) == (403, [403])
