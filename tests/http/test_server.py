"""What does a real gunicorn answer on the wire, to good bytes and to bad, and how does it stop?"""

from __future__ import annotations

import gc
import json
import re
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPResponse
from socket import SocketIO
from types import SimpleNamespace
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.http.small_app import LARGE_FILE_BYTES
from tests.processes import Program, until
from tests.served import BIN, ROOT
from tests.servers import Server
from tracker import gunicorn_conf
from tracker.http.body.reader import MAX_BODY_BYTES


class SmallServer(Server):
    """gunicorn with our configuration on the small app; `options` are added to its command line."""

    def __init__(self, *options: str) -> None:
        super().__init__()
        self.options = options
        self.wrong: dict[str, str] = {}

    def arguments(self) -> list[str]:
        conf = str(ROOT / "gunicorn.conf.py")
        return [str(BIN / "gunicorn"), "-c", conf, *self.options, "tests.http.small_app:app"]

    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(BIN),
            "PYTHONPATH": str(ROOT),
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            **self.wrong,
        }

    def is_ready(self) -> bool:
        try:
            with Wire(self) as wire:
                return wire.ask(b"GET /ready HTTP/1.1\r\nHost: a\r\n\r\n").status == 200
        except ConnectionError:
            return False

    def records(self) -> list[dict[str, Any]]:
        """Every line it has printed: all are JSON."""
        return [json.loads(line) for line in self.logs().splitlines()]

    def requests(self) -> list[dict[str, Any]]:
        return [record for record in self.records() if "duration_ms" in record]


class Stream(SocketIO):
    """What a connection still has to say. Read without a buffer: the next answer may stand right behind this one."""

    def makefile(self, mode: str) -> Stream:
        return self

    def close(self) -> None:
        """An answer that was read whole closes what it was read from; here another may follow."""


class Answer:
    """One response read from a socket, checked to be JSON in the common shape."""

    def __init__(self, stream: Stream, method: str) -> None:
        response = HTTPResponse(stream, method=method)  # type: ignore[arg-type]
        response.begin()
        self.status = response.status
        self.headers = response.headers
        self.data = response.read()
        self.body = json.loads(self.data) if self.data else None
        if self.data:
            assert self.headers["Content-Type"] == "application/json"
        if self.status >= 400 and self.data:
            assert set(self.body) == {"Errors"}
        assert re.fullmatch("[A-Za-z0-9_-]{1,64}", self.headers["X-Request-ID"])

    @property
    def code(self) -> tuple[int, int]:
        return self.status, self.body["Errors"][0]["Code"]


class Wire:
    """A raw connection to a server."""

    def __init__(self, server: Server) -> None:
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.stream = Stream(self.sock, "r")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, method: str = "POST") -> Answer:
        return Answer(self.stream, method)

    def ask(self, data: bytes) -> Answer:
        self.send(data)
        return self.answer(data.split(b" ")[0].decode("latin-1"))

    def is_closed(self) -> bool:
        """Whether the server ended the connection without another byte."""
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True


@contextmanager
def wires(server: Server, count: int) -> Iterator[list[Wire]]:
    with ExitStack() as opened:
        yield [opened.enter_context(Wire(server)) for _ in range(count)]


def post(body: bytes, *headers: bytes, path: bytes = b"/api/v1/echo") -> bytes:
    lines = [
        b"POST " + path + b" HTTP/1.1",
        b"Host: a",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        *headers,
    ]
    return b"\r\n".join([*lines, b"", b""]) + body


CHUNKED = b"POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
HELLO = post(b'{"Say": "hello"}')


def chunks(body: bytes, size: int = 1000) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def padded(size: int) -> bytes:
    return b'{"Say": "' + b"x" * (size - 11) + b'"}'


@pytest.fixture(scope="module")
def server() -> Iterator[SmallServer]:
    with SmallServer() as started:
        yield started
        assert started.stop() == 0


@pytest.fixture
def wire(server: SmallServer) -> Iterator[Wire]:
    with Wire(server) as opened:
        yield opened


# Good bytes


def test_requests_on_one_connection(wire: Wire) -> None:
    for _ in range(3):
        answer = wire.ask(HELLO)
        assert (answer.status, answer.body["Say"]) == (200, "hello")


@pytest.fixture(scope="module")
def general() -> Iterator[SmallServer]:
    """A server without its fast path."""
    with ExitStack() as closing:
        started = SmallServer()
        closing.callback(started.close)
        started.wrong = {"TRACKER_FAST_PATH": "0"}
        yield started.start()
        assert started.stop() == 0


REQUESTS = [
    post(b'{"Say": "hello"}'),
    post(b'{"Say": "\xc3\xa9"}', b"Cookie: a", b"Cookie: b"),
    post(b'{"Say": 1'),
    post(b"", b"Authorization: Bearer a", b"Authorization: Bearer b", b"X-Forwarded-For: 1.2.3.4"),
    post(b'{"Say": 1}', b"Content-Encoding: gzip", b"Content-Encoding: br"),
    post(b'{"Say": 1}', b"Connection: close"),
    post(b'{"Command": "system.whoami", "APIKey": "the-key"}', path=b"/api.php"),
    post(b"{}", path=b"/api/v1/System.Whoami"),
    post(b'{"Say": "x"}', path=b"/api/v1/system.look"),
    post(padded(MAX_BODY_BYTES + 1)),
    CHUNKED + chunks(b'{"Say": "chunked"}', 5),
    b"GET /api/v1/system.look?Say=a%20b HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS /api/v1/echo HTTP/1.1\r\nHost: a\r\n\r\n",
    b"DELETE /api/v1/echo HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /api/v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n",
]


def all_bytes(server: SmallServer, sent: bytes) -> bytes:
    """Whatever is answered, but for the time."""
    with Wire(server) as wire:
        wire.send(sent.replace(b"\r\n", b"\r\nX-Request-ID: same\r\n", 1))
        wire.sock.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: wire.sock.recv(65536), b""))
    return re.sub(rb"\r\nDate: [^\r]*", b"", received)


@pytest.mark.parametrize("sent", REQUESTS, ids=lambda sent: sent[:40].decode("latin-1"))
def test_with_and_without_the_fast_path_the_bytes_are_the_same(
    server: SmallServer, general: SmallServer, sent: bytes
) -> None:
    received = all_bytes(server, sent)
    assert received.startswith(b"HTTP/1.1 ")
    assert all_bytes(general, sent) == received


def test_a_path_that_is_spelled_in_another_way_goes_the_general_way_with_the_same_answer(
    server: SmallServer,
) -> None:
    for sent in REQUESTS[:5]:
        assert all_bytes(server, sent.replace(b"/echo", b"/%65cho")) == all_bytes(server, sent)


def test_requests_sent_without_waiting_for_answers(wire: Wire) -> None:
    first, second = post(b'{"Say": 1}'), post(b'{"Say": 2}')
    wire.send(first + second + first[:40])
    assert [wire.answer().body["Say"] for _ in range(2)] == [1, 2]
    wire.send(first[40:])
    assert wire.answer().body["Say"] == 1


def test_a_request_byte_by_byte(wire: Wire) -> None:
    for byte in HELLO:
        wire.send(bytes([byte]))
    assert wire.answer().body["Say"] == "hello"


def test_old_http(wire: Wire) -> None:
    answer = wire.ask(HELLO.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert answer.body["Say"] == "hello"
    assert wire.is_closed()


def test_head(wire: Wire) -> None:
    assert wire.ask(b"HEAD /api/v1/system.look?Say=1 HTTP/1.1\r\nHost: a\r\n\r\n").data == b""
    assert wire.ask(HELLO).status == 200


@pytest.mark.parametrize("size", [60, 1000, 70_000])
def test_chunked_bodies_are_read_to_the_limit(server: SmallServer, size: int) -> None:
    with Wire(server) as wire:
        assert (
            len(wire.ask(CHUNKED + chunks(padded(MAX_BODY_BYTES), size)).body["Say"]) == MAX_BODY_BYTES - 11
        )
        assert wire.ask(HELLO).status == 200
    with Wire(server) as wire:
        assert wire.ask(CHUNKED + chunks(padded(MAX_BODY_BYTES + 1), size)).code == (413, 100010)


def test_a_body_in_very_many_chunks_is_refused(server: SmallServer) -> None:
    """Each costs something, however small it is; a thousand lines, each sent by itself, are fine."""
    with Wire(server) as wire:
        assert len(wire.ask(CHUNKED + chunks(padded(60_000), 60)).body["Say"]) == 60_000 - 11
    with Wire(server) as wire:
        assert wire.ask(CHUNKED + chunks(padded(2_000), 1)).code == (400, 100000)
        assert wire.is_closed()


def test_bodies_are_read_to_the_limit(wire: Wire) -> None:
    assert wire.ask(post(padded(MAX_BODY_BYTES))).status == 200
    answer = wire.ask(post(padded(MAX_BODY_BYTES + 1)))
    assert answer.code == (413, 100010)
    assert answer.headers["Connection"] == "close"
    assert wire.is_closed()


def test_a_client_that_sends_far_too_much_learns_why(wire: Wire) -> None:
    assert wire.ask(post(padded(900_000))).code == (413, 100010)


def test_expecting_to_continue(wire: Wire) -> None:
    head, body = post(b'{"Say": 1}', b"Expect: 100-continue")[:-10], b'{"Say": 1}'
    wire.send(head)
    assert wire.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.send(body)
    assert wire.answer().body["Say"] == 1


def test_too_much_is_refused_before_it_is_sent(wire: Wire) -> None:
    head = b"POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 65537\r\n\r\n"
    assert wire.ask(head).code == (413, 100010)


def test_paths_of_all_forms(wire: Wire) -> None:
    def ask(target: bytes) -> Answer:
        return wire.ask(HELLO.replace(b"/api/v1/echo", target))

    assert ask(b"http://example.com/api/v1/echo").status == 200
    assert ask(b"/api/v1/ech%6F").status == 200
    assert ask(b"/api/v1/%00%ff%0a").code == (404, 100003)
    assert ask(b"*").status in (400, 404)


# The server's own refusals

GET = b"GET /health HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"hello\r\n\r\n", (400, 100000)),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", (400, 100000)),
        (b"GET /a b HTTP/1.1\r\n\r\n", (400, 100000)),
        (b"GET /\xff HTTP/1.1\r\n\r\n", (400, 100000)),
        (b"get / HTTP/1.1\r\n\r\n", (400, 100000)),
        (b"GET / HTTP/3.0\r\n\r\n", (400, 100000)),
        (b"GET /health HTTP/1.1\nHost: a\n\n", (400, 100000)),
        (b"GET /" + b"x" * 8200 + b" HTTP/1.1\r\n\r\n", (414, 100010)),
        (GET + b"X-A: " + b"x" * 8200 + b"\r\n\r\n", (431, 100010)),
        (GET + b"X-A: 1\r\n" * 100 + b"\r\n", (431, 100010)),
        (GET + b"X-A: " + b"x" * 700_000, (431, 100010)),
        (GET + b"no colon\r\n\r\n", (400, 100000)),
        (GET + b"X A: 1\r\n\r\n", (400, 100000)),
        (GET + b"X-A: 1\x00\r\n\r\n", (400, 100000)),
        (GET + b"X-A: 1\r\n folded\r\n\r\n", (400, 100000)),
        (GET + b"Host: b\r\n\r\n", (400, 100000)),
        (GET + b"Content-Length: abc\r\n\r\n", (400, 100000)),
        (GET + b"Content-Length: -1\r\n\r\n", (400, 100000)),
        (GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", (400, 100000)),
        (GET + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", (400, 100000)),
        (GET + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", (400, 100000)),
        (GET + b"Transfer-Encoding: gzip\r\n\r\n", (400, 100000)),
        (GET + b"Transfer-Encoding: gzip, chunked\r\n\r\n", (501, 100011)),
        (GET + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", (501, 100011)),
        (GET + b"Transfer-Encoding: nonsense\r\n\r\n", (501, 100011)),
        (b"GET /health HTTP/1.1\r\n\r\n", (400, 100000)),
        (b"GET http://a/health HTTP/1.1\r\nX-A: 1\r\n\r\n", (400, 100000)),
        (b"GET /health HTTP/1.1\r\nHost: x y<script>\r\n\r\n", (400, 100000)),
        (b"GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n", (400, 100000)),
        (b"GET /health HTTP/1.1\r\nHost: a:b\r\n\r\n", (400, 100000)),
        (b"GET /health HTTP/1.1\r\nHost: m\xc3\xbcller.example\r\n\r\n", (400, 100000)),
        (b"GET /health HTTP/1.0\r\nHost: user@a\r\n\r\n", (400, 100000)),
        (GET + b"Expect: miracles\r\n\r\n", (417, 100000)),
        (CHUNKED + b"zz\r\n", (400, 100000)),
        (CHUNKED + b"\r\n", (400, 100000)),
        (CHUNKED + b"2\r\n{}zz", (400, 100000)),
        (CHUNKED + b"2;x=\x01\r\n{}\r\n0\r\n\r\n", (400, 100000)),
        (CHUNKED + b"1" * 9000, (400, 100000)),
        (CHUNKED + b"2\r\n{}\r\n0\r\nHost: b\r\n\r\n", (400, 100000)),
    ],
)
def test_refusals_of_the_server_itself(
    server: SmallServer, wire: Wire, sent: bytes, code: tuple[int, int]
) -> None:
    answer = wire.ask(sent)
    assert answer.code == code
    assert answer.headers["Connection"] == "close"
    assert wire.is_closed()
    logged = [
        record for record in server.requests() if record["request_id"] == answer.headers["X-Request-ID"]
    ]
    assert [record["status"] for record in logged] == [code[0]]


def test_limits_of_the_head(wire: Wire) -> None:
    line = b"GET /health?" + b"x" * (8190 - len(b"GET /health? HTTP/1.1")) + b" HTTP/1.1\r\n"
    field = b"X-A: " + b"x" * (8190 - len(b"X-A: \r\n")) + b"\r\n"
    assert wire.ask(line + b"Host: a\r\n" + field + b"X-B: 1\r\n" * 98 + b"\r\n").status == 200


def test_a_head_may_not_be_as_large_as_all_its_fields_at_their_largest(wire: Wire) -> None:
    field = b"X-A: " + b"x" * (8190 - len(b"X-A: \r\n")) + b"\r\n"
    assert wire.ask(GET + field * 7 + b"\r\n").status == 200
    wire.send(GET + field * 9)
    assert wire.answer("GET").code == (431, 100010)


@pytest.mark.parametrize(
    "host", [b"", b"a:", b"a_b.example:8000", b"[::1]:8000", b"127.0.0.1", b"xn--mller-kva.example"]
)
def test_hosts_that_are_ones(wire: Wire, host: bytes) -> None:
    assert wire.ask(b"GET /health HTTP/1.1\r\nHost: " + host + b"\r\n\r\n").status == 200


def test_old_clients_need_no_host(wire: Wire) -> None:
    assert wire.ask(b"GET /health HTTP/1.0\r\n\r\n").status == 200


def test_nothing_that_was_sent_is_logged(server: SmallServer) -> None:
    secrets = [
        GET + b"Authorization Bearer hidden-1\r\n\r\n",
        GET + b"Authorization: Bearer hidden-2\r\n folded\r\n\r\n",
        b"GET /?APIKey=hidden-3 x HTTP/1.1\r\n\r\n",
        CHUNKED + b"hidden-4\r\n",
        post(
            b'{"APIKey": "hidden-5", ',
            b"Authorization: Bearer hidden-6",
            path=b"/api/v1/echo?APIKey=hidden-7",
        ),
        post(b'{"Say": "hidden-8"}', path=b"/api/v1/system.break"),
        post(b"{}", path=b"/api/v1/jane@hidden-9"),
    ]
    for sent in secrets:
        with Wire(server) as wire:
            assert wire.ask(sent).status >= 400
    with Wire(server) as wire:
        assert (
            wire.ask(post(b'{"Say": "hidden in the background"}', path=b"/api/v1/system.break")).status == 200
        )
    with Wire(server) as wire:
        wire.send(post(b'{"Say": "hidden-10"}', path=b"/api/v1/hidden@11")[:-5])
    with Wire(server) as wire:
        assert wire.ask(HELLO).status == 200
    assert "hidden" not in server.logs()
    assert any(
        record.get("failure", [{}])[0].get("type") == "builtins.KeyError" for record in server.records()
    )


def test_whatever_escapes_is_answered(wire: Wire) -> None:
    assert wire.ask(post(b'{"Say": "too late"}', path=b"/api/v1/system.break")).code == (500, 100005)
    assert wire.is_closed()


def test_a_failure_is_logged_with_its_place(server: SmallServer, wire: Wire) -> None:
    answer = wire.ask(post(b'{"Say": "x"}', path=b"/api/v1/system.break"))
    assert answer.code == (500, 100005)
    failures = [
        record for record in server.records() if record.get("request_id") == answer.headers["X-Request-ID"]
    ]
    failed = next(record for record in failures if "failure" in record)
    assert [(shown["type"], shown.get("number")) for shown in failed["failure"]] == [
        ("builtins.OSError", 28),
        ("builtins.KeyError", None),
    ]
    assert re.search(r"http/small_app\.py:\d+:run$", failed["failure"][0]["frames"][-1])


def test_bodies_that_break_off_leave_no_trace(server: SmallServer) -> None:
    before = server.logs()
    for cut in (post(b"{}" * 100)[:-50], CHUNKED + b"10\r\n{", CHUNKED + b"1", GET[:20], b""):
        with Wire(server) as wire:
            wire.send(cut)
            wire.sock.shutdown(socket.SHUT_WR)
            assert wire.is_closed()
    assert server.logs() == before


def test_the_log_line(server: SmallServer, wire: Wire) -> None:
    wire.ask(post(b'{"APIKey": "the-key"}', b"X-Request-ID: line-1", path=b"/api/v1/System.Whoami?a=b"))
    line = next(record for record in server.requests() if record["request_id"] == "line-1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert 0 < line.pop("duration_ms") < 10_000
    assert line == {
        "level": "info",
        "command": "system.whoami",
        "method": "POST",
        "path": "/api/v1/System.Whoami",
        "status": 200,
        "user_id": 7,
        "request_id": "line-1",
    }


def test_control_characters_cannot_reach_the_log(server: SmallServer, wire: Wire) -> None:
    wire.ask(
        HELLO.replace(b"/api/v1/echo", b"/%0a%1b[2J%7f%c2%85%e2%80%a8%22").replace(
            b"Host: a", b"Host: a\r\nX-Request-ID: odd"
        )
    )
    line = next(line for line in server.logs().splitlines() if '"odd"' in line)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line)["path"] == "/%0A%1B%5B2J%7F%C2%85%E2%80%A8%22"


def test_a_setting_that_cannot_be_used_stops_the_start_with_one_line() -> None:
    with ExitStack() as closing:
        server = SmallServer()
        closing.callback(server.close)
        server.wrong = {"TRACKER_DATABASE": "nowhere"}
        with pytest.raises(AssertionError, match="ended while starting"):
            server.start()
        assert server.running.exit_code == 1
        assert re.fullmatch(r"unknown setting TRACKER_DATABASE: .*\n", server.logs())


PIECES = st.sampled_from(
    [
        *HELLO.splitlines(keepends=True),
        *CHUNKED.splitlines(keepends=True),
        HELLO,
        GET,
        b"\r\n",
        b"\n",
        b"0\r\n",
        b"2\r\n{}\r\n",
    ]
)


@settings(max_examples=300)
@given(st.lists(PIECES | st.binary(max_size=20), max_size=8).map(b"".join))
def test_whatever_bytes_come_answers_are_json_and_no_failure(server: SmallServer, sent: bytes) -> None:
    with Wire(server) as wire:
        wire.send(sent)
        wire.sock.shutdown(socket.SHUT_WR)
        received = b""
        while data := wire.sock.recv(65536):
            received += data
    statuses = [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d+)", received)]
    assert all(status < 500 for status in statuses)
    assert len(re.findall(rb"\r\nContent-Type: application/json\r\n", received)) == len(statuses)
    assert received.startswith(b"HTTP/1.") or received == b""


# Slow clients


def test_half_sent_requests_do_not_keep_others_waiting() -> None:
    """With places for four, eight half-sent requests and idle connections still leave one for the ninth."""
    with SmallServer("--worker-connections", "4") as server, wires(server, 8) as held:
        for wire, part in zip(held, [HELLO[:30], HELLO[:-3], b"", CHUNKED + b"5\r\n{"] * 2, strict=True):
            wire.send(part)
        for _ in range(3):
            with Wire(server) as wire:
                assert wire.ask(HELLO).status == 200


def test_room_is_made_as_soon_as_somebody_waits() -> None:
    """All places are being answered when the last of them is taken: nobody comes later who would look again."""
    slow = post(b'{"Say": 0.3}', path=b"/api/v1/system.slow")
    with SmallServer("--worker-connections", "4") as server, wires(server, 3) as busy:
        for wire in busy:
            wire.send(slow)
        with Wire(server) as last, Wire(server) as waiting:
            assert last.ask(HELLO).status == 200
            last.send(slow)
            assert waiting.ask(HELLO).status == 200


def test_slow_requests_are_refused_and_idle_connections_closed() -> None:
    with SmallServer("--timeout", "1", "--keep-alive", "1") as server, wires(server, 5) as held:
        parts = [HELLO[:30], HELLO[:-3], CHUNKED + b"5\r\n{", b"", HELLO]
        for wire, part in zip(held, parts, strict=True):
            wire.send(part)
        assert held[4].answer().status == 200
        assert [wire.answer().code for wire in held[:3]] == [(408, 100000)] * 3
        assert all(wire.is_closed() for wire in held)
        assert sorted(record["status"] for record in server.requests() if record["path"] != "/ready") == [
            200,
            408,
            408,
            408,
        ]


def test_a_byte_now_and_then_does_not_win_time() -> None:
    with SmallServer("--timeout", "1") as server, Wire(server) as wire:
        began = time.monotonic()
        wire.sock.settimeout(0.05)
        for byte in HELLO:
            wire.send(bytes([byte]))
            try:
                started = wire.sock.recv(12)
                break
            except TimeoutError:
                continue
        assert started == b"HTTP/1.1 408"
        assert 0.9 < time.monotonic() - began < 5


def read_nothing(server: Server, path: bytes, buffer: int = 2048) -> socket.socket:
    """A connection that asks, and takes nothing of the answer."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    sock.settimeout(10)
    sock.connect(("127.0.0.1", server.port))
    sock.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    return sock


def is_dropped(sock: socket.socket) -> bool:
    """Whether the server has ended the connection, seen without reading from it."""
    poll = select.poll()
    poll.register(sock, 0)
    return bool(poll.poll(0))


def test_an_answer_that_is_not_taken_is_not_kept_for_ever() -> None:
    with SmallServer("--timeout", "1") as server, read_nothing(server, b"/large.js") as sock:
        until(lambda: is_dropped(sock), 5, "the end of the connection")


def test_a_file_that_is_taken_slowly_is_sent_whole(server: SmallServer) -> None:
    with read_nothing(server, b"/large.js", buffer=65536) as sock:
        received = 0
        while received < LARGE_FILE_BYTES and (data := sock.recv(65536)):
            received += len(data)
    assert received >= LARGE_FILE_BYTES


def test_who_reads_nothing_keeps_nobody_out() -> None:
    """Half of the places are for them: with places for four, eight of them leave one for the ninth at once."""
    with SmallServer("--worker-connections", "4") as server, ExitStack() as opened:
        for _ in range(8):
            opened.enter_context(read_nothing(server, b"/large.js"))
        began = time.monotonic()
        for _ in range(3):
            with Wire(server) as wire:
                assert wire.ask(HELLO).status == 200
        assert time.monotonic() - began < 8


def test_who_has_just_come_is_the_last_to_leave() -> None:
    """With places for four, half-sent requests that come again and again, and a client with a round trip of 50 ms."""
    with SmallServer("--worker-connections", "4") as server, ExitStack() as opened:
        for _ in range(5):
            with Wire(server) as wire:
                for _ in range(6):
                    opened.enter_context(Wire(server)).send(HELLO[:30])
                time.sleep(0.05)  # the round trip
                assert wire.ask(HELLO).status == 200


# Memory

LARGE_BODY = post(padded(990_000), path=b"/api/v1/system.many")


def refused_of(held: list[Wire]) -> list[Wire]:
    """Those who are being told something."""
    readable, _, _ = select.select([wire.sock for wire in held], [], [], 0)
    return [wire for wire in held if wire.sock in readable]


@pytest.mark.parametrize("attempt", [1, 2])
def test_bodies_that_never_end_take_no_more_memory_than_there_is_for_them(
    server: SmallServer, attempt: int
) -> None:
    """All but their last bytes of 80 MB. What is given back can be taken again."""
    with wires(server, 80) as held:
        for wire in held:
            with suppress(ConnectionError):  # the largest may be the one that is just sending
                wire.send(LARGE_BODY[:-100])
        many = 80 - 64 * 1024 * 1024 // len(LARGE_BODY)
        until(lambda: len(refused_of(held)) >= many, 10, "the refusals")
        with Wire(server) as small:
            assert small.ask(HELLO).status == 200
        refused = refused_of(held)
        assert many <= len(refused) <= many + 2
        answer = refused[0].answer()
        assert (answer.code, answer.headers["Retry-After"]) == ((503, 100012), "1")


def test_bodies_within_the_bound_all_wait(server: SmallServer) -> None:
    with wires(server, 60) as held:
        for wire in held:
            wire.send(LARGE_BODY[:-100])
        with Wire(server) as small:
            assert small.ask(HELLO).status == 200
        assert refused_of(held) == []


# The stop


def is_refused(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("sent", [1, len(HELLO) - 20, len(HELLO) - 1])
def test_what_has_begun_before_the_stop_is_answered(workers: str, sent: int) -> None:
    with SmallServer("--workers", workers) as server, Wire(server) as half, Wire(server) as used:
        half.send(HELLO[:sent])
        assert used.ask(HELLO).status == 200
        server.running.send(signal.SIGTERM)
        until(lambda: is_refused(server))
        half.send(HELLO[sent:])
        answer = half.answer()
        assert (answer.status, answer.body["Say"], answer.headers["Connection"]) == (200, "hello", "close")
        assert half.is_closed()
        assert ended(server.running) == 0
        assert is_refused(server)


def test_what_is_being_answered_is_finished() -> None:
    with SmallServer() as server, Wire(server) as slow:
        slow.send(post(b'{"Say": 1}', path=b"/api/v1/system.slow"))
        with Wire(server) as other:
            assert other.ask(HELLO).status == 200
        server.running.send(signal.SIGTERM)
        assert slow.answer().body == {"Say": "late"}
        assert ended(server.running) == 0


def test_connections_that_wait_for_nothing_do_not_delay_the_stop() -> None:
    with SmallServer("--workers", "2") as server, wires(server, 6) as idle:
        assert [wire.ask(HELLO).status for wire in idle[:4]] == [200] * 4
        began = time.monotonic()
        server.running.send(signal.SIGTERM)
        assert ended(server.running) == 0
        assert time.monotonic() - began < 3
        assert all(wire.is_closed() for wire in idle)


class Starting(SmallServer):
    """A server whose worker has not got further than the fork when SIGTERM comes."""

    def arguments(self) -> list[str]:
        conf = self.folder / "conf.py"
        held = (
            "def post_fork(server, worker):\n    while server.SIG_QUEUE.empty():\n        time.sleep(0.01)\n"
        )
        conf.write_text("import time\n" + (ROOT / "gunicorn.conf.py").read_text() + held)
        return [str(BIN / "gunicorn"), "-c", str(conf), "tests.http.small_app:app"]

    def is_ready(self) -> bool:
        return "Booting worker" in self.logs()


def test_a_stop_while_workers_are_starting() -> None:
    with Starting() as server:
        server.running.send(signal.SIGTERM)
        until(lambda: server.running.exit_code == 0, 5, "the end of a server that was starting")


def test_a_connection_made_before_the_stop_may_still_begin() -> None:
    with SmallServer() as server, Wire(server) as fresh:
        server.running.send(signal.SIGTERM)
        fresh.send(HELLO)
        assert fresh.answer().status == 200
        assert ended(server.running) == 0


def test_a_request_that_never_ends_does_not_hinder_the_stop() -> None:
    with SmallServer("--graceful-timeout", "1") as server, Wire(server) as half:
        half.send(HELLO[:-1])
        with Wire(server) as other:
            assert other.ask(HELLO).status == 200
        began = time.monotonic()
        server.running.send(signal.SIGTERM)
        assert ended(server.running) == 0
        assert time.monotonic() - began < 5


def ended(program: Program) -> int:
    until(lambda: program.exit_code is not None, 15, "the end of the server")
    assert program.exit_code is not None
    return program.exit_code


def test_a_worker_looks_for_garbage_when_it_has_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    for name in ("collect", "disable", "enable", "freeze", "set_threshold"):
        monkeypatch.setattr(gc, name, lambda *_, name=name: told.append(name))
    gunicorn_conf.post_fork(None, None)
    gunicorn_conf.post_worker_init(SimpleNamespace(wsgi=None))
    assert told == ["disable", "collect", "freeze", "set_threshold", "enable"]
