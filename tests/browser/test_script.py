"""Does the snippet track what happens on a page, once each, and leave the page alone?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.shop import Shop, is_left_alone, waiting
from tests.browser.websites import Between
from tests.processes import until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

#: What the script sends and what is added to it, of every page view.
CAPTURED = {
    "$browser", "$browser_version", "$browser_language", "$device_type", "$screen_width", "$screen_height",
    "$viewport_width", "$viewport_height", "$current_url", "$host", "$pathname", "$page_title", "$referrer", "$lib",
    "$lib_version", "$sent_at", "$uuid", "$list_id", "$timezone",
}  # fmt: skip


def test_a_page_of_another_origin_is_tracked(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit, "/products/1?colour=red#size")
    [view] = shop.wait_for({"page_view": 1})
    seen = view.properties
    assert seen.keys() | {"$referrer"} >= CAPTURED
    assert seen["$current_url"] == f"{shop.website.url}/products/1?colour=red", (
        "a fragment is the page's own business"
    )
    assert (seen["$pathname"], seen["$page_title"]) == ("/products/1", "/products/1")
    assert (seen["$screen_width"], seen["$viewport_width"]) == (1280, 1280)
    assert (seen["$lib"], seen["$lib_version"]) == ("tracker.js", "1")
    assert seen["$timezone"] == page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert (seen["$browser"], seen["$device_type"]) == ("Chrome", "desktop")
    until(lambda: waiting(page) == 0, what="an empty queue")
    assert visit.cookies() == []
    [[key, kept]] = page.evaluate("Object.entries(localStorage)")
    assert (key, kept.strip()) == ("oct" + shop.tracker_id, seen["$uuid"]), (
        "one entry says who this browser is"
    )
    assert is_left_alone(page)


def test_calls_before_the_script_is_there_are_kept(shop: Shop, visit: BrowserContext) -> None:
    order = "'o-7', 'Order', 9.5, {'conversion-currency': 'EUR'}"
    shop.website.head += f"""<script>
        oct.eventI('jane@example.com', {{plan: 'free'}}, {{'First-Name': 'Jane'}}); oct.eventT('early', {{a: 1}});
        oct.eventC({order});
        var kept = oct.eventT;
    </script>"""
    page = shop.open(visit)
    page.evaluate("kept('by the stub'); oct.eventT('late')")
    arrived = shop.wait_for(
        {"page_view": 1, "identify": 1, "early": 1, "conversion": 1, "by the stub": 1, "late": 1}
    )
    found = {event.name: event.properties for event in arrived}
    assert (found["identify"]["plan"], found["early"]["a"]) == ("free", 1)
    assert found["conversion"]["conversion-value"] == 9.5
    assert found["conversion"]["conversion-currency"] == "EUR"
    assert len({event.visitor for event in arrived}) == 1
    assert is_left_alone(page)


def test_views_without_a_reload_are_views_once_each(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit, "/")
    shop.wait_for({"page_view": 1})
    page.evaluate("""async () => {
        const titled = async (path, how) => {
            history[how]({}, '', path);
            await Promise.resolve();
            document.title = 'title of ' + path;  // as frameworks do: after the address has changed
            await new Promise(done => setTimeout(done, 600));
        };
        await titled('/a', 'pushState');
        await titled('/a', 'replaceState');        // the same place
        await titled('/a#part', 'pushState');      // a part of it
        await titled('/b?q=1', 'pushState');
        await titled('/c', 'replaceState');
        history.pushState({}, '', '/d'); history.pushState({}, '', '/e');  // at once
    }""")
    shop.wait_for({"page_view": 6})
    page.go_back()
    page.go_back()
    shop.wait_for({"page_view": 8})
    assert shop.paths() == ["/", "/a", "/b", "/c", "/d", "/e", "/d", "/c"]
    titles = [event.properties["$page_title"] for event in shop.arrived()]
    assert titles[1:4] == ["title of /a", "title of /b?q=1", "title of /c"]
    assert is_left_alone(page)


def test_a_page_may_say_itself_what_is_viewed(shop: Shop, visit: BrowserContext) -> None:
    shop.website.head += "<script>oct.eventP('/virtual', {section: 'news'})</script>"
    page = shop.open(visit, "/real")
    page.evaluate("history.pushState({}, '', '/next'); oct.eventP()")
    arrived = shop.wait_for({"page_view": 2})
    assert shop.paths() == ["/virtual", "/next"], "instead of the view that would be counted by itself"
    assert arrived[0].properties["section"] == "news"


def test_restored_and_prerendered_pages_are_views_when_they_are_seen(
    shop: Shop, visit: BrowserContext
) -> None:
    page = shop.open(visit, "/")
    shop.wait_for({"page_view": 1})
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: false}))")
    shop.wait_for({"page_view": 2})
    shop.first_scripts.append(
        "Object.defineProperty(document, 'prerendering', {value: true, configurable: true})"
    )
    hidden = shop.open(visit, "/prerendered", is_ready=False)
    hidden.wait_for_load_state()
    hidden.evaluate("oct.eventT('marker'); history.replaceState({}, '', '/prerendered?by=router')")
    assert hidden.evaluate("typeof oct.v") == "undefined", "nothing is read, stored or sent before"
    hidden.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    arrived = shop.wait_for({"page_view": 3, "marker": 1})
    assert {event.properties["$current_url"] for event in arrived[-2:]} == {
        f"{shop.website.url}/prerendered?by=router"
    }


def test_events_can_be_written_into_the_page(shop: Shop, visit: BrowserContext) -> None:
    shop.website.body = """
        <button id=buy data-oct-event="add to cart" data-oct-prop-product_id="p-1" data-oct-prop-note='"x"'>
            <b id=inner>Buy</b></button>
        <form id=form data-oct-event="sent" onsubmit="return false"><button id=submit>Send</button></form>
        <div onclick="event.stopPropagation()"><i id=stopped data-oct-event="stopped">x</i></div>"""
    page = shop.open(visit)
    for element in ("#inner", "#submit", "#stopped"):
        page.click(element)
    page.evaluate("document.dispatchEvent(new Event('click'))")
    arrived = shop.wait_for({"page_view": 1, "add to cart": 1, "sent": 1, "stopped": 1})
    bought = next(event.properties for event in arrived if event.name == "add to cart")
    assert (bought["product_id"], bought["note"]) == ("p-1", '"x"')
    assert is_left_alone(page)


def test_the_object_can_have_another_name(shop: Shop, visit: BrowserContext) -> None:
    shop.with_attributes('data-lobj="metrics"')
    shop.website.head = shop.snippet = shop.snippet.replace('(window,"oct",', '(window,"metrics",')
    page = shop.open(visit, is_ready=False)
    page.wait_for_function("window.metrics && metrics.v")
    page.evaluate("metrics.eventT('named')")
    shop.wait_for({"page_view": 1, "named": 1})
    assert page.evaluate("typeof window.oct") == "undefined"


def test_a_visitor_stays_the_same_over_pages_tabs_and_sessions(shop: Shop, visit: BrowserContext) -> None:
    for path in ("/1", "/2"):
        shop.open(visit, path).evaluate("location.assign('/3')")
    arrived = shop.wait_for({"page_view": 4})
    assert len({event.visitor for event in arrived}) == 1


# Consent and signals


def test_before_consent_nothing_is_stored_or_sent_and_afterwards_nothing_is_missing(
    shop: Shop, between: Between, visit: BrowserContext
) -> None:
    page = shop.through(between).with_attributes('data-consent="wait"').open(visit, "/?pr=token")
    page.evaluate("oct.eventT('early', {a: 1}); history.pushState({}, '', '/next')")
    page.wait_for_timeout(400)
    page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert (visit.cookies(), between.bodies) == ([], [])
    page.evaluate("oct.consent(true)")
    arrived = shop.wait_for({"page_view": 2, "early": 1})
    assert [event.name for event in arrived] == ["page_view", "early", "page_view"]
    assert {event.properties["pr"] for event in arrived} == {"token"}
    sent = len(between.bodies)
    page.evaluate("oct.consent(false); oct.eventT('after')")
    page.wait_for_timeout(400)
    assert page.evaluate("localStorage.length") == 0
    assert len(between.bodies) == sent
    page.evaluate("oct.consent(true)")
    arrived = shop.wait_for({"page_view": 2, "early": 1, "after": 1})
    assert len({event.visitor for event in arrived}) == 2, "who had withdrawn is a new visitor"


@pytest.mark.parametrize("signal", ["globalPrivacyControl: true", "doNotTrack: '1'"])
def test_privacy_signals_are_heeded_where_the_list_says_so(
    shop: Shop, between: Between, visit: BrowserContext, signal: str
) -> None:
    name, _, value = signal.partition(": ")
    shop.first_scripts.append(f"Object.defineProperty(navigator, '{name}', {{get: () => {value}}})")
    page = shop.through(between).open(visit)
    shop.wait_for({"page_view": 1})
    page.evaluate("localStorage.clear()")
    sent = len(between.bodies)
    page = shop.with_attributes('data-gpc="1"').open(visit)
    page.evaluate("oct.eventT('x'); oct.consent(true); history.pushState({}, '', '/next')")
    page.wait_for_timeout(400)
    assert page.evaluate("localStorage.length") == 0
    assert len(between.bodies) == sent
    assert is_left_alone(page)


# The token of a mail's link


def test_the_token_of_a_link_goes_with_every_event_for_30_days(shop: Shop, visit: BrowserContext) -> None:
    shop.open(visit, "/?a=b&pr=tok-1%3D&c=d")
    shop.wait_for({"page_view": 1})
    shop.open(visit, "/later").evaluate("oct.eventT('bought')")
    arrived = shop.wait_for({"page_view": 2, "bought": 1})
    assert [event.properties["pr"] for event in arrived] == ["tok-1%3D"] * 3
    later = 31 * 24 * 3600 * 1000
    shop.first_scripts.append(f"const real = Date.now; Date.now = () => real() + {later}")
    shop.open(visit, "/much-later")
    arrived = shop.wait_for({"page_view": 3, "bought": 1})
    assert "pr" not in max(arrived, key=lambda event: event.event_at).properties
    assert len({event.visitor for event in arrived}) == 1


def test_a_new_link_has_a_new_token(shop: Shop, visit: BrowserContext) -> None:
    for number in (1, 2):
        shop.open(visit, f"/?pr=tok-{number}")
        shop.wait_for({"page_view": number})
    assert [event.properties["pr"] for event in shop.arrived()] == ["tok-1", "tok-2"]
