"""Do the pages of funnels, retention, paths and revenue ask what their address says, and does each of their numbers open?"""

from __future__ import annotations

import html
import json
import pathlib
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.client import InProcess, Reply
from tests.console.made_up_console import Console
from tests.console.made_up_reports import attribution, failure, funnel, paths, products, retention
from tests.console.test_overview import links, opened, words
from tracker.console.journey_question import JOURNEYS
from tracker.console.report_address import HEAD
from tracker.errors import FORBIDDEN
from tracker.registry import CsvStream

STEPS = [
    "page_view",
    {"GoalID": 1},
    {"Event": "order", "Where": [{"Property": "price", "Is": "at least", "Value": 5}]},
]
HOSTILE = ["<script>alert(1)</script>", '"><img src=x>', "\u202e", "x" * 200, "{{ 7 * 7 }}", '{"', "["]
ORDER = {"product_id": "a", "conversion-id": "1", "conversion-name": "order", "conversion-value": 5}
CART = {
    "Event": "page_view",
    "Where": [{"Of": "event", "Property": "$pathname", "Is": "equals", "Value": "/cart"}],
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A shop that has seen the events of one."""
    folder: pathlib.Path = tmp_path_factory.mktemp("journeys")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        console = Console(client)
        for event in ("view_product", "add_to_cart", "checkout", "conversion", "newsletter"):
            client.ok(
                "event.track",
                console.user.key,
                ListID=console.list_id,
                Event=event,
                Properties=ORDER,
            )
        client.ok(
            "event.track",
            console.user.key,
            ListID=console.list_id,
            Event="newsletter",
            Email="ada@example.com",
        )
        yield console


@pytest.fixture
def console(shared: Console) -> Iterator[Console]:
    made = dict(shared.reports.made)
    yield shared
    shared.reports.made = made


def cells(page: Reply) -> list[dict[str, Any]]:
    """The cells that numbers of a page open, in the order in which they stand there."""
    found = re.findall(r'href="([^"]*/who\?[^"]*Cell=[^"]*)"', page.text)
    return [json.loads(opened(path)["Cell"]) for path in found]


def steps_in(address: str) -> Any:
    return json.loads(parse_qs(urlsplit(html.unescape(address)).query)["Steps"][0])


# Funnels


def test_a_funnel_is_suggested_from_what_was_seen(console: Console) -> None:
    page = console.get(f"{console.path}/funnels")
    [params] = console.asked("reports.funnel")
    assert params["Steps"] == ["page_view", "view_product", "add_to_cart", "checkout", "conversion"]
    assert "Suggested from the names that this list has." in words(page)
    assert "identify" not in page.text.partition("<form")[2].partition("</form>")[0]
    assert "2 view_product 180 ± 0 % 60 % 60 % 2 min 5 s 72" in words(page)
    assert "Goal Newsletter" in page.text
    assert "Page /products/cup-01" in page.text, "pages that were seen are steps, too"


@pytest.mark.parametrize(
    ("names", "asked"),
    [
        ({"page_view": 5, "sign_up": 2, "page_scroll": 9}, ["page_view", "sign_up"]),
        ({"opened": 5, "closed": 2, "moved": 9}, ["moved", "opened"]),
        ({"page_view": 5, "order_placed": 1, "payment": 2}, ["page_view", "payment", "order_placed"]),
        ({"addToCart": 1, "add_to_cart": 7, "page_view": 2}, ["page_view", "add_to_cart"]),
    ],
)
def test_other_lists_have_other_suggestions(
    console: Console, names: dict[str, int], asked: list[str]
) -> None:
    events = [{"Event": name, "Count": count, "Properties": []} for name, count in names.items()]
    alike = [{"Kind": "event", "Names": ["addToCart", "add_to_cart"]}]
    console.reports.made["website_events.catalogue"] = lambda _: {"Events": events, "LookAlikes": alike}
    console.get(f"{console.path}/funnels")
    assert console.asked("reports.funnel")[0]["Steps"] == asked


def test_one_name_is_no_funnel(console: Console) -> None:
    events = [{"Event": "page_view", "Count": 3, "Properties": []}]
    console.reports.made["website_events.catalogue"] = lambda _: {"Events": events, "LookAlikes": []}
    page = console.get(f"{console.path}/funnels")
    assert "Two steps make a funnel" in words(page)
    assert console.asked("reports.funnel") == []
    one = console.get(f"{console.path}/funnels", Steps='["conversion"]')
    assert console.asked("reports.funnel")[0]["Steps"] == ["conversion", "page_view"]
    assert one.status == 200


def test_who_may_not_read_names_writes_them(console: Console) -> None:
    console.reports.made["website_events.catalogue"] = failure(403, (FORBIDDEN.code, "Forbidden"))
    console.reports.made["goals.get"] = lambda _: {"Goals": []}
    page = console.get(f"{console.path}/funnels")
    assert '<input class="input" id="step1" name="step1"' in page.text
    told = console.get(f"{console.path}/funnels", Steps=json.dumps(["a", "b"]))
    assert (told.status, "1 a 300" in words(told)) == (200, True)


def test_a_funnel_stands_in_its_address(console: Console) -> None:
    asked = {
        "Within": "1d",
        "Order": "strict",
        "Count": "visits",
        "By": "visit:$device_type",
        "Interval": "day",
        "Next": "1",
    }
    page = console.get(f"{console.path}/funnels", From="-6d", Steps=json.dumps(STEPS), **asked)
    [params] = console.asked("reports.funnel")
    assert {name: params[name] for name in ("Steps", "From", *asked)} == {
        "Steps": STEPS,
        "From": "-6d",
        **asked,
    }
    told = words(page)
    assert "Goal Newsletter" in told
    assert "order, price is at least 5" in told
    assert "Visits" in told
    assert "<title>Share that went on, by the day of the first step</title>" in page.text
    assert "By Device" in told
    assert "Mobile 300 180 60 % 108 36 %" in told
    assert "(not set) 300" in told
    assert "saw /cart 7 nothing more 3" in told
    assert "Suggested" not in told


def test_each_number_of_a_funnel_opens(console: Console) -> None:
    page = console.get(
        f"{console.path}/funnels", Steps='["a","b"]', By="visit:$device_type", Interval="day", From="-6d"
    )
    found = cells(page)
    plan = {"Report": "reports.funnel", "Steps": ["a", "b"], "By": "visit:$device_type"}
    places = [(1, "reached"), (1, "left"), (2, "reached")]
    assert found[:3] == [{**plan, "Step": step, "Is": kind} for step, kind in places]
    groups = [("mobile", 1), ("mobile", 2), (None, 1), (None, 2)]
    assert found[3:] == [{**plan, "Step": step, "Is": "reached", "Value": value} for value, step in groups]
    path = re.findall(r'href="([^"]*/who\?[^"]*)"', page.text)[1]
    who = console.get(urlsplit(path).path, **opened(path))
    [params] = console.asked("reports.people")
    assert (params["Cell"], params["From"]) == (found[1], "-6d")
    assert "2 people who left after step 1, a, 14 – 27 Nov 2026" in words(who)
    [back] = links(who, "Back to the numbers")
    assert urlsplit(back).path == f"{console.path}/funnels"
    assert opened(back) == {"From": "-6d", "Steps": '["a","b"]', "By": "visit:$device_type"}
    [csv] = links(who, "Download as CSV")
    assert json.loads(opened(csv)["Cell"]) == found[1]


def test_the_form_becomes_an_address(console: Console) -> None:
    fields = {
        "step1": "page_view",
        "step2": "",
        "step3": '{"GoalID":1}',
        "with3": "",
        "how3": "equals",
        "what3": "",
        "step4": "order",
    }
    fields |= {
        "with4": " price ",
        "how4": "at least",
        "what4": "5",
        "with1": "x",
        "how1": "is set",
        "what1": "ignored",
    }
    answer = console.get(f"{console.path}/funnels", From="-6d", Within="1d", Next="1", **fields)
    assert answer.status == 303
    assert steps_in(answer.headers["Location"]) == [
        {"Event": "page_view", "Where": [{"Of": "event", "Property": "x", "Is": "is set"}]},
        {"GoalID": 1},
        {"Event": "order", "Where": [{"Of": "event", "Property": "price", "Is": "at least", "Value": "5"}]},
    ]
    rest = opened(answer.headers["Location"])
    assert {name: rest[name] for name in rest if name != "Steps"} == {
        "From": "-6d",
        "Within": "1d",
        "Next": "1",
    }


def test_steps_are_moved_and_taken_away_by_links(console: Console) -> None:
    page = console.get(f"{console.path}/funnels", Steps='["a","b","c"]')
    moved = re.findall(r'href="([^"]+)" aria-label="(Move|Take) step (\d)', page.text)
    assert [(what, number, steps_in(path)) for path, what, number in moved] == [
        ("Take", "1", ["b", "c"]),
        ("Move", "2", ["b", "a", "c"]),
        ("Take", "2", ["a", "c"]),
        ("Move", "3", ["a", "c", "b"]),
        ("Take", "3", ["a", "b"]),
    ]
    two = console.get(f"{console.path}/funnels", Steps='["a","b"]')
    assert 'aria-label="Take step' not in two.text, "two are the least"
    eight = console.get(f"{console.path}/funnels", Steps=json.dumps(list("abcdefgh")))
    assert 'name="step8"' in eight.text
    assert 'name="step9"' not in eight.text


@pytest.mark.parametrize("steps", ["{", "nonsense", '{"a":[', "5", '[{"Event":[]},{}]'])
def test_what_cannot_be_asked_is_refused_with_its_number(console: Console, steps: str) -> None:
    console.reports.made["reports.funnel"] = failure(422, (31, "Invalid Steps parameter"))
    page = console.get(f"{console.path}/funnels", Steps=steps)
    assert (page.status, "Invalid Steps parameter (error 31)" in words(page)) == (422, True)


# Retention


def test_retention_is_a_table_of_shares(console: Console) -> None:
    page = console.get(f"{console.path}/retention", First="newsletter", Return='{"GoalID":1}', Periods="3")
    [params] = console.asked("reports.retention")
    assert (params["First"], params["Return"], params["Periods"]) == ("newsletter", {"GoalID": 1}, "3")
    assert (params["From"], params["To"]) == ("-55d", "today"), "long enough for weeks"
    rows = [
        re.findall(r"<t[hd][^>]*>.*?</t[hd]>", row)
        for row in re.findall(r"<tr.*?</tr>", page.text, re.DOTALL)
    ]
    texts = [[re.sub(r"<[^>]*>", "", cell) for cell in row] for row in rows]
    assert texts == [
        ["Began", "People", "Week 1", "2", "3"],
        ["Week of 2 Nov", "40", "50 %", "25 %", "7.5 %"],
        ["Week of 9 Nov", "50", "10 %", "8.0 %", ""],
        ["Week of 23 Nov", "20", "", "", ""],
        ["Together", "110", "28 %", "25 %", ""],
    ]
    classes = [
        [re.findall(r'class="([^"]*)"', cell.partition(">")[0] + ">") for cell in row[2:]]
        for row in rows[1:4]
    ]
    assert classes == [[["q4"], ["q2"], ["q0 open"]], [["q1"], ["q0 open"], ["blank"]], [["blank"]] * 3]
    assert "not compared" not in words(page)


def test_each_number_of_retention_opens(console: Console) -> None:
    page = console.get(f"{console.path}/retention", Interval="week", First="a")
    plan = {"Report": "reports.retention", "First": "a", "Interval": "week"}
    days = [("2026-11-02", period) for period in range(4)]
    days += [("2026-11-09", period) for period in range(3)] + [("2026-11-23", 0)]
    assert cells(page) == [{**plan, "Cohort": day, "Period": period} for day, period in days]
    path = re.findall(r'href="([^"]*/who\?[^"]*)"', page.text)[2]
    who = console.get(urlsplit(path).path, **opened(path))
    assert "2 people who began in the week of 2026-11-02 and came back after 2 weeks" in words(who)


def test_another_time_keeps_the_weeks_of_retention(console: Console) -> None:
    page = console.get(f"{console.path}/retention", Interval="month", From="-364d")
    [today] = links(page, "Last 90 days")
    assert opened(today)["Interval"] == "month"
    assert '<input type="hidden" name="Interval" value="month">' in page.text


def test_nobody_began(console: Console) -> None:
    console.reports.made["reports.retention"] = lambda params: {
        **retention(params),
        "Cohorts": [],
        "Average": [],
    }
    assert "Nobody began in this time." in words(console.get(f"{console.path}/retention"))


# Paths


def test_paths_are_columns_of_which_each_leads_on(console: Console) -> None:
    page = console.get(f"{console.path}/paths", From="-6d", Around=json.dumps(CART))
    [params] = console.asked("reports.paths")
    assert (params["Around"], params["Direction"], params["By"]) == (CART, "after", "$pathname")
    told = words(page)
    assert "Page /cart : 101 visits of 78 people" in told
    assert "1st step after Page /cart /checkout 50 50 % /products 20 20 % (the visit ended) 8 8.0 %" in told
    assert "2nd step after /checkout /thank-you 30 30 % (empty) 2 2.0 % (others) 9 9.0 %" in told
    assert "3rd step after /thank-you (the visit ended) 8 8.0 %" in told
    [other] = links(page, "/products")
    turned = console.get(f"{console.path}/paths", **opened(other))
    assert (
        "2nd step after /products /products/cup-01 9 9.0 % 3rd step after /products/cup-01 /cart 5 5.0 %"
        in words(turned)
    )
    assert opened(other) == {
        "From": "-6d",
        "Around": json.dumps(CART, separators=(",", ":")),
        "Way": '["/products"]',
    }


def test_each_number_of_paths_opens(console: Console) -> None:
    page = console.get(
        f"{console.path}/paths", Around="a", Direction="before", By="Event", Depth="4", Top="3"
    )
    plan = {
        "Report": "reports.paths",
        "Direction": "before",
        "By": "Event",
        "Depth": "4",
        "Top": "3",
        "Around": "a",
    }
    found = cells(page)
    ways: list[dict[str, Any]] = [
        {}, {"Path": ["/checkout"]}, {"Path": ["/products"]}, {"Path": [None]}, {"Path": ["/checkout", "/thank-you"]},
        {"Path": ["/checkout", ""]}, {"Path": ["/checkout"], "Others": True}, {"Path": ["/checkout", "/thank-you", None]},
    ]  # fmt: skip
    assert found == [{**plan, **way} for way in ways]
    path = re.findall(r'href="([^"]*/who\?[^"]*)"', page.text)[-1]
    who = console.get(urlsplit(path).path, **opened(path))
    assert "on the way a ← /checkout ← /thank-you ← (the visit began here)" in words(who)


def test_paths_begin_with_what_is_seen_most(console: Console) -> None:
    page = console.get(f"{console.path}/paths")
    first = {**CART, "Where": [{**CART["Where"][0], "Value": "/"}]}
    offered = [
        row["Values"][0]
        for row in console.reports.made["reports.breakdown"](console.asked("reports.breakdown")[0])["Rows"]
    ]
    first["Where"][0]["Value"] = offered[0]
    assert console.asked("reports.paths")[0]["Around"] == first
    assert "Suggested from what was seen most." in words(page)
    console.reports.made["reports.breakdown"] = failure(503, (100014, "Reports not available"))
    assert console.get(f"{console.path}/paths").status == 200, (
        "what is offered is no reason to have no answer"
    )
    assert console.asked("reports.paths")[0]["Around"] in ("page_view", "add_to_cart")


@pytest.mark.parametrize("way", ["[", "5", '"x"', '["nowhere","x"]', "[null]", "[[]]", "[" * 5000])
def test_any_way_is_shown(console: Console, way: str) -> None:
    page = console.get(f"{console.path}/paths", Around="a", Way=way)
    assert "2nd step after /checkout" in words(page)


def test_no_visit_has_it(console: Console) -> None:
    console.reports.made["reports.paths"] = lambda params: {
        **paths(params),
        "Visits": 0,
        "People": 0,
        "Nodes": [],
    }
    assert "No visit has this in this time." in words(console.get(f"{console.path}/paths", Around="a"))


# Revenue and products


def test_revenue_is_credited_and_each_number_opens(console: Console) -> None:
    asked = {"By": "campaign", "Model": "even", "Days": "7", "Conversion": '{"GoalID":1}'}
    page = console.get(f"{console.path}/revenue", **asked)
    [params] = console.asked("reports.attribution")
    assert params | asked | {"Conversion": {"GoalID": 1}} == params
    told = words(page)
    assert "€360.00 in 25.5 orders, €14.12 on average" in told
    assert "Email 40 9 8.5 €160.00 €312.00 €4.00" in told
    assert "(none) 42 7 8.5 €80.00" in told
    assert "Total 293 24 25.5 €360.00" in told
    plan = {"Report": "reports.attribution", **asked, "Conversion": {"GoalID": 1}}
    assert cells(page) == [
        {**plan, "Value": value, "Is": what}
        for value in ("Email", "Search", None)
        for what in ("came", "bought")
    ]
    path = re.findall(r'href="([^"]*/who\?[^"]*)"', page.text)[-1]
    assert "who bought, brought by (not set)" in words(console.get(urlsplit(path).path, **opened(path)))


@pytest.mark.parametrize(
    ("revenue", "orders", "told"),
    [
        ({}, "2", "2 orders"),
        ({"EUR": "10.00"}, "1", "€10.00 in 1 order, €10.00 on average"),
        ({"EUR": "10.00", "GBP": "3.00"}, "2", "€10.00 + £3.00 in 2 orders"),
        ({"EUR": "0.00"}, "0", "€0.00 in 0 orders"),
    ],
)
def test_what_was_earned_is_said_in_a_sentence(
    console: Console, revenue: dict[str, str], orders: str, told: str
) -> None:
    def made(params: dict[str, Any]) -> dict[str, Any]:
        answer = attribution(params)
        return {**answer, "Total": {**answer["Total"], "Orders": orders, "Revenue": revenue}}

    console.reports.made["reports.attribution"] = made
    page = console.get(f"{console.path}/revenue").text
    assert f'<p class="headline">{told}</p>' in html.unescape(page)


def test_products_are_told_and_each_number_opens(console: Console) -> None:
    page = console.get(f"{console.path}/products", Sort="Bought")
    assert console.asked("reports.products")[0]["Sort"] == "Bought"
    told = words(page)
    assert "Cup cup-01 62 31 24 26 €377.00 39 %" in told
    assert "tea-01 0 31 24 26 – –" in told
    found = cells(page)
    assert found[0] == {"Report": "reports.products", "Sort": "Bought", "Product": "cup-01", "Is": "seen"} or found[0] == {
        "Report": "reports.products", "Product": "cup-01", "Is": "seen",
    }  # fmt: skip
    assert [each["Is"] for each in found] == ["seen", "in cart", "bought", "in cart", "bought"], (
        "nobody saw the tea"
    )
    path = re.findall(r'href="([^"]*/who\?[^"]*)"', page.text)[2]
    assert "who bought cup-01" in words(console.get(urlsplit(path).path, **opened(path)))
    assert links(page, "Seen to bought") == ["?Sort=SeenToBought"]


def test_the_names_of_products_are_confirmed_once(console: Console) -> None:
    key, about = console.user.key, {"ListID": console.made("Confirmed")}
    console.client.ok("event.track", key, **about, Event="view_product", Properties=ORDER)
    path = f"/lists/{about['ListID']}/products"
    assert "These are right" in words(console.get(path))
    assert console.submit(path).status == 303
    confirmed = console.client.ok("list.get", key, **about)["List"]["Products"]
    assert (confirmed["Suggested"], confirmed["Seen"], confirmed["ID"]) == (
        False,
        "view_product",
        "product_id",
    )
    console.reports.made["reports.products"] = lambda params: {**products(params), "Names": confirmed}
    told = words(console.get(path))
    assert "As this list is set." in told
    assert "These are right" not in told


# All of them


PAGES = {
    "reports.funnel": ("funnels", {"Steps": '["a","b"]'}),
    "reports.retention": ("retention", {"First": "a"}),
    "reports.paths": ("paths", {"Around": "a"}),
    "reports.attribution": ("revenue", {"By": "pr"}),
    "reports.products": ("products", {"Sort": "Bought"}),
}


@pytest.mark.parametrize("command", PAGES)
def test_numbers_are_taken_along(console: Console, command: str) -> None:
    name, args = PAGES[command]
    page = console.get(f"{console.path}/{name}", From="-6d", **args)
    [csv] = links(page, "Download as CSV")
    console.reports.made[command] = lambda _: CsvStream([b"a,b\r\n1,2\r\n"])
    table = console.get(urlsplit(csv).path, **opened(csv))
    [params] = console.asked(command)
    assert (table.text, params["Format"]) == ("a,b\r\n1,2\r\n", "csv")
    assert params | args | {"From": "-6d"} == params
    call = html.unescape(re.findall(r'<pre id="call-[^"]*"[^>]*>(.*?)</pre>', page.text, re.DOTALL)[0])
    body = json.loads(call.partition("-d '")[2].removesuffix("'"))
    assert f"/api/v1/{command}" in call
    assert body["From"] == "-6d"
    keep = json.loads(html.unescape(re.findall(r'name="Params" value="([^"]*)"', page.text)[0]))
    assert {name: value for name, value in body.items() if name != "ListID"} == keep


@pytest.mark.parametrize("command", PAGES)
def test_they_are_saved_drawn_and_lead_back(console: Console, command: str) -> None:
    name, args = PAGES[command]
    params = {key: json.loads(value) if value.startswith("[") else value for key, value in args.items()}
    sent = {"Name": name, "Report": command, "Params": {**params, "From": "-6d"}, "IsPinned": True}
    number = console.client.ok("savedreport.create", console.user.key, ListID=console.list_id, **sent)[
        "SavedReportID"
    ]
    page = console.get(f"{console.path}/saved/{number}")
    [change] = links(page, "Change the question")
    assert urlsplit(change).path == f"{console.path}/{name}"
    assert opened(change) == {"From": "-6d", **args}
    sign = {
        "funnels": "table funnel",
        "retention": "table shaded",
        "paths": "path-columns",
        "revenue": "Per person",
        "products": "Seen to bought",
    }[name]
    shown = page.text.partition('aria-label="The numbers"')[2].partition("</section>")[0]
    assert sign in shown
    assert "<a" not in shown.partition("report-foot")[0].partition('class="notes"')[0], (
        "a saved report's numbers lead nowhere"
    )
    tile = console.get(console.path).text.partition('id="pinned"')[2]
    assert ("table funnel" in tile) is (name == "funnels")
    console.client.ok("savedreport.delete", console.user.key, ListID=console.list_id, SavedReportID=number)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_gets_out_of_its_place(console: Console, name: str) -> None:
    made = console.reports.made
    made["website_events.catalogue"] = lambda _: {
        "Events": [{"Event": each, "Count": 1, "Properties": []} for each in (name, "page_view")],
        "LookAlikes": [],
    }
    made["reports.funnel"] = lambda params: {
        **funnel(params),
        "Groups": [{**each, "Value": name} for each in funnel(params)["Groups"]],
    }
    made["reports.paths"] = lambda params: {
        **paths(params),
        "Nodes": [{**each, "Value": name} for each in paths(params)["Nodes"]],
    }
    made["reports.attribution"] = lambda params: {
        **attribution(params),
        "Rows": [{**attribution(params)["Rows"][0], "Value": name}],
    }
    made["reports.products"] = lambda params: {
        **products(params),
        "Rows": [{**products(params)["Rows"][0], "Name": name, "Product": name}],
    }
    step = json.dumps({"Event": name})
    for path, args in (
        ("funnels", {"Steps": f"[{step},{step}]", "By": "x", "Interval": "day", "Next": "1", "Within": name}),
        ("funnels", {}),
        ("retention", {"First": step, "Return": step, "Periods": name}),
        ("paths", {"Around": step, "By": name, "Top": name, "Way": json.dumps([name])}),
        ("revenue", {"Conversion": step, "By": name, "Days": name}),
        ("products", {"Sort": name}),
        ("who", {"Cell": json.dumps({"Report": "reports.paths", "Around": name, "Path": [name]})}),
        (
            "who",
            {
                "Cell": json.dumps(
                    {"Report": "reports.funnel", "Steps": [name, name], "Step": 1, "Value": name}
                )
            },
        ),
        (
            "who",
            {
                "Cell": json.dumps(
                    {"Report": "reports.retention", "Cohort": name, "Interval": name, "Period": name}
                )
            },
        ),
        ("who", {"Cell": json.dumps({"Report": name, "Product": name})}),
        ("who", {"Cell": name}),
    ):
        answer = console.get(f"{console.path}/{path}", **args)
        assert answer.status == 200, (path, args)
        assert not re.search(r"<script(?![^>]* src=)|<img|\sstyle=|\son[a-z]+=", answer.text)


def test_overview_shows_the_way_to_the_purchase_and_products(console: Console) -> None:
    page = console.get(console.path)
    assert console.asked("reports.funnel")[0]["Steps"] == [
        "page_view",
        "view_product",
        "add_to_cart",
        "checkout",
        "conversion",
    ]
    told = words(page)
    assert "To the purchase" in told
    assert "1 page_view 300 ± 0 % 100 % 2 view_product 180" in told
    assert "Products Products Product Seen Bought Seen to bought Cup 62 24 39 %" in told
    assert {each["Report"] for each in cells(page)} == {"reports.funnel", "reports.products"}
    sent = {
        "Name": "Mine",
        "Report": "reports.funnel",
        "Params": {"Steps": ["a", "b"], "From": "-89d", "Within": "1d"},
    }
    number = console.client.ok("savedreport.create", console.user.key, ListID=console.list_id, **sent)[
        "SavedReportID"
    ]
    mine = console.get(console.path, From="-6d")
    [params] = console.asked("reports.funnel")
    assert (params["Steps"], params["Within"], params["From"]) == (["a", "b"], "1d", "-6d"), (
        "in the time of the page"
    )
    assert "Mine Funnel from a to b" in words(mine)
    console.reports.made["reports.funnel"] = failure(422, (10, "Goal not found"))
    assert console.get(console.path).status == 200
    console.client.ok("savedreport.delete", console.user.key, ListID=console.list_id, SavedReportID=number)


def test_all_of_them_are_for_lists_with_events(console: Console) -> None:
    fresh = console.made("Fresh")
    for page, _ in JOURNEYS.values():
        assert console.get(f"/lists/{fresh}{page}").headers["Location"] == f"/lists/{fresh}/setup"


@pytest.mark.parametrize(
    "page", ["/explore", *(page for page, _ in JOURNEYS.values() if page != "/products")]
)
def test_a_form_keeps_the_head_of_the_question(console: Console, page: str) -> None:
    head = {
        "From": "-50d",
        "To": "today",
        "Compare": "previous",
        "MatchWeekday": "1",
        "Where": "[]",
        "GoalID": "3",
        "SegmentID": "117",
    }
    assert tuple(head) == HEAD
    shown = console.get(f"{console.path}{page}", **head)
    form = re.search(r'<form class="card sentence".*?</form>', shown.text, re.DOTALL)
    assert form is not None
    assert dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0])) == head
