"""Is made-up traffic what a shop could have: valid, spaced like people, in shares that one believes, and the same again?"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.served import ROOT
from tracker.api.event_params import EVENT_ERRORS, EventParams
from tracker.demo.traffic.browsing import LEAST_PAUSE_MS, MAX_PAUSE_MS
from tracker.demo.traffic.made_events import Made, traffic
from tracker.domain.enrichment import enrich
from tracker.domain.event import Event
from tracker.domain.event_time import is_event_time
from tracker.domain.user_agent import parse_user_agent
from tracker.registry import ParamReader

DAY_MS = 24 * 3_600_000
NOW = 1_795_000_000_000
EVENT = ParamReader(EventParams, EVENT_ERRORS)
SEEDS = st.integers(0, 10**9)
COUNTS = st.integers(1, 300)
DAYS = st.integers(1, 400)
TIMES = st.integers(1_500_000_000_000, 2_500_000_000_000)
few = settings(max_examples=10)


@few
@given(SEEDS, COUNTS, DAYS, TIMES)
def test_every_event_is_taken_by_event_track_and_happened_in_time(
    seed: int, count: int, days: int, now: int
) -> None:
    events = traffic(seed, count, days, now)
    assert len(events) == count
    assert len({event.params["EventID"] for event in events}) == count
    assert events == sorted(events, key=lambda event: event.at)
    for event in events:
        read = EVENT.read(EVENT.spelled(event.params))
        assert read["Timestamp"] == event.at
        assert is_event_time(event.at, now)
        assert now - (days + 1) * DAY_MS <= event.at <= now


@few
@given(SEEDS, COUNTS, st.integers(0, 100))
def test_the_same_seed_makes_the_same_and_more_events_are_the_same_and_some_more(
    seed: int, count: int, more: int
) -> None:
    events = traffic(seed, count, 30, NOW)
    assert events == traffic(seed, count, 30, NOW)
    longer = {event.params["EventID"]: event for event in traffic(seed, count + more, 30, NOW)}
    assert all(longer[event.params["EventID"]] == event for event in events)


@few
@given(SEEDS, TIMES)
def test_at_another_time_only_the_times_are_others(seed: int, now: int) -> None:
    first, second = (
        {e.params["EventID"]: _without_time(e) for e in traffic(seed, 200, 30, at)} for at in (NOW, now)
    )
    both = first.keys() & second.keys()
    assert len(both) > 150
    assert all(first[event_id] == second[event_id] for event_id in both)


@few
@given(SEEDS)
def test_other_seeds_are_other_people(seed: int) -> None:
    people = [
        {e.params.get(name) for e in traffic(each, 200, 30, NOW) for name in ("UUID", "Email", "ID")}
        for each in (seed, seed + 1)
    ]
    assert people[0] & people[1] == {None}


@few
@given(SEEDS, DAYS)
def test_a_visit_is_one_browser_that_takes_its_time(seed: int, days: int) -> None:
    for steps in _visits(traffic(seed, 300, days, NOW)).values():
        assert len({(step.params.get("UUID"), step.user_agent) for step in steps}) == 1
        pauses = [after.at - before.at for before, after in itertools.pairwise(steps)]
        assert all(LEAST_PAUSE_MS <= pause <= MAX_PAUSE_MS for pause in pauses)


# Shares, of much traffic


@pytest.fixture(scope="module")
def much() -> list[Made]:
    return traffic(1, 14_000, 28, NOW)


def test_most_leave_and_few_pay(much: list[Made]) -> None:
    people = [
        steps for steps in _visits(much).values() if not _is_robot(steps[0]) and "UUID" in steps[0].params
    ]
    sizes = sorted(len(steps) for steps in people)
    assert sizes[len(sizes) // 4] == 1
    assert 2 <= sizes[len(sizes) // 2] <= 6
    reached = Counter(name for steps in people for name in {step.params["Event"] for step in steps})
    looked, added = reached["view_product"], reached["add_to_cart"] + reached["addToCart"]
    assert len(people) > looked > added > reached["checkout"] > reached["conversion"]
    assert 0.02 < reached["conversion"] / len(people) < 0.15


def test_robots_and_programs_are_some_of_it(much: list[Made]) -> None:
    assert 0.01 < sum(map(_is_robot, much)) / len(much) < 0.1
    listless = [event for event in much if event.is_listless]
    assert 0.005 < len(listless) / len(much) < 0.05
    assert all(event.user_agent is None for event in listless)


def test_people_come_on_several_devices_and_again(much: list[Made]) -> None:
    devices = defaultdict(set)
    for event in much:
        if "Email" in event.params and "UUID" in event.params:
            devices[event.params["Email"]].add(event.params["UUID"])
    assert len(devices) > 100
    assert sum(len(uuids) > 1 for uuids in devices.values()) > len(devices) / 20
    assert {parse_user_agent(e.user_agent).properties["$device_type"] for e in much if e.user_agent} == {
        "desktop", "mobile", "tablet", "bot",
    }  # fmt: skip


def test_evenings_and_sundays_are_full_and_nights_are_not(much: list[Made]) -> None:
    moments = [datetime.fromtimestamp(event.at / 1000, UTC) for event in much if event.user_agent]
    hours = Counter(moment.hour for moment in moments)
    assert sum(hours[hour] for hour in (18, 19, 20)) > 5 * sum(hours[hour] for hour in (2, 3, 4))
    weekdays = Counter(moment.weekday() for moment in moments)
    assert weekdays[6] > weekdays[1]


def test_the_property_explorer_has_something_to_find(much: list[Made]) -> None:
    names = {event.params["Event"] for event in much}
    assert names >= {
        "page_view",
        "pageView",
        "add_to_cart",
        "addToCart",
        "newsletter_signup",
        "newsletter-signup",
    }
    types: dict[str, set[str]] = defaultdict(set)
    for event in much:
        for name, value in event.params["Properties"].items():
            types[name].add(type(value).__name__)
    assert {"product_id", "productId"} <= types.keys()
    assert types["price"] == {"float", "str"}
    assert types["tags"] == {"list", "str"}
    assert types["heard_of"] == {"str", "list", "int", "bool", "NoneType"}
    texts = {
        value for event in much for value in event.params["Properties"].values() if isinstance(value, str)
    }
    assert any(len(text) > 300 for text in texts)
    assert all(any(sign in text for text in texts) for sign in ("🎉", "香", "ش", "ब"))


#: What the shop's pages themselves say in their events.
OWN = {
    "coupon", "currency", "heard_of", "items", "method", "muted", "name", "place", "position", "price", "productId",
    "product_id", "quantity", "query", "rating", "results", "tags", "text", "value",
    *(f"conversion-{what}" for what in ("id", "name", "value", "currency", "quantity")),
}  # fmt: skip


def test_browsers_send_nothing_that_the_script_would_not(much: list[Made]) -> None:
    source = (ROOT / "tracker/browser/source.js").read_text()
    [captured] = re.findall(r"Properties: \{\n(.*?)\.\.\.properties,", source, re.DOTALL)
    script = set(re.findall(r"^ *([$\w]+):", captured, re.MULTILINE))
    assert {"pr", "$current_url", "$timezone", "$lib"} <= script
    browsers = [event for event in much if event.user_agent]
    sent = {name for event in browsers for name in event.params["Properties"]}
    assert sent <= script | OWN
    assert script - {"$dropped"} <= sent
    params = {name for event in browsers for name in event.params}
    assert params == {"Event", "Timestamp", "UUID", "EventID", "Properties", "Email", "IdentifyProperties"}
    assert {e.params["Event"] for e in browsers if "Email" in e.params} == {"identify"}


def test_campaigns_countries_and_channels_come_from_enrichment_as_those_of_visitors(much: list[Made]) -> None:
    found: dict[str, set[Any]] = defaultdict(set)
    for made in much:
        if made.user_agent:
            event = Event(1, made.params["Event"], NOW, properties=made.params["Properties"])
            for name, value in enrich(event, made.user_agent, None).enriched.items():
                found[name].add(value)
    assert found["$utm_campaign"] == {"autumn-teas", "teapots", "first-flush", "お茶の時間"}
    assert found["$channel"] == {"Search", "Social", "Email", "Referral", "Direct"}
    assert {"DE", "JP", "IN", "UA", "US", "BR"} <= found["$country"]


def _visits(events: list[Made]) -> dict[str, list[Made]]:
    """The steps of each visit in their order, without what a back end tells of it later."""
    visits: dict[str, list[Made]] = defaultdict(list)
    for event in events:
        if event.params["Event"] != "order_shipped":
            visits[event.params["EventID"].rpartition("-")[0]].append(event)
    return visits


def _without_time(event: Made) -> dict[str, Any]:
    return {**event.params, "Timestamp": None}


def _is_robot(event: Made) -> bool:
    return event.user_agent is not None and parse_user_agent(event.user_agent).bot_reason is not None
