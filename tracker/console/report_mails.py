"""Report mails: a saved report, or the overview, as text and as HTML whose bars are cells of tables, or as a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Flask, g, render_template

from tracker.console.client import CALLER, NotDone, Unanswered, ask
from tracker.console.current_list import CurrentList
from tracker.console.number_words import SIX
from tracker.console.report_pages import CopyIsBuilt
from tracker.console.saved_answers import ReportOfList, shown
from tracker.mail import MailAttachment, MailMessage

OVERVIEW = "Overview"
#: What the overview's mail lists beside its six numbers.
LISTED = (("Sources", "visit:$channel"), ("Pages", "$pathname"))


class MailedReport(ReportOfList, Protocol):
    """What a schedule sends. Without a command it is the overview of the days from `first` to `last`."""

    @property
    def is_csv(self) -> bool: ...


class NumbersLater(Exception):
    """The numbers are not there now: the copy is built, or too much is asked at a time."""


class NumbersRefused(Exception):
    """The report is refused; the text says why."""


def report_mail(
    app: Flask, report: MailedReport, caller: Any, every: str, first: str, last: str, url: str
) -> Callable[[str], MailMessage]:
    """Return what renders the mail for an address at which one unsubscribes. Raises NumbersLater, NumbersRefused."""
    with app.test_request_context("/"):
        setattr(g, CALLER, caller)
        place = CurrentList(report.list_name, "", {"ListID": report.list_id}, {"Currency": report.currency})
        days = {"From": first, "To": last}
        try:
            parts, file = _parts(place, report, days), _file(place, report, days)
        except CopyIsBuilt as built:
            raise NumbersLater from built
        except NotDone as refused:
            if isinstance(refused, Unanswered) and refused.status != 403:
                raise NumbersLater from refused
            code, message = refused.rows[0]
            raise NumbersRefused(f"{message} (error {code})") from None
    name = report.name or OVERVIEW
    values = {
        "name": name,
        "place": place,
        "parts_of_mail": parts,
        "every": every,
        "scope": parts[0][1]["scope"],
        "path": f"{url}/lists/{report.list_id}",
        "has_file": file is not None,
    }

    def rendered(unsubscribe: str) -> MailMessage:
        with app.test_request_context("/"):
            text = render_template("mail_report.txt", unsubscribe=unsubscribe, **values)
            html = render_template("mail_report.html", unsubscribe=unsubscribe, **values)
        return MailMessage(f"{name} · {place.name}", text, html, file, unsubscribe_headers(unsubscribe))

    return rendered


def unsubscribe_headers(url: str) -> dict[str, str]:
    """Return the headers by which programs for mail unsubscribe (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _parts(
    place: CurrentList, report: MailedReport, days: Mapping[str, str]
) -> list[tuple[str, dict[str, Any]]]:
    """Return headings with what `shown` returns."""
    if report.command is not None:
        return [("", shown(place, report.command, report.params))]
    numbers = {**days, "Measures": list(SIX), "Interval": "none"}
    lists = [
        (name, shown(place, "reports.breakdown", {**days, "By": by, "Measures": ["people"], "Limit": 8}))
        for name, by in LISTED
    ]
    return [("", shown(place, "reports.trend", numbers)), *lists]


def _file(place: CurrentList, report: MailedReport, days: Mapping[str, str]) -> MailAttachment | None:
    if not report.is_csv:
        return None
    command = report.command or "reports.trend"
    params = {**days, "Measures": list(SIX)} if report.command is None else report.params
    stream = ask(command, **{**params, **place.params}, Format="csv")
    try:
        return MailAttachment(f"{report.name or OVERVIEW}.csv", b"".join(stream), "csv")
    finally:
        stream.close()
