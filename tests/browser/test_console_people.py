"""Do the pages about events and people work in a real browser, and for those who cannot see them well?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.browser.axe import bring_axe
from tests.browser.readers import complaints, hindrances, reader
from tests.served import Account, Tracker, make_account
from tracker.storage.schema.own_database import own_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

#: What a person looks at. `{list}` has everything, `{empty}` nothing.
PAGES = {
    "live": "/lists/{list}/live",
    "live, nothing yet": "/lists/{empty}/live",
    "live, without a list": "/lists/none/live",
    "live, nothing of the name": "/lists/{list}/live?event=never",
    "live, a name too long": "/lists/{list}/live?event=" + "x" * 201,
    "events": "/lists/{list}/events",
    "events, nothing yet": "/lists/{empty}/events",
    "events, searched": "/lists/{list}/events?search=product",
    "properties": "/lists/{list}/events/properties?event=sale",
    "event": "/lists/{list}/events/{event}",
    "event of a person": "/lists/{list}/events/{event}?person={number}",
    "values": "/lists/{list}/events/values?event=sale&property=price",
    "people": "/lists/{list}/people",
    "people, nobody yet": "/lists/{empty}/people",
    "people, searched": "/lists/{list}/people?search=ab",
    "people, not found": "/lists/{list}/people?search=nobody",
    "person": "{person}",
    "person, no event fits": "{person}?event=never&from=2026-01-01",
    "person, no day": "{person}?from=x",
    "why": "{person}/why/{event}",
    "visitor": "/lists/{list}/visitors/{nobody}",
    "unmerge": "{person}/visitors/{uuid}/0/unmerge",
    "forget": "{person}/forget",
}


@pytest.fixture(scope="module")
def account(tracker: Tracker) -> Account:
    return make_account(tracker, "people@example.com", "*")


@pytest.fixture(scope="module")
def things(tracker: Tracker, account: Account) -> dict[str, Any]:
    """A list with somebody who has done something, and the parts of paths to it."""
    key = account.key
    full, empty = (
        tracker.call("list.create", key, SubscriberListName=n).body["ListID"] for n in ("Full", "Empty")
    )
    tracker.call("customfield.create", key, SubscriberListID=full, FieldName="First name", MergeTagAlias="First-Name", DataType="text")  # fmt: skip
    uuid, nobody = str(uuid4()), str(uuid4())
    for event in (
        {"Event": "page_view", "UUID": uuid, "Properties": {"$pathname": "/", "product_id": 1}},
        {"Event": "pageView", "UUID": nobody, "Properties": {"productId": None}},
        {"Event": "sale", "UUID": uuid, "Email": "abel@example.com", "Properties": {"price": 5, "tags": ["a"], "isSilent": True}},
        {"Event": "sale", "UUID": uuid, "Properties": {"price": "5"}},
        {"Event": "conversion", "UUID": uuid, "Properties": {"conversion-id": "1", "conversion-name": "s", "conversion-value": 5}},
        {"Event": "conversion", "UUID": uuid, "Properties": {"conversion-id": "1", "conversion-name": "s", "conversion-value": 5}},
        {"Event": "identify", "Email": "abel@example.com", "ID": "c 1", "IdentifyProperties": {"First-Name": "Abel"}},
        {"Event": "seen", "Email": "abba@example.com"},
    ):  # fmt: skip
        assert tracker.call("event.track", key, ListID=full, **event).status == 200
    told = tracker.call("subscriber.explain", key, ListID=full, EmailAddress="abel@example.com").body
    subscriber = f"/lists/{full}/people/{told['SubscriberID']}"
    return {
        "list": full,
        "empty": empty,
        "person": subscriber,
        "number": told["SubscriberID"],
        "uuid": uuid,
        "nobody": nobody,
        "event": told["Links"][0]["EventID"],
    }


@pytest.fixture(scope="module")
def context(browser: Browser, tracker: Tracker, account: Account) -> Iterator[BrowserContext]:
    with reader(browser, tracker, account) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    with context.new_page() as page:
        yield bring_axe(page)


def test_nobody_is_kept_out(page: Page, things: dict[str, Any]) -> None:
    wrong, found = complaints(page), {}
    for name, path in PAGES.items():
        page.goto(path.format(**things))
        found[name] = hindrances(page)
    assert {name: each for name, each in found.items() if each} == {}
    assert [line for line in wrong if "422" not in line] == []


def test_sample_values_are_shown_at_the_side(page: Page, things: dict[str, Any]) -> None:
    wrong = complaints(page)
    page.goto(f"/lists/{things['list']}/events")
    page.locator("summary").filter(has_text="sale").click()
    page.get_by_role("link", name="Sample values of price").click()
    dialog = page.get_by_role("dialog", name="price")
    dialog.get_by_text("2 different values in the last 2 events of this name.").wait_for()
    assert sorted(dialog.locator("tbody tr").all_inner_texts()) == ['"5"\t1', "5\t1"]
    assert hindrances(page) == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Values"
    assert wrong == []


def test_why_an_event_is_theirs_is_told_when_it_is_opened(page: Page, things: dict[str, Any]) -> None:
    wrong = complaints(page)
    page.goto(things["person"])
    page.get_by_role("link", name="page_view").click()
    dialog = page.get_by_role("dialog", name="page_view")
    dialog.get_by_text("Its visitor sent sale with their email address on").wait_for()
    assert dialog.locator(".event-why time").inner_text() != ""
    assert hindrances(page) == []
    page.keyboard.press("ArrowUp")
    page.get_by_role("dialog", name="sale").get_by_text("It was sent with their email address.").wait_for()
    assert wrong == []


def test_a_subscriber_is_found_exported_and_forgotten(
    page: Page, things: dict[str, Any], tmp_path: Path
) -> None:
    page.goto(f"/lists/{things['list']}/people")
    page.get_by_label("Email address, ID").fill("abba@example.com")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="abba@example.com", exact=True).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    download.value.save_as(tmp_path / "export.json")
    assert json.loads((tmp_path / "export.json").read_text())["Complete"] is True
    page.get_by_role("link", name="Forget…").click()
    page.get_by_label("To confirm, type abba@example.com").fill("abba@example.com")
    page.get_by_role("button", name="Forget for good").click()
    page.get_by_text("They are forgotten.").wait_for()
    assert hindrances(page) == []
    assert page.get_by_role("row", name="events").first.is_visible()


def test_a_page_tells_how_far_forgetting_is(
    page: Page, tracker: Tracker, account: Account, things: dict[str, Any]
) -> None:
    """Of somebody with so many events that it takes longer than the call."""
    who = {"ListID": things["list"], "EmailAddress": "busy@example.com"}
    made = tracker.call("subscriber.create", account.key, **who).body["SubscriberID"]
    page.goto(f"/lists/{things['list']}/people/{made}/forget")
    page.get_by_label("To confirm").fill("busy@example.com")
    assert tracker.call("subscriber.forget", account.key, **who).body["Status"] == "finished"
    finish(tracker, None)
    page.get_by_role("button", name="Forget for good").click()
    page.get_by_role("heading", name="Deleting…").wait_for()
    assert hindrances(page) == []
    finish(tracker, 1)
    page.get_by_text("They are forgotten.").wait_for()


def finish(tracker: Tracker, at: int | None) -> None:
    """Have the last job finished then, or not yet, with somebody else at it for a long time."""
    sql = "UPDATE jobs SET finished_at = ?, due_at = ? WHERE id = (SELECT MAX(id) FROM jobs WHERE kind = ?)"
    database = own_database(tracker.database_url)
    database.write(lambda transaction: transaction.execute(sql, (at, 2**52, b"forget")))
    database.close()


def test_a_visitor_is_taken_back(page: Page, things: dict[str, Any]) -> None:
    page.goto(things["person"])
    page.get_by_role("link", name=f"Unmerge visitor {things['uuid'][:8]}").click()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("The visitor is taken back").wait_for()
    link = (
        page.get_by_role("listitem").filter(has_text=things["uuid"][:8]).filter(has_text="It was unlinked on")
    )
    assert link.get_by_text("Taken back", exact=True).is_visible()
