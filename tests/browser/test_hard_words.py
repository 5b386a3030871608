"""Does what a page cannot help, or does wrong, cost no more than that event, and is the page told?"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.browser.shop import Shop, is_left_alone, waiting
from tests.browser.websites import Between
from tests.processes import until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage


def test_half_an_emoji_in_a_title_harms_nothing(shop: Shop, between: Between, visit: BrowserContext) -> None:
    page = shop.through(between).open(visit)
    page.evaluate(r"""() => {
        history.pushState({}, '', '/sale');
        document.title = 'Sale ' + '😀'.slice(0, 1);
        oct.eventT('torn', {text: 'a\ud83d', ['b' + '\udc00']: [1, {c: '\udfff'}], whole: '😀', literal: '\\ud83d', three: '\\\ud83d'});
        oct.eventT('next');
    }""")
    arrived = shop.wait_for({"page_view": 2, "torn": 1, "next": 1})
    found = {event.name: event.properties for event in arrived if event.properties["$pathname"] == "/sale"}
    assert found["next"]["$page_title"] == found["page_view"]["$page_title"] == "Sale "
    torn = found["torn"]
    assert (torn["text"], torn["b"], torn["whole"]) == ("a", [1, {"c": ""}], "😀")
    assert (torn["literal"], torn["three"]) == (r"\ud83d", "\\"), "what only looks like it is left alone"
    assert is_left_alone(page)


def test_a_long_address_and_title_lose_no_event(shop: Shop, between: Between, visit: BrowserContext) -> None:
    page = shop.through(between).with_attributes('data-hash="1"').open(visit)
    shop.wait_for({"page_view": 1})
    page.evaluate("""() => {
        document.title = 't'.repeat(1e6);
        history.replaceState(0, '', '#/' + 'x'.repeat(1e6));
        oct.eventT('anything');
    }""")
    arrived = shop.wait_for({"page_view": 2, "anything": 1})
    assert {len(event.properties["$page_title"]) for event in arrived[1:]} == {2000}
    assert {len(event.properties["$current_url"]) for event in arrived[1:]} == {2000}
    assert max(map(len, between.bodies)) < 64 * 1024
    assert is_left_alone(page)


#: Calls of a page, and what is told of them.
REFUSED = {
    "oct.eventC('o1', 'Order', '12,50')": "Invalid conversion-value event property",
    "oct.eventC('o1')": "Missing conversion-name event property",
    "oct.eventT('x', {text: 'x'.repeat(40000)})": "a string is longer than 32768 bytes",
    "oct.eventT('')": "Missing event parameter",
    "oct.eventI('nobody')": "Invalid email parameter",
}


def test_the_page_is_told_what_was_refused_and_why(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit)
    shop.wait_for({"page_view": 1})
    told: list[ConsoleMessage] = []
    page.on("console", lambda message: told.append(message))
    for count, (call, said) in enumerate(REFUSED.items(), 1):
        page.evaluate(f"oct.eventT('before'); {call}; oct.eventT('after')")
        shop.wait_for({"page_view": 1, "before": count, "after": count})
        until(lambda: waiting(page) == 0, what="an empty queue")
        message = told.pop()
        assert not told, call
        name, errors, event = (argument.json_value() for argument in message.args)
        assert (message.type, name) == ("warning", "oct")
        assert said in errors[0]["Message"]
        assert json.loads(event)["EventID"].startswith("oct")
    assert is_left_alone(page)


@pytest.mark.parametrize("clock", ["3 days ahead", "in 2000", "in 1970"])
def test_events_from_before_the_clock_was_set_right_arrive(
    shop: Shop, visit: BrowserContext, clock: str
) -> None:
    """A device that starts without a network, and learns the time when it has one."""
    page = shop.open(visit, "/1")
    shop.wait_for({"page_view": 1})
    visit.set_offline(True)
    page.evaluate(
        """clock => {
            const real = Date.now;
            const began = real();
            const first = {'3 days ahead': began + 3 * 864e5, 'in 2000': 9466848e5, 'in 1970': 5e6}[clock];
            Date.now = () => window.isRight ? real() : first + real() - began;
        }""",
        clock,
    )
    page.evaluate("oct.eventT('queued', {n: 1}); oct.eventT('queued', {n: 2})")
    page.evaluate("window.isRight = true")
    visit.set_offline(False)
    page.evaluate("oct.eventT('after')")
    arrived = shop.wait_for({"page_view": 1, "queued": 2, "after": 1}, 30)
    until(lambda: waiting(page) == 0, what="an empty queue")
    first = next(event for event in arrived if event.name == "page_view").event_at
    assert all(0 <= event.event_at - first < 60_000 for event in arrived)


def test_the_next_page_sends_what_an_earlier_one_made_while_the_clock_was_ahead(
    shop: Shop, visit: BrowserContext
) -> None:
    page = shop.open(visit, "/1")
    shop.wait_for({"page_view": 1})
    visit.set_offline(True)
    page.evaluate(
        "() => { const real = Date.now; Date.now = () => real() + 3 * 864e5; oct.eventT('queued') }"
    )
    page.close()
    visit.set_offline(False)
    shop.open(visit, "/2")
    shop.wait_for({"page_view": 2, "queued": 1}, 30)
