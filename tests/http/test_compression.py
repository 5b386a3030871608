"""Are large answers packed for those who read gzip, and for nobody to learn from?"""

from __future__ import annotations

import gzip
import time
from typing import Any

import gevent
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.test import Client, TestResponse

from tests.http.small_app import make_app
from tracker.app import create_app
from tracker.config import Settings
from tracker.http.message.compression import MIN_BYTES, SLICE_BYTES, accepts_gzip, gzipped, packed
from tracker.http.message.responses import reply

APP = make_app()
#: The first goes past Flask's routes, the second through them.
WAYS = ["/api/v1/system.look", "/api/v1/System.Look"]
LARGE, SMALL = "x" * 5_000, "x" * 100
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


def look(path: str, say: str, method: str = "GET", **headers: str) -> TestResponse:
    sent = {**GZIP, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Client(APP).open(path, method=method, json={"Say": say}, headers=sent)


@pytest.mark.parametrize("path", WAYS)
def test_a_large_answer_is_packed(path: str) -> None:
    answer = look(path, LARGE)
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert int(answer.headers["Content-Length"]) == len(answer.data) < 200
    assert LARGE.encode() in gzip.decompress(answer.data)
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", WAYS)
def test_head_tells_what_get_would(path: str) -> None:
    headers = {"X-Request-ID": "the-same"}
    got, asked = look(path, LARGE, **headers), look(path, LARGE, "HEAD", **headers)
    assert asked.data == b""
    assert asked.headers == got.headers


@pytest.mark.parametrize("path", WAYS)
def test_a_small_answer_is_not(path: str) -> None:
    answer = look(path, SMALL)
    assert not {"Content-Encoding", "Vary"} & set(answer.headers.keys())
    assert answer.json["Say"] == SMALL


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "*;q=0", "gzip; q=0, *"])
def test_nor_an_answer_for_those_who_do_not_read_it(path: str, accepted: str) -> None:
    answer = look(path, LARGE, Accept_Encoding=accepted)
    assert (answer.headers.get("Content-Encoding"), answer.headers["Vary"]) == (None, "Accept-Encoding")
    assert answer.json["Say"] == LARGE


@pytest.mark.parametrize("path", WAYS)
@pytest.mark.parametrize(
    ("site", "is_packed"),
    [("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False)],
)
def test_nor_what_a_page_of_another_site_has_asked_for(path: str, site: str, is_packed: bool) -> None:
    answer = look(path, LARGE, Sec_Fetch_Site=site)
    assert ("Content-Encoding" in answer.headers) == is_packed


@pytest.mark.parametrize("path", ["/api/v1/system.secret", "/api/v1/System.Secret"])
def test_nor_one_that_shows_a_secret(path: str) -> None:
    answer = look(path, LARGE)
    assert "Content-Encoding" not in answer.headers
    assert answer.json["Say"] == LARGE


def test_commands_that_make_secrets_say_so() -> None:
    app = create_app(Settings.from_environ({}))
    registry = app.extensions["tracker.console"].dispatcher.registry
    assert {entry.command.name for entry in registry if entry.command.shows_secret} == {
        "alert.create",
        "alert.update",
        "apikey.create",
        "share.create",
        "trigger.create",
        "trigger.update",
        "user.login",
    }


def test_a_page_is_packed() -> None:
    client = create_app(Settings.from_environ({})).test_client()
    answer = client.get("/sign-in", headers=GZIP)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b"</html>" in gzip.decompress(answer.data)
    asked = client.head("/sign-in", headers=GZIP)
    assert (asked.data, asked.headers["Content-Encoding"]) == (b"", "gzip")


@pytest.mark.parametrize("path", ["/api/v1/openapi.json", "/console/console.css", "/tracker.js"])
def test_a_file_has_a_mark_for_each_form(path: str) -> None:
    client = create_app(Settings.from_environ({})).test_client()
    in_gzip, plain = client.get(path, headers=GZIP), client.get(path)
    assert (in_gzip.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert gzip.decompress(in_gzip.data) == plain.data
    assert in_gzip.headers["ETag"] != plain.headers["ETag"]
    assert in_gzip.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    known: dict[str, Any] = {"If-None-Match": in_gzip.headers["ETag"]}
    assert client.get(path, headers=GZIP | known).status_code == 304
    assert client.get(path, headers=known).status_code == 200
    asked = client.head(path, headers=GZIP)
    assert asked.headers["Content-Length"] == str(len(in_gzip.data))


def test_what_is_packed_in_slices_comes_back_whole() -> None:
    data = bytes(range(256)) * (SLICE_BYTES // 256) * 3 + b"the rest"
    assert gzip.decompress(gzipped(data)) == data


def test_others_go_on_while_much_is_packed() -> None:
    turns: list[float] = []

    def others() -> None:
        while True:
            turns.append(time.perf_counter())
            gevent.sleep(0)

    greenlet = gevent.spawn(others)
    gzipped(b"x" * SLICE_BYTES * 20)
    greenlet.kill()
    assert len(turns) >= 19


@given(st.binary(max_size=3 * MIN_BYTES))
def test_any_bytes(data: bytes) -> None:
    assert gzip.decompress(gzipped(data)) == data


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_any_header(header: str) -> None:
    accepts_gzip(header)


def test_headers_of_an_answer_are_kept() -> None:
    sent = reply(200, {"a": LARGE}, {"Vary": "Origin", "X-One": "1"})
    found = Headers(packed(sent, {"HTTP_ACCEPT_ENCODING": "gzip"}).headers)
    assert (found["Vary"], found["X-One"]) == ("Origin, Accept-Encoding", "1")
