"""Are reports sent by mail from a page, told of with what became of them, and ended; and is the mail server tried there?"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from tests.client import InProcess
from tests.commands.schedules import recipients, schedule, schedules
from tests.console.made_up_console import Console
from tests.console.visitor import signed_in, token_in, words
from tests.mail.mailbox import SENDER, Mailbox, receiving_mails


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with receiving_mails() as box:
        yield box


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, box: Mailbox) -> Iterator[Console]:
    folder: pathlib.Path = tmp_path_factory.mktemp("mails")
    settings = {"TRACKER_SMTP_URL": box.url, "TRACKER_MAIL_FROM": SENDER}
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder, settings)) as client:
        yield Console(client)


@pytest.fixture
def console(shared: Console, monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    monkeypatch.setattr(shared.client.services.analytics, "ask", lambda *_: {"building": 0.5})
    yield shared
    for table in ("schedules", "schedule_recipients"):
        sql = f"DELETE FROM {table} WHERE list_id = ?"
        shared.client.services.storage.write(
            lambda transaction, sql=sql: transaction.change(sql, (shared.list_id,))
        )


def test_a_form_makes_a_schedule(console: Console) -> None:
    path = f"{console.path}/mails"
    form = {"Every": "week", "At": "7", "Format": "csv", "To": "ada@example.com, bea@example.com"}
    done = console.submit(path, **form)
    assert (done.status, done.headers["Location"]) == (303, path)
    [made] = schedules(console.client, console.user)
    assert (made["Every"], made["At"], made["Format"], made["SavedReportID"]) == ("week", 7, "csv", None)
    assert recipients(console.client, console.user, "EmailAddress") == ["ada@example.com", "bea@example.com"]
    shown = words(console.get(path))
    assert "Each Monday, 7:00" in shown
    assert "none yet" in shown


def test_a_form_that_is_refused_is_shown_again(console: Console) -> None:
    path = f"{console.path}/mails"
    done = console.submit(path, Every="month", At="7", To="ada@example.com <script>")
    assert done.status == 422
    assert "Up to 20 addresses, with blanks between them. (error 12)" in words(done)
    assert 'value="ada@example.com &lt;script&gt;"' in done.text
    assert '<option value="month" selected>' in done.text
    assert schedules(console.client, console.user) == []


def test_what_became_of_the_last_mail_is_told(console: Console) -> None:
    made = schedule(console.client, console.user)
    change = "UPDATE schedule_recipients SET state = 3, failure = ? WHERE address_key = ?"
    console.client.services.storage.write(
        lambda t: t.execute(change, (b"the server answered 550 <b>No</b>", b"ada@example.com"))
    )
    console.client.services.stores.schedules.unsubscribe(console.list_id, made, "bea@example.com")
    page = console.get(f"{console.path}/mails").text
    assert "refused" in words(console.get(f"{console.path}/mails"))
    assert "550 &lt;b&gt;No&lt;/b&gt;" in page
    assert "unsubscribed" in words(console.get(f"{console.path}/mails"))
    assert "no mail server" not in page


def test_a_schedule_is_deleted(console: Console) -> None:
    made, path = schedule(console.client, console.user), f"{console.path}/mails"
    done = console.submit(f"{path}/{made}/delete", path)
    assert (done.status, schedules(console.client, console.user)) == (303, [])


def test_an_administrator_tries_the_server(console: Console, box: Mailbox) -> None:
    client = console.client
    admin = replace(client.open_shop("admin@example.com", is_admin=True))
    ask = signed_in(client, admin)
    page = ask("GET", "/console/mail")
    box.answers = ["250 Taken", "554 <i>Spam</i>"]
    done = ask("POST", "/console/mail", data={"token": token_in(page), "To": "ada@example.com"})
    assert "The server has accepted the mail for ada@example.com." in words(done)
    assert "&gt; RCPT TO:&lt;ada@example.com&gt;" in done.text
    done = ask("POST", "/console/mail", data={"token": token_in(page), "To": "ada@example.com"})
    assert "Not accepted: the server answered 554 &lt;i&gt;Spam&lt;/i&gt;." in done.text
    done = ask("POST", "/console/mail", data={"token": token_in(page), "To": "ada"})
    assert (done.status, "(error 2)" in words(done)) == (422, True)


def test_nobody_else_does(console: Console, box: Mailbox) -> None:
    before = len(box.mails)
    assert console.submit("/console/mail", To="ada@example.com").status == 403
    assert len(box.mails) == before
