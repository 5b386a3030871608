"""Is a streamed answer complete, or visibly not? Asked of a served Tracker, over a socket."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.served import StartTracker, Tracker, make_account

PLUGIN = '''
from marshmallow import Schema, fields
from tracker import Command, CsvStream, EventStream, NdjsonStream, Stream, anyone, invalid

class Count(Command):
    """Count in a stream."""
    name = "stream.count"
    permission = anyone
    rate_limit = "10000 per 60 seconds"
    errors = (invalid("To", 1), invalid("FailAt", 2))
    example = ({}, {})

    class Params(Schema):
        To = fields.Integer(load_default=10)
        FailAt = fields.Integer(load_default=-1)

    def run(self, params):
        return Stream(self.parts(params["To"], params["FailAt"]))

    def parts(self, last, fail_at):
        if fail_at == 0:
            raise self.error(2)
        yield b"[0"
        for number in range(1, last):
            if number == fail_at:
                raise RuntimeError("in the middle")
            yield b",%d" % number
        yield b"]"


class Table(Command):
    """Say numbers as JSON, or line by line."""
    name = "table.show"
    other_media_types = (CsvStream.media_type,)
    permission = anyone
    rate_limit = "10000 per 60 seconds"
    errors = (invalid("Form", 1),)
    example = ({}, {})

    class Params(Schema):
        Form = fields.String(load_default="json")

    def run(self, params):
        forms = {"csv": CsvStream([b"a,b\\r\\n", b"1,2\\r\\n"]), "ndjson": NdjsonStream([b"{}\\n"])}
        return forms.get(params["Form"], {"a": 1, "b": 2})


class Clock(Command):
    """Say things as they come."""
    name = "clock.strike"
    media_type = EventStream.media_type
    permission = None
    rate_limit = "10000 per 60 seconds"
    errors = (invalid("IsWrong", 1),)
    example = ({}, {})

    class Params(Schema):
        IsWrong = fields.Boolean(load_default=False)

    def run(self, params):
        return Stream([b"{}"]) if params["IsWrong"] else EventStream([b"data: one\\n\\n", b"", b"data: two\\n\\n"])
'''


@pytest.fixture(scope="module")
def streaming(start_tracker: StartTracker, tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    folder: Path = tmp_path_factory.mktemp("plugins")
    (folder / "stream_count.py").write_text(PLUGIN)
    return start_tracker(settings={"TRACKER_PLUGINS_FOLDER": str(folder)})


def received(tracker: Tracker, path: str, method: str = "POST", version: str = "1.1") -> bytes:
    """All bytes of an answer, until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", tracker.port), timeout=20) as connection:
        lines = [
            f"{method} {path} HTTP/{version}",
            "Host: x",
            "Connection: close",
            "Content-Length: 0",
            "",
            "",
        ]
        connection.sendall("\r\n".join(lines).encode())
        parts = iter(lambda: connection.recv(65536), b"")
        try:
            return b"".join(parts)
        except ConnectionResetError:
            return b""


def test_a_stream_is_sent_in_chunks_and_is_one_document(streaming: Tracker) -> None:
    answer = streaming.call("stream.count", None, To=50_000)
    assert answer.status == 200
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert json.loads(answer.raw) == list(range(50_000))


@pytest.mark.parametrize("path", ["/api/v1/stream.count", "/api.php?Command=stream.count&"])
def test_one_that_breaks_off_lacks_the_last_chunk(streaming: Tracker, path: str) -> None:
    sent = received(streaming, f"{path}{'' if path.endswith('&') else '?'}FailAt=5")
    assert sent.startswith(b"HTTP/1.1 200")
    assert b",4" in sent
    assert not sent.endswith(b"0\r\n\r\n")
    whole = received(streaming, f"{path}{'' if path.endswith('&') else '?'}To=5")
    assert whole.endswith(b"0\r\n\r\n")


def test_what_fails_before_the_first_part_is_answered_as_usual(streaming: Tracker) -> None:
    answer = streaming.call("stream.count", None, FailAt=0)
    assert answer.status == 422
    assert [row["Code"] for row in answer.body["Errors"]] == [2]


def test_the_next_request_is_answered_after_one_that_broke_off(streaming: Tracker) -> None:
    received(streaming, "/api/v1/stream.count?FailAt=5")
    assert json.loads(streaming.call("stream.count", None, To=3).raw) == [0, 1, 2]


@pytest.fixture(scope="module")
def key(streaming: Tracker) -> str:
    return make_account(streaming, "clock@example.com", "*").key


@pytest.mark.parametrize("path", ["/api/v1/clock.strike", "/api.php?Command=clock.strike"])
def test_events_are_chunks_of_their_own(streaming: Tracker, key: str, path: str) -> None:
    sent = received(streaming, f"{path}{'&' if '?' in path else '?'}APIKey={key}")
    head, _, body = sent.partition(b"\r\n\r\n")
    assert b"\r\nContent-Type: text/event-stream\r\n" in head
    assert b"\r\nX-Accel-Buffering: no\r\n" in head
    assert body == b"b\r\ndata: one\n\n\r\nb\r\ndata: two\n\n\r\n0\r\n\r\n"


def test_to_an_old_client_they_are_sent_as_they_are(streaming: Tracker, key: str) -> None:
    sent = received(streaming, f"/api/v1/clock.strike?APIKey={key}", version="1.0")
    assert sent.endswith(b"\r\n\r\ndata: one\n\ndata: two\n\n")


def test_lines_have_a_media_type_of_their_own_if_the_command_declares_it(streaming: Tracker) -> None:
    assert streaming.call("table.show", None).body == {"a": 1, "b": 2}
    table = streaming.call("table.show", None, Form="csv")
    assert (table.headers["Content-Type"], table.raw) == ("text/csv; charset=utf-8", b"a,b\r\n1,2\r\n")
    undeclared = streaming.call("table.show", None, Form="ndjson")
    assert (undeclared.status, undeclared.body["Errors"][0]["Code"]) == (500, 100005)


def test_a_command_answers_with_what_it_declares(streaming: Tracker, key: str) -> None:
    answer = streaming.call("clock.strike", key, IsWrong=True)
    assert (answer.status, answer.body["Errors"][0]["Code"]) == (500, 100005)
