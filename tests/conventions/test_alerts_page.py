"""Docs test of docs/alerts.md: its commands are answered as it says, and its message comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.client import InProcess, NewClient
from tests.conventions.likeness import Likeness
from tests.conventions.pages import Block, blocks, command_lines, curl
from tests.conventions.sources import ROOT
from tests.conventions.test_triggers_page import freed
from tests.mail.mailbox import SENDER, Mailbox, receiving_mails
from tests.receiver import ALLOWED, Receiver, receiving
from tracker.demo.account import EMAIL, make_demo
from tracker.domain.alert_rule import WORDS

PAGE = ROOT / "docs" / "alerts.md"
TARGET = "https://chat.example.com/hooks/tracker"


@pytest.fixture(scope="module")
def database_kind() -> str:
    return "sqlite"


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with receiving_mails() as box:
        yield box


@pytest.fixture(scope="module")
def client(new_client: NewClient, box: Mailbox) -> InProcess:
    return new_client({**ALLOWED, "TRACKER_SMTP_URL": box.url, "TRACKER_MAIL_FROM": SENDER})


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_the_page_is_as_it_says(client: InProcess, receiver: Receiver, box: Mailbox) -> None:
    demo = make_demo(client.services.stores)
    assert demo is not None
    user = client.services.stores.users.find(EMAIL)
    assert user is not None
    key = client.services.stores.keys.add(user.id, "Shares.Update")
    values = {"KEY": key, "LIST": demo.list_id}
    page, like, shown = blocks(PAGE), Likeness(), 0
    for number, block in enumerate(page):
        for line in command_lines(block.text) if block.language == "sh" else []:
            sent = curl(line.replace(TARGET, receiver.url), values)
            answer = client.request(sent.method, sent.path, headers=sent.headers, data=sent.body)
            assert answer.status == 200, answer.text
            follows = page[number + 1] if number + 1 < len(page) else Block("", "")
            if follows.language != "json":
                continue
            said, real = json.loads(follows.text), _with_target(answer.body, receiver.url)
            assert like.as_shown(said, freed(said, real)) == said
            shown += 1
            if "AlertID" in said:
                client.services.alerts.decide()
                client.services.alerts.tell()
                told, message = receiver.next().message, json.loads(page[number + 2].text)
                assert like.as_shown(message, told) == message
    assert (shown, len(box.mails)) == (2, 1)


def _with_target(body: Any, url: str) -> Any:
    return json.loads(json.dumps(body).replace(url, TARGET))


def test_the_page_tells_all_words() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    said = {word for row in rows for word in row.split("`")[1::2]}
    assert {*WORDS, *(word for words in WORDS.values() for word in words)} <= said
