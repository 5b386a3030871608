"""Conversations with a mail server: what is taken, what is refused, what is not known, and what is said of it."""

from __future__ import annotations

import base64
import ssl
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import formataddr
from pathlib import Path
from typing import cast
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import AuthResult
from gevent import socket
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.mail.mailbox import PASSWORD, SENDER, USER, Mailbox, receiving_mails
from tracker.mail import MailAttachment, MailMessage, MailOutcome, MailSender, MailServer
from tracker.mail.mail_message import one_line

TO = "ada@example.com"
HELLO = MailMessage("Hello", "The text.\n.\n..two dots\n", "<p>The text</p>")


def sender(url: str) -> MailSender:
    found = MailSender.of(url, SENDER)
    assert found is not None
    return found


def test_a_mail_arrives_with_its_text_its_html_and_its_file(box: Mailbox) -> None:
    file = MailAttachment("numbers.csv", b"a,b\r\n1,2\r\n", "csv")
    mail = replace(HELLO, attachment=file, headers={"List-Unsubscribe": "<https://t.example/u/1>"})
    done = sender(box.url).send(TO, mail, "one")
    assert (done.outcome, done.failure) == (MailOutcome.ACCEPTED, None)
    [message] = box.messages
    assert (message["From"], message["To"], message["Subject"]) == (SENDER, TO, "Hello")
    assert (message["Message-ID"], message["Auto-Submitted"]) == ("<one@example.com>", "auto-generated")
    assert message["List-Unsubscribe"] == "<https://t.example/u/1>"
    parts = {
        part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()
    }
    assert parts["text/plain"].replace("\r\n", "\n") == HELLO.text
    assert parts["text/html"].strip() == "<p>The text</p>"
    assert parts["text/csv"].replace("\r\n", "\n") == "a,b\n1,2\n"


@pytest.mark.parametrize(
    "sent", [b"Ada\r\nBcc: eve@example.com", b'"Ada" <eve@example.com>', "Ünï <b>\n📈".encode(), b"a\0b"]
)
def test_what_stands_in_headers_cannot_leave_them(box: Mailbox, sent: bytes) -> None:
    """As subject, as the sender's name, as the name of a file, and in a header of its own."""
    text = sent.decode()
    mail = MailMessage(text, "x", None, MailAttachment(text, b"x", "csv"), {"List-Id": text})
    done = MailSender(
        sender(box.url).server, f'"{one_line(text).replace(chr(34), "")}" <tracker@example.com>'
    ).send(TO, mail, "x")
    assert done.outcome is MailOutcome.ACCEPTED
    [message] = box.messages
    assert message["Subject"] == one_line(text)
    assert (message["Bcc"], message["To"]) == (None, TO)
    assert [each.addr_spec for each in message["From"].addresses] == ["tracker@example.com"]
    assert box.receivers == [TO]


@given(st.text(max_size=300), st.text(max_size=300))
def test_every_mail_is_ascii_and_has_the_headers_that_it_should(subject: str, header: str) -> None:
    text = "x".join(each for each in subject if not "\ud800" <= each <= "\udfff")
    raw = MailMessage(subject, text, f"<p>{text}</p>", None, {"List-Id": header}).rendered(
        SENDER, TO, "x", 0.0
    )
    assert raw.isascii()
    head = raw.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"]
    assert [name.decode() for name in names] == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id", "MIME-Version", "Content-Type",
    ]  # fmt: skip


#: What a header may be taken for, and what ends one.
_PIECES = (
    "=?utf-8?q?",
    "=?utf-8?b?DQpCY2M6IGE=?=",
    "=0d=0a",
    "Bcc:=20evil@x.test",
    "?=",
    " ",
    "\r\n",
    "é",
    '"',
    "\\",
    "a",
    "<",
    ".",
)


@given(st.lists(st.sampled_from(_PIECES), min_size=1, max_size=60).map("".join))
@example("=?utf-8?q?=0d=0aBcc:=20evil@x.test?=")
@example("=?utf-8?q?=0d=0a=0d=0a<b>?=")
@example("é" * 250)
@settings(max_examples=60)
def test_names_go_out_as_text_whatever_they_contain(name: str) -> None:
    """Read by the parser that reads headers as bytes: `default` decodes them as it would have to write them."""
    file = MailAttachment(f"{name}.csv", b"a,b", "csv")
    raw = MailMessage(name, "x", None, file, {"List-Id": name}).rendered(
        formataddr((one_line(name), "tracker@example.com")) if name.isascii() else SENDER, TO, "x", 0.0
    )
    mail = message_from_bytes(raw, policy=compat32)
    assert mail.keys() == [
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    for key in ("Subject", "List-Id"):
        assert str(make_header(decode_header(mail[key]))).startswith(one_line(name))
    text, part = cast(list[Message], mail.get_payload())
    assert text.keys() == ["Content-Type", "Content-Transfer-Encoding"]
    assert part.keys() == ["Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"]
    shown = (part.get_filename() or "").removesuffix(".csv")
    assert one_line(f"{name}.", 999).startswith(shown)
    assert "=?" not in part["Content-Disposition"]


def test_what_unsubscribes_stands_in_one_line() -> None:
    """RFC 8058: a long URL is neither folded nor encoded."""
    url = f"<https://tracker.example.com/u/{'a' * 700}>"
    headers = {"List-Unsubscribe": url, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    raw = replace(HELLO, headers=headers).rendered(SENDER, TO, "x", 0.0)
    assert (
        f"\r\nList-Unsubscribe: {url}\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode()
        in raw
    )


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        ("554 5.7.1 Spam", MailOutcome.REFUSED, "the server answered 554 5.7.1 Spam"),
        ("452 4.2.2 Full", MailOutcome.FAILED, "the server answered 452 4.2.2 Full"),
        ("drop", MailOutcome.UNKNOWN, "the connection broke off"),
        ("hang", MailOutcome.UNKNOWN, "no answer within 0.3 seconds"),
    ],
)
def test_the_answer_to_a_mail_says_what_became_of_it(
    box: Mailbox, answer: str, outcome: MailOutcome, words: str
) -> None:
    box.answers = [answer]
    done = sender(box.url).send(TO, HELLO, "x", seconds=0.3 if answer == "hang" else 20.0)
    assert done.outcome is outcome
    assert done.failure is not None
    assert done.failure.startswith(words)
    assert done.dialogue[-1] == f"! {done.failure}"


def test_an_address_that_is_refused_claims_nothing(box: Mailbox) -> None:
    box.refused = {TO}
    claims: list[int] = []
    done = sender(box.url).send(TO, HELLO, "x", lambda: not claims.append(1))  # type: ignore[func-returns-value]
    assert (done.outcome, claims) == (MailOutcome.REFUSED, [])


def test_a_mail_that_is_anothers_is_not_sent(box: Mailbox) -> None:
    assert sender(box.url).send(TO, HELLO, "x", lambda: False).outcome is MailOutcome.UNCLAIMED
    assert box.mails == []


def test_who_is_not_there_has_taken_nothing() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        done = sender(f"smtp://127.0.0.1:{nobody.getsockname()[1]}").send(TO, HELLO, "x")
        assert (done.outcome, done.failure) == (
            MailOutcome.FAILED,
            "the server is not reached: Connection refused",
        )
        nobody.listen()
        done = sender(f"smtp://127.0.0.1:{nobody.getsockname()[1]}").send(TO, HELLO, "x", seconds=0.2)
    assert (done.outcome, done.failure) == (MailOutcome.FAILED, "no answer within 0.2 seconds")


def test_the_dialogue_shows_no_password(box: Mailbox) -> None:
    named = f"smtp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{box.port}"
    done = sender(named).send(TO, HELLO, "x")
    assert done.outcome is MailOutcome.ACCEPTED
    assert "> AUTH PLAIN ***" in done.dialogue
    assert f"> RCPT TO:<{TO}>" in done.dialogue
    assert PASSWORD not in repr(sender(named).server)
    wrong = sender(f"smtp://{USER}:wrong@127.0.0.1:{box.port}").send(TO, HELLO, "x")
    assert wrong.outcome is MailOutcome.REFUSED
    assert (wrong.failure or "").startswith("the server answered 535")
    with receiving_mails(auth_exclude_mechanism=["PLAIN"]) as other:
        done = sender(named.replace(str(box.port), str(other.port))).send(TO, HELLO, "x")
    assert (done.outcome, done.dialogue.count("> ***")) == (MailOutcome.ACCEPTED, 2)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("shape", ["{plain}", "{cut}", "{two}", "{word}", "{password}", "{lower}"])
def test_a_server_that_repeats_credentials_shows_none(mechanism: str, shape: str) -> None:
    def code(text: str) -> str:
        return base64.b64encode(text.encode()).decode()

    plain, word = code(f"\0{USER}\0{PASSWORD}"), code(PASSWORD)
    shapes = {
        "plain": plain, "cut": plain[:-7], "two": f"{plain[:14]}\r\n535-{plain[14:]}", "word": word,
        "password": PASSWORD, "lower": plain.lower(),
    }  # fmt: skip
    said = shape.format(**shapes)

    def refusing(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False, message=f"535-No: AUTH {said}.\r\n535 5.7.8 end")

    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    with receiving_mails(authenticator=refusing, auth_exclude_mechanism=[other]) as box:
        done = sender(f"smtp://{USER}:{quote(PASSWORD, safe='')}@127.0.0.1:{box.port}").send(TO, HELLO, "x")
    assert done.outcome is MailOutcome.REFUSED
    shown = "\n".join((*done.dialogue, str(done.failure)))
    assert "535" in (done.failure or "")
    assert "5.7.8 end" in shown
    for secret in (PASSWORD, word, plain[:14], plain[14:-7], plain[:14].lower()):
        assert secret not in shown


def test_starttls_is_used_where_it_is_offered_and_certificates_count_elsewhere(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiving_mails(context, require_starttls=True) as box:
        here = sender(box.url)
        done = here.send(TO, HELLO, "x")
        assert (done.outcome, "* The connection has TLS now" in done.dialogue) == (MailOutcome.ACCEPTED, True)
        far = MailSender(replace(here.server, is_local=False), SENDER).send(TO, HELLO, "x")
        assert far.outcome is MailOutcome.FAILED
        assert (far.failure or "").startswith("the server's certificate is not good for this host")
    with receiving_mails(ssl_context=context) as box:
        done = sender(box.url.replace("smtp:", "smtps:")).send(TO, HELLO, "x")
        assert done.outcome is MailOutcome.ACCEPTED
    with receiving_mails() as box:
        done = sender(box.url.replace("smtp:", "smtps:")).send(TO, HELLO, "x")
        assert (done.outcome, done.failure) == (MailOutcome.FAILED, "no TLS connection could be made")


def test_a_password_goes_over_no_line_that_can_be_read(box: Mailbox) -> None:
    far = replace(MailServer("127.0.0.1", box.port, False, USER, PASSWORD, True), is_local=False)
    done = MailSender(far, SENDER).send(TO, HELLO, "x")
    assert (done.outcome, done.failure) == (
        MailOutcome.FAILED,
        "the server offers no TLS, and a password is not sent without it",
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://a",
        "smtp://",
        "smtp://a:x",
        "smtp://a:0",
        "smtp://a/b",
        "smtp://user@a",
        "smtp://a?x=1",
        "smtp://[a",
    ],
)
def test_a_wrong_url_is_told_in_one_line_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"^TRACKER_SMTP_URL [^\n]*$"):
        MailServer.parse(url)


def test_urls_have_their_ports_and_their_escapes() -> None:
    assert MailServer.parse("") is None
    server = MailServer.parse("smtps://us%40er:p%2Fw@mail.example.com")
    assert server == MailServer("mail.example.com", 465, True, "us@er", "p/w", False)
    assert MailServer.parse("smtp://[::1]") == MailServer("::1", 587, False, None, None, True)
    with pytest.raises(ValueError, match=r"^TRACKER_MAIL_FROM"):
        MailSender.of("smtp://localhost", "nobody")
