"""Do 600 page views arrive, once each, while all that can go wrong does? `make faults` has more of them."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.browser.shop import Shop, is_left_alone
from tests.browser.test_delivery import crash
from tests.browser.websites import Between, Fault
from tests.processes import until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

#: What is done to one request in three.
FAULTS: list[Fault] = [503, 429, 500, "lost", "unanswered", 502]
TABS = 3
#: Each view has an address of its own, which is how it is known again.
BROWSE = """async ({from, count, pause}) => {
    for (let n = from; n < from + count; n++) {
        history.pushState({}, '', '/view/' + n);
        document.title = 'view ' + n;
        await new Promise(done => setTimeout(done, pause));
    }
}"""


def soak(shop: Shop, between: Between, visit: BrowserContext, views: int, rounds: int) -> None:
    chosen = random.Random(views)
    between.fault = lambda _: chosen.choice(FAULTS) if chosen.random() < 1 / 3 else None
    shop.through(between)
    tabs, seen = [shop.open(visit, f"/tab/{n}") for n in range(TABS)], 0
    for turn in range(rounds):
        number = turn % TABS
        count = views * (turn + 1) // rounds - seen
        tabs[number].evaluate(BROWSE, {"from": seen, "count": count, "pause": 5})
        seen += count
        tabs[number] = disturb(shop, visit, tabs[number], turn)
    between.fault = lambda _: None
    for tab in tabs:
        tab.evaluate("dispatchEvent(new Event('online'))")
    until(lambda: shop.counts()["page_view"] >= views and len(set(viewed(shop))) >= views, 60, "all views")
    arrived = Counter(viewed(shop))
    assert len(arrived) >= views * 0.999
    assert set(arrived.values()) == {1}, "none is stored twice"
    assert all(is_left_alone(tab) for tab in tabs)
    assert shop.wrong == []


def disturb(shop: Shop, visit: BrowserContext, tab: Page, turn: int) -> Page:
    """What happens to the tab after its turn: it is killed, closed, goes elsewhere, or the network is away."""
    what = turn % 8
    if what in (1, 5):
        crash(tab) if what == 1 else tab.close()
        return shop.open(visit, f"/tab/again/{turn}")
    if what == 3:
        visit.set_offline(True)
        tab.evaluate("oct.eventT('offline')")
        tab.wait_for_timeout(200)
        visit.set_offline(False)
    if what == 6:
        tab.goto(f"{shop.website.url}/tab/next/{turn}")
        tab.wait_for_function("!!(window.oct && oct.v)")
    return tab


def viewed(shop: Shop) -> list[str]:
    return [path for path in shop.paths() if path.startswith("/view/")]


#: Each of what is done to tabs happens to each of the three once.
ROUNDS = 24


def test_six_hundred_views_arrive_once_each(shop: Shop, between: Between, visit: BrowserContext) -> None:
    soak(shop, between, visit, 600, ROUNDS)


@pytest.mark.faults
def test_twenty_thousand_views_arrive_once_each(shop: Shop, between: Between, visit: BrowserContext) -> None:
    soak(shop, between, visit, 20_000, 2 * ROUNDS)
