"""Does every event arrive once, whatever happens to the network, the server and the tab?"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Error

from tests.browser.shop import Shop, is_left_alone, waiting
from tests.browser.websites import Between
from tests.processes import until
from tests.served import StartTracker, make_account

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

#: Longer than the script leaves the events of another page to that page, in seconds; and for the pages that are opened
#: from now on it is later by as much.
ADOPTED = 20
LATER = "const real = Date.now; Date.now = () => real() + 20_000"


def crash(page: Page) -> None:
    """The page's process ends at once, as when a tab is killed: nothing of the page runs any more."""
    with page.expect_event("crash"), contextlib.suppress(Error):
        page.goto("chrome://crash", timeout=5000)
    page.close()


def test_events_of_an_offline_page_arrive_when_it_is_online(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit)
    shop.wait_for({"page_view": 1})
    visit.set_offline(True)
    page.evaluate("for (let n = 0; n < 30; n++) oct.eventT('offline', {n})")
    page.wait_for_timeout(500)
    assert waiting(page) == 30
    visit.set_offline(False)
    arrived = shop.wait_for({"page_view": 1, "offline": 30})
    assert [event.properties["n"] for event in arrived[1:]] == list(range(30))
    until(lambda: waiting(page) == 0, what="an empty queue")
    assert is_left_alone(page)


def test_a_page_that_closes_while_offline_leaves_its_events_to_the_next(
    shop: Shop, visit: BrowserContext
) -> None:
    page = shop.open(visit, "/1")
    shop.wait_for({"page_view": 1})
    visit.set_offline(True)
    page.evaluate("oct.eventT('offline')")
    page.close()
    visit.set_offline(False)
    shop.open(visit, "/2")
    shop.wait_for({"page_view": 2, "offline": 1}, ADOPTED)


@pytest.mark.parametrize("fault", ["held", "lost"])
def test_a_tab_killed_while_it_sends_loses_nothing(
    shop: Shop, between: Between, visit: BrowserContext, fault: str
) -> None:
    """Whether Tracker had the events or not: the next page sends them again, and they are stored once."""
    page = shop.through(between).open(visit, "/1")
    shop.wait_for({"page_view": 1})
    until(lambda: waiting(page) == 0, what="an empty queue")
    between.fault = lambda _: fault
    page.evaluate("for (let n = 0; n < 5; n++) oct.eventT('sent', {n})")
    until(lambda: b'"sent"' in b"".join(between.bodies), what="a request under way")
    crash(page)
    between.fault = lambda _: None
    between.release.set()
    shop.first_scripts.append(LATER)
    shop.open(visit, "/2")
    shop.wait_for({"page_view": 2, "sent": 5}, ADOPTED)


def test_a_view_is_kept_although_its_title_is_not_there_yet(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit, "/1")
    shop.wait_for({"page_view": 1})
    page.evaluate("history.pushState({}, '', '/killed')")
    crash(page)
    shop.first_scripts.append(LATER)
    shop.open(visit, "/2")
    shop.wait_for({"page_view": 3})


#: A tab that is in the background already does not become hidden when it goes.
IN_THE_BACKGROUND = "addEventListener('visibilitychange', event => event.stopImmediatePropagation(), true)"


@pytest.mark.parametrize("way", ["away", "closed"])
@pytest.mark.parametrize("is_shown", [True, False], ids=["shown", "in the background"])
@pytest.mark.parametrize("fault", [None, "held"])
def test_an_event_just_before_the_page_goes_arrives_without_another_page(
    shop: Shop, between: Between, visit: BrowserContext, fault: str | None, is_shown: bool, way: str
) -> None:
    """Also when it fills what a browser carries for pages that are gone, counted in bytes, and while an earlier
    one has no answer: browsers give up what is on its way, and only then tell the page that it goes."""
    between.fault = lambda number: fault if number == 1 else None
    if not is_shown:
        shop.first_scripts.append(IN_THE_BACKGROUND)
    page = shop.through(between).open(visit)
    shop.wait_for({"page_view": 1})
    page.evaluate(
        "addEventListener('pagehide', () => oct.eventT('late', Object.fromEntries([...'abcd'].map(c => [c, 'é'.repeat(7000)]))))"
    )
    page.goto("about:blank") if way == "away" else page.close()
    shop.wait_for({"page_view": 1, "late": 1})
    assert len(between.bodies[-1]) > 56_000
    between.release.set()


def test_more_than_a_browser_carries_for_a_page_that_is_gone_is_sent_by_the_next(
    shop: Shop, visit: BrowserContext
) -> None:
    page = shop.open(visit, "/1")
    shop.wait_for({"page_view": 1})
    page.evaluate("""addEventListener('pagehide', () => {
        for (let n = 0; n < 8; n++) oct.eventT('late', {n, text: '€'.repeat(6000)});
    })""")
    page.goto("about:blank")
    page.add_init_script(LATER)
    page.goto(shop.website.url + "/2")
    shop.wait_for({"page_view": 2, "late": 8})


def test_refusals_that_pass_are_waited_for(shop: Shop, between: Between, visit: BrowserContext) -> None:
    refusals = dict(enumerate((503, 429, 500, 404), 1))
    between.fault = refusals.get
    page = shop.through(between).open(visit)
    page.evaluate("oct.eventT('x')")
    shop.wait_for({"page_view": 1, "x": 1}, ADOPTED)
    until(lambda: waiting(page) == 0, what="an empty queue")
    assert is_left_alone(page)


def test_nobody_sends_before_retry_after_not_even_another_tab(
    shop: Shop, between: Between, visit: BrowserContext
) -> None:
    between.retry_after, between.fault = "2", lambda number: 429 if number == 1 else None
    page = shop.through(between).open(visit, "/1")
    until(lambda: between.bodies, what="a first request")
    refused = time.monotonic()
    shop.open(visit, "/2").evaluate("oct.eventT('x')")
    page.evaluate("oct.eventT('y')")
    until(lambda: len(between.bodies) > 1, 20, "another try")
    assert time.monotonic() - refused > 1.8
    shop.wait_for({"page_view": 2, "x": 1, "y": 1}, ADOPTED)


def test_a_batch_that_is_refused_for_one_event_is_sent_one_by_one(
    shop: Shop, between: Between, visit: BrowserContext
) -> None:
    def fault(_: int) -> int | None:
        return 413 if b'"poison"' in between.bodies[-1] else None

    between.fault = lambda number: 503 if number == 1 else fault(number)
    page = shop.through(between).open(visit)
    page.evaluate("oct.eventT('a'); oct.eventT('poison'); oct.eventT('b')")
    shop.wait_for({"page_view": 1, "a": 1, "b": 1}, ADOPTED)
    until(lambda: waiting(page) == 0, what="an empty queue: the one at fault is given up")


def test_the_server_stops_and_starts_again(
    start_tracker: StartTracker, shop: Shop, visit: BrowserContext
) -> None:
    own = start_tracker()
    account = make_account(own, "restart@example.com", "*")
    moved = Shop(own, account, shop.website, account.list_id)
    page = moved.open(visit)
    moved.wait_for({"page_view": 1})
    own.stop()
    page.evaluate("for (let n = 0; n < 10; n++) oct.eventT('x', {n})")
    page.wait_for_timeout(500)
    own.start()
    moved.wait_for({"page_view": 1, "x": 10}, ADOPTED)
    assert is_left_alone(page)


def test_two_tabs_send_in_turn_and_nothing_twice(shop: Shop, between: Between, visit: BrowserContext) -> None:
    faults = {3: 503, 5: "unanswered", 8: "lost"}
    between.fault = lambda number: faults.get(number)
    tabs = [shop.through(between).open(visit, "/1"), shop.open(visit, "/2")]
    for tab in tabs:
        tab.evaluate("""async () => {
            for (let n = 0; n < 40; n++) {
                oct.eventT('x', {n});
                await new Promise(done => setTimeout(done, 10));
            }
        }""")
    shop.wait_for({"page_view": 2, "x": 80}, 40)
    assert between.most_at_once == 1, "every fetch is made under one lock"
    until(lambda: all(waiting(tab) == 0 for tab in tabs), what="empty queues")


def test_an_event_keeps_its_id_and_its_time_on_every_try(
    shop: Shop, between: Between, visit: BrowserContext
) -> None:
    between.fault = lambda number: 503 if number <= 2 else None
    shop.through(between).open(visit)
    shop.wait_for({"page_view": 1})
    tries = [json.loads(body) for body in between.bodies]
    assert len(tries) == 3
    assert len({json.dumps(one["Events"]) for one in tries}) == 1
    assert len({one["SentAt"] for one in tries}) == 3
    [event] = tries[0]["Events"]
    assert event["Timestamp"] < tries[0]["SentAt"]


def test_the_queue_is_bounded_and_tells_what_it_dropped(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit)
    shop.wait_for({"page_view": 1})
    visit.set_offline(True)
    page.evaluate("for (let n = 0; n < 60; n++) oct.eventT('large', {n, text: 'x'.repeat(20000)})")
    kept = waiting(page)
    assert 20 < kept < 30
    assert page.evaluate("JSON.stringify(localStorage).length") < 600_000
    visit.set_offline(False)
    arrived = shop.wait_for({"page_view": 1, "large": kept}, ADOPTED)[1:]
    assert [event.properties["n"] for event in arrived] == list(range(60 - kept, 60)), "the oldest go first"
    assert sum(event.properties.get("$dropped", 0) for event in arrived) == 60 - kept


def test_a_store_that_is_full_holds_nothing_up(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit)
    shop.wait_for({"page_view": 1})
    page.evaluate("""() => {
        let part = 'x'.repeat(1 << 20);
        for (let n = 0; part; n++) try { localStorage['host' + n] = part } catch (e) { part = part.slice(part.length / 2 + 1) }
    }""")
    page.evaluate("oct.eventT('x')")
    shop.wait_for({"page_view": 1, "x": 1})
    assert page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('host')).length") > 4


def test_a_page_that_clears_its_storage_loses_no_event_and_becomes_a_new_visitor_later(
    shop: Shop, visit: BrowserContext
) -> None:
    page = shop.open(visit)
    shop.wait_for({"page_view": 1})
    visit.set_offline(True)
    page.evaluate("oct.eventT('x'); localStorage.clear()")
    visit.set_offline(False)
    shop.wait_for({"page_view": 1, "x": 1})


def test_lists_that_share_an_origin_share_nothing(
    shop: Shop, between: Between, visit: BrowserContext
) -> None:
    page = shop.open(visit, "/1")
    shop.wait_for({"page_view": 1})
    visit.set_offline(True)
    page.evaluate("oct.eventT('of the first')")
    page.close()
    visit.set_offline(False)
    second = shop.tracker.call("list.create", shop.account.key, SubscriberListName="Second").body["ListID"]
    other = Shop(shop.tracker, shop.account, shop.website, second)
    other.first_scripts.append(LATER)
    page = other.open(visit, "/2")
    other.wait_for({"page_view": 1})
    until(lambda: waiting(page) == 1, what="all sent that is sent")
    assert shop.names() == ["page_view"], (
        "only a page with the first list's snippet sends what is the first's"
    )
    assert page.evaluate("Object.keys(localStorage).filter(key => key[18] && !key[19]).length") == 2
