"""What does the console look like? `make pictures` takes the pages, full and some empty, and puts them into docs/images.

Tracker, the demo shop and its traffic run on a temporary database; a browser signs in and clicks through, as anybody would.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.browser.conftest import CHROME, UNLIMITED
from tests.browser.fewer_colours import smaller
from tests.browser.furnished import FAILING, FIRING, NEWCOMER, ONE, PASSWORD, furnish
from tests.conftest import launch
from tests.mail.mailbox import SENDER, receiving_mails
from tests.processes import reserve_port
from tests.served import ROOT, Account, Tracker
from tracker.demo.shop import Pages, Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

FOLDER = ROOT / "docs/images"
#: Where everything seems to be served, so that no picture has a port in it that was free by chance.
CONSOLE, SHOP = "http://events.example.com", "http://shop.example"
SIZES = {"desktop": (1280, 800), "phone": (375, 812)}
COLOURS = ("light", "dark")
OFTEN = "alerts.get=100000/60,user.login=1000/60,list.update=1000/60,subscriber.get=1000/60,subscriber.explain=1000/60,subscriber.events=1000/60"


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to look at, as parts of paths."""

    full: str
    empty: str
    one: str
    subscriber: str
    alone: str
    event: str
    uuid: str
    visitor: str
    key: str


def main(wanted: list[str]) -> None:
    """Take the pages that are named, or all."""
    from playwright.sync_api import sync_playwright  # slow to import

    FOLDER.mkdir(exist_ok=True)
    settings = {"TRACKER_LIMITS": f"{UNLIMITED},{OFTEN}", "TRACKER_PUBLIC_URL": CONSOLE}
    with (
        receiving_mails() as box,
        Tracker(settings={**settings, "TRACKER_SMTP_URL": box.url, "TRACKER_MAIL_FROM": SENDER}) as tracker,
        sync_playwright() as playwright,
        reserve_port() as holder,
    ):
        port = holder.getsockname()[1]
        hosts = f"MAP events.example.com 127.0.0.1:{tracker.port},MAP shop.example 127.0.0.1:{port}"
        browser = launch(playwright, f"--user-agent={CHROME}", f"--host-resolver-rules={hosts}")
        account = furnish(tracker)
        snippet = tracker.call("list.get", account.key, ListID=account.list_id).body["List"]["EventTrackerJS"]
        with Shop("127.0.0.1", port, Pages(snippet, f"{CONSOLE}/lists/{account.list_id}")):
            _take_all(browser, tracker, account, set(wanted))
        browser.close()


def _take_all(browser: Browser, tracker: Tracker, account: Account, wanted: set[str]) -> None:
    with _looking(browser, account.email) as page:
        camera = Camera(page, wanted)
        scene = _scene(tracker, account)
        for take in (_of_the_shop, _of_reports, _of_a_list, _of_people, _of_keys):
            take(camera, scene)
    with _looking(browser, NEWCOMER) as page:
        Camera(page, wanted).take("lists-empty", "/")
        Camera(page, wanted).take("keys-empty", "/keys")
    with _context(browser) as context:
        camera = Camera(context.new_page(), wanted)
        camera.take("sign-in", "/sign-in")


class Camera:
    """One page of a browser, which goes somewhere and is taken in all sizes and colours."""

    def __init__(self, page: Page, wanted: set[str]) -> None:
        self.page, self._wanted = page, wanted
        self._darkroom = page.context.new_page()

    def take(self, name: str, path: str = "", at: str = "") -> None:
        """What is at `path`, or what is there already; with the element `at` at the top of the picture."""
        if self._wanted and name not in self._wanted:
            return
        if path:
            self.page.goto(path)
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.evaluate("at => at ? document.querySelector(at).scrollIntoView() : scrollTo(0, 0)", at)
            for colours in COLOURS:
                self.page.emulate_media(color_scheme=colours, reduced_motion="reduce")
                taken = self.page.screenshot()
                (FOLDER / f"{name}-{colours}-{size}.png").write_bytes(smaller(self._darkroom, taken))
        self.page.set_viewport_size({"width": SIZES["desktop"][0], "height": SIZES["desktop"][1]})


def _of_the_shop(camera: Camera, scene: Scene) -> None:
    """Clicking through it leaves the first events of the live view."""
    page = camera.page
    page.goto(SHOP)
    page.wait_for_function("window.oct && oct.v")
    page.locator("#products a").first.wait_for()
    camera.take("shop")
    page.get_by_role("link", name="Matcha").click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="To the cart").wait_for()
    _settle(page)
    page.goto(f"{SHOP}/products/teapot-01")
    page.get_by_role("button", name="Add to cart").click()
    _settle(page)
    page.get_by_role("link", name="To the cart").click()
    _settle(page)
    page.get_by_role("link", name="To checkout").click()
    page.get_by_label("First name").fill("Ada")
    page.locator("#email").fill("ada@example.com")
    _settle(page)
    page.get_by_role("button", name="Order and pay").click()
    page.get_by_text("Thank you, Ada").wait_for()
    _settle(page)


def _settle(page: Page) -> None:
    """Until all is sent that was done."""
    page.wait_for_function("window.oct && oct.v")
    page.wait_for_function("Object.keys(localStorage).filter(key => /^oct.{60}$/.test(key)).length === 0")


def _of_reports(camera: Camera, scene: Scene) -> None:
    """The copies for reports are built when the first page asks."""
    page = camera.page
    for path in (scene.full, scene.one):
        page.goto(path)
        page.locator(".tiles").wait_for(timeout=60_000)
    camera.take("overview", scene.full)
    camera.take("overview-rows", at=".cards")
    page.goto(scene.full)
    page.locator(".shares .row-link").first.click()
    page.get_by_role("list", name="Filters").wait_for()
    camera.take("overview-filtered")
    camera.take("overview-one", scene.one)
    camera.take("explore", f"{scene.full}/explore?Show=views&By=visit:$channel")
    camera.take("explore-bars", f"{scene.full}/explore?From=-27d&Show=revenue&As=bars")
    camera.take("explore-table", f"{scene.full}/explore?From=-27d&By=visit:$pathname&As=table")
    crossed = f"{scene.full}/explore?From=-27d&By=visit:$channel&Across=visit:$device_type"
    camera.take("explore-crossed", crossed)
    camera.take("who", f"{scene.full}/who?From=-27d&Event=conversion")
    _of_journeys(camera, scene)
    camera.take("goals", f"{scene.full}/goals")
    _of_what_is_kept(camera, scene)


def _of_journeys(camera: Camera, scene: Scene) -> None:
    """Funnels, retention, paths, revenue and products, the questions above and their answers."""
    camera.take("funnel", f"{scene.full}/funnels?From=-27d")
    camera.page.goto(f"{scene.full}/funnels?From=-27d&By=visit:$device_type&Interval=week&Next=1")
    camera.take("funnel-more", at=".part")
    camera.take("funnel-one", f"{scene.one}/funnels")
    camera.take("retention", f"{scene.full}/retention")
    camera.take("paths", f"{scene.full}/paths?From=-27d&Around=page_view&By=Event")
    camera.take("revenue", f"{scene.full}/revenue?From=-27d")
    camera.take("products", f"{scene.full}/products?From=-27d")
    camera.page.goto(f"{scene.full}/products?From=-27d")
    camera.page.locator(".answer .opens").nth(2).click()
    camera.page.get_by_role("link", name="Back to the numbers").wait_for()
    camera.take("who-cell")


def _of_what_is_kept(camera: Camera, scene: Scene) -> None:
    """Saved reports, notes and links, and what a link shows to somebody who has no account."""
    camera.take("notes", f"{scene.full}/notes")
    camera.page.goto(scene.full)
    camera.take("pinned", at="#pinned")
    camera.take("saved", f"{scene.full}/saved")
    camera.take("saved-empty", f"{scene.empty}/saved")
    camera.page.goto(f"{scene.full}/saved")
    camera.page.get_by_role("link", name="People by channel").click()
    camera.page.get_by_role("button", name="Unpin").wait_for()
    camera.take("saved-report")
    camera.page.goto(f"{scene.full}/links")
    camera.page.get_by_label("Last day").fill("2099-12-31")
    camera.page.get_by_role("button", name="Make the link").click()
    camera.take("links")
    camera.take("shared", camera.page.locator("#made-link").inner_text())
    camera.take("mails", f"{scene.full}/mails")
    _of_what_happens_by_itself(camera, scene)


def _of_what_happens_by_itself(camera: Camera, scene: Scene) -> None:
    """Triggers, alerts, and whether events arrive."""
    page = camera.page
    camera.take("triggers", f"{scene.full}/triggers")
    page.goto(f"{scene.full}/triggers")
    page.get_by_role("link", name=FAILING).click()
    page.get_by_role("heading", name="Deliveries").wait_for()
    camera.take("trigger")
    camera.take("alerts", f"{scene.full}/alerts")
    camera.take("alert-new", f"{scene.full}/alerts?kind=number", at="#alert")
    page.goto(f"{scene.full}/alerts")
    page.get_by_role("link", name=FIRING).click()
    page.get_by_role("heading", name="Messages").wait_for()
    camera.take("alert")
    camera.take("tracking", f"{scene.full}/tracking")


def _of_a_list(camera: Camera, scene: Scene) -> None:
    page = camera.page
    camera.take("lists", "/")
    for name, path in (("", scene.full), ("-empty", scene.empty)):
        camera.take(f"setup{name}", f"{path}/setup")
        camera.take(f"events{name}", f"{path}/events")
        page.goto(f"{path}/live")
        page.get_by_text("Live", exact=True).last.wait_for()
        camera.take(f"live{name}")
    camera.take("live-without-list", "/lists/none/live")
    page.goto(f"{scene.full}/live?event=add_to_cart")
    page.locator(".event-name").first.click()
    page.locator("#drawer .facts").wait_for()
    page.get_by_role("dialog").wait_for()
    camera.take("event")
    page.goto(f"{scene.full}/events")
    page.locator("summary").filter(has_text="add_to_cart").click()
    page.locator(".catalogue[open] table").wait_for()
    camera.take("properties", at=".catalogue[open]")
    camera.take("values", f"{scene.full}/events/values?event=add_to_cart&property=product_id")
    camera.take("names", f"{scene.full}/names")
    camera.take("name", f"{scene.full}/names/one?kind=event&name=newsletter_signup")
    camera.take("settings", f"{scene.full}/settings")
    camera.take("not-found", "/lists/1000000/setup")


def _of_people(camera: Camera, scene: Scene) -> None:
    page = camera.page
    camera.take("people", f"{scene.full}/people")
    camera.take("segments", f"{scene.full}/segments")
    page.goto(f"{scene.full}/segments")
    page.get_by_role("link", name="Looked, bought nothing", exact=True).click()
    page.get_by_role("button", name="Save the segment").wait_for()
    camera.take("segment")
    camera.take("people-empty", f"{scene.empty}/people")
    camera.take("person", scene.subscriber)
    camera.take("person-empty", scene.alone)
    camera.take("why", f"{scene.subscriber}/why/{scene.event}")
    camera.take("unmerge", f"{scene.subscriber}/visitors/{scene.uuid}/0/unmerge")
    camera.take("visitor", f"{scene.full}/visitors/{scene.visitor}")
    camera.take("forget", f"{scene.subscriber}/forget")
    page.goto(f"{scene.subscriber}/forget")
    label = page.get_by_label("To confirm, type")
    label.fill(page.locator("label").filter(has_text="To confirm").inner_text().split("type ")[1])
    page.get_by_role("button", name="Forget for good").click()
    page.get_by_text("They are forgotten.").wait_for()
    camera.take("forgotten")


def _of_keys(camera: Camera, scene: Scene) -> None:
    page = camera.page
    camera.take("keys", "/keys")
    camera.take("key-new", "/keys", at="#new")
    camera.take("key-revoke", f"/keys/{scene.key}/revoke")
    page.goto("/keys")
    page.get_by_label("Name", exact=True).fill("Newsletter")
    page.get_by_role("button", name="Make key").click()
    page.get_by_role("region", name="the new key").wait_for()
    camera.take("key-made")
    camera.take("audit", "/audit")


def _scene(tracker: Tracker, account: Account) -> Scene:
    """Somebody with revenue and several visitors, somebody who did nothing, and a visitor whom nobody knows."""
    key, here = account.key, {"ListID": account.list_id}
    lists = tracker.call("lists.get", key).body["Lists"]
    empty = next(each["ListID"] for each in lists if each["LastEventTrackedAt"] is None)
    one = next(each["ListID"] for each in lists if each["Name"] == ONE)
    subscriber, links = _best_known(tracker, key, here)
    alone = tracker.call("subscriber.create", key, **here, EmailAddress="quiet@example.com").body
    recent = tracker.call("events.recent", key, **here, RecordsPerRequest=100).body["Events"]
    nobody = next(each["UUID"] for each in recent if not each["SubscriberID"] and not each.get("IsBot"))
    path = f"/lists/{account.list_id}"
    return Scene(
        full=path,
        empty=f"/lists/{empty}",
        one=f"/lists/{one}",
        subscriber=f"{path}/people/{subscriber}",
        alone=f"{path}/people/{alone['SubscriberID']}",
        event=links[0]["EventID"],
        uuid=links[0]["UUID"],
        visitor=nobody,
        key=tracker.call("apikeys.get", key).body["APIKeys"][-1]["Prefix"],
    )


def _best_known(tracker: Tracker, key: str, here: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    found: list[tuple[int, int, str, list[dict[str, Any]]]] = []
    for each in tracker.call("subscribers.get", key, **here, RecordsPerRequest=100).body["Subscribers"]:
        who = {**here, "SubscriberID": each["SubscriberID"]}
        known = tracker.call("subscriber.get", key, **who).body
        links = tracker.call("subscriber.explain", key, **who).body["Links"]
        bought = sum(summed["Conversions"] for summed in known["Revenue"])
        found.append((min(len(links), 3), bought, each["SubscriberID"], links))
    return max(found, key=lambda each: each[:2])[2:]


@contextmanager
def _context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(
        base_url=CONSOLE, locale="en-GB", timezone_id="Europe/Berlin", user_agent=CHROME
    ) as context:
        yield context


@contextmanager
def _looking(browser: Browser, email: str) -> Iterator[Page]:
    """A page of a browser in which they have signed in."""
    with _context(browser) as context:
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("Email address").fill(email)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Lists").wait_for()
        yield page


if __name__ == "__main__":
    main(sys.argv[1:])
