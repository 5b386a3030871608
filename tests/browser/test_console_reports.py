"""Do pages of reports work in a real browser: for everybody, by keyboard, without scripts, and whatever names there are?"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.axe import faults, faults_in_all_colours, faults_in_all_looks
from tests.browser.payloads import PAYLOADS
from tests.browser.test_console import sign_in, watch
from tests.browser.websites import Website
from tests.client import InProcess
from tests.console.made_up_console import Console
from tests.console.made_up_reports import failure
from tests.processes import until
from tests.served import Account, Tracker, make_account

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

#: `{full}` is a list with a month of a shop's traffic, `{one}` one with a single event.
PAGES = {
    "lists": "/",
    "overview": "/lists/{full}",
    "overview, one event": "/lists/{one}",
    "a day by the hour": "/lists/{full}?From=yesterday&To=yesterday&Show=views",
    "another number, tabs and a year": "/lists/{full}?Show=revenue&Sources=Campaign&Pages=Seen&Compare=year",
    "filtered to nothing": '/lists/{full}?Where=[{{"Of":"visit","Property":"$channel","Is":"equals","Value":"nowhere"}}]',
    "a question that is refused": "/lists/{full}?From=nonsense",
    "explore": "/lists/{full}/explore",
    "explore, lines": "/lists/{full}/explore?By=visit:$channel",
    "explore, bars": "/lists/{full}/explore?By=visit:$device_type&As=bars&Event=page_view",
    "explore, a table": "/lists/{full}/explore?By=$pathname&As=table&Show=views",
    "explore, two at once": "/lists/{full}/explore?By=visit:$channel&Across=visit:$device_type",
    "a funnel that is suggested": "/lists/{full}/funnels?From=-29d",
    "a funnel, all of it": "/lists/{full}/funnels?From=-29d&By=visit:$device_type&Interval=week&Next=1&Count=visits&Order=any",
    "no funnel": "/lists/{one}/funnels",
    "retention": "/lists/{full}/retention",
    "nobody came back": "/lists/{one}/retention?Interval=day",
    "paths": "/lists/{full}/paths?From=-29d&By=Event&Around=page_view",
    "paths of nobody": "/lists/{full}/paths?Around=nothing",
    "revenue": "/lists/{full}/revenue?From=-29d&By=campaign",
    "products": "/lists/{full}/products?From=-29d",
    "no products": "/lists/{one}/products",
    "people in a cell": '/lists/{full}/who?From=-29d&Cell={{"Report":"reports.products","Is":"seen"}}',
    "people behind a number": "/lists/{full}/who?Event=page_view",
    "nobody behind a number": "/lists/{full}/who?Event=nothing",
    "goals": "/lists/{full}/goals",
    "alerts": "/lists/{full}/alerts",
    "no alert": "/lists/{one}/alerts?kind=number",
    "an alert": "/lists/{full}/alerts/{alert}",
    "an alert of a number": "/lists/{full}/alerts?kind=number",
    "an alert of refusals": "/lists/{full}/alerts?kind=refusals",
    "an alert to change": "/lists/{full}/alerts/{number}/edit",
    "triggers": "/lists/{full}/triggers",
    "no trigger": "/lists/{one}/triggers",
    "a trigger": "/lists/{full}/triggers/{trigger}",
    "a delivery": "/lists/{full}/triggers/{trigger}/deliveries/{delivery}",
    "mails": "/lists/{full}/mails",
    "no mail": "/lists/{one}/mails",
    "saved reports": "/lists/{full}/saved",
    "a saved report": "/lists/{full}/saved/{saved}",
    "no saved report": "/lists/{one}/saved",
    "links": "/lists/{full}/links",
    "notes": "/lists/{full}/notes",
    "segments": "/lists/{full}/segments",
    "no segment": "/lists/{one}/segments",
    "a segment": "/lists/{full}/segments/{segment}",
    "a new segment": "/lists/{full}/segments/new",
    "a segment as JSON": "/lists/{full}/segments/{segment}?as=json",
    "the people of a segment": "/lists/{full}/segments/{segment}/people",
    "filtered by a segment": "/lists/{full}?SegmentID={segment}",
}
EMAIL = "reports@example.com"


@pytest.fixture(scope="module")
def owner(console: Tracker) -> Account:
    account = make_account(console, EMAIL, "*", list_name="Kettle & Leaf")
    console.cli("demo", "--events", "1500", "--email", EMAIL, "--list", str(account.list_id))
    console.ok("goal.create", account.key, ListID=account.list_id, Name="Cart", Event="add_to_cart")
    return account


@pytest.fixture(scope="module")
def lists(console: Tracker, owner: Account) -> dict[str, int]:
    one = console.ok("list.create", owner.key, SubscriberListName="One event")["ListID"]
    console.ok("event.track", owner.key, ListID=one, Event="page_view", Email="ada@example.com")
    for list_id in (owner.list_id, int(one)):
        wait_for_copy(console, owner, list_id)
    rule = [{"Of": "person", "Event": "add_to_cart", "Is": "happened", "Times": 2}]
    made = console.ok("segment.create", owner.key, ListID=owner.list_id, Name="Carts", Rule=rule)
    watched = {"Name": "Orders stopped", "Kind": "silence", "Event": "order", "To": ["ada@example.com"]}
    alert = console.ok("alert.create", owner.key, ListID=owner.list_id, **watched)["AlertID"]
    found = {"full": owner.list_id, "one": int(one), "segment": int(made["SegmentID"]), "alert": int(alert)}
    about = {"ListID": owner.list_id}
    found |= by_itself(console, owner, about, found["segment"])
    sent = {"Name": "People by channel", "Report": "reports.trend", "Params": {"By": "visit:$channel"}}
    saved = console.ok("savedreport.create", owner.key, **about, **sent, IsPinned=True)["SavedReportID"]
    console.ok("annotation.create", owner.key, **about, Text="Release", At="yesterday")
    return {**found, "saved": int(saved)}


def by_itself(console: Tracker, owner: Account, about: dict[str, Any], segment: int) -> dict[str, int]:
    """A trigger with a delivery, a mail, and an alert that has all that its form has."""
    where = [{"Of": "event", "Property": "price", "Is": "at least", "Value": "20"}]
    number = {
        "Kind": "number",
        "Is": "down",
        "Measure": "revenue",
        "Value": 30,
        "Hours": 48,
        "SegmentID": segment,
    }
    told = {"To": ["ada@example.com"], "URL": "https://crm.invalid/hook", "Where": where}
    alert = console.ok("alert.create", owner.key, **about, **number, **told, Name="Less revenue")["AlertID"]
    hook = {"Name": "New customers", "Event": "welcomed", "URL": "https://crm.invalid/hook"}
    trigger = console.ok("trigger.create", owner.key, **about, **hook)["TriggerID"]
    console.ok("event.track", owner.key, **about, Event="welcomed", Email="ada@example.com")

    def made() -> list[dict[str, Any]]:
        found = console.ok("deliveries.get", owner.key, **about)["Deliveries"]
        return [each for each in found if each["AttemptCount"]]

    delivery = until(made, what="an attempt")[0]["DeliveryID"]
    console.ok("schedule.create", owner.key, **about, Overview=True, Every="week", To=["ada@example.com"])
    return {"number": int(alert), "trigger": int(trigger), "delivery": int(delivery)}


@pytest.fixture(scope="module")
def links(console: Tracker, owner: Account, lists: dict[str, int]) -> dict[str, str]:
    """Addresses of share links, by what they show."""
    opened = {
        "overview": {"Overview": True},
        "a saved report": {"SavedReportID": lists["saved"]},
        "a password": {"Overview": True, "Password": "password of a link"},
    }
    return {
        name: "/s/"
        + console.ok("share.create", owner.key, ListID=owner.list_id, **sent)["URL"].rpartition("/")[2]
        for name, sent in opened.items()
    }


def wait_for_copy(console: Tracker, owner: Account, list_id: int) -> None:
    """Until the list's copy for reports is built."""

    def is_ready() -> bool:
        asked = {"ListID": list_id, "Measures": ["events"], "Interval": "none", "From": "-364d"}
        answer = console.ok("reports.trend", owner.key, **asked)
        return answer["Status"] == "ready" and answer["Series"][0]["Total"] > 0

    until(is_ready, what="a copy for reports", seconds=60)


@pytest.fixture(scope="module")
def session(browser: Browser, console: Tracker, owner: Account) -> dict[str, Any]:
    with browser.new_context(base_url=console.url) as context:
        sign_in(context.new_page(), owner)
        return dict(context.storage_state())


@pytest.fixture(scope="module")
def context(browser: Browser, console: Tracker, session: Any) -> Iterator[BrowserContext]:
    """A browser in which the owner is signed in."""
    with browser.new_context(base_url=console.url, storage_state=session) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    with context.new_page() as page:
        yield page


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_kept_out(name: str, looked_at: Page, lists: dict[str, int]) -> None:
    wrong = watch(looked_at)
    looked_at.goto(PAGES[name].format(**lists))
    assert faults_in_all_looks(looked_at) == []
    assert [line for line in wrong if "422" not in line] == [], "nothing was refused by the policy"


@pytest.mark.parametrize("name", ["overview", "a saved report", "a password"])
def test_nobody_is_kept_out_who_has_a_link(
    name: str, browser: Browser, console: Tracker, links: dict[str, str]
) -> None:
    """In a browser of somebody who has no account."""
    with browser.new_context(base_url=console.url) as context:
        page = context.new_page()
        wrong = watch(page)
        page.goto(links[name])
        assert faults_in_all_looks(page) == []
        if name == "a password":
            page.get_by_label("Password of this link").fill("password of a link")
            page.get_by_role("button", name="Show the numbers").click()
            page.get_by_role("heading", name="Kettle & Leaf").wait_for()
        assert [line for line in wrong if "403" not in line] == []


def test_a_link_is_framed_where_it_may_be(
    browser: Browser, console: Tracker, owner: Account, lists: dict[str, int]
) -> None:
    """Two websites frame the same link, of which one may. Both are on this machine: browsers part it from the rest of the net."""
    with Website() as allowed, Website() as other, browser.new_context() as context:
        sent = {"ListID": owner.list_id, "Overview": True, "FrameOrigins": [allowed.url]}
        address = console.ok("share.create", owner.key, **sent)["URL"].rpartition("/")[2]
        for website, is_shown in ((allowed, True), (other, False)):
            website.body = f'<iframe src="{console.url}/s/{address}"></iframe>'
            page = context.new_page()
            page.goto(f"{website.url}/")
            heading = page.frames[1].get_by_role("heading", name="Kettle & Leaf")
            assert (heading.count() == 1) is is_shown


@pytest.mark.parametrize("answer", ["building", "unavailable"])
def test_nobody_is_kept_out_where_there_is_no_answer(
    answer: str, page: Page, lists: dict[str, int], sqlite_url: str, tmp_path: pathlib.Path
) -> None:
    """The page is made in this process, its files are those of the server."""
    with closing(InProcess(sqlite_url, tmp_path)) as client:
        made = Console(client)
        made.reports.made["reports.trend"] = {
            "building": lambda _: {"Status": "building", "Progress": 0.42},
            "unavailable": failure(503, (100014, "Reports not available")),
        }[answer]
        document = made.get(made.path)
    page.route(
        "**/lists/*",
        lambda route: route.fulfill(status=200, headers=dict(document.headers), body=document.raw),
    )
    # It would load the page again after some seconds, while it is looked at. Its address ends with its version.
    page.route(
        re.compile(r"/building\.js"), lambda route: route.fulfill(content_type="text/javascript", body="")
    )
    wrong = watch(page)
    page.goto(f"/lists/{lists['full']}")
    assert page.get_by_role("heading", level=2).count() == 1
    assert faults_in_all_colours(page) == []
    assert wrong == []


def test_a_copy_that_is_built_leads_to_the_numbers_by_itself(page: Page, lists: dict[str, int]) -> None:
    page.clock.install()
    progress = iter((0.1, 0.7))

    def answered(route: Any) -> None:
        found = next(progress, None)
        if found is None:
            route.continue_()
        elif "application/json" in route.request.headers.get("accept", ""):
            route.fulfill(json={"Progress": found})
        else:
            route.fulfill(content_type="text/html", body=f"<button id=theme></button><i id=theme-word></i><progress id=progress max=1 value={found}></progress><i id=progress-words></i><script src=/console/console.js></script><script src=/console/building.js></script>")  # fmt: skip

    page.route("**/lists/*", answered)
    page.goto(f"/lists/{lists['full']}")
    page.clock.run_for(1_100)
    page.get_by_text("70 %").wait_for()
    page.clock.run_for(1_100)
    page.get_by_role("link", name="People").first.wait_for()


def test_a_row_filters_and_back_undoes_it(page: Page, lists: dict[str, int]) -> None:
    page.goto(f"/lists/{lists['full']}?From=-29d")
    before = number(page, "People")
    row = page.locator("section", has=page.get_by_role("heading", name="Sources")).locator("tbody tr").first
    name, people = row.locator("th").inner_text(), row.locator(".opens").inner_text()
    row.locator(".row-link").click()
    page.get_by_role("list", name="Filters").get_by_text(name).wait_for()
    assert number(page, "People") == people != before
    page.go_back()
    page.get_by_role("list", name="Filters").wait_for(state="detached")
    assert number(page, "People") == before


def test_values_are_offered_while_a_filter_is_typed(page: Page, lists: dict[str, int]) -> None:
    page.goto(f"/lists/{lists['full']}?From=-29d")
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Property").fill("$device_type")
    page.get_by_label("Value").press_sequentially("mob")
    page.locator("#f-values option[value=mobile]").wait_for(state="attached")
    page.get_by_label("Value").fill("mobile")
    page.get_by_label("Value").press("Enter")
    page.get_by_role("list", name="Filters").get_by_text("Device is Mobile").wait_for()


def test_a_number_opens_to_just_as_many_people(page: Page, lists: dict[str, int]) -> None:
    page.goto(f"/lists/{lists['full']}?From=-29d")
    opened = page.locator("section", has=page.get_by_role("heading", name="Pages")).locator(".opens").first
    people = opened.inner_text()
    opened.click()
    page.get_by_role("heading", name=f"{people} people").wait_for()
    page.locator("tbody .row-link").first.click()
    page.get_by_role("heading", level=2).first.wait_for()


def number(page: Page, name: str) -> str:
    return page.locator(".tile", has_text=name).first.locator(".tile-value").inner_text()


def test_the_keys(page: Page, lists: dict[str, int]) -> None:
    page.goto(f"/lists/{lists['one']}")
    for key, part in (
        ("t", "From=today&To=today"),
        ("m", "From=month&To=today"),
        ("x", "Compare=none"),
        ("x", "To=today"),
    ):
        page.keyboard.press(key)
        page.wait_for_url(lambda url, part=part: url.endswith(part))  # type: ignore[misc]
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/lists/*?From=2*")
    page.keyboard.press("f")
    page.locator("#f-of:focus").wait_for()
    page.keyboard.press("t")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent.trim()").startswith("+"), (
        "what was pressed in the form was no key"
    )
    for key, path in (
        ("2", "explore"),
        ("3", "funnels"),
        ("6", "revenue"),
        ("7", "people"),
        ("1", str(lists["one"])),
        ("/", "people"),
    ):
        page.keyboard.press(key)
        page.wait_for_url(f"**/{path}")


def test_keys_can_be_turned_off(page: Page, lists: dict[str, int]) -> None:
    page.goto(f"/lists/{lists['one']}")
    page.get_by_text("Keys", exact=True).click()
    page.get_by_role("button", name="Turn keys off").click()
    page.reload()
    page.keyboard.press("t")
    page.get_by_text("Keys", exact=True).click()
    page.get_by_role("button", name="Turn keys on").click()
    assert "From=today" not in page.url
    page.keyboard.press("t")
    page.wait_for_url("**From=today*")


def test_a_chart_is_read_point_by_point(page: Page, lists: dict[str, int]) -> None:
    page.goto(f"/lists/{lists['full']}")
    points = page.locator(".chart-wide a.point")
    assert points.count() == 14
    page.locator(".tile").last.focus()
    page.keyboard.press("Tab")
    today = datetime.now(UTC)
    assert f"{today:%a %-d %b}" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    said = page.evaluate("document.activeElement.textContent")
    assert said == points.nth(11).text_content()
    page.get_by_role("status").filter(has_text=said).wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY", "one stop for the whole chart"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**From=*")
    page.get_by_role("group", name="People by hour").wait_for()


def test_without_colours_of_its_own_nothing_is_lost(page: Page, lists: dict[str, int]) -> None:
    page.emulate_media(forced_colors="active")
    page.goto(f"/lists/{lists['full']}")
    style = "([selector, name]) => getComputedStyle(document.querySelector(selector))[name]"
    assert page.evaluate(style, [".share rect", "fill"]) == "none", "a bar must not cover the name before it"
    assert page.evaluate(style, [".share rect", "stroke"]) != "none"
    assert page.evaluate(style, [".chart-wide .line", "stroke"]) == page.evaluate(style, ["body", "color"])


def test_all_of_it_works_without_scripts(
    browser: Browser, console: Tracker, session: Any, lists: dict[str, int]
) -> None:
    with browser.new_context(
        base_url=console.url, storage_state=session, java_script_enabled=False
    ) as context:
        page = context.new_page()
        page.goto(f"/lists/{lists['full']}?From=-29d")
        everybody = number(page, "People")
        page.locator("summary", has_text="Filter").click()
        page.get_by_label("Property").fill("$device_type")
        page.get_by_label("Value").fill("mobile")
        page.get_by_role("button", name="Add filter").click()
        page.get_by_role("list", name="Filters").get_by_text("Device is Mobile").wait_for()
        assert number(page, "People") != everybody
        page.locator("summary", has_text="As a table").click()
        assert page.get_by_role("region", name="People by day, as a table").get_by_role("row").count() == 31
        page.get_by_role("link", name="Remove the filter").click()
        assert number(page, "People") == everybody
        page.goto(f"/lists/{lists['full']}/explore")
        page.get_by_label("by", exact=True).select_option("visit:$channel")
        page.get_by_label("as", exact=True).select_option("bars")
        page.get_by_role("button", name="Show").click()
        page.locator(".chart-wide .column").first.wait_for()
        _build_a_funnel(page, lists["full"])
        page.get_by_role("link", name="Kettle & Leaf").click()
        page.get_by_role("heading", name="Lists").wait_for()


def _build_a_funnel(page: Page, list_id: int) -> None:
    """Take a step away, add one with a condition, and open those who left."""
    page.goto(f"/lists/{list_id}/funnels?From=-29d")
    steps = page.locator(".funnel tbody tr")
    assert steps.count() == 5
    page.get_by_role("link", name="Take step 4").click()
    page.wait_for_url("**Steps=*")
    page.get_by_label("5. step").select_option("newsletter_signup")
    page.locator(".steps summary").nth(1).click()
    page.locator("#with2").fill("product_id")
    page.locator("#what2").fill("cup-01")
    page.get_by_role("button", name="Show", exact=True).click()
    steps.nth(4).get_by_text("newsletter_signup").wait_for()
    steps.nth(1).get_by_text("view_product, product_id is cup-01").wait_for()
    left = steps.first.locator("td[data-label=Left]")
    people = left.inner_text()
    left.get_by_role("link").click()
    page.get_by_role("heading", name=f"{people} people who left after step 1").wait_for()
    page.get_by_role("link", name="Back to the numbers").click()
    steps.nth(4).wait_for()


def test_each_report_on_people_opens_to_just_as_many(page: Page, lists: dict[str, int]) -> None:
    for path, number in (
        ("funnels?From=-29d", ".funnel tbody tr:nth-child(3) td:first-of-type a"),
        ("retention", ".shaded tbody td.num a"),
        ("paths?From=-29d&Around=page_view&Depth=2", ".path-columns .opens >> nth=1"),
        ("revenue?From=-29d", ".answer .opens >> nth=1"),
        ("products?From=-29d", ".answer .opens >> nth=2"),
    ):
        page.goto(f"/lists/{lists['full']}/{path}")
        opened = page.locator(number).first
        people = opened.inner_text()
        opened.click()
        page.get_by_role("heading", name=f"{people} p").wait_for()
        page.get_by_role("link", name="Back to the numbers").click()
        page.locator(number).first.wait_for()


def test_a_path_is_followed_by_keyboard(page: Page, lists: dict[str, int]) -> None:
    page.goto(f"/lists/{lists['full']}/paths?From=-29d&Around=page_view&By=Event")
    other = page.locator(".path-step").first.locator("a.row-link").nth(1)
    name = other.inner_text()
    other.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**Way=*")
    page.locator(".path-step").nth(1).get_by_text(f"after {name}").wait_for()


def test_the_present_tab_is_seen_on_a_phone(page: Page, lists: dict[str, int]) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"/lists/{lists['full']}/live")
    box = page.locator(".tabs [aria-current]").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= 360 - box["width"]


def test_lists_are_switched_in_the_bar(page: Page, lists: dict[str, int]) -> None:
    page.goto(f"/lists/{lists['full']}/live")
    page.get_by_role("link", name="Kettle & Leaf").click()
    page.get_by_role("link", name="One event").wait_for()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("link", name="One event").wait_for(state="detached")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="One event").click()
    page.wait_for_url(f"**/lists/{lists['one']}")


def test_no_name_runs_as_a_script(page: Page, console: Tracker, owner: Account) -> None:
    list_id = int(console.ok("list.create", owner.key, SubscriberListName="Hostile")["ListID"])
    for name in PAYLOADS[::4]:
        sent = {"$channel": name, "$pathname": name, "$utm_campaign": name, name[:60]: name}
        console.ok("event.track", owner.key, ListID=list_id, Event=name[:60], Properties=sent)
    wait_for_copy(console, owner, list_id)
    ran: list[str] = []
    wrong = watch(page)
    page.expose_function("ran", lambda: ran.append(page.url))
    page.on("dialog", lambda dialog: ran.append(dialog.message))
    page.on("request", lambda request: ran.append(request.url) if console.url not in request.url else None)
    for path in (
        "",
        "?Sources=Campaign&Pages=Seen",
        "/explore?By=visit:$channel",
        "/explore?By=Event&As=bars",
        "/explore?By=Event&As=table",
        "/funnels?By=visit:$channel&Next=1",
        "/retention?Interval=day",
        "/paths?By=Event",
        "/revenue",
        "/products",
    ):
        page.goto(f"/lists/{list_id}{path}")
        link = page.locator("tbody .row-link").first
        if link.count() and "=" in path:
            link.click()
            page.get_by_role("list", name="Filters").wait_for()
    assert (ran, wrong) == ([], [])


def test_a_segment_is_counted_while_it_is_written(page: Page, lists: dict[str, int]) -> None:
    page.goto("/lists/{full}/segments/new".format(**lists))
    assert page.locator("[name=value-0]").is_hidden(), "a sentence has only the fields that it needs"
    page.fill("[name=name-0]", "page_view")
    page.locator("#size strong").wait_for()
    everybody = page.locator("#size").inner_text()
    assert "people of" in everybody
    page.fill("[name=property-0]", "$pathname")
    page.fill("[name=value-0]", "nowhere at all")
    page.get_by_text("= 0 people of").wait_for()
    page.select_option("[name=what-0]", "in")
    assert page.locator("[name=times-0]").is_hidden()
    page.fill("[name=name-0]", "Carts")
    page.locator("#size .given").wait_for()
    page.fill("[name=Name]", "Of carts")
    page.get_by_role("button", name="Save the segment").click()
    page.get_by_role("link", name="Of carts", exact=True).wait_for()
