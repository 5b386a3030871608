"""Does the property explorer say which events and properties there are, with types, values, and what looks alike?"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.console.somebody import track
from tests.console.visitor import TOKEN, Visitor, words
from tests.processes import until
from tests.served import Account, Tracker


@pytest.fixture(scope="module")
def browser(tracker: Tracker, jane: Account) -> Visitor:
    return Visitor(tracker).sign_in(jane)


@pytest.fixture(scope="module")
def path(tracker: Tracker, jane: Account) -> str:
    """Of a list on which something has happened, and has been counted."""
    for number in range(4):
        price: Any = f"{number}.5" if number < 1 else number
        track(tracker, jane, Event="sale", Properties={"price": price, "product_id": "a<b", "": 1})
    track(tracker, jane, Event="pageView", Properties={"productId": None})
    track(tracker, jane, Event="page_view")
    # Promised within 30 seconds: what its own process does not count in time, another one finds.
    until(lambda: [each["Count"] for each in catalogue(tracker, jane)] == [1, 1, 4], 30, "the counts")
    return f"/lists/{jane.list_id}/events"


def catalogue(tracker: Tracker, jane: Account) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tracker.get(f"/api/v1/website_events.catalogue?ListID={jane.list_id}", jane.key).body["Events"]  # fmt: skip
    return found


def test_events_and_properties_are_listed_with_types_and_times(browser: Visitor, path: str) -> None:
    page = browser.get(path)
    said = words(page)
    moment = r"\d+ \w+ 20\d\d, \d\d:\d\d UTC"
    assert re.search(rf"page_view 1 event last {moment} 0 properties", said)
    assert re.search(rf"sale 4 events last {moment} 3 properties Properties", said)
    link = re.search(r'href="([^"]+/events/properties\?event=sale)" data-part', page.text)
    assert link
    page = browser.get(link[1])
    said = words(page)
    assert re.search(rf"sale First seen {moment} , last {moment}", said)
    assert re.search(rf"price text 1 number 3 4 {moment} {moment} Values", said)
    assert re.search(rf"product_id text 4 {moment} {moment} Values", said)
    shares = re.findall(r'<rect class="type-(\w+)" x="([\d.]+)" width="([\d.]+)"', page.text)
    assert ("string", "0.0", "25.0") in shares
    assert ("number", "25.0", "75.0") in shares
    assert f'{path.replace("/events", "/live")}?event=sale"' in page.text


def test_a_script_gets_a_part_of_that_page(browser: Visitor, path: str) -> None:
    asked = {"params": {"event": "sale"}, "headers": {"Accept": "application/json"}}
    part = browser.get(f"{path}/properties", **asked).json()["Html"]
    assert part.strip().startswith("<p")
    assert "<main" not in part
    whole = browser.get(f"{path}/properties", params={"event": "sale"}).text
    assert TOKEN.sub("", part).strip() in TOKEN.sub("", whole)
    assert browser.get(f"{path}/properties", params={"event": "never"}).status_code == 404
    assert browser.get(f"{path}/properties").status_code == 404


def test_the_page_of_a_full_list_is_light(tracker: Tracker, browser: Visitor, jane: Account) -> None:
    """Properties are asked for when a name is opened: 40 KB before it is packed."""
    made = tracker.call("list.create", jane.key, SubscriberListName="Full").body["ListID"]
    properties = {f"property_{number}": number for number in range(30)}
    events = [{"Event": f"event of this kind {number:03}", "Properties": properties} for number in range(200)]
    assert tracker.call("event.batch", jane.key, ListID=made, Events=events).status == 200
    page = browser.get(f"/lists/{made}/events")
    assert page.text.count('class="catalogue"') == 50
    assert len(page.content) <= 40_000


def test_what_looks_alike_is_pointed_out(browser: Visitor, path: str) -> None:
    said = words(browser.get(path))
    assert "Spelled twice?" in said
    assert "event pageView page_view" in said
    assert "property productId product_id" in said
    assert "had more names than fit" not in said


def test_names_are_searched(browser: Visitor, path: str) -> None:
    page = browser.get(path, params={"search": "PRODUCT"})
    assert re.findall(r'catalogue-name given">(\w+)<', page.text) == ["pageView", "sale"]
    assert page.text.count("<details") == 2
    only = browser.get(path, params={"search": "productid"})
    assert only.text.count("<details") == only.text.count(" open>") == 1
    assert "productId null" in words(only)
    assert "price" not in words(only)
    assert "Nothing has this in its name" in words(browser.get(path, params={"search": "nowhere"}))
    assert "No further events" in words(browser.get(path, params={"after": "z"}))
    answer = browser.get(path, params={"search": "x" * 201})
    assert (answer.status_code, "at most 200 characters" in words(answer)) == (422, True)


def listed(page: Any) -> list[str]:
    return re.findall(r'class="catalogue-name given">([^<]+)<', page.text)


def test_events_are_sorted_by_links(browser: Visitor, path: str) -> None:
    """People are those of reports, which are being prepared at first."""
    page = browser.get(path)
    assert listed(page) == ["pageView", "page_view", "sale"]
    assert re.findall(r'sort=(\w+)"', page.text) == ["Count", "LastSeenAt", "People"]
    assert listed(browser.get(path, params={"sort": "Count"})) == ["sale", "pageView", "page_view"]
    assert listed(browser.get(path, params={"sort": "LastSeenAt"})) == ["page_view", "pageView", "sale"]
    assert listed(browser.get(path, params={"sort": "nonsense"})) == listed(page)
    first = browser.get(path, params={"sort": "People"})
    assert "of the last 30 days" in words(first) or "Sorted by count:" in words(first)
    until(
        lambda: re.search(r"sale \d people", words(browser.get(path, params={"sort": "People"}))),
        60,
        "people of reports",
    )
    found = browser.get(path, params={"sort": "People", "search": "pag"})
    assert listed(found) == ["pageView", "page_view"]
    assert 'name="sort" value="People"' in found.text


def test_events_are_pages(tracker: Tracker, browser: Visitor, jane: Account) -> None:
    many = tracker.call("list.create", jane.key, SubscriberListName="Many").body["ListID"]
    for number in range(51):
        track(tracker, jane, ListID=many, Event=f"e{number:02}")
    first = browser.get(f"/lists/{many}/events")
    assert first.text.count('class="catalogue"') == 50
    following = re.search(r'href="([^"]*after=e49)"', first.text)[1]  # type: ignore[index]
    page = browser.get(following.replace("&amp;", "&"))
    assert re.findall(r'catalogue-name given">(\w+)<', page.text) == ["e50"]


def test_sample_values_are_a_page_and_an_answer(browser: Visitor, path: str) -> None:
    asked = {"event": "sale", "property": "price"}
    said = words(browser.get(f"{path}/values", params=asked))
    assert "price of sale 4 different values in the last 4 events of this name." in said
    assert '"0.5" 1' in said
    for_script = browser.get(f"{path}/values", params=asked, headers={"Accept": "application/json"}).json()
    assert {each["Value"] for each in for_script["Values"]} == {'"0.5"', "1", "2", "3"}
    assert "No values" in words(browser.get(f"{path}/values", params=asked | {"property": "never"}))
    assert browser.get(f"{path}/values").status_code == 404


def test_a_property_with_an_empty_name_is_shown_and_opened(browser: Visitor, path: str) -> None:
    """It comes from `{"": 1}`, and from the column `Properties.` of a file."""
    page = browser.get(path, params={"search": "sale"})
    assert "(empty name) number 4" in words(page)
    address = re.search(r'href="([^"]+)"[^>]*aria-label="Sample values of \(empty name\)"', page.text)[1]  # type: ignore[index]
    said = words(browser.get(address.replace("&amp;", "&")))
    assert "(empty name) of sale 1 different value in the last 4 events of this name." in said


def test_an_empty_list_says_what_to_do(browser: Visitor, tracker: Tracker, jane: Account) -> None:
    empty = tracker.call("list.create", jane.key, SubscriberListName="Empty").body["ListID"]
    page = browser.get(f"/lists/{empty}/events")
    assert "No events yet" in words(page)
    assert f'href="/lists/{empty}/setup"' in page.text
    without = browser.get("/lists/none/events")
    assert "No events yet" in words(without)
    assert "/setup" not in without.text
