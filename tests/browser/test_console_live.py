"""Does the live view show events as they are committed, and does it say so when it cannot?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.browser.conftest import CHROME
from tests.browser.readers import complaints, hindrances, reader, session_of
from tests.processes import until
from tests.served import Account, Tracker, make_account

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

SOON = 2_000  # milliseconds within which an event is seen


@pytest.fixture(scope="module")
def account(tracker: Tracker) -> Account:
    return make_account(tracker, "live@example.com", "*")


@pytest.fixture
def jane(tracker: Tracker, account: Account) -> Account:
    """With an empty list."""
    made = tracker.call("list.create", account.key, SubscriberListName="Fresh").body["ListID"]
    return Account(account.email, account.password, account.key, made)


@pytest.fixture(scope="module")
def context(browser: Browser, tracker: Tracker, account: Account) -> Iterator[BrowserContext]:
    with reader(browser, tracker, account) as context:
        yield context


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    with context.new_page() as page:
        yield page


@pytest.fixture
def page(tab: Page, jane: Account) -> Page:
    """The live view, connected."""
    tab.goto(f"/lists/{jane.list_id}/live")
    state(tab, "Live")
    return tab


def state(page: Page, words: str, timeout: float = 10_000) -> None:
    page.get_by_role("status").filter(has_text=re.compile(re.escape(words))).wait_for(timeout=timeout)


def track(tracker: Tracker, jane: Account, *names: str, **event: Any) -> None:
    events = [{"Event": name, **event} for name in names]
    answer = tracker.call("event.batch", jane.key, ListID=jane.list_id, Events=events)
    assert answer.status == 200, answer.text


def shown(page: Page) -> list[str]:
    return page.locator("#events .event-name").all_inner_texts()


def test_from_signing_in_to_an_event_of_the_website(
    browser: Browser, tracker: Tracker, jane: Account
) -> None:
    described = tracker.call("list.get", jane.key, ListID=jane.list_id).body["List"]
    door = f"/t/{described['EventListTrackerID']}"
    with browser.new_context(base_url=tracker.url) as context:
        page = context.new_page()
        wrong = complaints(page)
        page.goto(f"/lists/{jane.list_id}/live")
        page.get_by_label("Email address").fill(jane.email)
        page.get_by_label("Password").fill(jane.password)
        page.get_by_role("button", name="Sign in").click()
        state(page, "Live")
        assert page.get_by_text("Nothing has arrived yet").is_visible()
        event = {
            "Event": "page_view",
            "Properties": {"plan": "free"},
            "UUID": "550e8400-e29b-41d4-a716-446655440000",
        }
        assert tracker.post(door, json=event, headers={"User-Agent": CHROME}).status == 200
        row = page.get_by_role("listitem").filter(has_text="page_view")
        row.wait_for(timeout=SOON)
        assert re.sub(r"\s+", " ", row.inner_text()) == "just now page_view plan free Chrome, Linux 550e8400"
        assert page.get_by_text("Nothing has arrived yet").is_hidden()
        assert wrong == []


def test_rows_that_came_and_rows_of_the_page_are_alike(tracker: Tracker, jane: Account, page: Page) -> None:
    properties = {
        "n": 2**62 + 1,
        "e": "",
        "l": [{"a": 1}],
        "conversion-id": "1",
        "conversion-name": "s",
        "conversion-value": 1,
    }
    track(tracker, jane, "conversion", "conversion", Email="a@example.com", ID="7", Properties=properties)
    page.locator(".event-name").nth(2).wait_for(timeout=SOON)

    def rows() -> list[str]:
        whole = page.locator("#events .event").evaluate_all("all => all.map(each => each.outerHTML)")
        return [
            re.sub(
                r"\s+|<time.*?</time>| is-new", " ", each.replace(' class="event is-new"', ' class="event"')
            )
            for each in whole
        ]

    came = rows()
    page.reload()
    state(page, "Live")
    untold = [[re.sub(r" (title|hidden)=\"[^\"]*\"", "", each) for each in found] for found in (rows(), came)]
    assert untold[0] == untold[1]
    assert len(came) == 3, "the two, and the identify event that came with the first"


def test_pausing_counts_what_waits(tracker: Tracker, jane: Account, page: Page) -> None:
    track(tracker, jane, "first")
    page.get_by_text("first").first.wait_for(timeout=SOON)
    page.get_by_role("button", name="Pause").click()
    state(page, "Paused")
    track(tracker, jane, "second", "third")
    waiting = page.get_by_role("button", name="Show 2 new events")
    waiting.wait_for(timeout=SOON)
    assert shown(page) == ["first"]
    waiting.click()
    state(page, "Live")
    page.get_by_text("third").first.wait_for()
    assert shown(page) == ["third", "second", "first"]
    assert waiting.is_hidden()


def test_only_one_name_is_shown(tracker: Tracker, jane: Account, page: Page) -> None:
    page.get_by_label("Only events named").fill("wanted")
    page.get_by_label("Only events named").press("Enter")
    state(page, "Live")
    track(tracker, jane, "other", "wanted", "other", "wanted")
    page.locator(".event-name").nth(1).wait_for(timeout=SOON)
    assert shown(page) == ["wanted", "wanted"]


def test_who_becomes_known_is_named_in_the_rows_above_and_below(
    tracker: Tracker, jane: Account, page: Page
) -> None:
    known, other = "550e8400-e29b-41d4-a716-446655440000", "7c9e6679-7425-40de-944b-e07fc1f90ae7"
    track(tracker, jane, "first", "second", UUID=known)
    track(tracker, jane, "another's", UUID=other)
    page.get_by_text("another's").first.wait_for(timeout=SOON)
    assert page.get_by_role("link", name="550e8400").count() == 2
    track(tracker, jane, "signup", UUID=known, Email="ada@example.com")
    page.locator(".event", has_text="first").get_by_role("link", name="ada@example.com").wait_for()
    page.locator(".event", has_text="second").get_by_role("link", name="ada@example.com").wait_for()
    assert page.get_by_role("link", name="550e8400").count() == 0
    assert page.get_by_role("link", name="7c9e6679").count() == 1


def test_what_cannot_be_read_is_told_at_the_side(tracker: Tracker, jane: Account, page: Page) -> None:
    track(tracker, jane, "gone")
    page.get_by_role("link", name="gone").wait_for(timeout=SOON)
    page.route(re.compile(r"/events/\d+$"), lambda route: route.abort())
    page.get_by_role("link", name="gone").click()
    page.get_by_role("dialog", name="gone").get_by_text("Tracker could not be reached.").wait_for()


def test_signing_out_ends_it(browser: Browser, tracker: Tracker, jane: Account) -> None:
    with reader(browser, tracker, jane) as context:
        page = context.new_page()
        page.goto(f"/lists/{jane.list_id}/live")
        state(page, "Live")
        tracker.call("user.logout", SessionID=session_of(context))
        state(
            page, "Stopped You are signed out. Sign in again", timeout=8_000
        )  # 5 s, and the browser's way back
        assert page.get_by_role("button", name="Pause").is_hidden()
        page.get_by_role("link", name="Sign in again").click()
        page.get_by_role("heading", name="Sign in").wait_for()


def test_it_goes_on_where_it_was_when_the_server_comes_back(
    tracker: Tracker, jane: Account, page: Page
) -> None:
    track(tracker, jane, "before")
    page.get_by_text("before").first.wait_for(timeout=SOON)
    assert tracker.stop() == 0, "at once, though somebody watches"
    state(page, "Reconnecting")
    tracker.start()
    track(tracker, jane, "meanwhile")
    state(page, "Live", timeout=40_000)
    page.get_by_text("meanwhile").first.wait_for()
    track(tracker, jane, "after")
    page.get_by_text("after").first.wait_for(timeout=SOON)
    assert shown(page) == ["after", "meanwhile", "before"]


def test_out_of_sight_it_gives_its_connection_back(tracker: Tracker, tab: Page, jane: Account) -> None:
    page = tab
    page.add_init_script(
        "window.made = []; const One = EventSource;"
        "EventSource = class extends One { constructor(path) { super(path); made.push(this); } }"
    )
    page.goto(f"/lists/{jane.list_id}/live")
    state(page, "Live")
    hide = """hidden => { Object.defineProperty(document, "hidden", {configurable: true, value: hidden});
        document.dispatchEvent(new Event("visibilitychange")); return made.map(each => each.readyState) }"""
    assert page.evaluate(hide, True) == [2], "closed"
    track(tracker, jane, "unseen")
    assert page.evaluate(hide, False) == [2, 0], "and another"
    page.get_by_text("unseen").first.wait_for()


def test_a_page_keeps_so_many_rows(tracker: Tracker, jane: Account, page: Page) -> None:
    for start in range(0, 360, 60):
        track(tracker, jane, *(f"e{number:03}" for number in range(start, start + 60)))
    page.get_by_text("e359").first.wait_for()
    page.get_by_role("link", name="Start again from the newest").wait_for()
    assert page.locator("#events > li").count() <= 300
    page.get_by_role("link", name="Start again from the newest").click()
    state(page, "Live")
    page.get_by_role("link", name="Older events").click()
    page.locator(".event").nth(99).wait_for()
    assert shown(page) == [f"e{number:03}" for number in range(359, 259, -1)]
    assert page.evaluate("document.activeElement.textContent") == "e309"


def test_what_is_left_out_is_told_below_what_came_after_it(
    tracker: Tracker, jane: Account, page: Page
) -> None:
    page.get_by_role("button", name="Pause").click()
    for start in range(0, 305, 61):
        track(tracker, jane, *(f"e{number:03}" for number in range(start, start + 61)))
    page.get_by_role("button", name="Show 305 new events").click()
    page.get_by_text("6 more came than are shown here.").wait_for()
    rows = page.locator("#events > li")
    assert "e304" in rows.first.inner_text()
    assert rows.last.inner_text() == "6 more came than are shown here."
    track(tracker, jane, "later")
    page.get_by_text("later").first.wait_for()
    assert "later" in rows.first.inner_text()


def test_an_event_is_opened_by_keyboard(tracker: Tracker, jane: Account, page: Page) -> None:
    track(tracker, jane, "older", "newer", Properties={"plan": "free"}, Email="a@example.com")
    page.get_by_role("link", name="newer").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="newer")
    dialog.get_by_text("Properties").wait_for()
    said = " ".join(dialog.inner_text().split())
    assert re.search(
        r"Happened .+ Received .+ Person a@example.com Visitor [0-9a-f-]{36} Sent with ID None", said
    )
    assert "Properties plan free text" in said
    assert hindrances(page) == []
    page.keyboard.press("ArrowDown")
    page.get_by_role("dialog", name="older").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    # The browser gives the focus back to where it was; the page's own word comes in a task after that.
    until(
        lambda: page.evaluate("document.activeElement.textContent") == "older",
        what="the focus on the last one",
    )


def test_without_scripts_it_is_a_plain_page(browser: Browser, tracker: Tracker, jane: Account) -> None:
    track(tracker, jane, "seen", Properties={"plan": "free"})
    with reader(browser, tracker, jane, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"/lists/{jane.list_id}/live")
        assert page.get_by_role("button", name="Pause").is_hidden()
        page.get_by_role("link", name="seen").click()
        assert page.locator(".properties").inner_text().split() == ["plan", "free", "text"]
        page.locator(".crumb").get_by_role("link", name="Live").click()
        page.get_by_role("link", name="seen").wait_for()


def test_it_says_that_too_many_watch(
    tracker: Tracker, context: BrowserContext, tab: Page, jane: Account
) -> None:
    """20 of one user at a time. A place that the test before had is free again soon."""
    path = f"{tracker.url}/lists/{jane.list_id}/live"
    with ExitStack() as watching:

        def takes_a_place() -> bool:
            cookie = {"Cookie": f"tracker_session={session_of(context)}"}
            follow = requests.get(f"{path}/events", headers=cookie, stream=True, timeout=15)
            watching.enter_context(follow)
            return follow.status_code == 200

        for _ in range(20):
            until(takes_a_place, seconds=30)
        tab.goto(path)
        state(tab, "Waiting Too many are watching at once.")
