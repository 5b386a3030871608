"""Is what a person looks at one view, and what a page does to its address on the way none?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.shop import Shop, is_left_alone

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

#: Calls of history's methods, each so many ms after the one before.
GO = """async (steps) => {
    for (const [how, to, ms] of steps) {
        await new Promise(done => setTimeout(done, ms));
        if (how == 'hash') location.hash = to;
        else if (how == 'eventP') oct.eventP(to);
        else history[how]({}, '', to);
        document.title = 'title of ' + to;
    }
}"""
PUSH, REPLACE = "pushState", "replaceState"


@pytest.mark.parametrize("how", [PUSH, REPLACE])
def test_a_search_as_you_type_is_one_view_of_the_last_query(
    shop: Shop, visit: BrowserContext, how: str
) -> None:
    page = shop.open(visit, "/")
    shop.wait_for({"page_view": 1})
    page.evaluate(GO, [(how, f"/search?q={'shoes'[:length]}", 100) for length in range(1, 6)])
    found = shop.wait_for({"page_view": 2})[-1].properties
    assert (found["$current_url"], found["$page_title"]) == (
        f"{shop.website.url}/search?q=shoes",
        "title of /search?q=shoes",
    )
    page.evaluate(GO, [(how, "/search?q=boots", 0)])
    shop.wait_for({"page_view": 3})
    assert is_left_alone(page)


def test_what_was_left_at_once_is_a_view_if_it_was_a_page_and_none_if_it_was_replaced(
    shop: Shop, visit: BrowserContext
) -> None:
    """A router goes to /account, which sends on to /login; a person goes on from there within half a second."""
    page = shop.open(visit, "/")
    shop.wait_for({"page_view": 1})
    page.evaluate(
        GO, [(PUSH, "/account", 0), (REPLACE, "/login", 50), (PUSH, "/help", 200), (PUSH, "/help?tab=2", 100)]
    )
    shop.wait_for({"page_view": 3})
    assert shop.paths() == ["/", "/login", "/help"]
    assert shop.arrived()[-1].properties["$current_url"].endswith("/help?tab=2")


def test_the_first_address_may_be_put_right_by_the_page(shop: Shop, visit: BrowserContext) -> None:
    shop.website.body = "<script>oct.eventT('early'); history.replaceState({}, '', '/right')</script>"
    page = shop.open(visit, "/wrong?code=1")
    page.evaluate("oct.eventT('late')")
    shop.wait_for({"page_view": 1, "early": 1, "late": 1})
    assert shop.paths() == ["/right"]


def test_a_view_that_is_still_changing_arrives_when_the_page_goes(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit, "/")
    shop.wait_for({"page_view": 1})
    page.evaluate("history.pushState({}, '', '/map?at=1'); history.replaceState({}, '', '/map?at=2')")
    page.goto("about:blank")
    assert shop.wait_for({"page_view": 2})[-1].properties["$current_url"].endswith("/map?at=2")


# Routes of the fragment

ROUTES = [
    ("hash", "#/a", 0),
    ("hash", "#/a?q=1", 100),
    ("hash", "#!/b", 600),
    ("hash", "#part", 600),
    ("hash", "", 600),
]


def test_routes_of_the_fragment_are_views_where_the_page_says_so(shop: Shop, visit: BrowserContext) -> None:
    page = shop.with_attributes('data-hash="1"').open(visit, "/?x=1#/")
    shop.wait_for({"page_view": 1})
    page.evaluate(GO, ROUTES)
    shop.wait_for({"page_view": 4})
    assert shop.paths() == ["/#/", "/#/a", "/#!/b", "/"]
    assert shop.arrived()[1].properties["$current_url"] == f"{shop.website.url}/?x=1#/a?q=1"
    page.go_back()
    page.go_back()
    shop.wait_for({"page_view": 5})
    assert shop.paths()[-1] == "/#!/b"
    assert is_left_alone(page)


def test_without_it_they_are_the_pages_own_business(shop: Shop, visit: BrowserContext) -> None:
    page = shop.open(visit, "/#/")
    shop.wait_for({"page_view": 1})
    page.evaluate(GO, [*ROUTES, (PUSH, "/end", 0), ("eventP", "/virtual#/x", 0)])
    arrived = shop.wait_for({"page_view": 2})
    urls = [event.properties["$current_url"].removeprefix(shop.website.url) for event in arrived]
    assert urls == ["/", "/virtual"], "what the page says itself takes the place of the view before it"
