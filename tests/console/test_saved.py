"""Are numbers kept with their question, pinned, changed and taken away, and are notes where charts show them?"""

from __future__ import annotations

import html
import json
import pathlib
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.client import InProcess
from tests.console.made_up_console import Console
from tests.console.made_up_reports import TODAY, failure, funnel
from tests.console.visitor import words
from tracker.console.saved_answers import DRAWN, PAGES_OF
from tracker.registry import CsvStream

EMAIL = [{"Of": "visit", "Property": "$channel", "Is": "equals", "Value": "Email"}]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    folder: pathlib.Path = tmp_path_factory.mktemp("saved")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        yield Console(client)


@pytest.fixture
def console(shared: Console) -> Iterator[Console]:
    """The console with nothing saved; what a test makes up is forgotten after it."""
    made = dict(shared.reports.made)
    yield shared
    shared.reports.made = made
    for table in ("saved_reports", "annotations", "shares"):
        sql = f"DELETE FROM {table} WHERE list_id = ?"
        shared.client.services.storage.write(
            lambda transaction, sql=sql: transaction.change(sql, (shared.list_id,))
        )


def kept_on(page: str) -> dict[str, str]:
    """The fields of the form that saves what a page shows."""
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'name="(Report|Params)" value="([^"]*)"', page)
    }


def saved(console: Console) -> list[dict[str, Any]]:
    answer = console.client.ok("savedreports.get", console.user.key, ListID=console.list_id)
    return list(answer["SavedReports"])


def save(console: Console, name: str = "Channels", **params: Any) -> int:
    sent = {"Report": "reports.breakdown", "Params": {"By": "visit:$channel"}, **params}
    made = console.client.ok(
        "savedreport.create", console.user.key, ListID=console.list_id, Name=name, **sent
    )
    return int(made["SavedReportID"])


@pytest.mark.parametrize(
    ("page", "report", "params"),
    [
        ("", "reports.trend", {"Measures": ["people", "visits", "views", "conversions", "revenue", "rate"]}),
        (
            "/explore?Show=views&Event=page_view&Interval=week",
            "reports.trend",
            {"Event": "page_view", "Measures": ["views"], "Interval": "week"},
        ),
        (
            "/explore?By=visit:$channel&As=table&From=-29d",
            "reports.breakdown",
            {"From": "-29d", "By": "visit:$channel", "Measures": ["people"]},
        ),
        (
            "/explore?By=$pathname&Across=visit:$os&Show=revenue",
            "reports.breakdown",
            {"By": ["$pathname", "visit:$os"], "Measures": ["revenue", "people"]},
        ),
    ],
)
def test_a_page_is_saved_with_its_question(
    console: Console, page: str, report: str, params: dict[str, Any]
) -> None:
    joined = "&" if "?" in page else "?"
    asked = f"{console.path}{page}{joined}Where={json.dumps(EMAIL)}"
    form = kept_on(console.get(asked).text)
    answer = console.submit(f"{console.path}/saved", at=asked, **form, Name="Mine")
    [report_] = saved(console)
    assert answer.headers["Location"] == f"{console.path}/saved/{report_['SavedReportID']}"
    assert (report_["Report"], report_["Params"]) == (report, {**params, "Where": EMAIL})
    shown = console.get(answer.headers["Location"])
    assert (shown.status, "Mine" in words(shown)) == (200, True)


def test_what_is_pinned_stands_on_the_overview(console: Console) -> None:
    form = kept_on(console.get(f"{console.path}/explore").text)
    answer = console.submit(
        f"{console.path}/saved", at=f"{console.path}/explore", **form, Name="People <b>", then="pin"
    )
    assert answer.headers["Location"] == f"{console.path}#pinned"
    save(console, "Pinned too", IsPinned=True)
    save(console, "Not this")
    page = console.get(console.path).text.partition('id="pinned"')[2]
    assert "People &lt;b&gt;" in page
    assert page.count("chart-wide") == 1, "one line alone is a chart"
    assert "Direct" in page
    assert "Not this" not in page


def test_a_pinned_report_that_is_refused_harms_no_other(console: Console) -> None:
    save(console, "Broken", IsPinned=True, Report="reports.trend", Params={})
    save(console, "Whole", IsPinned=True)
    made = console.reports.made["reports.trend"]
    console.reports.made["reports.trend"] = lambda params: (
        made(params) if "Measures" in params else failure(422, (10, "Goal not found"))(params)
    )
    page = words(console.get(console.path))
    assert "It cannot be answered: Goal not found (error 10)" in page
    assert "Whole" in page
    number = saved(console)[0]["SavedReportID"]
    alone = words(console.get(f"{console.path}/saved/{number}"))
    assert "It cannot be answered: Goal not found (error 10)" in alone
    assert "Delete this saved report" in alone


def test_a_pinned_report_that_one_may_not_see_harms_no_other(console: Console) -> None:
    save(console, "Hidden", IsPinned=True)
    save(console, "Whole", IsPinned=True, Report="reports.trend", Params={})
    made = console.reports.made["reports.breakdown"]
    console.reports.made["reports.breakdown"] = lambda params: (
        made(params)
        if "Limit" in params and params["Limit"] == 8
        else failure(403, (403, "Forbidden"))(params)
    )
    page = console.get(console.path)
    assert (page.status, "It cannot be answered: Forbidden (error 403)" in words(page)) == (200, True)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (failure(422, (13, "The question takes too long")), "takes too long (error 13)"),
        (failure(503, (100014, "Reports not available")), "Reports not available (error 100014)"),
        (lambda _: {"Rows": "odd"}, "Unexpected failure (error 100005)"),
    ],
)
def test_a_pinned_report_that_fails_harms_no_other_and_is_asked_last(
    console: Console, answer: Any, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    save(console, "Broken", IsPinned=True)
    save(console, "Whole", IsPinned=True, Report="reports.trend", Params={"Measures": ["visits"]})
    made = console.reports.made["reports.breakdown"]
    console.reports.made["reports.breakdown"] = lambda params: (
        made(params) if params["Limit"] == 8 else answer(params)
    )
    page = console.get(console.path)
    told = words(page)
    assert (page.status, said in told, "Whole" in told) == (200, True, True)
    assert ("unexpected failure" in capfd.readouterr().err) is ("100005" in said)
    asked = [params for name, params in console.reports.asked if name.startswith("reports.")]
    assert [params.get("Limit") for params in asked[-2:]] == [6, None], "after the page's own"
    assert asked[-1]["Measures"] == ["visits"]


def test_any_numbers_of_a_pinned_report_are_drawn(console: Console) -> None:
    """As anonymous events may bring them."""
    save(console, "Huge", IsPinned=True, Report="reports.trend", Params={"Measures": ["sum:price"]})
    made = console.reports.made["reports.trend"]

    def huge(params: dict[str, Any]) -> Any:
        answer = made(params)
        for each in answer["Series"]:
            if each["Measure"] == "sum:price":
                each.update(Points=[1.7e308, -1.7e308] * 7, Total=1.7e308)
                each["Before"].update(Total=-1.7e308)
        return answer

    console.reports.made["reports.trend"] = huge
    shown = f"{console.path}/explore?Show=sum:price"
    for told in (words(console.get(console.path)), words(console.get(shown))):
        assert "1.7e+308" in told
        assert "100005" not in told


def test_a_report_without_a_drawing_is_a_table(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of plugins are: what its CSV says."""
    monkeypatch.delitem(DRAWN, "reports.funnel")
    monkeypatch.delitem(PAGES_OF, "reports.funnel")
    lines = b'step,name,people\r\n1,<b>Seen</b>,12\r\n2,"Bought, at last",3\r\n'
    console.reports.made["reports.funnel"] = lambda params: (
        CsvStream([lines]) if params.get("Format") == "csv" else funnel(params)
    )
    number = save(console, "Funnel", IsPinned=True, Report="reports.funnel", Params={"Steps": ["a", "b"]})
    for path in (console.path, f"{console.path}/saved/{number}"):
        page = console.get(path)
        told = [
            text
            for text in ("Funnel", "people", "<b>Seen</b>", "Bought, at last", "12")
            if text in words(page)
        ]
        assert len(told) == 5, words(page)
        assert "<b>Seen" not in page.text
    assert "Change the question" not in console.get(f"{console.path}/saved/{number}").text


def test_reports_are_renamed_unpinned_and_deleted(console: Console) -> None:
    number = save(console, IsPinned=True)
    path = f"{console.path}/saved/{number}"
    console.submit(path, Name="  Renamed ")
    console.submit(path, IsPinned="0")
    [report] = saved(console)
    assert (report["Name"], report["IsPinned"]) == ("Renamed", False)
    save(console, "Other")
    refused = console.submit(path, Name="OTHER")
    assert (refused.status, "that no other saved report of this list has" in words(refused)) == (422, True)
    listed = words(console.get(f"{console.path}/saved"))
    assert "Renamed By value" in listed
    answer = console.submit(f"{path}/delete", at=path)
    assert answer.headers["Location"] == f"{console.path}/saved"
    assert [each["Name"] for each in saved(console)] == ["Other"]
    assert console.get(path).status == 404


def test_what_is_refused_can_be_sent_again(console: Console) -> None:
    save(console, "Mine")
    form = kept_on(console.get(console.path).text)
    refused = console.submit(f"{console.path}/saved", at=console.path, **form, Name="mine", then="pin")
    assert refused.status == 422
    assert kept_on(refused.text) == form
    assert "that no other saved report of this list has" in words(refused)


@pytest.mark.parametrize("number", ["0", "x", "1.5", "9" * 30])
def test_what_is_no_saved_report_is_not_there(console: Console, number: str) -> None:
    assert console.get(f"{console.path}/saved/{number}").status == 404


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        (
            {"Report": "reports.trend", "Params": {"Measures": ["people", "revenue"]}},
            ("People", "Revenue", "€"),
        ),
        (
            {"Report": "reports.trend", "Params": {"By": "visit:$channel", "Top": 3}},
            ("Direct", "Search", "Email"),
        ),
        ({"Report": "reports.trend", "Params": {"Interval": "none"}}, ("People",)),
        (
            {"Params": {"By": ["visit:$channel", "visit:$os"], "Measures": "people"}},
            ("Channel", "System", "People"),
        ),
        ({"Params": {"By": "visit:$country", "Measures": ["people", "revenue"]}}, ("Country", "Germany")),
    ],
)
def test_a_saved_report_has_its_numbers_and_leads_to_its_question(
    console: Console, params: dict[str, Any], shown: tuple[str, ...]
) -> None:
    page = console.get(f"{console.path}/saved/{save(console, **params)}")
    assert page.status == 200
    assert [text for text in shown if text not in words(page)] == []
    [path] = re.findall(r'href="([^"]*/explore[^"]*)">Change the question', page.text)
    assert console.ask("GET", html.unescape(path)).status == 200


def test_notes_are_on_the_chart_and_below_it(console: Console) -> None:
    day = f"{TODAY:%Y-%m-%d}"
    console.submit(f"{console.path}/notes", At=day, Text='Release <2.4> "x"', Url="https://git.example/2.4")
    for page in (console.path, f"{console.path}/explore"):
        text = console.get(page).text
        assert text.count("note-line") == 2, "in the wide chart and in the narrow one"
        assert text.count("Release &lt;2.4&gt; &#34;x&#34;") >= 3
        assert 'href="https://git.example/2.4" rel="noopener noreferrer"' in text
        assert f'name="At" type="date" value="{day}"' in text
    assert "note-line" not in console.get(f"{console.path}/explore?By=visit:$channel&As=table").text


def test_a_day_of_a_chart_leads_to_a_note_on_it(console: Console) -> None:
    for page in (console.path, f"{console.path}/explore", f"{console.path}/explore?As=bars"):
        found = re.findall(r'class="note-add" href="([^"]+)"', console.get(page).text)
        assert found[0] == f"{console.path}/notes?At=2026-11-14", page
        assert len(set(found)) * 2 == len(found), "in the wide chart and in the narrow one"
    assert 'type="date" value="2026-11-14"' in console.get(found[0]).text
    assert 'value="&#34;&gt;"' in console.get(f"{console.path}/notes?At=%22%3E").text


def test_notes_are_changed_and_deleted(console: Console) -> None:
    noted = {"At": "2026-01-31T15:30:00Z", "Text": "Before"}
    number = console.client.ok("annotation.create", console.user.key, ListID=console.list_id, **noted)[
        "AnnotationID"
    ]
    path, page = f"{console.path}/notes/{number}", f"{console.path}/notes"

    def notes() -> list[dict[str, Any]]:
        found = console.client.ok("annotations.get", console.user.key, ListID=console.list_id)
        return list(found["Annotations"])

    console.submit(path, at=page, before="2026-01-31", At="2026-01-31", Text="After", Url="")
    assert [(each["Text"], each["At"]) for each in notes()] == [("After", "2026-01-31T15:30:00.000Z")]
    console.submit(path, at=page, before="2026-01-31", At="2026-01-30", Text="After", Url="")
    assert notes()[0]["At"] == "2026-01-30T00:00:00.000Z"
    refused = console.submit(path, at=page, before="2026-01-30", At="2026-01-30", Text="", Url="x")
    assert (refused.status, refused.text.count("<details open>")) == (422, 1)
    assert "A note of 1 to 300 characters." in words(refused)
    console.submit(f"{path}/delete", at=page)
    assert notes() == []


def test_a_link_is_shown_once_listed_and_revoked(console: Console) -> None:
    page = f"{console.path}/links"
    number = save(console, "Mine")
    assert f'value="{number}" selected' in console.get(f"{page}?saved={number}").text
    sent = {
        "SavedReportID": str(number),
        "Until": "2099-12-31",
        "FrameOrigins": "https://a.example https://b.example",
    }
    made = console.submit(page, **sent, Password="long enough")
    [link] = re.findall(r"http://127\.0\.0\.1:8000/s/(\w{42})", made.text)
    assert made.headers.get("Content-Encoding") is None, "a secret is sent without compression"
    listed = console.get(page)
    assert link not in listed.text
    assert "Mine made" in words(listed)
    assert "framed by https://a.example, https://b.example" in words(listed)
    [revoked] = re.findall(rf'action="({page}/\d+/revoke)"', listed.text)
    assert console.client.get(f"/s/{link}").status == 403, "it asks for its password"
    console.submit(revoked, at=page)
    assert "a.example" not in console.get(page).text
    assert console.client.get(f"/s/{link}").status == 404


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"Until": "2020-01-01"}, "A day that is still to come"),
        ({"Password": "short"}, "8 to 200 characters"),
        ({"FrameOrigins": "a.example"}, "Origins such as"),
        ({"SavedReportID": "999999"}, "Saved report not found"),
    ],
)
def test_what_is_no_link_says_why(console: Console, sent: dict[str, str], said: str) -> None:
    refused = console.submit(f"{console.path}/links", **sent)
    assert (refused.status, said in words(refused)) == (422, True), words(refused)
    assert "/s/" not in refused.text
