"""`mail.test`: an administrator sees what was said to the mail server, and nobody else does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.client import InProcess, NewClient, Shop
from tests.mail.mailbox import PASSWORD, SENDER, USER, Mailbox, receiving_mails


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with receiving_mails() as box:
        yield box


@pytest.fixture(scope="module")
def client(new_client: NewClient, box: Mailbox) -> InProcess:
    url = f"smtp://{USER}:{PASSWORD.replace('/', '%2F').replace('@', '%40').replace(' ', '%20')}@127.0.0.1:{box.port}"
    return new_client({"TRACKER_SMTP_URL": url, "TRACKER_MAIL_FROM": SENDER})


def test_the_dialogue_is_answered(client: InProcess, admin: Shop, box: Mailbox) -> None:
    answer = client.ok("mail.test", admin.key, To="ada@example.com")
    assert (answer["IsAccepted"], answer["Failure"]) == (True, None)
    assert answer["Dialogue"][-1] == "< 250 Taken"
    assert "> AUTH PLAIN ***" in answer["Dialogue"]
    assert box.receivers[-1] == "ada@example.com"
    box.answers = ["554 Spam"]
    answer = client.ok("mail.test", admin.key, To="ada@example.com")
    assert (answer["IsAccepted"], answer["Failure"]) == (False, "the server answered 554 Spam")


def test_a_domain_in_letters_of_its_own_is_written_as_servers_take_it(
    client: InProcess, admin: Shop, box: Mailbox
) -> None:
    assert client.ok("mail.test", admin.key, To="A@ä.test")["IsAccepted"]
    assert box.receivers[-1] == "A@xn--4ca.test"
    refused = client.call("mail.test", admin.key, To="ä@a.test").body["Errors"][0]
    assert refused["Message"].endswith("its local part is not ASCII")


@pytest.mark.parametrize(
    ("to", "code"),
    [(None, 1), ("ada", 2), ("jürgen@example.com", 2), ("a@b.example\r\nRCPT TO:<c@d.example>", 2)],
)
def test_what_is_no_address_is_refused(
    client: InProcess, admin: Shop, box: Mailbox, to: str | None, code: int
) -> None:
    before = len(box.mails)
    assert client.call("mail.test", admin.key, To=to).refusal == (422, [code])
    assert len(box.mails) == before


def test_users_send_none(client: InProcess, shop: Shop, box: Mailbox) -> None:
    before = len(box.mails)
    assert client.call("mail.test", shop.key, To="ada@example.com").status == 403
    assert len(box.mails) == before


def test_without_a_server_it_is_said(new_client: NewClient) -> None:
    client = new_client()
    admin = client.open_shop("admin@example.com", "*,Administrator", is_admin=True)
    assert client.call("mail.test", admin.key, To="ada@example.com").refusal == (422, [3])
