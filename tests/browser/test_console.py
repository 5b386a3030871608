"""Does the console work in a real browser: signing in, a first event, the keyboard, and for those who cannot see it?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import requests

from tests.browser.axe import bring_axe, faults, faults_in_all_colours, faults_in_all_looks
from tests.browser.payloads import PAYLOADS
from tests.processes import until
from tests.served import Account, StartTracker, Tracker, make_account

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

#: What a person looks at: path, and what stands there. `{list}` is a list that has events, `{empty}` one that has none.
PAGES = {
    "lists": "/",
    "setup, waiting": "/lists/{empty}/setup",
    "setup, received": "/lists/{list}/setup",
    "tracking": "/lists/{list}/tracking",
    "tracking, waiting": "/lists/{empty}/tracking",
    "tracking, refused": "/lists/{named}/tracking",
    "what is refused": "/lists/{named}/tracking/{refused}",
    "settings": "/lists/{list}/settings",
    "names": "/lists/{named}/names?done=merged",
    "names, none": "/lists/{empty}/names",
    "a name": "/lists/{named}/names/one?kind=event&name=signup",
    "names that look alike": "/lists/{named}/names/one?kind=event&name=page_view&name=pageView&name=Page+View",
    "a hidden property": "/lists/{named}/names/one?kind=property&name=debug",
    "keys": "/keys",
    "to revoke a key": "/keys/{key}/revoke",
    "audit": "/audit",
    "health": "/console/health",
    "nothing there": "/lists/1000000/setup",
}


@pytest.fixture(scope="module")
def tracker(start_tracker: StartTracker) -> Tracker:
    often = (
        "user.login",
        "list.create",
        "list.get",
        "lists.get",
        "apikey.create",
        "apikeys.get",
        "rejections.get",
    )
    return start_tracker(settings={"TRACKER_LIMITS": ",".join(f"{name}=100000/60" for name in often)})


@pytest.fixture(scope="module")
def jane(tracker: Tracker) -> Account:
    return make_account(tracker, "jane@example.com", "*", list_name="Web shop", is_admin=True)


@pytest.fixture(scope="module")
def lists(tracker: Tracker, jane: Account) -> dict[str, Any]:
    tracker.call("event.track", jane.key, ListID=jane.list_id, Event="seen", Email="a@example.com")
    empty = tracker.call("list.create", jane.key, SubscriberListName="Empty").body["ListID"]
    named = list_with_names(tracker, jane)
    tracker.call(
        "event.track", jane.key, ListID=named, Event="order", Email="no address", Properties={"price": 3}
    )
    inbox = until(
        lambda: tracker.ok("rejections.get", jane.key, ListID=named)["Rejections"], what="a refusal"
    )
    found = {"list": jane.list_id, "empty": empty, "named": named, "key": jane.key.split("_")[1]}
    return {**found, "refused": inbox[0]["RejectionID"]}


def list_with_names(tracker: Tracker, jane: Account) -> int:
    """A list with names that look alike, and of which something is noted."""
    number: int = tracker.call("list.create", jane.key, SubscriberListName="Names").body["ListID"]
    calls: list[tuple[str, dict[str, Any]]] = [
        *(("event.track", {"Event": name}) for name in ("page_view", "pageView", "Page View", "signup")),
        ("event.track", {"Event": "sign_up", "Properties": {"debug": 1, "plan": "a"}}),
        ("event.alias", {"Event": "sign_up", "As": "signup"}),
        ("event.alias", {"Property": "x" * 120, "As": "a name of which nobody ever heard " * 3}),
        ("event.hide", {"Property": "debug"}),
        ("event.describe", {"Event": "signup", "Description": "Somebody has an account now. " * 12}),
        ("goal.create", {"Name": "Sign-ups", "Event": "signup"}),
        ("segment.create", {"Name": "New", "Rule": [{"Of": "person", "Event": "sign_up", "Is": "happened"}]}),
    ]
    for command, params in calls:
        tracker.call(command, jane.key, ListID=number, **params)
    return number


@pytest.fixture(scope="module")
def session(browser: Browser, tracker: Tracker, jane: Account) -> dict[str, Any]:
    """The cookies of somebody who has signed in with the form."""
    with browser.new_context(base_url=tracker.url) as context:
        sign_in(context.new_page(), jane)
        return dict(context.storage_state())


@pytest.fixture(scope="module")
def context(browser: Browser, tracker: Tracker, session: Any) -> Iterator[BrowserContext]:
    """A browser in which Jane is signed in."""
    permissions = ["clipboard-read", "clipboard-write"]
    with browser.new_context(base_url=tracker.url, storage_state=session, permissions=permissions) as context:
        yield context


@pytest.fixture
def janes(context: BrowserContext) -> Iterator[Page]:
    """A page of hers."""
    with context.new_page() as page:
        yield page


def sign_in(page: Page, account: Account) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(account.email)
    page.get_by_label("Password").fill(account.password)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Lists").wait_for()


def watch(page: Page) -> list[str]:
    """Whatever the browser complains of: errors, refused scripts and styles."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    return wrong


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_kept_out(name: str, looked_at: Page, lists: dict[str, Any]) -> None:
    wrong = watch(looked_at)
    looked_at.goto(PAGES[name].format(**lists))
    assert faults_in_all_looks(looked_at) == []
    assert [line for line in wrong if "404" not in line] == []


def test_what_keeps_people_out_would_be_found(page: Page, tracker: Tracker) -> None:
    page.goto(f"{tracker.url}/sign-in")
    page.evaluate(
        "document.querySelector('label').remove(); document.querySelector('h1').style.color = '#ccc'"
    )
    assert [fault.split(" ")[0] for fault in faults(page)] == ["color-contrast", "label"]


def test_nobody_is_kept_out_by_forms_that_say_what_is_wrong(
    page: Page, looked_at: Page, tracker: Tracker, lists: dict[str, Any]
) -> None:
    bring_axe(page).goto(f"{tracker.url}/sign-in")
    assert faults_in_all_colours(page) == []
    page.get_by_label("Email address").fill("jane@example.com")
    page.get_by_label("Password").fill("wrong")
    page.get_by_label("Password").press("Enter")
    page.get_by_text("The email address or the password is wrong.").wait_for()
    assert faults_in_all_colours(page) == []
    looked_at.goto(f"/lists/{lists['list']}/settings")
    looked_at.get_by_label("Pages that may send events").fill("shop.example")
    looked_at.get_by_role("button", name="Save settings").click()
    looked_at.get_by_text("Nothing was saved").wait_for()
    assert faults_in_all_colours(looked_at) == []


def test_from_signing_in_to_the_first_event(browser: Browser, tracker: Tracker, jane: Account) -> None:
    with browser.new_context(base_url=tracker.url) as context:
        page = context.new_page()
        wrong = watch(page)
        sign_in(page, jane)
        page.get_by_label("Name of the new list").fill("Fresh")
        page.get_by_role("button", name="Create list").click()
        page.get_by_role("heading", name="Waiting for the first event").wait_for()
        snippet = page.get_by_role("region", name="the snippet", exact=True).inner_text()
        list_id = int(page.url.split("/")[-2])
        described = tracker.call("list.get", jane.key, ListID=list_id).body["List"]
        assert snippet == described["EventTrackerJS"]
        tracker.call("event.track", jane.key, ListID=list_id, Event="seen")
        page.get_by_role("heading", name="An event has been received").wait_for()
        assert page.get_by_text("The last one came just now").is_visible()
        assert wrong == []


def test_the_snippet_is_copied(janes: Page, lists: dict[str, Any]) -> None:
    janes.goto(f"/lists/{lists['list']}/setup")
    janes.get_by_role("button", name="Copy: the snippet", exact=True).click()
    janes.get_by_role("status").filter(has_text="Copied").wait_for()
    shown = janes.get_by_role("region", name="the snippet", exact=True).inner_text()
    assert janes.evaluate("navigator.clipboard.readText()") == shown


def test_nothing_is_asked_while_the_page_is_out_of_sight(janes: Page, lists: dict[str, Any]) -> None:
    janes.clock.install()
    asked: list[str] = []
    janes.on("request", lambda request: asked.append(request.url) if "status" in request.url else None)
    with janes.expect_response("**/setup/status"):
        janes.goto(f"/lists/{lists['empty']}/setup")
    with janes.expect_response("**/setup/status"):
        janes.clock.run_for(1_600)  # so that an event shows within two seconds
    hide(janes, True)
    before = len(asked)
    janes.clock.run_for(60_000)
    assert len(asked) == before
    with janes.expect_response("**/setup/status"):
        hide(janes, False)


def hide(page: Page, is_hidden: bool) -> None:
    page.evaluate(
        """hidden => { Object.defineProperty(document, "hidden", {configurable: true, value: hidden});
        document.dispatchEvent(new Event("visibilitychange")) }""",
        is_hidden,
    )


def test_signing_in_and_out_by_keyboard_alone(page: Page, tracker: Tracker, jane: Account) -> None:
    page.goto(tracker.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for text in (jane.email, jane.password):
        page.keyboard.type(text)
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "it is seen where one is"
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Lists").wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Sign out":
            break
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Sign in").wait_for()


def test_colours_are_chosen_and_remembered(browser: Browser, tracker: Tracker) -> None:
    with browser.new_context(base_url=tracker.url, color_scheme="light") as context:
        page = context.new_page()
        page.goto("/sign-in")
        light = ground(page)
        for name in ("Light", "Dark"):
            page.get_by_role("button", name="Colours").click()
            page.get_by_role("button", name=f"Colours: {name}").wait_for()
        assert ground(page) != light
        page.reload()
        assert ground(page) != light
        page.get_by_role("button", name="Colours").click()
        assert ground(page) == light


def ground(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_times_are_told_in_the_readers_zone(
    browser: Browser, tracker: Tracker, session: Any, lists: dict[str, Any]
) -> None:
    with browser.new_context(
        base_url=tracker.url, storage_state=session, timezone_id="Asia/Tokyo", locale="en-GB"
    ) as context:
        page = context.new_page()
        page.goto("/audit")
        shown = page.locator("time").first
        told = page.evaluate("at => new Date(at).toLocaleString('en-GB', {timeZone: 'Asia/Tokyo', dateStyle: 'medium', timeStyle: 'medium'})", shown.get_attribute("datetime"))  # fmt: skip
        assert shown.inner_text() == told


def test_a_key_is_made_shown_once_and_revoked(janes: Page, tracker: Tracker, jane: Account) -> None:
    page = janes
    page.goto("/keys")
    page.get_by_label("Name", exact=True).fill("Till")
    page.get_by_label("Do only what is ticked here").check()
    page.get_by_label("See which lists there are").check()
    page.get_by_role("button", name="Make key").click()
    key = page.get_by_role("region", name="the new key").inner_text()
    assert faults_in_all_colours(page) == []
    assert tracker.call("lists.get", key).status == 200
    assert tracker.call("apikeys.get", key).status == 403
    page.reload()
    assert page.get_by_role("heading", name="API keys").is_visible()
    assert key not in page.content()
    made = tracker.call("apikeys.get", jane.key).body["APIKeys"]
    assert [each["Name"] for each in made].count("Till") == 1, "to reload is not to make another"
    page.get_by_role("link", name="Revoke Till").click()
    page.get_by_role("button", name="Revoke for good").click()
    page.get_by_text("The key is revoked.").wait_for()
    assert page.get_by_role("row", name="Till").get_by_text("Revoked").is_visible()


def test_no_name_runs_as_a_script(browser: Browser, tracker: Tracker) -> None:
    """Names are shown letter by letter, and the browser had nothing to refuse: the policy is only the second wall."""
    mallory = make_account(tracker, "mallory@example.com", "*", list_name=PAYLOADS[0])
    lists = named(tracker, mallory)
    with browser.new_context(base_url=tracker.url) as context:
        page = context.new_page()
        wrong, ran = watch(page), list[str]()
        page.expose_function("ran", lambda: ran.append(page.url))
        page.on("dialog", lambda dialog: ran.append(dialog.message))
        page.on(
            "request", lambda request: ran.append(request.url) if tracker.url not in request.url else None
        )
        sign_in(page, mallory)
        shown: list[str] = []
        for start in range(0, len(PAYLOADS), 50):
            page.goto(f"/?from={start}")
            shown += page.locator(".row-link").all_text_contents()
        assert sorted(shown) == sorted(PAYLOADS)
        page.goto("/keys")
        assert set(PAYLOADS) <= {
            text.split("trk_")[0] for text in page.locator("tbody th").all_text_contents()
        }
        for name in PAYLOADS[1::15]:
            for tab in ("setup", "settings"):
                page.goto(f"/lists/{lists[name]}/{tab}")
                assert page.locator("h1").text_content() == name
                assert page.title().endswith(f"{' '.join(name.split())} · Tracker")
            assert page.get_by_label("Name", exact=True).input_value() == name
            page.goto(f"/?{urlencode({'search': name})}")
            assert page.get_by_label("Search lists by name").input_value() == name
        assert (ran, wrong) == ([], [])


def named(tracker: Tracker, account: Account) -> dict[str, int]:
    """A list and a key for each payload; gives the lists. On one connection, for there are many."""
    lists = {PAYLOADS[0]: account.list_id}
    with requests.Session() as session:
        session.trust_env = False

        def call(command: str, **params: str) -> dict[str, Any]:
            sent = {"Command": command, "APIKey": account.key, **params}
            answer: dict[str, Any] = session.post(f"{tracker.url}/api.php", json=sent, timeout=15).json()
            return answer

        for name in PAYLOADS:
            if name not in lists:
                lists[name] = call("list.create", SubscriberListName=name)["ListID"]
            call("apikey.create", Name=name)
    return lists
