"""Does every request get its answer in JSON, whichever way it takes through the HTTP room?"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder, TestResponse

from tests.http.small_app import make_app
from tracker.http.body.reader import MAX_BODY_BYTES

APP = make_app()
#: A command's canonical path goes past Flask's dispatch, another spelling through it; both lead to the same door.
WAYS = ["/api/v1/system.echo", "/api/v1/echo", "/api/v1/System.Echo", "/api/v1/ECHO"]


@pytest.fixture(autouse=True)
def _in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def send(method: str, path: str, **options: Any) -> TestResponse:
    return Client(APP).open(path, method=method, **options)


def code(answer: TestResponse) -> tuple[int, int]:
    assert answer.json is not None
    return answer.status_code, answer.json["Errors"][0]["Code"]


# Both doors


@pytest.mark.parametrize("path", WAYS)
def test_rest_door(path: str) -> None:
    answer = send("POST", path, json={"Say": {"a": [1, None, "é"]}}, headers={"X-Request-ID": "mine-1"})
    assert answer.status_code == 200
    assert answer.json == {"Say": {"a": [1, None, "é"]}, "IsForm": False, "RequestID": "mine-1"}
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-ID"] == "mine-1"
    assert answer.headers["X-RateLimit-Limit"] == "100"
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_legacy_door() -> None:
    answer = send("POST", "/api.php", data={"Command": "system.Echo", "Say": "hi"})
    assert (answer.status_code, answer.json["Say"], answer.json["IsForm"]) == (200, "hi", True)
    assert send("GET", "/api.php?Command=system.look&Say=hi").json["Say"] == "hi"


def test_get_may_carry_json() -> None:
    answer = send("GET", "/api/v1/system.look", json={"Say": 1})
    assert (answer.status_code, answer.json["Say"]) == (200, 1)


def test_unknown_commands() -> None:
    assert code(send("POST", "/api.php", json={"Command": "no.such"})) == (400, 100003)
    assert code(send("POST", "/api.php")) == (400, 100003)
    assert code(send("POST", "/api/v1/no.such")) == (404, 100003)
    assert code(send("POST", "/api/v1/")) == (404, 100003)
    assert code(send("POST", "/api/v1/echo", json={"Command": "system.look"})) == (404, 100003)


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "BREW"])
def test_other_methods_are_refused_by_the_command(path: str, method: str) -> None:
    answer = send(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert method == "HEAD" or code(answer) == (405, 100001)


@pytest.mark.parametrize("path", WAYS)
def test_options_tells_the_methods(path: str) -> None:
    answer = send("OPTIONS", path, data="{", content_type="application/json")
    assert (answer.status_code, answer.headers["Allow"], answer.data) == (204, "POST, OPTIONS", b"")
    assert "Content-Type" not in answer.headers


def test_options_elsewhere() -> None:
    assert send("OPTIONS", "/api/v1/system.look").headers["Allow"] == "GET, POST, OPTIONS"
    assert send("OPTIONS", "/api.php").headers["Allow"] == "GET, POST, OPTIONS"
    assert code(send("OPTIONS", "/api/v1/no.such")) == (404, 100003)


@pytest.mark.parametrize("path", ["/api/v1/system.look", "/api/v1/System.Look"])
def test_head_is_get_without_the_body(path: str) -> None:
    get, head = (send(method, f"{path}?Say=1", headers={"X-Request-ID": "r"}) for method in ("GET", "HEAD"))
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


# Credentials


@pytest.mark.parametrize(
    ("header", "is_known"),
    [
        ("Bearer the-key", True),
        ("bearer the-key", True),
        ("BEARER   the-key ", True),
        ("Bearer other", False),
        ("Bearer", False),
        ("Bearer ", False),
        ("Bearer the-key the-key", False),
        ("Bearer,the-key", False),
        ("the-key", False),
        ("", False),
        ("Bearer th\xe9-key", False),
    ],
)
def test_authorization_header_beats_the_parameter(header: str, is_known: bool) -> None:
    answer = send(
        "POST", "/api/v1/system.whoami", json={"APIKey": "the-key"}, headers={"Authorization": header}
    )
    assert answer.json == {"UserID": 7} if is_known else code(answer) == (401, 99998)


def test_another_scheme_does_not_hide_the_parameter() -> None:
    answer = send(
        "POST", "/api/v1/system.whoami", json={"APIKey": "the-key"}, headers={"Authorization": "Basic YTpi"}
    )
    assert answer.json == {"UserID": 7}


# Bodies that are refused


@pytest.mark.parametrize("path", [*WAYS, "/api.php"])
def test_unreadable_and_unsupported_bodies(path: str) -> None:
    assert code(send("POST", path, data="{", content_type="application/json")) == (400, 100000)
    assert code(send("POST", path, data="x", content_type="image/png")) == (415, 100011)
    assert code(send("POST", path, json={}, headers={"Content-Encoding": "br"})) == (415, 100011)
    assert code(send("POST", path, json={}, headers={"Content-Encoding": "gzip"})) == (400, 100000)
    assert code(send("POST", f"{path}?a=%ff")) == (400, 100000)


@pytest.mark.parametrize("path", [*WAYS, "/api.php"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_wrong_method_is_told_before_the_body_is_read(path: str, method: str) -> None:
    answer = send(method, path, data="{", content_type="application/json")
    assert code(answer) == (405, 100001)
    assert answer.headers["Allow"] == ("GET, POST" if path == "/api.php" else "POST")


def test_an_unknown_command_is_told_before_the_body_is_read() -> None:
    assert code(send("POST", "/api/v1/no.such", data="{", content_type="application/json")) == (404, 100003)


def padded(size: int) -> bytes:
    return b'{"Say": "' + b"x" * (size - 11) + b'"}'


@pytest.mark.parametrize("path", WAYS)
def test_body_limit(path: str) -> None:
    at, beyond = padded(MAX_BODY_BYTES), padded(MAX_BODY_BYTES + 1)
    assert send("POST", path, data=at, content_type="application/json").status_code == 200
    assert code(send("POST", path, data=beyond, content_type="application/json")) == (413, 100010)


class DeferredCounts(io.BytesIO):
    """Says how much of it was read."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count = getattr(self, "count", 0) + len(data)
        return data


def with_environ(body: io.BytesIO, **environ: Any) -> tuple[int, Any]:
    """Send a request with exactly this environ."""
    built = EnvironBuilder("/api/v1/echo", method="POST", content_type="application/json").get_environ()
    built.pop("CONTENT_LENGTH", None)
    built |= {"wsgi.input": body, "wsgi.input_terminated": True, **environ}
    status: list[str] = []
    data = b"".join(APP(built, lambda line, headers, exc_info=None: status.append(line)))
    return int(status[0][:3]), json.loads(data)


def test_a_body_without_length_is_read_to_the_limit_and_no_further() -> None:
    assert with_environ(io.BytesIO(padded(MAX_BODY_BYTES)))[0] == 200
    endless = DeferredCounts(padded(10 * MAX_BODY_BYTES))
    status, body = with_environ(endless)
    assert (status, body["Errors"][0]["Code"]) == (413, 100010)
    assert endless.count == MAX_BODY_BYTES + 1


def test_a_body_announced_too_large_is_not_read() -> None:
    announced = DeferredCounts(padded(10 * MAX_BODY_BYTES))
    assert with_environ(announced, CONTENT_LENGTH=str(10 * MAX_BODY_BYTES))[0] == 413
    assert not hasattr(announced, "count")


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "abc", "1,1", "٣", "+2", " 2"])
def test_a_length_that_is_no_number_is_unreadable(length: str) -> None:
    status, body = with_environ(io.BytesIO(b"{}"), CONTENT_LENGTH=length)
    assert (status, body["Errors"][0]["Code"]) == (400, 100000)


@pytest.mark.parametrize("length", ["9" * 30, "9" * 5000])
def test_a_length_beyond_any_number_is_too_large(length: str) -> None:
    assert with_environ(io.BytesIO(b"{}"), CONTENT_LENGTH=length)[0] == 413


def test_a_body_without_length_from_a_server_that_does_not_end_it_is_not_waited_for() -> None:
    never_read = DeferredCounts(b'{"Say": 1}')
    assert with_environ(never_read, **{"wsgi.input_terminated": False})[1]["Say"] is None
    assert not hasattr(never_read, "count")


class Breaking(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise ConnectionResetError


def test_a_body_that_breaks_off_is_unreadable(capfd: pytest.CaptureFixture[str]) -> None:
    assert with_environ(io.BytesIO(b'{"Say"'), CONTENT_LENGTH="20")[0] == 400
    assert with_environ(Breaking(), CONTENT_LENGTH="20")[0] == 400
    assert capfd.readouterr().err == ""


# Everything else


def test_health_and_readiness(tmp_path: Path) -> None:
    assert (send("GET", "/health").status_code, send("GET", "/health").json) == (200, {"status": "ok"})
    answer = send("GET", "/ready")
    assert (answer.status_code, answer.json) == (
        200,
        {"status": "ready", "database": "ready", "writer_nodes": 1},
    )
    (tmp_path / "not-ready").touch()
    answer = send("GET", "/ready")
    said = {"status": "not ready", "database": "away", "reason": "a file says so"}
    assert (answer.status_code, answer.json) == (503, said)
    assert send("GET", "/health").status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/api", "/api/v1", "//api.php", "/api.php/", "/health/", "/%ff%00"]
)
def test_unknown_paths(path: str) -> None:
    answer = send("GET", path)
    assert code(answer) == (404, 100003)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Request-ID"]


def test_other_methods_elsewhere() -> None:
    answer = send("POST", "/health")
    assert code(answer) == (405, 100001)
    assert answer.headers["Allow"] == "GET, HEAD"
    assert code(send("OPTIONS", "/health")) == (405, 100001)


def test_other_pages_may_stand_beside_the_commands() -> None:
    assert send("GET", "/api/v1/page.html").text == "<p>a page</p>"


@pytest.mark.parametrize(
    ("path", "say"),
    [
        ("/api/v1/system.break", "secret"),
        ("/api/v1/System.Break", "secret"),
        ("/api/v1/system.break", "cannot be written"),
        ("/breaks", None),
    ],
)
def test_failures_tell_the_client_an_id_and_nothing_else(path: str, say: str | None) -> None:
    answer = send("POST" if say else "GET", path, json={"Say": say}, headers={"X-Request-ID": "id-7"})
    assert answer.status_code == 500
    assert answer.json == {"Errors": [{"Code": 100005, "Message": "Unexpected failure", "RequestID": "id-7"}]}


# Request ids


@pytest.mark.parametrize("sent", ["a", "A-z_0", "x" * 64])
def test_the_clients_id_is_taken(sent: str) -> None:
    assert send("GET", "/health", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 65, "a b", "ä", "a,b", "a\n"])
def test_an_id_that_could_harm_a_log_is_replaced(sent: str) -> None:
    sent_back: list[str] = []
    for _ in range(2):
        environ = EnvironBuilder("/health").get_environ() | {"HTTP_X_REQUEST_ID": sent}
        APP(environ, lambda line, fields, exc_info=None: sent_back.append(dict(fields)["X-Request-ID"]))
    assert sent not in sent_back
    assert sent_back[0] != sent_back[1]


# Anything at all

BYTES_AS_TEXT = st.text(st.characters(max_codepoint=255), max_size=40)
PATHS = st.one_of(
    st.sampled_from(["/api.php", *WAYS, "/api/v1/system.look", "/api/v1/", "/ready", "/api/v1/page.html"]),
    BYTES_AS_TEXT.map(lambda text: "/api/v1/" + text),
    BYTES_AS_TEXT.map(lambda text: "/" + text),
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "CONTENT_TYPE": st.sampled_from(["application/json", "text/plain", "multipart/form-data; boundary=b"])
        | BYTES_AS_TEXT,
        "CONTENT_LENGTH": st.integers(0, 100).map(str) | BYTES_AS_TEXT,
        "HTTP_CONTENT_ENCODING": BYTES_AS_TEXT,
        "HTTP_AUTHORIZATION": BYTES_AS_TEXT | BYTES_AS_TEXT.map(lambda text: "Bearer " + text),
        "HTTP_X_REQUEST_ID": BYTES_AS_TEXT,
        "HTTP_HOST": BYTES_AS_TEXT,
        "HTTP_COOKIE": BYTES_AS_TEXT,
        "QUERY_STRING": BYTES_AS_TEXT,
    },
)
JSON_VALUES = st.recursive(st.none() | st.integers() | st.floats() | st.text(), st.lists)
BODIES = st.binary(max_size=100) | st.dictionaries(
    st.sampled_from(["Say", "Command", "APIKey", "command", "say"]), JSON_VALUES
).map(lambda params: json.dumps(params).encode())


@given(
    path=PATHS,
    method=st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"])
    | st.from_regex(r"[A-Z]{1,9}", fullmatch=True),
    headers=HEADERS,
    body=BODIES,
)
def test_whatever_is_sent_the_answer_is_json_and_no_failure(
    path: str, method: str, headers: dict[str, str], body: bytes
) -> None:
    environ = EnvironBuilder("/").get_environ() | {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
    }
    environ |= {"PATH_INFO": path, "REQUEST_METHOD": method, **headers}
    sent: list[Any] = []
    data = b"".join(APP(environ, lambda line, fields, exc_info=None: sent.extend([line, dict(fields)])))
    status, fields = int(sent[0][:3]), sent[1]
    assert status < 500
    if path == "/api/v1/page.html" and status == 200:
        return
    if method == "HEAD" or status == 204:
        assert data == b""
        return
    assert fields["Content-Type"] == "application/json"
    assert ("Errors" in json.loads(data)) is (status >= 400)
