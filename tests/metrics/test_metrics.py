"""`/metrics`: counted is what was answered, by names of Tracker's own, and told to nobody who is not named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import NotFound

from tests.client import InProcess, Shop
from tests.conventions.pages import blocks, cells
from tests.conventions.sources import ROOT
from tests.examples import examples
from tests.metrics.exposition import Exposition
from tracker.config import ConfigError, Settings
from tracker.errors import COMMON, StorageUnavailable
from tracker.http.metrics_endpoint import MetricsEndpoint
from tracker.metrics import MetricsRecorder

PAGE = ROOT / "docs" / "operations.md"
TOKEN = "0123456789abcdef"
PROMETHEUS, STRANGER = "192.0.2.9", "203.0.113.66"


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """A Tracker whose metrics one address may read, with a token."""
    folder: Path = tmp_path_factory.mktemp("metrics")
    (folder / "token").write_text(f"{TOKEN}\n")
    settings = {
        "TRACKER_METRICS_FOR": f"{PROMETHEUS}, 2001:db8::/32",
        "TRACKER_METRICS_TOKEN_FILE": str(folder / "token"),
    }
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder, settings)) as client:
        yield client


@pytest.fixture(scope="module")
def unset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    """A Tracker without the settings."""
    folder: Path = tmp_path_factory.mktemp("unset")
    with closing(InProcess(f"sqlite:///{folder / 'tracker.db'}", folder, is_upgraded=False)) as client:
        yield client


@pytest.fixture(scope="module")
def seller(measured: InProcess) -> Shop:
    return measured.open_shop("seller@example.com")


def scrape(client: InProcess) -> Exposition:
    reply = client.get("/metrics", TOKEN, address=PROMETHEUS)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Exposition(reply.text)


def rise(before: Exposition, after: Exposition) -> dict[tuple[str, ...], float]:
    """What was counted in between, but the commits."""
    found = {
        (name.removeprefix("tracker_").removesuffix("_total"), *(value for _, value in labels)): value
        - before.counters.get((name, labels), 0)
        for (name, labels), value in after.counters.items()
        if "commit" not in name
    }
    return {key: value for key, value in found.items() if value}


def test_events_requests_and_refusals_are_counted(measured: InProcess, seller: Shop) -> None:
    before = scrape(measured)
    measured.ok("event.track", seller.key, ListID=seller.list_id, Event="seen", EventID="one")
    measured.ok("event.track", seller.key, ListID=seller.list_id, Event="seen", EventID="one")
    events = [{"Event": "seen"}, {"Event": ""}, {"Event": "seen", "Properties": 7}, {"Event": "read"}]
    measured.ok("event.batch", seller.key, ListID=seller.list_id, Events=events)
    assert measured.call("event.track", seller.key, Event=" ", Email="none").status == 422
    assert measured.call("event.track", "nobody's").status == 401
    assert measured.get("/nowhere").status == 404
    assert measured.post("/api.php", data=b"{", content_type="application/json").status == 400
    after = scrape(measured)
    assert rise(before, after) == {
        ("requests", "event.track", "2xx"): 2,
        ("requests", "event.track", "4xx"): 2,
        ("requests", "event.batch", "2xx"): 1,
        ("requests", "other", "4xx"): 2,
        ("requests", "other", "2xx"): 1,  # the first look
        ("refusals", "5", "event.track"): 1,
        ("refusals", "7", "event.track"): 1,
        ("refusals", "99998", "event.track"): 1,
        ("refusals", "100000", "other"): 1,
        ("refusals", "100003", "other"): 1,
        ("events_refused", "5", "event.batch"): 1,
        ("events_refused", "12", "event.batch"): 1,
        ("events_stored",): 3,
        ("events_repeated",): 1,
    }
    commits = "tracker_commit_seconds_count"
    assert after.of(commits) - before.of(commits) >= 2
    assert after.of(commits) == after.of("tracker_commit_seconds_bucket", le="+Inf")
    assert after.of("tracker_commit_seconds_sum") > before.of("tracker_commit_seconds_sum")


def test_the_state_of_the_whole_is_told(measured: InProcess) -> None:
    told = scrape(measured)
    assert {
        name for name, kind in told.kinds.items() if kind not in ("counter", "gauge", "histogram")
    } == set()
    assert (told.of("tracker_workers"), told.of("tracker_write_queue_rows")) == (1, 0)
    assert told.of("tracker_rate_limit_store", store="file") == 1
    assert (told.of("tracker_rate_limit_alone"), told.of("tracker_jobs_waiting")) == (0, 0)
    assert (told.of("tracker_reports_up"), told.of("tracker_reports_hung")) == (0, 0)
    assert told.of("tracker_worker_memory_bytes", worker="0") > 10_000_000


def test_the_reports_process_is_told(measured: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {"figures": {"memory": 7, "open": 2, "lag_ms": 1500}}
    monkeypatch.setattr(type(measured.services.analytics), "figures", lambda _: told)
    found = scrape(measured)
    names = ("up", "hung", "memory_bytes", "copies", "lag_seconds")
    assert [found.of(f"tracker_reports_{name}") for name in names] == [1, 0, 7, 2, 1.5]
    told = {"error": "unavailable"}
    found = scrape(measured)
    assert [found.of(f"tracker_reports_{name}") for name in names[:2]] == [0, 1]


def test_without_a_database_the_rest_is_told(measured: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StorageUnavailable("away")

    monkeypatch.setattr(type(measured.services.storage), "read", away)
    found = scrape(measured)
    assert "tracker_jobs_waiting" not in found.kinds
    assert found.of("tracker_workers") == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT"])
def test_a_stranger_finds_what_is_at_any_unknown_path(
    measured: InProcess, unset: InProcess, method: str
) -> None:
    """With the setting and without it, with the wrong token and from the wrong place."""
    headers = {"X-Request-ID": "mine"}
    unknown = measured.request(method, "/metric", headers=headers)
    for at, key, address in (
        (measured, TOKEN, STRANGER),
        (measured, TOKEN[:-1], PROMETHEUS),
        (measured, None, PROMETHEUS),
        (unset, TOKEN, "127.0.0.1"),
    ):
        found = at.request(method, "/metrics", key, headers=headers, address=address)
        assert (found.status, found.raw, found.headers) == (404, unknown.raw, unknown.headers)


def test_who_is_named_may_only_read(measured: InProcess) -> None:
    refused = measured.post("/metrics", TOKEN, address="2001:db8::5")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert measured.request("HEAD", "/metrics", TOKEN, address="2001:db8::5").raw == b""


def test_another_token_in_the_file_is_asked_for_at_once(measured: InProcess) -> None:
    file = measured.services.settings.metrics_token_file
    assert file is not None
    try:
        file.write_text("another-token-1234")
        assert measured.get("/metrics", TOKEN, address=PROMETHEUS).status == 404
        assert measured.get("/metrics", "another-token-1234", address=PROMETHEUS).status == 200
        file.unlink()
        assert measured.get("/metrics", "another-token-1234", address=PROMETHEUS).status == 404
    finally:
        file.write_text(TOKEN)


NEAR = ("127.0.0.1", "10.1.0.0/16")


@pytest.mark.parametrize(
    ("peer", "headers", "is_let_in"),
    [
        ("127.0.0.1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("10.1.2.3", {}, True),
        (STRANGER, {}, False),
        ("", {}, False),  # of a socket file
        # through a proxy on this machine, whether anybody counts it or not
        ("127.0.0.1", {"X_FORWARDED_FOR": STRANGER}, False),
        ("127.0.0.1", {"X_FORWARDED_FOR": "10.1.2.3"}, True),
        ("127.0.0.1", {"X_FORWARDED_FOR": "[::ffff:10.1.2.3]:4711, 10.1.0.1:99"}, True),
        # written by the stranger, before the proxy wrote its own
        ("127.0.0.1", {"X_FORWARDED_FOR": f"127.0.0.1, {STRANGER}"}, False),
        ("127.0.0.1", {"X_FORWARDED_FOR": f"{STRANGER}, 127.0.0.1"}, False),
        # past the proxy
        (STRANGER, {"X_FORWARDED_FOR": "127.0.0.1"}, False),
        ("127.0.0.1", {"X_FORWARDED_FOR": ""}, False),
        ("127.0.0.1", {"X_FORWARDED_FOR": "unknown"}, False),
        ("127.0.0.1", {"X_FORWARDED_FOR": "127.0.0.1,"}, False),
        # proxies that tell it in other ways
        ("127.0.0.1", {"FORWARDED": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"X_REAL_IP": "127.0.0.1"}, False),
        ("127.0.0.1", {"VIA": "1.1 proxy"}, False),
        ("127.0.0.1", {"VIA": "1.1 proxy", "X_FORWARDED_FOR": "10.1.2.3"}, True),
    ],
)
def test_every_address_that_a_request_came_through_has_to_be_named(
    peer: str, headers: Mapping[str, str], is_let_in: bool
) -> None:
    endpoint = MetricsEndpoint(lambda: "", "text/plain", NEAR)
    environ = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": peer}
    environ |= {f"HTTP_{name}": value for name, value in headers.items()}
    if is_let_in:
        assert endpoint.reply(environ).status_line == "200 OK"
    else:
        with pytest.raises(NotFound):
            endpoint.reply(environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACKER_METRICS_FOR", "everybody"),
        ("TRACKER_METRICS_FOR", "0.0.0.0/0"),
        ("TRACKER_METRICS_FOR", "127.0.0.1;10.0.0.1"),
        ("TRACKER_METRICS_TOKEN_FILE", "/none"),
        ("TRACKER_METRICS_TOKEN_FILE", "short"),
        ("TRACKER_METRICS_TOKEN_FILE", "with a space in it"),
        ("TRACKER_METRICS_TOKEN_FILE", "é" * 20),
        ("TRACKER_METRICS_TOKEN_FILE", "x" * 5000),
    ],
)
def test_a_setting_that_lets_in_the_wrong_ones_stops_the_start(tmp_path: Path, name: str, value: str) -> None:
    if name == "TRACKER_METRICS_TOKEN_FILE" and value != "/none":
        (tmp_path / "token").write_text(value)
        value = str(tmp_path / "token")
    with pytest.raises(ConfigError, match=name):
        Settings.from_environ({name: value})


CODES = {"event.track": {4, 5}, "note.add": {1}, "a." + "long" * 20: {1}}
NAMES = st.one_of(st.none(), st.sampled_from([*CODES, "Event.Track", "note.add 2xx", 'x"}\n']), st.text())
NUMBERS = st.one_of(st.sampled_from([1, 4, 5, 403, 100012]), st.integers())


@settings(max_examples=examples(50), suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(NAMES, st.integers(), st.lists(NUMBERS, max_size=3)), max_size=30))
def test_whatever_is_asked_the_counters_have_names_of_ours(asked: list[tuple[Any, int, list[int]]]) -> None:
    recorder = MetricsRecorder(Path("none"), CODES)
    for command, status, codes in asked:
        body = {"Errors": [{"Code": code} for code in codes]}
        recorder.answered(SimpleNamespace(command=command, status=422, body=body), status)
    known = {"event.track": {"4", "5"}, "note.add": {"1"}, "other": set()}
    for entry in recorder.totals().counters:
        kind, *labels = entry.split(" ")
        if kind == "requests":
            command, status = labels
            assert command in known
            assert status in {f"{each}xx" for each in range(1, 6)}
        elif kind == "refusals":
            command, code = labels
            assert code in known[command] | {"other", *map(str, COMMON)}


def test_what_clients_make_up_makes_no_series(measured: InProcess, seller: Shop) -> None:
    for name in ("a.b", "event.track\n", 'x"} 1', "EVENT.TRACK", "é.è", "o" * 5000, ""):
        measured.call(name, seller.key)
        measured.get("/api/v1/" + name.replace("\n", "%0A"))
    found = scrape(measured)
    commands = {entry.command.name for entry in measured.services.registry}
    assert found.labels("tracker_requests_total", "command") <= commands | {"other"}
    assert found.labels("tracker_refusals_total", "command") <= commands | {"other"}


def test_the_page_of_operations_names_every_metric(
    measured: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its kind; and rules for alerts ask for no other."""
    told = {"figures": {"memory": 7, "open": 2, "lag_ms": 1500}}
    monkeypatch.setattr(type(measured.services.analytics), "figures", lambda _: told)
    found = scrape(measured)
    rows = {name.strip("`"): kind for name, kind, _ in cells(PAGE, "Metrics")}
    named = {name if kind != "counter" else f"{name}_total": kind for name, kind in found.kinds.items()}
    assert rows == named
    samples = {name for name, _ in found.numbers} | set(rows)
    asked = {name for block in blocks(PAGE, "yaml") for name in re.findall(r"\btracker_\w+", block.text)}
    assert len(asked) >= 5
    assert asked - samples == set()
