"""Is a browser another visitor's as soon as somebody else says who they are, in every tab of it?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.browser.shop import Shop, is_left_alone, waiting
from tests.processes import until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

JANE, BOB = "Jane@Shop.example", "bob@shop.example"


def visitors(shop: Shop) -> dict[str, str]:
    """The visitor of each event, by the event's `n`."""
    found = shop.arrived()
    return {event.properties["n"]: event.visitor for event in found if "n" in event.properties}


def test_another_address_is_another_visitor_and_the_same_one_is_not(
    shop: Shop, visit: BrowserContext
) -> None:
    page = shop.open(visit)
    page.evaluate(f"""
        oct.eventT('x', {{n: 'before'}}); oct.eventI('{JANE}', {{n: 'jane'}}); oct.eventT('x', {{n: 'as jane'}});
        oct.eventI('{JANE.lower()}', {{n: 'jane again'}}); oct.eventI(null, {{n: 'none'}});
    """)
    shop.wait_for({"page_view": 1, "x": 2, "identify": 3})
    page = shop.open(visit)
    page.evaluate(f"oct.eventI('{BOB}', {{n: 'bob'}}); oct.eventT('x', {{n: 'as bob'}})")
    shop.wait_for({"page_view": 2, "x": 3, "identify": 4})
    found = visitors(shop)
    assert len({found[n] for n in ("before", "jane", "as jane", "jane again", "none")}) == 1
    assert len({found[n] for n in ("bob", "as bob")}) == 1
    assert found["bob"] != found["jane"]
    kept = page.evaluate("Object.values(localStorage).join()")
    assert not re.search("bob|jane|shop.example", kept, re.I), "no address is kept"
    page.evaluate(f"oct.eventI('{JANE}', {{n: 'jane came back'}})")
    shop.wait_for({"page_view": 2, "x": 3, "identify": 5})
    assert visitors(shop)["jane came back"] not in {found["jane"], found["bob"]}
    assert is_left_alone(page)


def test_what_waits_keeps_whose_it_was(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit)
    shop.wait_for({"page_view": 1})
    page.evaluate(f"oct.eventI('{JANE}', {{n: 'jane'}})")
    shop.wait_for({"page_view": 1, "identify": 1})
    visit.set_offline(True)
    page.evaluate(
        f"oct.eventT('x', {{n: 'as jane'}}); oct.eventI('{BOB}', {{n: 'bob'}}); oct.eventT('x', {{n: 'as bob'}})"
    )
    visit.set_offline(False)
    shop.wait_for({"page_view": 1, "identify": 2, "x": 2})
    found = visitors(shop)
    assert found["as jane"] == found["jane"] != found["bob"] == found["as bob"]


def kept(shop: Shop, page: Page) -> str | None:
    """Which visitor a tab has: the browser tells it of the others' in its own time."""
    found: str | None = page.evaluate(f"localStorage.getItem('oct{shop.tracker_id}')")
    return found


def test_the_other_tab_follows(shop: Shop, visit: BrowserContext) -> None:
    first, second = shop.open(visit, "/1"), shop.open(visit, "/2")
    first.evaluate(f"oct.eventI('{JANE}', {{n: 'jane'}})")
    jane = kept(shop, first)
    until(lambda: kept(shop, second) == jane, what="the first tab's visitor in the other one")
    second.evaluate(f"oct.eventI('{BOB}', {{n: 'bob'}})")
    until(lambda: kept(shop, first) != jane, what="the other tab's visitor in this one")
    first.evaluate("oct.eventT('x', {n: 'first tab'})")
    second.evaluate("oct.eventT('x', {n: 'second tab'})")
    first.evaluate(f"oct.eventI('{BOB}', {{n: 'bob again'}})")
    shop.wait_for({"page_view": 2, "identify": 3, "x": 2})
    found = visitors(shop)
    assert found["jane"] != found["bob"]
    assert {found[n] for n in ("first tab", "second tab", "bob again")} == {found["bob"]}
    until(lambda: waiting(first) == 0, what="an empty queue")


def test_who_identifies_before_consent_counts_from_then_on(shop: Shop, visit: BrowserContext) -> None:
    """On each page the login is known before the consent that was given earlier."""
    shop.with_attributes('data-consent="wait"')
    for number, address in enumerate((JANE, JANE, BOB)):
        page = shop.open(visit, f"/{number}")
        page.evaluate(f"oct.eventI('{address}', {{n: '{number}'}})")
        assert page.evaluate("Object.keys(localStorage).length") == (0 if number == 0 else 1)
        page.evaluate("oct.consent(true)")
        shop.wait_for({"page_view": number + 1, "identify": number + 1})
        until(lambda page=page: waiting(page) == 0, what="an empty queue")
    found = visitors(shop)
    assert found["0"] == found["1"] != found["2"]
    page.evaluate("oct.consent(false)")
    assert page.evaluate("localStorage.length") == 0


def test_the_token_of_a_link_stays_with_who_came_by_it(shop: Shop, visit: BrowserContext) -> None:
    shop.open(visit, "/1?pr=janes").evaluate(f"oct.eventI('{JANE}', {{n: 'jane'}})")
    shop.wait_for({"page_view": 1, "identify": 1})
    shop.open(visit, "/2").evaluate(f"oct.eventI('{BOB}', {{n: 'bob'}}); oct.eventT('x', {{n: 'as bob'}})")
    shop.wait_for({"page_view": 2, "identify": 2, "x": 1})
    shop.open(visit, "/3?pr=janes2").evaluate(f"oct.eventI('{JANE}', {{n: 'jane again'}})")
    found = {
        event.properties.get("n"): event.properties.get("pr")
        for event in shop.wait_for({"page_view": 3, "identify": 3, "x": 1})
    }
    assert (found["jane"], found["bob"], found["as bob"], found["jane again"]) == (
        "janes",
        None,
        None,
        "janes2",
    )


def test_without_tls_a_visitor_is_random_as_well(shop: Shop, visit: BrowserContext) -> None:
    shop.first_scripts.append("delete Crypto.prototype.randomUUID")
    page = shop.open(visit)
    page.evaluate("for (let n = 0; n < 20; n++) oct.eventT('x', {n: String(n)})")
    shop.wait_for({"page_view": 1, "x": 20})
    [visitor] = set(visitors(shop).values())
    assert (len(visitor), visitor[12]) == (32, "4")
