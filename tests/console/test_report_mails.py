"""Mails of reports: the words and numbers of the pages, in text and in HTML that loads nothing, or with a file."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.client import InProcess
from tests.console.made_up_console import Console
from tests.console.made_up_reports import failure
from tracker.delivery.mail_worker import CannotBeMailed, NotYet
from tracker.errors import REPORTS_UNAVAILABLE
from tracker.mail import MailMessage
from tracker.storage.accounts import DueMail

LINK = "https://t.example/u/1/abc"
#: Monday, 1 June 2026, at eight in Berlin.
DUE = 1_780_293_600_000


class Mails:
    """Mails of a list whose reports are made up."""

    def __init__(self, console: Console) -> None:
        self.console, self.client = console, console.client

    def mail(self, command: str | None = None, **changes: Any) -> MailMessage:
        user = self.console.user
        due = DueMail(
            self.console.list_id, 1, "a@b.example", "a@b.example", 0, "week", 8, False, b"", 0, "Web shop", "Europe/Berlin", "EUR",
            user.user_id, "*", None if command is None else "My <report>", command, {},
        )._replace(**changes)  # fmt: skip
        compose = self.client.services.mails.compose
        assert compose is not None
        return compose(due, DUE)(LINK)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mails]:
    folder: pathlib.Path = tmp_path_factory.mktemp("mails")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder)) as client:
        yield Mails(Console(client))


@pytest.fixture
def mails(everything: Mails) -> Iterator[Mails]:
    made = dict(everything.console.reports.made)
    everything.console.reports.asked.clear()
    yield everything
    everything.console.reports.made = made


def cells(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_overview_is_about_the_week_that_is_over(mails: Mails) -> None:
    mail = mails.mail()
    asked = {(name, params["From"], params["To"]) for name, params in mails.console.reports.asked}
    assert asked == {(name, "2026-05-25", "2026-05-31") for name in ("reports.trend", "reports.breakdown")}
    assert mail.subject == "Overview · Web shop"
    assert "\nPeople: " in mail.text
    assert "\n\nSources\n" in mail.text
    assert "\n\n\n" not in mail.text
    assert mail.headers == {
        "List-Unsubscribe": f"<{LINK}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_bars_are_cells_and_nothing_is_loaded(mails: Mails) -> None:
    html = mails.mail("reports.breakdown", params={"By": "visit:$channel"}).html
    assert html is not None
    widths = [int(each) for each in re.findall(r'width="(\d+)%"', html)]
    assert (max(widths), min(widths) > 0, len(set(widths)) > 2) == (100, True, True)
    assert not re.search(r"<(img|svg|script|link|style)\b|url\(|src=", html)
    assert set(re.findall(r'href="([^"]+)"', html)) == {
        LINK,
        f"http://127.0.0.1:8000/lists/{mails.console.list_id}",
    }


def test_text_and_html_have_the_same_numbers(mails: Mails) -> None:
    mail = mails.mail("reports.breakdown", params={"By": "visit:$channel", "Measures": ["people"]})
    assert mail.html is not None
    shown = cells(mail.html)
    lines = [line for line in mail.text.splitlines() if ": " in line and "http" not in line]
    assert lines
    for line in lines:
        name, _, number = line.rpartition(": ")
        assert name.split(" / ")[0].replace("&", "&amp;") in shown
        assert number.split(" (")[0] in shown
    assert "My &lt;report&gt;" in shown
    assert "My <report> of Web shop" in mail.text


def test_a_file_has_every_row(mails: Mails) -> None:
    closed: list[bool] = []

    class Lines(list[bytes]):
        def close(self) -> None:
            closed.append(True)

    assert mails.mail("reports.trend").attachment is None
    reports = mails.console.reports
    made = reports.made["reports.trend"]
    reports.made["reports.trend"] = lambda sent: (
        Lines([b"Time,People\r\n", b"2026-05-31,7\r\n"]) if sent.get("Format") == "csv" else made(sent)
    )
    mail = mails.mail("reports.trend", is_csv=True)
    assert mail.attachment is not None
    assert (mail.attachment.name, mail.attachment.kind) == ("My <report>.csv", "csv")
    assert mail.attachment.data == b"Time,People\r\n2026-05-31,7\r\n"
    assert closed == [True]
    assert "The attached file has every row." in mail.text


def test_what_is_not_there_now_waits_and_what_is_refused_is_told(mails: Mails) -> None:
    reports = mails.console.reports
    reports.made["reports.trend"] = failure(503, (REPORTS_UNAVAILABLE.code, "x"))
    with pytest.raises(NotYet):
        mails.mail("reports.trend")
    reports.made["reports.trend"] = failure(422, (10, "Goal not found"))
    with pytest.raises(CannotBeMailed, match=r"^Goal not found \(error 10\)$"):
        mails.mail("reports.trend")


def test_who_may_not_see_numbers_any_more_has_none_sent(mails: Mails) -> None:
    """The owner's permissions count at the time of the mail."""
    sent: list[Any] = []
    reports = mails.console.reports
    answer = reports.answer

    def watched(call: Any) -> Any:
        sent.append(call.caller)
        return answer(call)

    reports.answer = watched  # type: ignore[method-assign]
    try:
        mails.mail("reports.trend", permissions="List.Get")
        mails.mail("reports.trend", permissions="List.Get,Reports.Get,Subscribers.Get")
    finally:
        reports.answer = answer  # type: ignore[method-assign]
    assert [caller.permissions for caller in sent] == [frozenset(), frozenset({"Reports.Get"})]
    assert {(caller.list_id, caller.share_id) for caller in sent} == {(mails.console.list_id, 0)}
