"""Does a page's address hold its question: filters added, taken away and told in words, whatever they are made of?"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.console.dimension_words import OFFERED, DimensionWords, of_property
from tracker.console.filter_words import chips, condition_words
from tracker.console.report_address import ReportAddress, condition_of, days_from
from tracker.console.report_scope import range_words

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
EMAIL = {"Of": "visit", "Property": "$channel", "Is": "equals", "Value": "Email"}
NONE = {"Of": "visit", "Property": "$channel", "Is": "is not set"}
PRICE = {"Of": "event", "Property": "price", "Is": "greater than", "Value": 20}


def read(link: str) -> ReportAddress:
    assert link.startswith("?")
    return ReportAddress(dict(parse_qsl(link[1:], keep_blank_values=True, strict_parsing=len(link) > 1)))


@given(
    st.dictionaries(st.sampled_from(("From", "To", "Compare", "GoalID", "Show", "By")), TEXTS.filter(bool))
)
def test_an_address_is_read_as_it_was_written(args: dict[str, str]) -> None:
    assert read(ReportAddress(args).link()).args == args


@given(TEXTS, TEXTS.filter(bool))
def test_any_value_is_filtered_by_and_taken_away(value: str, name: str) -> None:
    by = DimensionWords(f"visit:{name}")
    filtered = read(ReportAddress({"From": "-6d"}).with_condition(by.condition(value)))
    assert filtered.conditions == [{"Of": "visit", "Property": name, "Is": "equals", "Value": value}]
    assert filtered.holds(by.condition(value))
    assert filtered.head == {"From": "-6d", "Where": filtered.conditions}
    assert read(filtered.without(0)).args == {"From": "-6d"}


def test_numbers_are_read_as_those_of_a_body() -> None:
    written = '[{"Property": "x", "Is": "equals", "Value": 100000000000000000000}]'
    [condition] = ReportAddress({"Where": written}).conditions
    assert type(condition["Value"]) is float
    assert ReportAddress({"Where": f"[{10**400}]"}).head == {"Where": f"[{10**400}]"}


def test_another_question_begins_on_its_first_page() -> None:
    address = ReportAddress({"From": "-6d", "Cursor": "x"})
    assert (address.link(From="-29d"), address.link(Cursor="y")) == ("?From=-29d", "?From=-6d&Cursor=y")
    assert (address.without(0), address.with_condition(EMAIL)[:9]) == ("?From=-6d", "?From=-6d")


def test_a_filter_takes_the_place_of_one_about_the_same() -> None:
    address = read(ReportAddress({}).with_condition(EMAIL))
    address = read(address.with_condition(PRICE))
    assert address.conditions == [EMAIL, PRICE]
    assert read(address.with_condition(NONE)).conditions == [PRICE, NONE]
    exit_page = DimensionWords("visit-exit:$pathname").condition("/")
    entry_page = DimensionWords("visit:$pathname").condition("/")
    both = read(read(ReportAddress({}).with_condition(entry_page)).with_condition(exit_page))
    assert both.conditions == [entry_page, exit_page], (
        "where a visit ends is another thing than where it begins"
    )


@pytest.mark.parametrize("where", ["x", "{}", "[", '"text"', "5", "null"])
def test_what_is_no_list_goes_to_the_command_as_it_is(where: str) -> None:
    address = ReportAddress({"Where": where})
    assert (address.conditions, address.head) == ([], {"Where": where})
    assert chips(address) == []


@given(st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("Of", "Property", "Event", "Is", "Value", "Times", "Days", "At", "Field", "x")), inner, max_size=4)))  # fmt: skip
def test_no_condition_breaks_a_chip(condition: Any) -> None:
    address = ReportAddress({"Where": json.dumps([condition])})
    [chip] = chips(address)
    assert isinstance(chip.words, str)
    assert read(chip.without).conditions == []


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (EMAIL, "Channel is Email"),
        (NONE, "Channel is not set"),
        (PRICE, "price is more than 20"),
        ({"Of": "visit", "Property": "$pathname", "Is": "equals", "Value": "/"}, "Entry page is /"),
        ({"Of": "visit", "Property": "$pathname", "At": "exit", "Is": "equals", "Value": "/"}, "Exit page is /"),
        ({"Of": "event", "Event": "add_to_cart", "Is": "happened"}, "add_to_cart"),
        ({"Of": "person", "Event": "conversion", "Is": "did not happen", "Days": 30}, "Person with conversion did not happen in the last 30 days"),
        ({"Of": "person", "Event": "conversion", "Is": "happened", "Times": 2}, "Person with conversion at least 2 times"),
        ({"Of": "person", "Field": "Plan", "Is": "contains", "Value": "club"}, "Person: Plan contains club"),
        ([EMAIL, {**EMAIL, "Value": ["Social", True]}], "Channel is Email or Channel is Social or true"),
    ],
)  # fmt: skip
def test_conditions_are_told_in_words(condition: Any, words: str) -> None:
    assert condition_words(condition) == words


@pytest.mark.parametrize(
    ("form", "condition"),
    [
        ({}, None),
        ({"of": "visit", "is": "equals", "value": "x"}, None),
        ({"of": "visit", "property": " $channel ", "is": "equals", "value": "Email", "event": ""}, EMAIL),
        ({"of": "visit", "property": "$channel", "is": "is not set", "value": "left over"}, NONE),
        ({"of": "person", "event": "bought", "is": "equals"}, {"Of": "person", "Event": "bought", "Is": "happened"}),
        ({"of": "person", "event": "bought", "is": "did not happen", "days": "30"}, {"Of": "person", "Event": "bought", "Is": "did not happen", "Days": "30"}),
    ],
)  # fmt: skip
def test_the_filter_form_makes_a_condition(form: dict[str, str], condition: Any) -> None:
    assert condition_of(form) == condition


@pytest.mark.parametrize(
    ("form", "name", "condition"),
    [
        ("visit:$channel", "Channel", {"Of": "visit", "Property": "$channel", "Is": "equals", "Value": "x"}),
        ("visit-exit:$pathname", "Exit page", {"Of": "visit", "At": "exit", "Property": "$pathname", "Is": "equals", "Value": "x"}),
        ("person:Plan", "Plan", {"Of": "person", "Field": "Plan", "Is": "equals", "Value": "x"}),
        ("Event", "Event", {"Of": "event", "Event": "x", "Is": "happened"}),
        ("event:visit:x", "visit:x", {"Of": "event", "Property": "visit:x", "Is": "equals", "Value": "x"}),
        ("price", "price", {"Of": "event", "Property": "price", "Is": "equals", "Value": "x"}),
    ],
)  # fmt: skip
def test_a_row_of_a_breakdown_is_a_condition(form: str, name: str, condition: Any) -> None:
    by = DimensionWords(form)
    assert (by.name, by.condition("x")) == (name, condition)
    assert by.value_words(None) == "(not set)"
    assert by.value_words("") == "(empty)"


def test_countries_are_told_by_their_names() -> None:
    by = DimensionWords("visit:$country")
    assert [by.value_words(code) for code in ("DE", "JP", "??")] == ["Germany", "Japan", "??"]
    assert condition_words(by.condition("DE")) == "Country is Germany"


def test_devices_are_words_and_filters_keep_the_value() -> None:
    by = DimensionWords("visit:$device_type")
    assert [by.value_words(kind) for kind in ("mobile", "fridge")] == ["Mobile", "fridge"]
    assert by.condition("mobile")["Value"] == "mobile"


def test_each_offered_dimension_has_a_name_of_its_own() -> None:
    assert len({DimensionWords(form).name for form in OFFERED}) == len(OFFERED)
    assert [of_property(name) for name in ("price", "Event", "visit:x")] == [
        "price",
        "event:Event",
        "event:visit:x",
    ]


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        ("2026-11-13T00:00+01:00", "2026-11-28T00:00+01:00", "13 – 27 Nov 2026"),
        ("2026-10-30T00:00+01:00", "2026-11-14T00:00+01:00", "30 Oct – 13 Nov 2026"),
        ("2025-12-30T00:00+01:00", "2026-01-02T00:00+01:00", "30 Dec 2025 – 1 Jan 2026"),
        ("2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", "25 Oct 2026"),
        ("2026-11-27T09:00+01:00", "2026-11-27T10:30+01:00", "27 Nov 2026, 09:00 – 10:30"),
        ("2026-11-27T09:00+01:00", "2026-11-28T00:30+01:00", "27 Nov 2026, 09:00 – 28 Nov 2026, 00:30"),
    ],
)
def test_ranges_are_told_in_words(begins: str, ends: str, words: str) -> None:
    assert range_words(datetime.fromisoformat(begins), datetime.fromisoformat(ends)) == words


def test_days_are_moved() -> None:
    moved = days_from(date(2026, 11, 13), date(2026, 11, 27), -15)
    assert moved == {"From": "2026-10-29", "To": "2026-11-12"}
