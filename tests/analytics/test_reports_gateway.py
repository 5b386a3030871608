"""Does one instance serve reports to others: the same answers, nothing to strangers, and nothing wrong when it is away or another one?"""

from __future__ import annotations

import fcntl
import importlib
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.analytics.asking import DAY_MS, Reporting
from tests.analytics.gateway_server import Gateway, tls_proxy
from tests.analytics.reference import events_of_truth
from tests.cli.shell import Shell
from tests.ingest.real import Real, real_on
from tests.ingest.whole_model import Forget, Track
from tests.processes import until
from tests.served import Account, Tracker, make_account
from tests.servers import NewDatabase
from tracker.analytics import reports_asker
from tracker.analytics import reports_client as reports_client_module
from tracker.analytics.process.reports_setup import LOCK, SERVED
from tracker.analytics.reports_client import ReportsClient
from tracker.analytics.reports_connection import take_lock
from tracker.api.health_checks import health
from tracker.api.setup_checks import BAD, OK
from tracker.app import build_services
from tracker.config import ConfigError, Settings
from tracker.questions import (
    Attribution,
    AttributionPlan,
    Breakdown,
    Dimension,
    EventIds,
    EventMatch,
    Funnel,
    FunnelPlan,
    Goal,
    Head,
    Paths,
    PathsPlan,
    People,
    ProductPlan,
    Products,
    Retention,
    RetentionPlan,
    Trend,
    Values,
    Visits,
    measure_of,
)
from tracker.reports_wiring import reports_client, reports_setup
from tracker.services import Services

USER = 1
MARKER = "q7Zk-marker-of-somebody"


class World:
    """Two instances on one database: one serves reports, the other asks it; and a copy that is neither's."""

    def __init__(self, database_url: str, folder: Path, opened: ExitStack) -> None:
        self.gateway = opened.enter_context(Gateway(database_url))
        #: The one that asks; most tests do so in its place, and do not start it.
        self.tracker = Tracker(database_url, settings=self.gateway.asking)
        opened.callback(self.tracker.close)
        self.account: Account = make_account(self.tracker, "owner@example.com", "*")
        self.real = Real(database_url)
        opened.callback(self.real.close)
        self.own = Reporting(database_url, folder / "own")
        opened.callback(self.own.kill)
        self.other = self.asker()
        for number in range(6):
            self.track("seen", browser=number % 3)
        self.track("bought", email="a@example.com", browser=1)

    @property
    def list_id(self) -> int:
        return self.account.list_id

    def asker(self, **settings: str) -> ReportsClient:
        """What asks, by the settings of the instance that does and these."""
        return reports_client(Settings.from_environ(self.tracker.environment() | settings))

    def track(self, name: str, **who: Any) -> None:
        self.real.apply(self.list_id, Track(name, **who))

    def head(self) -> Head:
        now = time.time_ns() // 10**6
        return Head(self.list_id, now - 30 * DAY_MS, now + DAY_MS, now=now)

    def answer(self, client: ReportsClient, question: Any) -> dict[str, Any]:
        """An answer, once the copy is built, without the time at which the truth was looked at."""
        reply = until(lambda: _built(self.ask(client, question)), 60, "an answer")
        answer: dict[str, Any] = reply["answer"]
        answer.get("scope", {}).pop("as_of", None)
        return answer

    def ask(self, client: ReportsClient, question: Any, seconds: float = 30.0) -> dict[str, Any]:
        return client.ask(question, USER, time.monotonic() + seconds)

    def events(self, client: ReportsClient) -> int:
        trend = Trend(self.head(), (measure_of("events"),), interval="none")
        return int(self.answer(client, trend)["scope"]["events"])

    def built_at(self) -> int:
        """When the one copy was built, UTC milliseconds."""
        copies = self.other.request({"status": True})["status"]
        return next(int(each["built_at"]) for each in copies if each["built_at"])

    def report(self) -> tuple[int, Any]:
        """The status of a report of the Tracker that asks, and the number of the error."""
        reply = self.tracker.call("reports.trend", self.account.key, ListID=self.list_id, Measures=["events"])
        return reply.status, reply.body["Errors"][0]["Code"] if reply.status != 200 else None


def _built(reply: dict[str, Any]) -> dict[str, Any] | None:
    assert "error" not in reply, reply
    return reply if "answer" in reply else None


@pytest.fixture(scope="module")
def world(
    database_kind: str, new_database: NewDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with ExitStack() as opened:
        yield World(new_database(database_kind), tmp_path_factory.mktemp("own"), opened)


def questions(head: Head) -> list[Any]:
    """One of each kind."""
    measures = tuple(measure_of(word) for word in ("events", "people", "visits"))
    by, steps = Dimension("event", "$browser"), (Goal("seen"), Goal("bought"))
    return [
        Trend(head, measures),
        Breakdown(head, (by,), measures),
        Values(head, by),
        People(head),
        Visits(head),
        EventIds(head),
        Funnel(head, FunnelPlan(steps)),
        Retention(head, RetentionPlan(interval="day", periods=3)),
        Paths(head, PathsPlan(steps[0], Dimension("event"))),
        Attribution(head, AttributionPlan()),
        Products(head, ProductPlan()),
    ]


def test_every_kind_of_question_is_answered_as_from_a_copy_of_ones_own(world: World) -> None:
    for question in questions(world.head()):
        assert world.answer(world.other, question) == world.answer(world.own.client, question), question
    truth = events_of_truth(world.real.database, world.list_id)
    match = EventMatch(world.list_id, tuple(sorted(truth)), (Goal("bought"),))
    assert world.other.judge(match, 20) == world.own.client.judge(match, 20) != [[]]


def test_what_is_forgotten_goes_from_the_one_copy_and_who_asks_keeps_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, other = world.gateway, world.other
    world.track(MARKER, email="b@example.com", browser=9)
    until(lambda: world.events(other) == len(events_of_truth(world.real.database, world.list_id)), 20, "it")
    assert world.events(world.own.client)
    world.real.apply(world.list_id, Forget("b@example.com"))
    world.real.finish()
    left = len(events_of_truth(world.real.database, world.list_id))
    until(lambda: world.events(other) == left, 20, "an answer without what was forgotten")
    now = time.time_ns() // 10**6
    assert other.erased_by(world.list_id, None, now)
    assert other.lists_with_copies() == [world.list_id]
    assert other.request({"check": world.list_id})["check"]["differing"] == 0
    assert "maintained" not in other.request({"maintain": True})  # that is the serving instance's
    with monkeypatch.context() as patch:
        for name, value in gateway.environment().items():
            patch.setenv(name, value)
        patch.chdir(gateway.folder)
        patch.setattr(reports_client_module, "FIRST_UPKEEP_SECONDS", 0.0)
        built = world.built_at()
        sys.modules.pop("tracker.gateway_wsgi", None)
        app = importlib.import_module(
            "tracker.gateway_wsgi"
        ).app  # as gunicorn does: it looks after the copies
        until(lambda: world.built_at() > built, 60, "the copy that was built anew")
        app.close()
    with gateway.copies.joinpath(SERVED).open("a") as served:
        assert not take_lock(served)  # whoever asks and has the same folder leaves the copies alone
    files = [path for path in gateway.copies.iterdir() if path.is_file()]
    assert files
    assert not any(MARKER.encode() in path.read_bytes() for path in files)
    of_asker = world.tracker.folder / world.tracker.read_settings().reports_folder
    assert of_asker == gateway.copies or not of_asker.exists()  # on SQLite it is beside the one file
    assert other.request({"rebuild": world.list_id})["building"] is not None


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)
def test_tracking_goes_on_while_the_serving_instance_hangs(world: World) -> None:
    tracker, account = world.tracker, world.account
    sent = {"ListID": world.list_id, "Event": "seen", "Email": "c@example.com"}
    tracker.start()
    assert until(lambda: world.report() == (200, None), 60, "a report")
    world.gateway.pause()
    with ThreadPoolExecutor(1) as asking:
        asked = asking.submit(world.report)
        assert tracker.call("event.track", account.key, **sent).status == 200
        assert not asked.done()  # one worker waits for the answer and stores events
        assert asked.result() == (503, 100014)
    world.gateway.resume()
    assert until(lambda: world.report() == (200, None), 60, "a report after the pause")
    assert tracker.stop() == 0, tracker.logs()


def test_the_serving_instance_may_be_killed_and_comes_back(world: World) -> None:
    """Nobody restarts the one that asks, and its Health page tells."""
    question = questions(world.head())[0]
    assert world.events(world.other)
    settings = Settings.from_environ(world.tracker.environment())
    services = build_services(settings, world.real.database)
    world.gateway.kill_all()
    try:
        assert world.ask(world.other, question)["error"] == "unavailable"
        assert _reports_state(services) == BAD
    finally:
        world.gateway.start()
    assert _reports_state(services) == OK
    world.track("seen", browser=2)
    left = len(events_of_truth(world.real.database, world.list_id))
    until(lambda: world.events(world.other) == left, 20, "all events")
    assert _reports_state(services) == OK


def _reports_state(services: Services) -> str:
    return next(
        each.state for each in health(services, time.time_ns() // 10**6, None) if each.name == "Reports"
    )


def test_strangers_get_nothing_and_nothing_of_them_is_read(world: World) -> None:
    gateway = world.gateway
    head = "POST / HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: 1000000\r\n\r\n"
    for credential in ("", "Authorization: Bearer wrong\r\n", f"Authorization: {gateway.secret}\r\n"):
        with gateway.connected() as stranger:
            stranger.sendall(head.format(credential).encode())  # and no body: it is not waited for
            said = b"".join(iter(lambda: stranger.recv(1000), b""))
            assert (said[:13], said[-6:]) == (b"HTTP/1.1 401 ", b"\r\n\r\n{}"), said
    with gateway.connected() as stranger:
        stranger.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
        assert stranger.recv(1000).startswith(b"HTTP/1.1 400 ")
    slow = [gateway.connected() for _ in range(20)]
    for each in slow:
        each.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nX-")
    try:
        assert world.events(world.other)
    finally:
        for each in slow:
            each.close()


def test_garbage_of_an_instance_is_refused(world: World) -> None:
    head = "POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n"
    for body in (b"{", b"[1]", b'{"seconds": "now"}', b" " * (1024 * 1024 + 1)):
        is_large = len(body) > 100
        with world.gateway.connected() as instance:
            instance.sendall(head.format(world.gateway.secret, len(body)).encode())
            if not is_large:
                instance.sendall(body)
            assert instance.recv(1000).startswith(b"HTTP/1.1 413 " if is_large else b"HTTP/1.1 400 ")


def test_another_version_or_database_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    """Both would be answered with wrong numbers, and neither ends the process that others ask."""
    assert world.events(world.other)
    process = world.gateway.process()
    question = questions(world.head())[0]
    with monkeypatch.context() as patch:
        patch.setattr(reports_asker, "__version__", "0.0.1")
        reply = world.ask(world.other, question)
    assert (reply["error"], "of another version" in reply["detail"]) == ("unavailable", True), reply
    with real_on(sqlite_url):
        reply = world.ask(world.asker(TRACKER_DATABASE_URL=sqlite_url), question)
    assert (reply["error"], "has another database" in reply["detail"]) == ("unavailable", True), reply
    assert world.events(world.other)
    assert world.gateway.process() == process
    for message in ({"stop": True}, {"outdated": True}):
        assert "malformed" in world.other.request(message)


@pytest.mark.parametrize("database_kind", ["mariadb"], indirect=True)
def test_tls_is_verified(world: World, certificate: Path) -> None:
    """By the system's authorities, or by a file of one's own; by the name, too."""
    question = questions(world.head())[0]
    with tls_proxy(world.gateway.port, certificate) as port:
        at = {"TRACKER_REPORTS_URL": f"https://localhost:{port}"}
        trusted = {"TRACKER_REPORTS_CA_FILE": f"{certificate}.crt"}
        assert world.events(world.asker(**at, **trusted)) == world.events(world.other)
        for wrong in (at, {**trusted, "TRACKER_REPORTS_URL": f"https://127.0.0.1:{port}"}):
            assert world.ask(world.asker(**wrong), question)["error"] == "unavailable"


def test_copies_from_before_are_removed_where_nobody_looks_after_them(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But none of a process or a gateway that has the folder, and none that was asked for lately."""
    monkeypatch.chdir(tmp_path)
    url = "mysql://nobody@127.0.0.1:1/none"
    other = world.asker(TRACKER_DATABASE_URL=url)
    folder = reports_setup(Settings.from_environ({"TRACKER_DATABASE_URL": url})).path
    folder.mkdir(parents=True)
    for name in ("7.duckdb", "8.duckdb", "8.asked", "9.new"):
        folder.joinpath(name).touch()
    for kept in (LOCK, SERVED):
        with folder.joinpath(kept).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            other.look_after()
            assert len(list(folder.iterdir())) == 6
    other.look_after()
    assert sorted(path.name for path in folder.iterdir()) == ["8.asked", "8.duckdb", LOCK, SERVED]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"TRACKER_REPORTS_URL": "http://10.0.0.1:8010"}, "http\\+private://"),
        ({"TRACKER_REPORTS_URL": "unix:sock"}, "absolute path"),
        ({"TRACKER_REPORTS_URL": f"unix:/{'a' * 107}"}, "at most 107 bytes"),
        ({"TRACKER_REPORTS_URL": "https://"}, "must be unix:/PATH"),
        ({"TRACKER_REPORTS_URL": "https://host:port"}, "must be unix:/PATH"),
        ({"TRACKER_REPORTS_URL": "https://user:hunter2@host"}, "stands in TRACKER_REPORTS_SECRET_FILE"),
        ({}, "TRACKER_REPORTS_SECRET_FILE must name the file"),
        ({"TRACKER_REPORTS_SECRET_FILE": "missing"}, "missing, which cannot be read"),
        ({"TRACKER_REPORTS_SECRET_FILE": "public"}, "chmod 600"),
        ({"TRACKER_REPORTS_SECRET_FILE": "short"}, "no line of 32 characters"),
        ({"TRACKER_REPORTS_SECRET_FILE": "good", "TRACKER_REPORTS_CA_FILE": "good"}, "no certificates"),
        ({"TRACKER_REPORTS_SECRET_FILE": "good", "TRACKER_REPORTS_CA_FILE": "missing"}, "no certificates"),
    ],
)
def test_settings_with_which_nobody_can_ask_are_refused(
    settings: dict[str, str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, mode, text in (
        ("public", 0o644, "k" * 32),
        ("short", 0o600, "k" * 31),
        ("good", 0o600, "k" * 32),
    ):
        Path(name).write_text(text)
        Path(name).chmod(mode)
    with pytest.raises(ConfigError, match=told) as refused:
        reports_client(Settings.from_environ({"TRACKER_REPORTS_URL": "https://host", **settings}))
    assert "kkk" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "settings", "told"),
    [
        ("unix:/DIR/none/sock", {}, "there is no folder"),
        ("8010", {}, "unix:/PATH or HOST:PORT, not '8010'"),
        ("unix:/DIR/sock", {"TRACKER_REPORTS_URL": "unix:/DIR/sock"}, "one that asks cannot serve"),
        ("unix:/DIR/sock", {"TRACKER_REPORTS_SECRET_FILE": ""}, "must name the file"),
        ("unix:/DIR/sock", {"TRACKER_REPORTS_SECRET_FILE": "/DIR/none/secret"}, "which cannot be made"),
    ],
)
def test_what_cannot_serve_says_so(address: str, settings: dict[str, str], told: str, tmp_path: Path) -> None:
    usual = {"TRACKER_REPORTS_SECRET_FILE": "/DIR/secret", **settings}
    in_folder = {name: value.replace("/DIR", str(tmp_path)) for name, value in usual.items()}
    said = Shell(tmp_path, **in_folder).fails("reports", "serve", address.replace("/DIR", str(tmp_path)))
    assert told in said
    assert list(tmp_path.iterdir()) == []
