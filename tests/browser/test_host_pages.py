"""Does no page ever see an error of ours, whatever it forbids, blocks or has done to its globals?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.shop import WATCH, Shop, is_left_alone
from tests.processes import until
from tracker.browser import current, snippet

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('blocked', 'SecurityError') }})"


@pytest.mark.parametrize(
    "how", [BLOCKED, "Object.defineProperty(window, 'localStorage', {value: null})"], ids=["throws", "null"]
)
def test_blocked_storage(shop: Shop, visit: BrowserContext, how: str) -> None:
    shop.first_scripts.append(how)
    page = shop.open(visit)
    page.evaluate("oct.eventT('x')")
    arrived = shop.wait_for({"page_view": 1, "x": 1})
    assert len({event.visitor for event in arrived}) == 1, "for as long as the page is there"
    assert is_left_alone(page)


def test_a_frame_without_storage_and_locks(shop: Shop, visit: BrowserContext) -> None:
    """A sandboxed frame has an origin that may keep nothing: the browser itself refuses."""
    inner, shop.website.head = shop.website.head, ""
    framed = f"<script>{WATCH}</script>{inner}".replace("&", "&amp;").replace('"', "&quot;")
    shop.website.body = f'<iframe sandbox="allow-scripts" srcdoc="{framed}"></iframe>'
    page = shop.open(visit, is_ready=False)
    shop.wait_for({"page_view": 1})
    frame = page.frames[1]
    assert frame.evaluate("try { localStorage } catch (e) { e.name }") == "SecurityError"
    frame.evaluate("oct.eventT('x')")
    shop.wait_for({"page_view": 1, "x": 1})
    assert frame.evaluate("window.wrong") == []


def test_a_strict_policy_of_the_page(shop: Shop, visit: BrowserContext) -> None:
    """No inline script, no eval, nothing from elsewhere but Tracker: without the stub the script does as well."""
    origin = shop.tracker.url
    shop.website.headers = {
        "Content-Security-Policy": f"default-src 'none'; script-src {origin}; connect-src {origin}; "
        "require-trusted-types-for 'script'; base-uri 'none'"
    }
    shop.website.head = shop.snippet.splitlines()[1]
    page = shop.open(visit)
    page.evaluate("oct.eventT('x')")
    shop.wait_for({"page_view": 1, "x": 1})
    assert is_left_alone(page)


def test_a_policy_with_a_nonce_lets_the_stub_through(shop: Shop, visit: BrowserContext) -> None:
    shop.website.headers = {
        "Content-Security-Policy": f"default-src 'none'; script-src 'nonce-abc'; connect-src {shop.tracker.url}"
    }
    shop.website.head = shop.snippet.replace("<script", '<script nonce="abc"')
    shop.open(visit)
    shop.wait_for({"page_view": 1})


def test_a_policy_that_forbids_sending_breaks_nothing(shop: Shop, visit: BrowserContext) -> None:
    shop.website.headers = {
        "Content-Security-Policy": f"script-src {shop.tracker.url} 'unsafe-inline'; connect-src 'none'"
    }
    page = shop.open(visit)
    page.evaluate("oct.eventT('x'); history.pushState({}, '', '/next')")
    page.wait_for_timeout(500)
    assert shop.names() == []
    assert is_left_alone(page)


def test_loaded_twice(shop: Shop, visit: BrowserContext) -> None:
    shop.website.head = shop.snippet * 3
    page = shop.open(visit)
    page.wait_for_load_state("load")
    page.evaluate("oct.eventT('x'); history.pushState({}, '', '/next')")
    shop.wait_for({"page_view": 2, "x": 1})
    page.wait_for_timeout(500)
    shop.wait_for({"page_view": 2, "x": 1})
    assert is_left_alone(page)


#: What a page may have done before the script comes, and whether events can still be sent then.
HOSTILE = [
    ("Object.prototype.junk = 'x'; Array.prototype.junk = function () {}; String.prototype.junk = 1", True),
    ("Array.prototype.toJSON = function () { return 'prototype.js' }", True),
    ("Math.random = () => 0.5", True),
    ("Object.defineProperty(navigator, 'locks', {value: undefined})", True),
    ("Object.defineProperty(navigator, 'locks', {value: {request() { throw Error('no') }}})", True),
    ("AbortSignal.timeout = undefined", True),
    ("Object.freeze(history)", True),
    ("Event.prototype.stopImmediatePropagation.call; EventTarget.prototype.closest = null", True),
    ("navigator.sendBeacon = undefined; window.Request = undefined", True),
    ("const real = fetch; window.fetch = function () { return real.apply(this, arguments) }", True),
    ("window.fetch = undefined", False),
    ("window.fetch = () => { throw Error('no') }", False),
    ("window.fetch = () => 5", False),
    ("window.fetch = () => Promise.reject(Error('no'))", False),
    ("window.Blob = undefined", False),
    ("window.JSON = {}", False),
    ("window.crypto.getRandomValues = undefined", True),
    ("window.crypto.randomUUID = undefined", True),
    ("window.crypto.randomUUID = URL.createObjectURL = undefined", False),
    ("console.warn = () => { throw Error('no') }", True),
    ("window.setTimeout = () => { throw Error('no') }", None),
    ("Date.now = () => { throw Error('no') }", False),
    ("window.oct = 'taken'; Object.freeze(window)", None),
    ("Object.defineProperty(window, 'oct', {get() { throw Error('no') }})", False),
    ("window.oct = {q: 7}", None),
    ("Object.keys = () => { throw Error('no') }", False),
    ("history.pushState = undefined", True),
    ("Promise.prototype.catch = undefined", None),
]  # fmt: skip


@pytest.mark.parametrize(("script", "is_sent"), HOSTILE)
def test_hostile_globals(shop: Shop, visit: BrowserContext, script: str, is_sent: bool | None) -> None:
    shop.first_scripts.append(f"try {{ {script} }} catch (e) {{}}")
    shop.website.head = shop.snippet.splitlines()[1]  # the script's own doing; the stub is the page's
    page = shop.open(visit, is_ready=False)
    page.wait_for_load_state("load")
    page.evaluate("""() => {
        try { oct.eventT('x', {a: [1, 2]}) } catch (e) {}
        for (const type of ['pagehide', 'online']) dispatchEvent(new Event(type));
        document.dispatchEvent(new Event('visibilitychange'));
        document.body.click();
    }""")
    if is_sent:
        arrived = shop.wait_for({"page_view": 1, "x": 1})
        assert [e.properties["a"] for e in arrived if e.name == "x"] in ([[1, 2]], ["prototype.js"])
    else:
        page.wait_for_timeout(600)
    assert is_left_alone(page)
    assert shop.wrong == []


def test_odd_properties_harm_only_their_own_event(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit)
    odd = ("{a: 1n}", "(() => { const a = {}; a.a = a; return a })()", "7", "'text'", "null")
    for properties in odd:
        page.evaluate(f"oct.eventT('odd', {properties}); oct.eventT('x')")
    until(lambda: [shop.counts()[name] for name in ("page_view", "x")] == [1, len(odd)], what="all others")
    assert is_left_alone(page)


def test_the_page_hears_its_own_errors_and_results_of_the_history(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit)
    assert page.evaluate("history.pushState({a: 1}, '', '/x') === undefined && history.state.a === 1")
    assert (
        page.evaluate("try { history.pushState({}, '', 'https://other.example/') } catch (e) { e.name }")
        == "SecurityError"
    )


def test_without_locks_tabs_take_turns_by_a_lease(shop: Shop, visit: BrowserContext) -> None:
    """Pages without TLS have no Web Locks."""
    shop.first_scripts.append("Object.defineProperty(navigator, 'locks', {value: undefined})")
    first, second = shop.open(visit, "/1"), shop.open(visit, "/2")
    for page in (first, second):
        page.evaluate("for (let n = 0; n < 20; n++) oct.eventT('x', {n})")
    shop.wait_for({"page_view": 2, "x": 40})
    first.evaluate("oct.eventT('left')")
    first.goto("about:blank")
    second.evaluate("oct.eventT('stayed')")
    shop.wait_for({"page_view": 2, "x": 40, "left": 1, "stayed": 1}, 20)


def test_a_pinned_script_is_checked_by_the_page(shop: Shop, visit: BrowserContext) -> None:
    url = shop.tracker.url
    shop.website.head = snippet(f"{url}/tracker.js", f"{url}/t/{shop.tracker_id}", pinned=current())
    shop.open(visit)
    shop.wait_for({"page_view": 1})
    shop.website.head = shop.website.head.replace("sha384-", "sha384-A")
    page = shop.open(visit, "/wrong", is_ready=False)
    page.wait_for_load_state("load")
    assert page.evaluate("oct.v") is None
