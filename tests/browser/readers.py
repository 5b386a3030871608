"""How does a test look at the console in Chromium as somebody who is signed in, and what does the browser complain of?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.browser.axe import faults_in_all_colours
from tests.served import Account, Tracker

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


def reader(browser: Browser, tracker: Tracker, account: Account, **options: Any) -> BrowserContext:
    """A browser in which that person is signed in; its session is `session_of`."""
    login = tracker.call("user.login", Username=account.email, Password=account.password).body
    context = browser.new_context(base_url=tracker.url, **options)
    context.add_cookies([{"name": "tracker_session", "value": login["SessionID"], "url": tracker.url}])
    return context


def session_of(context: BrowserContext) -> str:
    return next(str(each["value"]) for each in context.cookies() if each["name"] == "tracker_session")


def complaints(page: Page) -> list[str]:
    """Errors, and scripts and styles that were refused, as they come."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    return wrong


def hindrances(page: Page) -> list[str]:
    """What keeps somebody out in light or dark colours, or sticks out on a phone."""
    found = faults_in_all_colours(page)
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 700})
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(size)  # type: ignore[arg-type]
    return found + ([f"{width} px wide on a phone of 360"] if width > 360 else [])
