"""Does a link show numbers and nothing else, to those who may see them, for as long as it is to?"""

from __future__ import annotations

import json
import pathlib
import re
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.client import InProcess, Reply
from tests.console.made_up_console import Console
from tests.console.made_up_reports import failure
from tests.console.visitor import words
from tracker.auth.failed_tries import AT_ACCOUNT_FROM_PLACE
from tracker.auth.share_access import OPENED
from tracker.console.blueprint import POLICY

EMAIL = {"Of": "visit", "Property": "$channel", "Is": "equals", "Value": "Email"}
PASSWORD = "password of a link"


class Links:
    """Share links of a list whose reports are made up. Each look comes from an address of its own."""

    def __init__(self, console: Console) -> None:
        self.console, self.client, self.list_id = console, console.client, console.list_id
        self._looks = 0

    def make(self, **params: Any) -> str:
        """The token of a new link."""
        opened = {} if "SavedReportID" in params else {"Overview": True}
        sent = {"ListID": self.list_id, **opened, **params}
        # Its command asks the real engine of a process of its own: here the report is not tried.
        return str(self.client.ok("share.create", self.console.user.key, **sent)["URL"].rpartition("/")[2])

    def save(self, name: str, report: str, **params: Any) -> int:
        sent = {"ListID": self.list_id, "Name": name, "Report": report, "Params": params}
        return int(self.client.ok("savedreport.create", self.console.user.key, **sent)["SavedReportID"])

    def look(self, token: str, method: str = "GET", address: str | None = None, **options: Any) -> Reply:
        self._looks += 1
        from_ = address or f"10.1.{self._looks // 250}.{self._looks % 250}"
        self.console.reports.asked.clear()
        return self.client.request(method, f"/s/{token}", address=from_, **options)

    def change(self, sql: str, *values: Any) -> None:
        self.client.services.storage.write(lambda transaction: transaction.change(sql, values))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Links]:
    folder: pathlib.Path = tmp_path_factory.mktemp("links")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        yield Links(Console(client))


@pytest.fixture
def links(everything: Links, monkeypatch: pytest.MonkeyPatch) -> Iterator[Links]:
    made = dict(everything.console.reports.made)
    monkeypatch.setattr(everything.client.services.analytics, "ask", lambda *_: {"building": 0.5})
    yield everything
    everything.console.reports.made = made


def test_the_overview_is_shown_with_its_conditions_and_nothing_that_leads_on(links: Links) -> None:
    token = links.make(Where=[EMAIL])
    page = links.look(token, params={"Where": "[]", "GoalID": "1", "From": "2020-01-01", "Show": "revenue"})
    assert page.status == 200
    assert [
        text for text in ("Web shop", "People", "Revenue", "Sources", "Countries") if text not in words(page)
    ] == []
    assert {json.dumps(params.get("Where")) for _, params in links.console.reports.asked} == {
        json.dumps([EMAIL])
    }
    assert not [params for _, params in links.console.reports.asked if {"GoalID", "From"} & params.keys()]
    hrefs = set(re.findall(r'(?:href|action|src)="([^"]*)"', page.text))
    assert [each for each in hrefs if not each.startswith(("?", "/console/"))] == []
    assert [
        word for word in ("/lists", "/who", "<form", "<script", token, "@example.com") if word in page.text
    ] == []


def test_a_period_is_one_of_those_that_are_offered(links: Links) -> None:
    token = links.make()
    page = links.look(token)
    offered = re.findall(r'href="(\?From=[^"]*)"', page.text)
    assert len(offered) == 10
    links.look(token, params={"From": "-29d", "To": "today"})
    assert {(each["From"], each["To"]) for _, each in links.console.reports.asked} == {("-29d", "today")}
    for odd in (
        {"From": "-30d", "To": "today"},
        {"From": "2026-01-01T09:00:00Z", "To": "2026-01-01T09:00:01Z"},
    ):
        links.look(token, params=odd)
        assert not [each for _, each in links.console.reports.asked if "From" in each]


@pytest.mark.parametrize(
    ("report", "params", "shown"),
    [
        ("reports.trend", {"Measures": ["people"]}, ("chart-wide", "People")),
        (
            "reports.trend",
            {"Measures": ["people"], "By": "visit:$channel"},
            ("chart-wide", "Direct", "Email"),
        ),
        ("reports.breakdown", {"By": "visit:$channel", "Measures": ["people", "revenue"]}, ("Direct", "€")),
        ("reports.breakdown", {"By": ["visit:$channel", "visit:$os"]}, ("Channel", "System")),
    ],
)
def test_a_saved_report_is_shown_and_leads_nowhere(
    links: Links, report: str, params: dict[str, Any], shown: tuple[str, ...]
) -> None:
    number = links.save(f"{report} {len(params)} {params.get('By')}", report, **params)
    token = links.make(SavedReportID=number, Where=[EMAIL])
    page = links.look(token, params={"From": "-29d", "To": "today"})
    assert page.status == 200
    assert [text for text in shown if text not in page.text] == []
    [(name, asked)] = links.console.reports.asked
    assert (name, asked["Where"], asked.get("From")) == (report, [EMAIL], None)
    hrefs = set(re.findall(r'(?:href|action|src)="([^"]*)"', page.text))
    assert [each for each in hrefs if not each.startswith("/console/")] == []


@pytest.mark.parametrize("form", [lambda steps: steps, json.dumps])
def test_a_goal_in_a_funnel_has_no_name(links: Links, form: Any) -> None:
    asked = {"ListID": links.list_id, "Name": f"Secret {form}", "Event": "order"}
    goal = links.client.ok("goal.create", links.console.user.key, **asked)["GoalID"]
    made = links.console.reports.made["reports.funnel"]
    links.console.reports.made["reports.funnel"] = lambda params: made(
        {**params, "Steps": [{"Name": "Secret"}, "conversion"]}
    )
    saved = links.save(f"To buy {form}", "reports.funnel", Steps=form([{"goalid": goal}, "conversion"]))
    page = links.look(links.make(SavedReportID=saved))
    assert "Funnel from A goal to conversion" in words(page)
    assert "Secret" not in page.text


def test_headers_keep_others_from_framing_and_indexing(links: Links) -> None:
    page = links.look(links.make())
    assert page.headers["Content-Security-Policy"] == POLICY
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert page.headers["Referrer-Policy"] == "same-origin"
    token = links.make(FrameOrigins=["https://a.example", "http://b.example:8080"])
    for framed in (links.look(token), links.look(token, "POST", data={"password": "x"})):
        policy = framed.headers["Content-Security-Policy"]
        assert policy == POLICY.replace(
            "frame-ancestors 'none'", "frame-ancestors https://a.example http://b.example:8080"
        )
        assert framed.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def told(reply: Reply) -> tuple[int, str]:
    return reply.status, reply.text


def test_tokens_that_open_nothing_are_one_case(links: Links) -> None:
    """Unknown, not well-formed, over, revoked, of a report that is gone, of a list that is gone: the same bytes."""
    over, revoked, fine = links.make(Until="2099-01-01"), links.make(), links.make()
    number = links.save("To be deleted", "reports.trend")
    deleted = links.make(SavedReportID=number)
    links.change("UPDATE shares SET ends_at = ? WHERE ends_at IS NOT NULL", time.time_ns() // 1_000_000)
    sent = {"ListID": links.list_id}
    shares = links.client.ok("shares.get", links.console.user.key, **sent)["Shares"]
    links.client.ok("share.revoke", links.console.user.key, **sent, ShareID=shares[-3]["ShareID"])
    links.client.ok("savedreport.delete", links.console.user.key, **sent, SavedReportID=number)
    assert links.look(fine).status == 200
    last = "0" if fine[-1] != "0" else "1"
    answers = {
        told(links.look(token, method))
        for token in (
            over,
            revoked,
            deleted,
            fine[:-1] + last,
            fine.lower(),
            "x",
            "x" * 42,
            "%00",
            "é",
            fine * 2,
        )
        for method in ("GET", "POST")
    }
    [(status, page)] = answers
    assert status == 404
    assert "This link shows nothing" in page
    for below in (f"{fine}/", f"{fine}/csv", f"{fine}/who", ""):
        assert links.look(below).status == 404


def test_a_link_dies_with_its_list_and_its_user_and_their_permission(links: Links) -> None:
    shop = links.client.open_shop("leaving@example.com")
    made = links.client.ok("share.create", shop.key, ListID=shop.list_id, Overview=True)["URL"]
    token = made.rpartition("/")[2]
    assert links.look(token).status == 200
    opened = links.client.services.stores.shares.opened
    found = opened(token)
    assert found is not None
    links.change("UPDATE users SET permissions = ? WHERE id = ?", b"Lists.Get", shop.user_id)
    links.console.reports.made.clear()  # from here on by the real commands
    assert links.look(token).status == 404
    links.change("UPDATE users SET permissions = ? WHERE id = ?", b"*", shop.user_id)
    assert links.look(token).status == 503, "the copy is being built"
    for table, column, number in (("lists", "id", shop.list_id), ("users", "id", shop.user_id)):
        row = links.client.rows(f"SELECT * FROM {table} WHERE {column} = ?", number)
        links.change(f"DELETE FROM {table} WHERE {column} = ?", number)
        assert links.look(token).status == 404
        marks = ", ".join("?" * len(row[0]))
        links.change(f"INSERT INTO {table} VALUES ({marks})", *row[0])
    assert opened(token) == found


def test_a_password_is_asked_for_and_a_browser_that_gave_it_is_let_in(links: Links) -> None:
    token, other = links.make(Password=PASSWORD), links.make(Password=PASSWORD)
    asked = links.look(token)
    assert (asked.status, links.console.reports.asked) == (403, [])
    assert "Web shop" not in asked.text
    wrong = links.look(token, "POST", data={"password": "wrong"})
    assert (wrong.status, "The password is wrong." in words(wrong)) == (403, True)
    assert "Set-Cookie" not in wrong.headers
    right = links.look(token, "POST", data={"password": PASSWORD})
    assert (right.status, right.headers["Location"]) == (303, f"/s/{token}")
    cookie = right.headers["Set-Cookie"]
    assert [
        part
        for part in ("HttpOnly", f"Path=/s/{token}", "SameSite=Lax", "Max-Age=43200")
        if part not in cookie
    ] == []
    proof = cookie.partition(";")[0]
    assert links.look(token, headers={"Cookie": proof}).status == 200
    assert links.look(other, headers={"Cookie": proof}).status == 403, "it opens that link alone"
    ends, _, signed = proof.partition("=")[2].partition(".")
    for forged in (
        f"{int(ends) + 1}.{signed}",
        f"1.{signed}",
        f"{ends}.{'0' * 64}",
        ends,
        f"{'9' * 99}.{signed}",
        "é",
    ):
        assert links.look(token, headers={"Cookie": f"tracker_share={forged}"}).status == 403


def test_a_proof_ends(links: Links) -> None:
    token = links.make(Password=PASSWORD)
    access, now = _access_at(links)
    share = access.opened(token, "10.2.0.1")
    proof = access.entered(share, PASSWORD, "10.2.0.1")
    assert proof is not None
    assert access.is_open(share, proof)
    now[0] += 12 * 3600 * 1000
    assert not access.is_open(share, proof)


def _access_at(links: Links) -> tuple[Any, list[int]]:
    from tracker.auth.share_access import ShareAccess

    now = [time.time_ns() // 1_000_000]
    limiter = links.client.services.logins._limiter  # noqa: SLF001
    return ShareAccess(links.client.services.stores.shares, limiter, lambda: now[0]), now


def test_guessing_is_slowed_down_and_others_are_not(links: Links) -> None:
    token, other = links.make(Password=PASSWORD), links.make(Password=PASSWORD)
    place = "192.0.2.7"
    tries = [
        links.look(token, "POST", place, data={"password": f"guess {number}"}).status
        for number in range(AT_ACCOUNT_FROM_PLACE.hits + 1)
    ]
    assert tries == [403] * AT_ACCOUNT_FROM_PLACE.hits + [429]
    stopped = links.look(token, "POST", place, data={"password": PASSWORD})
    assert (stopped.status, "Set-Cookie" in stopped.headers) == (429, False)
    assert 1 <= int(stopped.headers["Retry-After"]) <= AT_ACCOUNT_FROM_PLACE.seconds
    assert "Please wait" in words(stopped)
    assert links.look(token, "POST", "192.0.2.8", data={"password": PASSWORD}).status == 303
    assert links.look(other, "POST", place, data={"password": PASSWORD}).status == 303


def test_openings_of_a_network_are_bounded(links: Links) -> None:
    token = links.make(Password=PASSWORD)
    statuses = [links.look(token, address="192.0.2.99").status for _ in range(OPENED.hits + 1)]
    assert statuses == [403] * OPENED.hits + [429]
    unknown = links.look("x", address="192.0.2.99")
    assert (unknown.status, "Retry-After" in unknown.headers) == (429, True)


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_a_form_of_another_site_uses_up_no_try(links: Links, headers: dict[str, str]) -> None:
    token, place = links.make(Password=PASSWORD), "192.0.2.44"
    for _ in range(AT_ACCOUNT_FROM_PLACE.hits + 2):
        assert links.look(token, "POST", place, headers=headers, data={"password": "x"}).status == 403
    assert links.look(token, "POST", place, data={"password": PASSWORD}).status == 303


@pytest.mark.parametrize(
    ("made", "status", "said"),
    [
        (failure(422, (10, "Goal not found")), 404, "These numbers cannot be shown"),
        (failure(503, (100014, "Reports not available")), 503, "not available now"),
        (failure(429, (429, "Rate limit exceeded")), 429, "Please wait"),
        (failure(500, (100005, "Unexpected failure")), 500, "Something went wrong"),
        (lambda _: {"Status": "building", "Progress": 0.4}, 503, "not available now"),
        (lambda _: {}["secret"], 500, "Something went wrong"),
    ],
)
def test_what_cannot_be_shown_is_a_page_that_tells_no_more(
    links: Links, made: Any, status: int, said: str
) -> None:
    links.console.reports.made["reports.trend"] = made
    page = links.look(links.make())
    assert (page.status, said in words(page)) == (status, True)
    assert "secret" not in page.text
    assert "Web shop" not in page.text


def test_storage_that_is_gone_is_a_page(links: Links, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracker.errors import StorageUnavailable

    token = links.make()

    def gone(*_: Any) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(links.client.services.stores.shares, "opened", gone)
    page = links.look(token)
    assert (page.status, page.headers["Retry-After"]) == (503, "1")


def test_a_form_that_is_too_large_is_refused(links: Links) -> None:
    page = links.look(links.make(Password=PASSWORD), "POST", data={"password": "x" * 70_000})
    assert page.status == 413


def test_a_token_is_in_no_log(links: Links, capfd: pytest.CaptureFixture[str]) -> None:
    token = links.make()
    links.look(token)
    logged = capfd.readouterr().out
    assert '"path":"/s/..."' in logged
    assert token not in logged
