"""Posting: bounded in time and in what is read, certificates are checked for the name, and no redirect is followed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gevent
import pytest
from gevent import ssl
from gevent.server import StreamServer
from gevent.socket import socket

from tests.receiver import NO_CONTENT, Receiver, read_request, receiving, status
from tracker.outgoing import ANSWER_BYTES, AllowedTargets, Poster
from tracker.outgoing.posting import system_context

ALLOWED = AllowedTargets.parse("127.0.0.0/8,localhost")
FOREVER = b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def test_the_answer_is_kept_up_to_a_bound(receiver: Receiver) -> None:
    sent: list[int] = []

    def ten_gigabytes(connection: socket) -> None:
        connection.sendall(FOREVER)
        try:
            while True:
                sent.append(connection.send(bytes(65536)))
        except OSError:
            return

    receiver.answers = [ten_gigabytes]
    result = Poster(ALLOWED).post(receiver.url, {}, b"{}")
    assert (result.status, len(result.answer), result.error) == (200, ANSWER_BYTES, None)
    assert sum(sent) < 20_000_000, "what the sockets between hold, and no more"


def test_a_body_that_does_not_end_was_answered_all_the_same(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.outgoing.posting.BODY_SECONDS", 0.05)

    def and_hang(connection: socket) -> None:
        connection.sendall(FOREVER + b"some")
        connection.recv(1)

    receiver.answers = [and_hang]
    result = Poster(ALLOWED).post(receiver.url, {}, b"{}")
    assert (result.status, result.answer) == (200, b"some")


def test_who_hangs_or_drips_is_given_up_in_time(receiver: Receiver) -> None:
    def hang(connection: socket) -> None:
        connection.recv(1)

    def drip(connection: socket) -> None:
        try:
            while True:
                connection.sendall(b"H")
                gevent.sleep(0.01)
        except OSError:
            return

    receiver.answers = [hang, drip]
    for _ in range(2):
        began = time.monotonic()
        result = Poster(ALLOWED).post(receiver.url, {}, b"{}", seconds=0.1)
        assert (result.status, result.error) == (None, "no answer within 0.1 seconds")
        assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", "no answer: RemoteDisconnected"),
        (b"nonsense\r\n\r\n", "no answer: BadStatusLine"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "no answer: HTTPException"),
        (b"HTTP/1.1 " + b"9" * 100_000, "no answer: LineTooLong"),
    ],
)
def test_what_is_no_answer_is_said(receiver: Receiver, answer: bytes, error: str) -> None:
    receiver.answers = [answer]
    result = Poster(ALLOWED).post(receiver.url, {}, b"{}")
    assert (result.status, result.error) == (None, error)


def test_no_redirect_is_followed(receiver: Receiver) -> None:
    receiver.answers = [status(307, b"", f"Location: {receiver.url}")]
    assert Poster(ALLOWED).post(receiver.url, {}, b"{}").status == 307
    receiver.next()
    assert receiver.is_empty()


def test_what_is_not_allowed_is_not_called(receiver: Receiver) -> None:
    result = Poster(AllowedTargets()).post(receiver.url, {}, b"{}")
    assert result.error is not None
    assert result.error.startswith("the URL may not be called: its address")
    assert receiver.is_empty()


@pytest.mark.parametrize(
    ("host", "is_trusted", "error"),
    [
        ("localhost", True, None),
        ("localhost", False, "the certificate is not good for this host: self-signed certificate"),
        ("127.0.0.1", True, "the certificate is not good for this host: IP address mismatch"),
    ],
)
def test_the_certificate_must_be_good_for_the_name(
    certificate: Path, host: str, is_trusted: bool, error: str | None
) -> None:
    def answer(connection: Any, _: object) -> None:
        read_request(connection)
        connection.sendall(NO_CONTENT)
        connection.close()

    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    server = StreamServer(("127.0.0.1", 0), answer, ssl_context=serving)
    server.start()
    context = system_context()
    if is_trusted:
        context.load_verify_locations(certificate)
    try:
        result = Poster(ALLOWED, context).post(f"https://{host}:{server.server_port}/", {}, b"{}")
    finally:
        server.stop()
    if error is None:
        assert (result.status, result.error) == (204, None)
    else:
        assert result.error is not None
        assert result.error.startswith(error)
