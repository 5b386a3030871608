"""What do the tests of the browser script stand on? A Tracker, a website of another origin, and a list per test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.axe import bring_axe
from tests.browser.shop import Shop
from tests.browser.websites import Between, Website
from tests.conftest import launch
from tests.served import Account, Tracker, make_account

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

UNLIMITED = ",".join(
    f"{name}=1000000/60"
    for name in (
        "event.collect", "event.collect.address",
        "event.track", "list.create", "list.get", "lists.get", "customfield.create", "customfields.get", "apikey.create", "apikeys.get",
        "subscribers.get", "subscriber.create", "website_events.catalogue", "website_events.values", "events.recent", "events.follow",
        "event.get",
    )
)  # fmt: skip
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
_names = (f"Shop {number}" for number in itertools.count(1))


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Started once for what a worker does of this folder; no other folder's tests run meanwhile: it occupies the thread's
    event loop."""
    from playwright.sync_api import sync_playwright  # slow to import, and few tests need it

    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """A headless Chromium; each test has contexts of its own, which are profiles that share nothing."""
    with launch(playwright) as started:
        yield started


@pytest.fixture(scope="package")
def console() -> Iterator[Tracker]:
    """One for all modules that have accounts of their own."""
    with Tracker(settings={"TRACKER_LIMITS": UNLIMITED}) as tracker:
        yield tracker


@pytest.fixture(scope="package")
def tracker(console: Tracker) -> Tracker:
    return console


@pytest.fixture(scope="package")
def account(tracker: Tracker) -> Account:
    return make_account(tracker, "shop@example.com", "*")


@pytest.fixture
def website() -> Iterator[Website]:
    with Website() as site:
        yield site


@pytest.fixture
def between(tracker: Tracker) -> Iterator[Between]:
    with Between(tracker.url) as proxy:
        yield proxy
        proxy.release.set()


@pytest.fixture
def shop(tracker: Tracker, account: Account, website: Website) -> Shop:
    """A fresh list, whose snippet is in every page of the website."""
    list_id = tracker.call("list.create", account.key, SubscriberListName=next(_names)).body["ListID"]
    return Shop(tracker, account, website, list_id)


@pytest.fixture(scope="package")
def _profile(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(user_agent=CHROME) as context:
        yield context


@pytest.fixture
def visit(_profile: BrowserContext) -> Iterator[BrowserContext]:
    """A browser profile, with which a visitor comes; no robot's. It has never been on this test's website."""
    yield _profile
    for page in _profile.pages:
        page.close()
    _profile.set_offline(False)


@pytest.fixture(scope="module")
def looked_at(context: BrowserContext) -> Page:
    """The page in which one after the other is looked at, in the `context` of the module."""
    return bring_axe(context.new_page())
