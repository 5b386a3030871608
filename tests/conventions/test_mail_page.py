"""Docs test of docs/mail.md: its commands are answered as it says, and what it says of mails that are sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client import InProcess, NewClient
from tests.conventions.likeness import Likeness
from tests.conventions.pages import Block, blocks, command_lines, curl
from tests.conventions.sources import ROOT
from tests.mail.mailbox import SENDER, Mailbox, receiving_mails
from tracker.api.schedule_params import STATES
from tracker.demo.account import EMAIL, make_demo
from tracker.storage.accounts import MailState

PAGE = ROOT / "docs" / "mail.md"


@pytest.fixture(scope="module")
def database_kind() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with receiving_mails(server_hostname="mail.example.com", ident="ESMTP") as box:
        box.refused = {"nobody@example.com"}
        yield box


@pytest.fixture(scope="module")
def client(new_client: NewClient, box: Mailbox) -> InProcess:
    return new_client({"TRACKER_SMTP_URL": box.url, "TRACKER_MAIL_FROM": SENDER})


def with_place(said: Any, port: int) -> Any:
    """The page's server as the one that is there."""
    return json.loads(json.dumps(said).replace("mail.example.com:587", f"127.0.0.1:{port}"))


def test_the_page_is_as_it_says(client: InProcess, box: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client.services.analytics, "ask", lambda *_: {"building": 0.5})
    demo = make_demo(client.services.stores)
    assert demo is not None
    user = client.services.stores.users.find(EMAIL)
    assert user is not None
    client.services.storage.write(lambda t: t.execute("UPDATE users SET is_admin = 1", ()))
    values = {"KEY": client.services.stores.keys.add(user.id, "*,Administrator"), "LIST": demo.list_id}
    page, like, shown = blocks(PAGE), Likeness(), 0
    for number, block in enumerate(page):
        for line in command_lines(block.text) if block.language == "sh" else []:
            if not line.startswith("curl "):
                continue
            sent = curl(line, values)
            answer = client.request(sent.method, sent.path, headers=sent.headers, data=sent.body)
            assert answer.status == 200, answer.text
            follows = page[number + 1] if number + 1 < len(page) else Block("", "")
            assert follows.language == "json"
            said = with_place(json.loads(follows.text), box.port)
            assert like.as_shown(said, answer.body) == said
            shown += 1
    assert shown == 3


def test_the_page_tells_all_that_a_mail_can_come_to() -> None:
    said = {line.split("`")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")}
    assert {STATES[state] for state in MailState if STATES[state]} <= said
