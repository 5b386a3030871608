"""`website_events.values`: the values of a property, most frequent first."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.client import InProcess, Reply, Shop
from tracker.reports import property_values as values_module

Track = Callable[..., Reply]

Ask = Callable[..., dict[str, Any]]

ROBOT = "Googlebot/2.1 (+http://www.google.com/bot.html)"


@pytest.fixture
def values(client: InProcess, shop: Shop) -> Ask:
    """`values(event, property)` of the test's list."""

    def call(event: str, item: str) -> dict[str, Any]:
        sent = {"ListID": shop.list_id, "Event": event, "Property": item}
        answer = client.call("website_events.values", shop.key, **sent)
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.body
        return body

    return call


def shape(answer: dict[str, Any]) -> dict[str, list[str]]:
    return {each["Event"]: [item["Property"] for item in each["Properties"]] for each in answer["Events"]}


def test_values_are_json_with_counts(track: Track, values: Ask) -> None:
    for value in ("blue", "1", 1, "blue", None, {"a": [1]}, True):
        track(Event="seen", Properties={"colour": value})
    track(Event="seen", Properties={"other": "blue"})
    track(Event="not this", Properties={"colour": "red"})
    answer = values("seen", "colour")
    assert (answer["EventsRead"], answer["DistinctValues"]) == (8, 6)
    counts = {json.dumps(json.loads(each["Value"])): each["Count"] for each in answer["Values"]}
    assert counts == {'"blue"': 2, '"1"': 1, "1": 1, "null": 1, '{"a": [1]}': 1, "true": 1}
    assert answer["Values"][0]["Value"] == '"blue"', "the most frequent first"


def test_no_more_values_than_anybody_reads_and_none_that_is_long(track: Track, values: Ask) -> None:
    for number in range(25):
        track(Event="seen", Properties={"long": f"{number:02d}" + "é" * 500})
    answer = values("seen", "long")
    assert (answer["DistinctValues"], len(answer["Values"])) == (25, 20)
    assert {(len(each["Value"]), each["IsCut"]) for each in answer["Values"]} == {(200, True)}
    assert values("seen", "no such") == {"Values": [], "DistinctValues": 0, "EventsRead": 25}
    assert values("never seen", "long") == {"Values": [], "DistinctValues": 0, "EventsRead": 0}


def test_a_rare_event_is_found_far_back(
    client: InProcess, track: Track, values: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values_module, "MAX_AFTER", 5)
    monkeypatch.setattr(values_module, "MAX_BEFORE", 5)
    track(Event="rare", Properties={"n": 1})
    track(Event="rare", Properties={"n": 2})
    for _ in range(20):
        track(Event="often")
    client.services.ingest.flush()
    answer = values("rare", "n")
    assert {each["Value"] for each in answer["Values"]} == {"1", "2"}


def test_robots_have_no_values(client: InProcess, shop: Shop, values: Ask, track: Track) -> None:
    public = client.services.stores.lists.owned(shop.user_id, shop.list_id)
    assert public is not None
    sent = {"Event": "seen", "Properties": {"n": 1}}
    for agent in (ROBOT, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"):
        answer = client.request("POST", f"/t/{public.tracker_id}", json=sent, headers={"User-Agent": agent})
        assert answer.status == 200, answer.body
    answer = values("seen", "n")
    assert [(each["Value"], each["Count"]) for each in answer["Values"]] == [("1", 1)]


def test_both_know_the_events_without_a_list(
    client: InProcess, shop: Shop, track: Track, catalogue: Ask
) -> None:
    track(Event="listless only", ListID=..., Properties={"n": 5})
    assert shape(catalogue(WithoutList=True, Event="listless only")) == {"listless only": ["n"]}
    sent = {"WithoutList": True, "Event": "listless only", "Property": "n"}
    answer = client.call("website_events.values", shop.key, **sent).body
    assert [(each["Value"], each["Count"]) for each in answer["Values"]] == [("5", 1)]
