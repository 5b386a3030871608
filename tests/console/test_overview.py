"""Do pages of reports say what commands answer, filter by links, open every number, and say so when there is no answer?"""

from __future__ import annotations

import gzip
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
from tests.console.made_up_reports import breakdown, failure, scope, trend
from tests.console.visitor import token_in
from tracker import errors

EMAIL = [{"Of": "visit", "Property": "$channel", "Is": "equals", "Value": "Email"}]
UNAVAILABLE = failure(503, (100014, "Reports not available: the process does not answer"))
BUILDING = {"Status": "building", "Progress": 0.42}


@pytest.fixture
def console(sqlite_url: str, tmp_path: pathlib.Path) -> Iterator[Console]:
    with closing(InProcess(sqlite_url, tmp_path)) as client:
        yield Console(client)


def words(answer: Reply) -> str:
    body = re.sub(r"<(desc|title)>.*?</\1>", " ", "<main" + answer.text.partition("<main")[2])
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


def links(answer: Reply, label: str) -> list[str]:
    """The addresses behind links with this text."""
    found = re.findall(r'<a[^>]* href="([^"]*)"[^>]*>(.*?)</a>', answer.text, re.DOTALL)
    return [
        html.unescape(path)
        for path, inside in found
        if " ".join(html.unescape(re.sub(r"<[^>]*>", " ", inside)).split()) == label
    ]


# Overview


def test_overview_is_a_lists_home_after_its_first_event(console: Console) -> None:
    fresh = console.made("Fresh")
    for page in ("", "/explore", "/who"):
        assert console.get(f"/lists/{fresh}{page}").headers["Location"] == f"/lists/{fresh}/setup"
    assert console.get("/lists/none").headers["Location"] == "/lists/none/live"
    assert console.get(console.path).status == 200


def test_it_asks_few_questions_and_is_small(console: Console) -> None:
    answer = console.get(console.path)
    assert [command for command, _ in console.reports.asked].count("reports.trend") == 2, (
        "one, and one a goal"
    )
    assert len(console.asked("reports.breakdown")) == 4
    assert len(gzip.compress(answer.raw)) < 30_000


def test_it_tells_six_numbers_against_those_before(console: Console) -> None:
    told = words(console.get(console.path))
    for name in ("People", "Visits", "Page views", "Conversions", "Revenue", "Rate 10.1 % ± 0 %"):
        assert name in told
    assert "€" in told
    assert "Times of Europe/Berlin · 1,246 events looked at · 100 events of robots left out · as of" in told
    assert "not complete yet" in told
    assert "against the 14 days before" in told


def test_the_chart_is_that_of_the_chosen_number(console: Console) -> None:
    answer = console.get(console.path, Show="revenue")
    assert "<title>Revenue by day</title>" in answer.text
    assert '<svg class="chart-wide" viewBox="0 0 820 250" role="group">' in answer.text
    assert "<title>People by day</title>" in console.get(console.path, Show="nonsense").text
    first = re.search(r'<a class="point" href="([^"]+)"', answer.text)
    assert first is not None
    assert html.unescape(first[1]) == "?From=2026-11-14&To=2026-11-14&Show=revenue", (
        "a day is shown by the hour"
    )
    assert console.get(console.path, Compare="none").text.count("against the") == 1, "in the menu's answer"


def test_a_click_on_a_row_filters_everything_and_another_takes_it_back(console: Console) -> None:
    first = console.get(console.path, From="-6d")
    [filtered] = links(first, "Email")[:1]
    args = {name: values[0] for name, values in parse_qs(filtered[1:]).items()}
    assert (args["From"], json.loads(args["Where"])) == ("-6d", EMAIL)
    answer = console.get(console.path, **args)
    for _, params in console.reports.asked:
        if "Measures" in params:
            assert (params["Where"], params["From"]) == (EMAIL, "-6d")
    assert "Channel is Email" in words(answer)
    assert links(answer, "×") == ["?From=-6d"]


def test_every_number_opens_to_its_people(console: Console) -> None:
    answer = console.get(console.path)
    opened = re.findall(r'class="opens" href="([^"]+)"', answer.text)
    parts = urlsplit(html.unescape(opened[0]))
    assert parts.path == f"{console.path}/who"
    [condition] = json.loads(parse_qs(parts.query)["Where"][0])
    assert condition["Property"] == "$channel"
    page = console.get(parts.path, **{name: value[0] for name, value in parse_qs(parts.query).items()})
    assert console.asked("reports.people")[0]["Where"] == [condition]
    assert "2 people, 14 – 27 Nov 2026" in words(page)
    assert "ada@example.com google 12 €59.90" in words(page)
    assert "Visitor 0f8fad5b – 1 –" in words(page)
    assert f'href="{console.path}/people/358117233766563840"' in page.text
    assert f'href="{console.path}/visitors/0f8fad5b-d9cb-469f-a165-70867728950e"' in page.text


def test_cards_have_tabs_in_the_address(console: Console) -> None:
    answer = console.get(console.path, Sources="Campaign", Pages="Exit")
    forms = [params["By"] for params in console.asked("reports.breakdown")]
    assert forms == ["visit:$utm_campaign", "visit-exit:$pathname", "visit:$device_type", "visit:$country"]
    assert links(answer, "Referrer") == ["?Sources=Referrer&Pages=Exit"]
    assert links(answer, "All sources") == [f"{console.path}/explore?By=visit%3A%24utm_campaign&As=table"]


def test_a_goal_is_chosen_and_counted(console: Console) -> None:
    answer = console.get(console.path)
    assert links(answer, "Newsletter") == ["?GoalID=1"]
    chosen = console.get(console.path, GoalID="1")
    assert console.asked("reports.trend")[0]["GoalID"] == "1"
    assert "Goal Newsletter" in words(chosen)
    assert links(chosen, "Newsletter") == ["?"]


@pytest.mark.parametrize(
    ("args", "earlier", "later"),
    [
        ({}, "?From=2026-10-31&To=2026-11-13", None),
        ({"Compare": "year"}, "?From=2026-10-31&To=2026-11-13&Compare=year", None),
    ],
)
def test_the_time_is_moved(console: Console, args: dict[str, str], earlier: str, later: str | None) -> None:
    answer = console.get(console.path, **args)
    assert re.findall(r'href="([^"]*)" data-key="arrowleft"', html.unescape(answer.text)) == [earlier]
    assert ('data-key="arrowright"' in answer.text) is (later is not None)


def test_a_time_that_is_over_can_be_left_forwards(console: Console) -> None:
    over = scope(AsOf="2026-12-24T00:00:00.000Z", IsComplete=True)
    console.reports.made["reports.trend"] = lambda params: {**trend(params), "Scope": over}
    answer = console.get(console.path)
    assert re.findall(r'href="([^"]*)" data-key="arrowright"', html.unescape(answer.text)) == [
        "?From=2026-11-28&To=2026-12-11"
    ]
    assert "not complete yet" not in words(answer)
    assert "dot open" not in answer.text


def test_the_filter_form_becomes_an_address(console: Console) -> None:
    answer = console.get(
        console.path,
        From="-6d",
        of="visit",
        property="$channel",
        value="Email",
        **{"is": "equals", "event": ""},
    )
    assert answer.status == 303
    parts = urlsplit(answer.headers["Location"])
    args = parse_qs(parts.query)
    assert (parts.path, args["From"], json.loads(args["Where"][0])) == (console.path, ["-6d"], EMAIL)
    assert args.keys() == {"From", "Where"}
    nothing = console.get(console.path, From="-6d", of="visit", **{"is": "equals"})
    assert urlsplit(nothing.headers["Location"]).query == "From=-6d"


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", '"><img src=x>', "\u202e", "", "x" * 3000, "{{ 7 * 7 }}"]
)
def test_no_name_gets_out_of_its_place(console: Console, name: str) -> None:
    console.reports.made["reports.breakdown"] = lambda params: {
        **breakdown(params),
        "Rows": [{**breakdown(params)["Rows"][0], "Values": [name]}],
    }
    console.reports.made["reports.trend"] = lambda params: {
        **trend(params),
        "Series": [{**each, "Value": name} for each in trend(params)["Series"]],
    }
    for path in (console.path, f"{console.path}/explore"):
        answer = console.get(
            path,
            By="visit:x",
            Where=json.dumps([{"Of": "event", "Event": name, "Property": name, "Is": name, "Value": name}]),
        )
        assert answer.status == 200
        assert not re.search(r"<script(?![^>]* src=)|<img|\sstyle=|\son[a-z]+=", answer.text)


# No answer


def test_a_copy_that_is_built_is_told_with_its_progress(console: Console) -> None:
    console.reports.made["reports.trend"] = lambda _: BUILDING
    answer = console.get(console.path)
    assert answer.status == 200
    assert "Getting the numbers ready" in words(answer)
    assert '<progress class="progress" id="progress" max="1" value="0.420"' in answer.text
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in answer.text
    assert console.json(console.path) == {"Progress": 0.42}
    assert "Getting its numbers ready: 42 %" in words(console.get("/"))


def test_without_reports_a_page_says_that_tracking_goes_on(console: Console) -> None:
    console.reports.made["reports.trend"] = UNAVAILABLE
    for page in ("", "/explore"):
        answer = console.get(f"{console.path}{page}")
        assert answer.status == 503
        assert "Reports are not available now Tracking goes on" in words(answer)
        assert "(error 100014)" in words(answer)
        assert f'href="{console.path}/live"' in answer.text
    first = console.get("/")
    assert first.status == 200
    assert "Reports are not available now" in words(first)
    assert re.search(r"Web shop 0 \d+ \w+ 20\d\d", words(first))


def test_a_question_that_is_refused_says_why_and_offers_to_take_filters_away(console: Console) -> None:
    console.reports.made["reports.trend"] = failure(
        422, (4, "Invalid From parameter: it is no day"), (8, "Invalid Where parameter")
    )
    answer = console.get(console.path, From="nonsense", Where=json.dumps(EMAIL))
    assert answer.status == 422
    told = words(answer)
    assert "Invalid From parameter: it is no day (error 4)" in told
    assert "Invalid Where parameter (error 8)" in told
    assert links(answer, "×") == ["?From=nonsense"]
    assert links(answer, "Start again without filters") == [console.path]


# Explore


@pytest.mark.parametrize("form", ["lines", "bars", "table", "nonsense"])
def test_explore_answers_a_sentence(console: Console, form: str) -> None:
    args = {
        "Show": "sum:price",
        "Event": "page_view",
        "By": "visit:$channel",
        "Interval": "day",
        "As": form,
        "From": "-6d",
    }
    answer = console.get(f"{console.path}/explore", **args)
    assert answer.status == 200
    [(command, params)] = [each for each in console.reports.asked if each[0].startswith("reports.")]
    assert command == ("reports.breakdown" if form == "table" else "reports.trend")
    assert (params["Event"], params["By"], params["From"]) == ("page_view", "visit:$channel", "-6d")
    assert params["Measures"][0] == "sum:price"
    assert ("<title>Sum of price by day</title>" in answer.text) is (form != "table")
    assert links(answer, "Email")
    assert '<option value="sum:price" selected>Sum of price</option>' in answer.text
    assert '<option value="price" >price</option>' in answer.text, "what the catalogue knows is offered"


def test_explore_says_what_dashes_mean_in_bars(console: Console) -> None:
    told = words(console.get(f"{console.path}/explore", As="bars"))
    assert "dashed outline: not over yet" in told
    assert "dashed outline" not in words(console.get(f"{console.path}/explore", As="lines"))


def test_explore_says_that_an_event_was_never_seen(console: Console) -> None:
    for event, is_said in (("page_view", False), ("page_veiw", True), ("", False)):
        told = words(console.get(f"{console.path}/explore", Event=event))
        assert ("No event of this name was ever seen." in told) is is_said


def test_explore_shows_one_number_without_a_breakdown(console: Console) -> None:
    answer = console.get(f"{console.path}/explore")
    assert console.asked("reports.trend")[0]["Measures"] == ["people"]
    assert words(answer).count("who?") == 1
    assert console.get(f"{console.path}/explore", As="table").status == 200, (
        "a table of one number is its chart"
    )


def test_values_are_offered_while_a_filter_is_typed(console: Console) -> None:
    sent = f"{console.path}/values?From=-6d&of=visit&property=%24channel&search=em"
    assert console.json(sent) == {"Values": ["Email"]}
    [params] = console.asked("reports.values")
    assert (params["By"], params["Search"], params["From"]) == ("visit:$channel", "em", "-6d")
    assert f'data-values="{console.path}/values?From=-6d"' in console.get(console.path, From="-6d").text


def opened(path: str) -> dict[str, str]:
    """The parameters of an address as they stand in a page."""
    return {name: value[0] for name, value in parse_qs(urlsplit(html.unescape(path)).query).items()}


@pytest.mark.parametrize("goal", [{}, {"GoalID": "1"}])
def test_those_behind_a_number_are_those_in_it(console: Console, goal: dict[str, str]) -> None:
    for measure in ("people", "visits", "views", "conversions", "revenue", "rate"):
        answer = console.get(console.path, Show=measure, **goal)
        [(path, asked)] = re.findall(r'<a href="([^"]*/who[^"]*)">(Wh[^<]*)</a>', answer.text)
        is_of_people = measure in ("people", "visits")
        assert bool(re.fullmatch(r"Who are these \d+ people\?", asked)) is is_of_people
        assert is_of_people or asked == "Who are the people behind this?"
        assert opened(path) == goal | ({} if measure == "people" else {"Measure": measure})
        console.get(urlsplit(path).path, **opened(path))
        [params] = console.asked("reports.people")
        assert (params.get("Measure"), params.get("GoalID")) == (
            None if measure == "people" else measure,
            goal.get("GoalID"),
        )


def test_one_person_is_not_several(console: Console) -> None:
    for count, asked in ((1, "Who is this person?"), (0, "Who are the people behind this?")):
        made = trend({"Measures": ["people", "visits", "views", "conversions", "revenue", "rate"]})
        made["Series"][0]["Total"] = count
        console.reports.made["reports.trend"] = lambda params, made=made: (
            trend(params) if params.get("Interval") else made
        )
        assert len(links(console.get(console.path), asked)) == 1


def test_a_goal_opens_to_those_who_reached_it(console: Console) -> None:
    card = console.get(console.path).text.partition('id="card-goals"')[2]
    [path] = re.findall(r'class="opens" href="([^"]+)"', card)
    assert opened(path) == {"GoalID": "1", "Measure": "conversions"}
    page = console.get(urlsplit(path).path, **opened(path))
    assert "2 people who reached the goal, 14 – 27 Nov 2026" in words(page)
    assert links(page, "Whatever they did") == ["?GoalID=1"]
    [csv] = links(page, "Download as CSV")
    assert opened(csv)["Measure"] == "conversions"


@pytest.mark.parametrize(
    ("asked", "heading"),
    [
        ({"Measure": "views"}, "2 people who saw a page, 14"),
        ({"Measure": "revenue", "GoalID": "1"}, "2 people with a conversion, 14"),
        (
            {"Measure": "conversions", "Event": "conversion"},
            "2 people who did conversion , with a conversion, 14",
        ),
        ({"Measure": "visits"}, "2 people, 14"),
    ],
)
def test_who_they_are_is_said(console: Console, asked: dict[str, str], heading: str) -> None:
    assert heading in words(console.get(f"{console.path}/who", **asked))


def test_a_number_that_opens_to_nobody_is_refused(console: Console) -> None:
    del console.reports.made["reports.people"]
    answer = console.get(f"{console.path}/who", Measure="x")
    assert (answer.status, "Invalid Measure parameter" in words(answer)) == (422, True)


@pytest.mark.parametrize(
    "shown", ["conversions", "revenue", "rate", "events", "people", "bounces", "sum:price"]
)
@pytest.mark.parametrize("form", ["lines", "table", "crossed"])
def test_explore_opens_its_numbers_to_those_in_them(console: Console, shown: str, form: str) -> None:
    args = {"Show": shown, "By": "visit:$channel", "Event": "order", "As": form}
    args |= {"Across": "visit:$device_type"} if form == "crossed" else {}
    answer = console.get(f"{console.path}/explore", **args)
    found = [opened(path) for path in re.findall(r'href="([^"]*/who[^"]*)"', answer.text)]
    measure = {} if shown in ("people", "bounces", "sum:price") else {"Measure": shown}
    assert len(found) > 5
    for each in found:
        where = each.pop("Where", None)
        assert each == {"Event": "order"} | measure
        assert (where is None) is (each is found[-1]), "the last is that of all"
    assert len(links(answer, "Who are the people behind this?")) == 1


def test_explore_crosses_two_breakdowns(console: Console) -> None:
    args = {"By": "visit:$channel", "Across": "visit:$device_type", "Show": "views"}
    answer = console.get(f"{console.path}/explore", **args)
    [params] = console.asked("reports.breakdown")
    assert (params["By"], params["Measures"]) == (
        ["visit:$channel", "visit:$device_type"],
        ["views", "people"],
    )
    assert "<title>Page views by Channel and Device</title>" in answer.text
    cell = re.search(r'<a href="([^"]+)"><title>Email, Mobile: (\d+)</title>', answer.text)
    assert cell is not None
    where = json.loads(parse_qs(urlsplit(html.unescape(cell[1])).query)["Where"][0])
    assert [each["Value"] for each in where] == ["Email", "mobile"]
    [csv] = links(answer, "Download as CSV")
    assert parse_qs(urlsplit(csv).query)["By"] == params["By"]
    same = console.get(f"{console.path}/explore", By="visit:$channel", Across="visit:$channel")
    assert (same.status, console.asked("reports.breakdown")) == (200, []), (
        "a thing is not crossed with itself"
    )


def test_numbers_are_taken_along(console: Console) -> None:
    answer = console.get(console.path, Where=json.dumps(EMAIL))
    [csv] = links(answer, "Download as CSV")
    parts = urlsplit(csv)
    assert parts.path == f"{console.path}/csv/reports.trend"
    assert parse_qs(parts.query)["Measures"] == [
        "people",
        "visits",
        "views",
        "conversions",
        "revenue",
        "rate",
    ]
    assert json.loads(parse_qs(parts.query)["Where"][0]) == EMAIL
    call = html.unescape(re.search(r'<pre id="call-trend"[^>]*>(.*?)</pre>', answer.text, re.DOTALL)[1])  # type: ignore[index]
    body = json.loads(call.partition(" -d '")[2][:-1])
    assert (body["ListID"], body["Where"]) == (console.list_id, EMAIL)
    assert console.get(f"{console.path}/csv/list.get").status == 404, "only reports are files"


# All lists


def test_all_lists_have_numbers_and_a_line(console: Console) -> None:
    console.made("Fresh")
    answer = console.get("/")
    assert len(console.asked("reports.trend")) == 1, "a list without events has nothing to ask for"
    told = words(answer)
    assert "Fresh ListID" in told
    assert "No event yet" in told
    assert answer.text.count('class="sparkline"') == 1
    assert "The last 14 days of each list in its own time zone, against the 14 days before." in told
    assert f'href="{console.path}"' in answer.text


def test_lists_without_time_left_lead_to_their_numbers(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.console.list_numbers.SECONDS", -1.0)
    answer = console.get("/")
    assert console.asked("reports.trend") == []
    assert links(answer, "Show its numbers") == [console.path]


def test_who_may_not_read_reports_sees_the_lists_without_numbers(console: Console) -> None:
    console.reports.made["reports.trend"] = failure(403, (errors.FORBIDDEN.code, "Not permitted"))
    told = words(console.get("/"))
    assert "People known" in told
    assert "not available" not in told


def test_the_switcher_gets_names_and_paths(console: Console) -> None:
    assert console.json("/lists") == {"Lists": [{"Name": "Web shop", "Path": console.path}]}
    assert console.get("/lists").headers["Location"] == "/"
    page = console.get(f"{console.path}/live").text
    assert 'class="button switcher" href="/" data-lists="/lists"' in page


def test_setup_moves_beside_the_settings(console: Console) -> None:
    page = console.get(f"{console.path}/settings")
    assert f'href="{console.path}/setup"' in page.text
    nav = page.text.partition('<nav class="tabs"')[2].partition("</nav>")[0]
    tabs = re.findall(r">(\w+)</a>", nav)
    assert tabs == ["Overview", "Explore", "Funnels", "Retention", "Paths", "Revenue", "People", "Events", "Live", "Settings"]  # fmt: skip
    assert re.findall(r'data-key="(\d)"', nav) == list("123456789"), "there is no tenth key"
    fresh = console.get(f"/lists/{console.made('Fresh')}/setup").text
    assert re.findall(r'data-key="\d" [^>]*>(\w+)</a>', fresh)[0] == "Setup"


# Goals


def test_goals_are_listed_made_and_deleted(console: Console) -> None:
    made: list[dict[str, Any]] = []
    console.reports.made["goal.create"] = lambda params: made.append(params) or {"GoalID": 2}
    console.reports.made["goal.delete"] = lambda params: made.append(params) or {}
    page = console.get(f"{console.path}/goals")
    assert "Newsletter newsletter_signup" in words(page)
    form = {"token": token_in(page)}
    sent = console.ask(
        "POST", f"{console.path}/goals", data={**form, "Name": " Cart ", "Event": "add_to_cart"}
    )
    gone = console.ask("POST", f"{console.path}/goals/1/delete", data=form)
    assert [each.headers["Location"] for each in (sent, gone)] == [f"{console.path}/goals"] * 2
    assert (made[0]["Name"], made[0]["Event"], made[1]["GoalID"]) == ("Cart", "add_to_cart", "1")
