"""Is what anybody sends shown as the text it is, on every page of the console, and does none of it run?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.payloads import CANARY, EMAILS, PAYLOADS
from tests.browser.readers import complaints, reader
from tests.served import Account, Tracker, make_account
from tracker.formats.placeholders import is_placeholder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

#: Opens every row one after the other and gives what is told of each: title, and names and values of properties.
OPEN_EACH = """async () => {
    const told = [], texts = query => [...document.querySelectorAll(`#drawer ${query}`)].map(each => each.textContent);
    for (const name of document.querySelectorAll("#events .event-name")) {
        name.click();
        while (texts("#drawer-body")[0] === "Reading…") await new Promise(requestAnimationFrame);
        told.push([texts("h2")[0], texts(".properties dt"), texts(".properties dd .given")]);
    }
    return told }"""


class Watched:
    """A page of which nothing may come but what it is for."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.wrong = page, complaints(page)
        page.expose_function("ran", lambda: self.wrong.append(f"a script on {page.url}"))
        page.on("dialog", lambda dialog: (self.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on(
            "request",
            lambda request: None if request.url.startswith(f"{url}/") else self.wrong.append(request.url),
        )
        page.on(
            "framenavigated",
            lambda frame: self.wrong.append(f"frame {frame.url}") if frame.parent_frame else None,
        )

    def visit(self, path: str) -> Page:
        self.page.goto(path)
        return self.page

    def is_unharmed(self) -> bool:
        assert self.wrong == [], self.page.url
        return True


@pytest.fixture(scope="module")
def jane(tracker: Tracker) -> Account:
    return make_account(tracker, "hostile@example.com", "*", list_name=PAYLOADS[0])


@pytest.fixture(scope="module")
def context(browser: Browser, tracker: Tracker, jane: Account) -> Iterator[BrowserContext]:
    with reader(browser, tracker, jane) as context:
        yield context


@pytest.fixture
def watched(context: BrowserContext, tracker: Tracker) -> Iterator[Watched]:
    with context.new_page() as page:
        watched = Watched(page, tracker.url)
        yield watched
        assert watched.is_unharmed()


@pytest.fixture(scope="module")
def came(context: BrowserContext, tracker: Tracker, jane: Account) -> list[Any]:
    """Sends every text as name of an event and as name and value of its properties, while somebody watches: what is told
    of each."""
    with context.new_page() as page:
        watched = Watched(page, tracker.url)
        watched.visit(f"/lists/{jane.list_id}/live")
        page.get_by_role("status").filter(has_text="Live").wait_for()
        for start in range(0, len(PAYLOADS), 100):
            events = [
                {"Event": text, "Properties": {text: text, "in": {text: [text]}}}
                for text in PAYLOADS[start : start + 100]
            ]
            sent = tracker.call("event.batch", jane.key, ListID=jane.list_id, Events=events).body
            assert sent.get("Failed", 0) == 0, sent
        page.locator("#events .event").nth(len(PAYLOADS) - 1).wait_for()
        opened: list[Any] = page.evaluate(OPEN_EACH)
        assert watched.is_unharmed()
        return opened


def is_told(opened: list[Any]) -> bool:
    """Every text is there as it was sent."""
    assert {name for name, _, _ in opened} == set(PAYLOADS)
    for name, properties, values in opened:
        assert dict(zip(properties, values, strict=True)).keys() == {name, "in"}
        assert values[properties.index(name)] == name
        assert name in values[properties.index("in")].replace('\\"', '"').replace("\\\\", "\\")
    return True


def test_the_texts_would_run_where_they_are_no_texts(page: Page) -> None:
    """Else the tests below would show nothing."""
    asked, ran = list[str](), set[str]()
    page.expose_function("ran", lambda: ran.add(text))
    page.on("request", lambda request: asked.append(request.url))
    for text in PAYLOADS[:18]:
        page.goto("about:blank")
        page.set_content(f"<!doctype html><p>{text}", wait_until="commit")
        page.wait_for_timeout(30)
    assert len(ran) >= 10
    assert CANARY in asked


def test_what_comes_is_text(came: list[Any]) -> None:
    assert len(came) == len(PAYLOADS)
    assert is_told(came)


def test_what_is_there_is_text(watched: Watched, came: list[Any], jane: Account) -> None:
    page = watched.visit(f"/lists/{jane.list_id}/live")
    for count in range(50, len(PAYLOADS), 50):
        page.get_by_role("link", name="Older events").click()
        page.locator("#events .event").nth(min(count + 50, len(PAYLOADS)) - 1).wait_for()
    assert is_told(page.evaluate(OPEN_EACH))
    assert page.evaluate("location.hash") == ""


def test_names_and_values_of_the_catalogue_are_texts(
    watched: Watched, came: list[Any], jane: Account
) -> None:
    names: set[str] = set()
    page = watched.visit(f"/lists/{jane.list_id}/events")
    while True:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.locator("[data-part]").last.wait_for(state="detached")
        names |= set(page.locator(".catalogue-name").all_text_contents())
        values = page.evaluate(
            """async () => { const told = [], text = document.getElementById("drawer-text");
            const rows = [...document.querySelectorAll(".catalogue tbody tr")];
            const named = rows.filter(row => row.querySelector("th").textContent !== "in");
            for (const row of named.filter((_, at) => at % 3 === 0)) {
                row.querySelector("[data-values]").click();
                while (text.textContent === "Reading…") await new Promise(requestAnimationFrame);
                told.push(document.querySelector("#drawer-values td").textContent);
                document.getElementById("drawer").close();
            }
            return told }"""
        )
        properties = page.locator(".catalogue tbody th").all_text_contents()
        assert values == [_json(name) for name in properties if name != "in"][::3]
        following = page.get_by_role("link", name="Next", exact=True)
        if not following.count():
            break
        with page.expect_navigation():
            following.click()
    assert names == set(PAYLOADS)
    page.goto(page.locator("[data-values]").last.get_attribute("href") or "")


def _json(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_people_and_their_fields_are_texts(watched: Watched, tracker: Tracker, jane: Account) -> None:
    many = tracker.call("list.create", jane.key, SubscriberListName="</title><svg onload=ran()>").body[
        "ListID"
    ]
    values, expected = {}, set()
    for number, text in enumerate(PAYLOADS):
        made = tracker.call(
            "customfield.create", jane.key, SubscriberListID=many, FieldName=text, MergeTagAlias=f"f{number}"
        )
        assert made.status == 200, made.text
        values[f"f{number}"] = text
        external_id = f"id: {number}" if is_placeholder(text) else text  # such a text is nobody's ID
        who = {"EmailAddress": EMAILS[number]} if number < len(EMAILS) else {"ExternalID": external_id}
        expected.update(name.strip() for name in who.values())
        fields = {"CustomFields": values} if number == len(PAYLOADS) - 1 else {}
        assert tracker.call("subscriber.create", jane.key, ListID=many, **who, **fields).status == 200, text
    names = []
    page = watched.visit(f"/lists/{many}/people")
    page.locator(".row-link").first.click()
    about = page.locator(".person-side")
    assert about.locator("h3 + .facts dt").all_text_contents() == list(PAYLOADS)
    assert about.locator("h3 + .facts dd").all_text_contents() == list(PAYLOADS)
    page.get_by_role("link", name="Forget…").click()
    assert PAYLOADS[-1] in (page.locator("form h2").text_content() or "")
    page.goto(f"/lists/{many}/people")
    while True:
        names += page.locator(".row-link").all_text_contents()
        older = page.get_by_role("link", name="Older", exact=True)
        if not older.count():
            break
        older.click()
    assert set(names) == expected
    for text in (PAYLOADS[20], PAYLOADS[-1], EMAILS[0]):
        page.goto(f"/lists/{many}/people")
        page.get_by_label("Email address, ID").fill(text)
        page.get_by_role("button", name="Search").click()
        page.wait_for_url(re.compile(r"/people/\d+$"))


def test_timelines_and_reasons_are_texts(watched: Watched, tracker: Tracker, jane: Account) -> None:
    many = tracker.call("list.create", jane.key, SubscriberListName="Reasons").body["ListID"]
    uuid = "550e8400-e29b-41d4-a716-446655440000"
    texts = PAYLOADS[:18] + PAYLOADS[-12:]
    for text in texts:
        event = {
            "Event": text,
            "Properties": {text: text, "in": {text: [text]}},
            "UUID": uuid,
            "Email": EMAILS[0],
        }
        assert tracker.call("event.track", jane.key, ListID=many, **event).status == 200
    page = watched.visit(f"/lists/{many}/people")
    page.locator(".row-link").click()
    page.locator(".link-why").first.wait_for()
    assert PAYLOADS[0] in page.locator(".link-why").all_inner_texts()[0]
    opened = page.evaluate(OPEN_EACH)
    assert {name for name, _, _ in opened} - {"identify"} == set(texts)
    page.keyboard.press("Escape")
    for name in (PAYLOADS[0], PAYLOADS[3]):
        page.goto(f"{page.url.partition('?')[0]}?event=x")
        page.get_by_label("Event", exact=True).fill(name)
        page.get_by_role("button", name="Filter").click()
        page.locator(".event-name").first.wait_for()
        assert page.locator(".event-name").all_text_contents() == [name]
    page.get_by_role("link", name="Unmerge visitor").click()
    page.get_by_role("button", name="Take it back").click()
    page.get_by_text("The visitor is taken back").wait_for()


def test_the_name_of_a_list_is_text(watched: Watched, jane: Account) -> None:
    for page in ("live", "events", "people"):
        watched.visit(f"/lists/{jane.list_id}/{page}")
        assert watched.page.locator("h1").text_content() == PAYLOADS[0]
        assert watched.page.title().endswith(f" · {PAYLOADS[0]} · Tracker")
