"""Segments pages: rules as sentences and back, sizes while they are written, and what cannot be done is said beside its field."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.client import InProcess
from tests.commands.segments import RULE, in_
from tests.console.made_up_reports import READY, failure, people
from tests.console.test_overview import BUILDING, UNAVAILABLE, Console, words
from tests.console.visitor import token_in
from tracker.console.segment_form import BEGINNINGS, MAX_ROWS, FormRow, rows_in, rows_of, rule_of
from tracker.console.segment_words import rule_words

TEXTS = st.sampled_from(["conversion", "a b", "é", "7", "<b>", "or"])
NUMBERS = st.sampled_from(["", "2", "30"])
HOWS = st.sampled_from(["equals", "contains", "greater than", "is set"])
AS_OF = {"AsOf": "2026-11-27T15:40:00.000Z"}


@st.composite
def form_rows(draw: st.DrawFn) -> FormRow:
    what, join = draw(st.sampled_from(list(BEGINNINGS))), draw(st.sampled_from(["and", "or"]))
    if what in ("in", "not-in"):
        return FormRow(join, what, draw(st.sampled_from(["Buyers", "é"])))
    has_property = what == "did" and draw(st.booleans())
    counted = (draw(NUMBERS), draw(NUMBERS)) if what != "field" else ("", "")
    compares = what == "field" or has_property
    how = draw(HOWS) if compares else "equals"
    value = draw(TEXTS) if compares and how != "is set" else ""
    return FormRow(join, what, draw(TEXTS), *counted, draw(TEXTS) if has_property else "", how, value)


@given(st.lists(form_rows(), min_size=1, max_size=MAX_ROWS))
def test_sentences_become_a_rule_and_the_rule_the_same_sentences(rows: list[FormRow]) -> None:
    rows[0] = FormRow("and", *(getattr(rows[0], name) for name in FormRow.__slots__[1:]))
    numbers = {"Buyers": 5, "é": 6}
    sent = {f"{name}-{n}": getattr(row, name) for n, row in enumerate(rows) for name in FormRow.__slots__}
    assert rows_in(sent) == rows
    rule = rule_of(rows, numbers)
    assert rows_of(json.loads(json.dumps(rule)), {5: "Buyers", 6: "é"}) == rows
    assert rule_words(rule, {5: "Buyers", 6: "é"})


@pytest.mark.parametrize(
    "rule",
    [
        [{"type": "website-events", "event": "x", "operator": "happened"}],
        [{"Of": "visit", "Event": "x", "Is": "happened"}],
        [{"Of": "person", "Property": "x", "Is": "is set"}],
        [{"Of": "person", "Event": "x", "Property": "y", "Is": "equals", "Value": ["a", "b"]}],
        [{"Segment": 99, "Is": "in"}],
        [[in_(5)], {"Of": "person", "Event": "x", "Is": "happened", "At": "exit"}],
        [dict(RULE[0])] * (MAX_ROWS + 1),
    ],
)
def test_a_rule_that_no_form_can_show_is_written_as_json(rule: list[Any]) -> None:
    assert rows_of(rule, {5: "Buyers"}) is None


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (RULE, "did conversion"),
        ([{**RULE[0], "Times": 2, "Days": 90}, in_(5, "not in")], "did conversion at least 2 times in the last 90 days and are not in Buyers"),
        ([{"Of": "person", "Event": "x", "Is": "did not happen"}], "did not do x"),
        ([[{"Of": "person", "Field": "Plan", "Is": "equals", "Value": "club"}, *RULE], in_(7)], "(have Plan: is club or did conversion) and are in segment 7"),
        ([{"Of": "person", "Event": "x", "Property": "price", "Is": "greater than", "Value": 20}], "did x where price is more than 20"),
        ([{"Of": "visit", "Property": "$channel", "Is": "equals", "Value": "Email"}], "have an event of which Channel is Email"),
        ([{"type": "website-events", "event": "x", "operator": "Happened in the last X days", "value": 3}], "did x in the last 3 days"),
        ([{"TYPE": "website-events", "event": "x", "operator": "did not happen"}], "did not do x"),
        ([{"type": "website-events", "event": "x", "operator": "is set", "event_parameter": "p"}], "did x where p is set"),
    ],
)  # fmt: skip
def test_rules_are_told_in_sentences(rule: list[Any], told: str) -> None:
    assert rule_words(rule, {5: "Buyers"}) == told


def sized(params: dict[str, Any]) -> dict[str, Any]:
    return {**READY, "People": 37, "Of": 146, "Examples": people({})["People"], **AS_OF}


@pytest.fixture
def console(sqlite_url: str, tmp_path: pathlib.Path) -> Iterator[Console]:
    with closing(InProcess(sqlite_url, tmp_path)) as client:
        made = Console(client)
        made.reports.made["segment.count"] = sized
        yield made


def saved(console: Console, path: str, **form: str) -> Any:
    page = console.get(path)
    return console.ask("POST", path, data={"token": token_in(page), **form})


def made(console: Console, name: str = "Buyers", rule: Any = RULE) -> int:
    sent = {"ListID": console.list_id, "Name": name, "Rule": rule}
    return int(console.client.ok("segment.create", console.user.key, **sent)["SegmentID"])


def kept(console: Console) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = console.client.ok("segments.get", console.user.key, ListID=console.list_id)[
        "Segments"
    ]
    return found


@pytest.mark.processes  # the list of segments counts them
def test_a_segment_is_written_counted_saved_changed_and_deleted_without_scripts(console: Console) -> None:
    new = f"{console.path}/segments/new"
    form = {"Name": "Buyers", "what-0": "did", "name-0": "conversion", "times-0": "2", "days-0": "90"}
    counted = console.get(new, **form)
    assert "= 37 people of 146 , e.g. ada@example.com, Visitor 0f8fad5b" in words(counted)
    [asked] = console.asked("segment.count")
    condition = {"Of": "person", "Event": "conversion", "Is": "happened", "Times": "2", "Days": "90"}
    assert asked["Rule"] == [condition]
    more = console.get(new, **form, more="1")
    assert 'name="what-1"' in more.text
    assert saved(console, new, **form).headers["Location"] == f"{console.path}/segments"
    [segment] = kept(console)
    assert (segment["Name"], segment["Rule"]) == ("Buyers", [condition])

    own = f"{console.path}/segments/{segment['SegmentID']}"
    assert 'value="conversion"' in console.get(own).text
    changed = {
        "Name": "Lookers",
        "what-0": "did-not",
        "name-0": "conversion",
        "what-1": "did",
        "name-1": "seen",
        "join-1": "or",
    }
    assert saved(console, own, **changed).status == 303
    [segment] = kept(console)
    assert [each["Is"] for each in segment["Rule"][0]] == ["did not happen", "happened"]
    page = console.get(f"{console.path}/segments")
    assert "did not do conversion or did seen" in words(page)
    deleted = console.ask("POST", f"{own}/delete", data={"token": token_in(page)})
    assert (deleted.status, kept(console)) == (303, [])


def test_what_cannot_be_saved_is_said_and_nothing_typed_is_lost(console: Console) -> None:
    first = made(console)
    new = f"{console.path}/segments/new"
    row = {"what-0": "did", "name-0": "conversion", "property-0": "value", "how-0": "greater than"}
    taken = saved(console, new, Name="buyers", **row, **{"value-0": "20"})
    assert taken.status == 422
    assert "Name is already used by another segment (error 7)" in words(taken)
    wrong = saved(console, new, Name="Dear", **row, **{"value-0": "much"})
    assert "needs a number" in words(wrong)
    assert 'value="much"' in wrong.text
    assert "Missing Rule" in words(saved(console, new, Name="Nobody"))
    circle = {"Name": "Buyers", "what-0": "in", "name-0": "Buyers"}
    assert "cannot be made of itself" in words(saved(console, f"{console.path}/segments/{first}", **circle))
    assert len(kept(console)) == 1


def test_a_rule_is_written_as_json_too(console: Console) -> None:
    octeth = {"type": "website-events", "event": "x", "operator": "happened"}
    number = made(console, "Octeth's", octeth)
    page = console.get(f"{console.path}/segments/{number}")
    assert "Rule, as JSON" in words(page)
    assert saved(console, f"{console.path}/segments/new", Name="As JSON", Rule=json.dumps(RULE)).status == 303
    assert kept(console)[1]["Rule"] == RULE
    assert "is no list of conditions" in words(
        saved(console, f"{console.path}/segments/new", Name="x", Rule="x")
    )


def test_the_script_gets_sizes_and_faults(console: Console) -> None:
    path = f"{console.path}/segments/new/count?what-0=did&name-0=x"
    told = console.json(path)
    assert (told["Words"], told["Examples"][0]) == ("37 people of 146", "ada@example.com")
    console.reports.made["segment.count"] = failure(422, (6, "Invalid Rule parameter: x"))
    assert console.json(path)["Fault"] == "Invalid Rule parameter: x"
    console.reports.made["segment.count"] = UNAVAILABLE
    assert "Reports not available" in console.json(path)["Fault"]
    console.reports.made["segment.count"] = lambda _: {**BUILDING, "People": 0, "Of": 0, "Examples": []}
    assert "made ready" in console.json(path)["Words"]


def test_all_are_listed_where_they_cannot_be_counted(console: Console) -> None:
    first = made(console)
    made(console, "Others", [in_(first, "not in")])
    listed = kept(console)
    for trouble in (UNAVAILABLE, failure(422, (12, "The question is too large"))):
        console.reports.made["segments.get"] = lambda params, trouble=trouble: (  # type: ignore[misc]
            trouble(params) if params.get("WithCounts") else {**READY, "Segments": listed, **AS_OF}
        )
        told = words(console.get(f"{console.path}/segments"))
        assert "Others are not in Buyers" in told
        assert "used by Others" in told
    assert "used by Others" in told


def test_one_that_is_used_is_not_deleted_and_its_user_is_named(console: Console) -> None:
    first = made(console)
    client, about = console.client, {"ListID": console.list_id, "Name": "Sales", "Report": "reports.trend"}
    params = {"Measures": ["people"], "SegmentID": first}
    kept_report = client.ok("savedreport.create", console.user.key, **about, Params=params)["SavedReportID"]
    shown = console.get(f"{console.path}/saved/{kept_report}").text
    assert f'/explore?SegmentID={first}&amp;Show=people">Change the question' in shown
    token = token_in(console.get(f"{console.path}/segments"))
    told = console.ask("POST", f"{console.path}/segments/{first}/delete", data={"token": token})
    assert (told.status, "saved report `Sales`" in words(told)) == (422, True)
    assert [each["SegmentID"] for each in kept(console)] == [first]


def test_a_report_is_filtered_by_a_segment_and_another_click_takes_it_back(console: Console) -> None:
    number = made(console)
    answer = console.get(console.path, SegmentID=str(number))
    assert "Segment Buyers" in words(answer)
    assert {params["SegmentID"] for _, params in console.reports.asked if "Measures" in params} == {
        str(number)
    }
    assert 'href="?" aria-label="Remove the filter Segment Buyers"' in answer.text
    other = console.get(console.path, Where=json.dumps([in_(number, "not in")]))
    assert "not in Buyers" in words(other)


def test_people_and_membership_are_pages(console: Console) -> None:
    number = made(console)
    console.reports.made["segment.people"] = lambda _: {**people({}), **AS_OF}
    told = words(console.get(f"{console.path}/segments/{number}/people"))
    assert "2 people in Buyers" in told
    assert "ada@example.com" in told
    console.client.ok(
        "event.track", console.user.key, ListID=console.list_id, Event="conversion2", Email="ada@example.com"
    )
    [ada] = console.client.ok("subscribers.get", console.user.key, ListID=console.list_id)["Subscribers"]
    listed = kept(console)
    console.reports.made["segments.get"] = lambda _: {
        **READY,
        "Segments": [{**each, "IsIn": True} for each in listed],
    }
    assert "In it" in words(console.get(f"{console.path}/people/{ada['SubscriberID']}/segments"))
    for missing in ("segments/99999/people", "segments/new/people", "segments/x"):
        assert console.get(f"{console.path}/{missing}").status == 404


def test_people_behind_a_number_lead_to_the_form_with_the_rule_filled_in(console: Console) -> None:
    cheap = {"Of": "event", "Property": "price", "Is": "less than", "Value": 10}
    funnel = {"Report": "reports.funnel", "Steps": ["page_view", "conversion"], "Step": 2}
    page = console.get(f"{console.path}/who", Event="order", Where=json.dumps([cheap]))
    [path] = re.findall(r'href="([^"]*/segments/new[^"]*)">Make a segment of these<', page.text)
    asked = dict(parse_qsl(urlsplit(path.replace("&amp;", "&")).query))
    made = {**cheap, "Of": "person", "Event": "order"}
    assert [each | {"Days": None} for each in json.loads(asked["Made"])] == [made | {"Days": None}]
    form = console.get(f"{console.path}/segments/new", **asked)
    assert 'value="order"' in form.text
    assert 'name="property-0"' in form.text
    odd = console.get(f"{console.path}/segments/new", Made='{"a":')
    assert odd.status == 200
    left = console.get(f"{console.path}/who", Cell=json.dumps(funnel))
    assert "No segment of these: A segment cannot ask for the order of steps" in words(left)
