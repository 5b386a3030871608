"""Goals page: numbers of goals, a form with conditions, and the links by which an event becomes a goal."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.client import InProcess, Reply
from tests.console.made_up_reports import MADE_UP, failure
from tests.console.test_overview import Console, links, words
from tests.console.visitor import token_in

PAGE = {"Of": "event", "Property": "$pathname", "Is": "equals", "Value": "/cart"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder = tmp_path_factory.mktemp("goals")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        yield Console(client)


@pytest.fixture
def console(shared: Console) -> Console:
    shared.reports.made = dict(MADE_UP)
    return shared


def asked(path: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}


def shown(page: Reply) -> dict[str, str]:
    """What stands in the fields of the form."""
    fields = re.findall(r'<input [^>]*name="(Name|Event|Where|property|value)"[^>]*>', page.text)
    assert len(fields) == 5
    found = {}
    for name in fields:
        [tag] = re.findall(rf'<input [^>]*name="{name}"[^>]*>', page.text)
        found[name] = html.unescape(re.search(r' value="([^"]*)"', tag)[1])  # type: ignore[index]
    return found


def test_goals_are_told_with_their_numbers_or_why_there_are_none(console: Console) -> None:
    page = console.get(f"{console.path}/goals")
    assert "Newsletter newsletter_signup – 1,246 1,300 10.1 %" in words(page)
    assert "Numbers of the last 30 days" in words(page)
    [goal] = console.reports.made["goals.get"]({})["Goals"]
    for reason, told in (("building", "as soon as the copy"), ("not available", "are not available")):
        without = {**goal, "Counts": None, "CountsMissing": reason}
        console.reports.made["goals.get"] = lambda _, without=without: {"Goals": [without]}
        said = words(console.get(f"{console.path}/goals"))
        assert "newsletter_signup – – – – Delete" in said
        assert told in said


def test_the_form_is_filled_by_the_address(console: Console) -> None:
    where = json.dumps(
        [
            PAGE,
            [
                {**PAGE, "Is": "contains", "Value": ["a", "b"]},
                {"Of": "event", "Property": "price", "Is": "is set"},
            ],
        ]
    )
    page = console.get(f"{console.path}/goals", Name="Cart", Event="page_view", Where=where)
    filled = shown(page)
    assert (filled["Name"], filled["Event"], json.loads(filled["Where"])) == (
        "Cart",
        "page_view",
        json.loads(where),
    )
    assert "Page is /cart" in words(page)
    assert "Page contains a or b or price is set" in words(page)


@pytest.mark.parametrize(
    "where", ["x", "5", '{"a":1}', "[5, null]", "[" * 900 + "]" * 900, '[{"Is": [[1]]}]']
)
def test_conditions_that_are_none_do_no_harm(console: Console, where: str) -> None:
    page = console.get(f"{console.path}/goals", Event="x", Where=where)
    assert page.status == 200
    assert shown(page)["Event"] == "x"
    assert console.get(console.path, Where=where).status == 200


def test_conditions_are_added_and_taken_away(console: Console) -> None:
    page = console.get(f"{console.path}/goals", Name="Cart", Event="page_view")
    form = {"token": token_in(page), "Name": "My cart", "Event": "page_view", "Where": ""}
    price = {"property": "price", "is": "at least", "value": "10"}
    page = console.ask("POST", f"{console.path}/goals/draft", data={**form, **price})
    kept = shown(page)
    assert json.loads(kept["Where"]) == [
        {"Of": "event", "Property": "price", "Is": "at least", "Value": "10"}
    ]
    assert (kept["Name"], kept["property"], kept["value"]) == ("My cart", "", "")
    assert "price is at least 10" in words(page)
    more = {**form, "Where": json.dumps([PAGE, PAGE | {"Value": "/"}]), "remove": "0"}
    left = shown(console.ask("POST", f"{console.path}/goals/draft", data=more))
    assert json.loads(left["Where"]) == [PAGE | {"Value": "/"}]


def test_a_goal_is_saved_with_its_conditions_also_one_that_was_not_added_yet(console: Console) -> None:
    made: list[dict[str, Any]] = []
    console.reports.made["goal.create"] = lambda params: made.append(params) or {"GoalID": 2}
    form = {"token": token_in(console.get(f"{console.path}/goals")), "Name": "Cart", "Event": "page_view"}
    sent = {**form, "Where": json.dumps([PAGE]), "property": "price", "is": "is set", "value": "left over"}
    assert (
        console.ask("POST", f"{console.path}/goals", data=sent).headers["Location"] == f"{console.path}/goals"
    )
    assert made[0]["Where"] == [PAGE, {"Of": "event", "Property": "price", "Is": "is set"}]


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        (6, "Invalid Where parameter: Where[0].Value is no number", "Where[0].Value is no number (error 6)"),
        (7, "Name is already used by another goal", "Name is already used by another goal (error 7)"),
        (8, "The list has 100 goals", "The list has 100 goals (error 8)"),
        (4, "Invalid Name parameter", "that no other goal of this list has. (error 4)"),
    ],
)
def test_what_cannot_be_saved_is_said_and_stays_in_the_form(
    console: Console, code: int, message: str, told: str
) -> None:
    console.reports.made["goal.create"] = failure(422, (code, message))
    form = {"token": token_in(console.get(f"{console.path}/goals")), "Name": "Cart", "Event": "x"}
    page = console.ask("POST", f"{console.path}/goals", data={**form, "Where": json.dumps([PAGE])})
    assert page.status == 422
    assert told in words(page)
    assert shown(page)["Name"] == "Cart"
    assert json.loads(shown(page)["Where"]) == [PAGE]


def test_pages_of_overview_become_goals(console: Console) -> None:
    page = console.get(console.path)
    found = [html.unescape(path) for path in re.findall(r'class="make-goal"><a href="([^"]+)"', page.text)]
    assert found
    first = asked(found[0])
    [condition] = json.loads(first["Where"])
    assert (first["Event"], condition["Property"], condition["Is"]) == ("page_view", "$pathname", "equals")
    assert first["Name"] == condition["Value"]
    assert shown(console.get(urlsplit(found[0]).path, **first))["Event"] == "page_view"


@pytest.mark.parametrize(
    ("event", "properties", "where"),
    [
        ("page_view", {"$pathname": "/cart", "price": 3}, [PAGE]),
        ("page_view", {"$pathname": "x" * 1001}, None),
        ("page_view", {"$pathname": 5}, None),
        ("conversion", {"conversion-id": "1", "conversion-value": 1, "conversion-name": "Order"},
         [{"Of": "event", "Property": "conversion-name", "Is": "equals", "Value": "Order"}]),
        ('odd "&name', {"$pathname": "/cart"}, None),
    ],
)  # fmt: skip
def test_an_event_in_full_and_its_name_become_goals(
    console: Console, event: str, properties: dict[str, Any], where: Any
) -> None:
    sent = {"ListID": console.list_id, "Event": event, "Properties": properties}
    number = console.client.ok("event.track", console.user.key, **sent)["uuid"]
    found = console.client.ok("events.recent", console.user.key, ListID=console.list_id)["Events"]
    [number] = [each["EventID"] for each in found if each["UUID"] == number]
    [path] = links(console.get(f"{console.path}/events/{number}"), "Make this a goal")
    filled = asked(path)
    assert (filled["Event"], json.loads(filled.get("Where", "null"))) == (event, where)
    assert path.endswith("#goal")


def test_a_name_of_the_catalogue_becomes_a_goal(console: Console) -> None:
    [path] = links(console.get(f"{console.path}/events/properties", event="page_view"), "Make this a goal")
    assert asked(path) == {"Event": "page_view"}


def test_what_is_mostly_worth_counting_is_suggested_unless_it_is_a_goal(console: Console) -> None:
    names = ("page_view", "newsletter_signup", "contact-form sent", "Outbound", "conversion")
    console.reports.made["website_events.catalogue"] = lambda _: {
        "Events": [{"Event": name, "Count": 1, "Properties": []} for name in names]
    }
    console.reports.made["website_events.values"] = lambda _: {
        "Values": [
            {"Value": '"Order"', "Count": 1, "IsCut": False},
            {"Value": '"cut', "Count": 1, "IsCut": True},
            {"Value": "5", "Count": 1, "IsCut": False},
        ]
    }
    page = console.get(f"{console.path}/goals")
    chips = re.findall(r'<a class="button small given" href="([^"]+)">([^<]+)</a>', page.text)
    assert [name for _, name in chips] == ["Order", "Contact form sent", "Outbound"], "one is a goal already"
    first = asked(html.unescape(chips[0][0]))
    assert (first["Name"], first["Event"]) == ("Order", "conversion")
    assert json.loads(first["Where"])[0]["Value"] == "Order"
