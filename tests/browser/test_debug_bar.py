"""Does `?oct=debug` show what happens without touching the page, and do `?oct=off` and `?oct=on` leave own visits out and in?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.browser.shop import Shop
from tests.client import InProcess
from tests.processes import until
from tracker.browser import DEBUG, current, snippet

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

#: A shadow root that is closed to the page is open to the test.
OPEN = "const attach = Element.prototype.attachShadow; Element.prototype.attachShadow = function () { return (window.bar = attach.call(this, {mode: 'open'})); };"


def told(page: Page) -> str:
    return str(page.evaluate("window.bar ? bar.textContent : ''"))


def visited(shop: Shop, visit: BrowserContext, path: str) -> Page:
    page = shop.open(visit, path, is_ready=False)
    page.wait_for_function("window.oct && oct.v")
    return page


def test_its_own_path_serves_it(client: InProcess) -> None:
    answer = client.get("/tracker.debug.js", headers={"Accept-Encoding": "identity"})
    assert (answer.status, answer.raw) == (200, DEBUG)
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"


def test_the_bar_shows_each_event_with_its_answer_and_stays_from_page_to_page(
    shop: Shop, visit: BrowserContext
) -> None:
    shop.first_scripts.append(OPEN)
    page = visited(shop, visit, "/?oct=debug")
    shop.wait_for({"page_view": 1})
    page.wait_for_function("window.bar && bar.textContent.includes('stored: page_view')")
    assert "Last answer: 200" in told(page)
    assert "Own visits: counted" in told(page)
    page.evaluate("oct.eventC('o1', 'Order', '12,50')")
    page.wait_for_function("bar.textContent.includes('conversion-value')")
    page.wait_for_function("bar.textContent.includes('Queue: 0')")
    page.goto(shop.website.url + "/next")
    page.wait_for_function("window.bar && bar.textContent.includes('stored: page_view')")
    page.evaluate("[...bar.querySelectorAll('button')].at(-1).click()")
    page.goto(shop.website.url + "/last")
    shop.wait_for({"page_view": 3})
    assert told(page) == ""
    assert shop.wrong == []


def test_the_page_and_the_bar_leave_each_others_style_alone(shop: Shop, visit: BrowserContext) -> None:
    shop.first_scripts.append(OPEN)
    shop.website.head += "<style>button, section { display: none !important; color: red }</style>"
    shop.website.body = "<p id='own'>text</p>"
    plain = visited(shop, visit, "/")
    looks = "JSON.stringify([getComputedStyle(own).font, getComputedStyle(own).color, own.getBoundingClientRect()])"
    before = plain.evaluate(looks)
    page = visited(shop, visit, "/?oct=debug")
    page.wait_for_function("window.bar && bar.querySelector('button')")
    assert page.evaluate("getComputedStyle(bar.querySelector('section')).display") == "block"
    assert page.evaluate(looks) == before
    assert page.evaluate("fetch.toString()") == "function () { [native code] }"
    assert shop.wrong == []


def test_violations_of_the_pages_policy_are_told(shop: Shop, visit: BrowserContext) -> None:
    shop.first_scripts.append(OPEN)
    shop.website.headers = {"Content-Security-Policy": "connect-src 'none'"}
    page = visited(shop, visit, "/?oct=debug")
    page.wait_for_function("window.bar && bar.textContent.includes('connect-src blocks')")
    page.wait_for_function("bar.textContent.includes('the request failed')")


def test_a_page_whose_policy_asks_for_a_nonce_has_the_bar(shop: Shop, visit: BrowserContext) -> None:
    shop.first_scripts.append(OPEN)
    shop.website.head = shop.website.head.replace("<script", "<script nonce='n1'")
    shop.website.headers = {"Content-Security-Policy": "script-src 'nonce-n1'"}
    page = shop.open(visit, "/?oct=debug", is_ready=False)
    shop.wait_for({"page_view": 1})
    page.wait_for_function("window.bar && bar.textContent.includes('stored: page_view')")


def test_own_visits_are_left_out_until_they_are_counted_again(shop: Shop, visit: BrowserContext) -> None:
    shop.first_scripts.append(OPEN)
    page = visited(shop, visit, "/?oct=off")
    page.wait_for_function("window.bar && bar.textContent.includes('Own visits: left out')")
    page.evaluate("oct.eventT('on the page of the switch')")
    page.goto(shop.website.url + "/later")
    page.evaluate("oct.eventT('later')")
    assert told(page) == ""
    assert page.evaluate("JSON.stringify(Object.entries(localStorage))") == '[["oct:own","off"]]'
    page.goto(shop.website.url + "/back?oct=on")
    [view] = shop.wait_for({"page_view": 1})
    assert view.properties["$pathname"] == "/back"


def test_a_pinned_page_loads_no_script_that_is_not_pinned(shop: Shop, visit: BrowserContext) -> None:
    shop.first_scripts.append(OPEN)
    shop.website.head = snippet(
        f"{shop.tracker.url}/tracker.js", f"{shop.tracker.url}/t/{shop.tracker_id}", pinned=current()
    )
    page = visited(shop, visit, "/?oct=debug")
    shop.wait_for({"page_view": 1})
    until(lambda: page.evaluate("oct.v") == "1", what="the script")
    assert told(page) == ""


def test_other_words_change_nothing(shop: Shop, visit: BrowserContext) -> None:
    for count, query in enumerate(("?oct=x", "?xoct=off", "?oct=offer", "?oct=off-season", "#?oct"), 1):
        visited(shop, visit, f"/{query}")
        shop.wait_for({"page_view": count})


def test_a_websites_own_words_in_local_storage_change_nothing(shop: Shop, visit: BrowserContext) -> None:
    shop.first_scripts.append("localStorage.oct = 'coffee'; localStorage['oct:own'] = 'coffee'")
    visited(shop, visit, "/")
    shop.wait_for({"page_view": 1})
