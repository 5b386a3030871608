"""Do two reports processes share copies in ClickHouse, and what do they say when it is away, hangs, or refuses them?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.analytics.asking import Reporting
from tests.analytics.clickhouse_server import ClickHouseDouble
from tests.analytics.reference import events_of_truth
from tests.ingest.real import Real
from tests.ingest.whole_model import Forget, Track
from tests.processes import until
from tracker.analytics.clickhouse import clickhouse_errors
from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_url import ClickHouseURL
from tracker.config import ConfigError, Settings
from tracker.reports_wiring import reports_setup

pytestmark = pytest.mark.processes

Start = Callable[..., Reporting]


@pytest.fixture
def start(filed: Real, clickhouse: ClickHouseDouble, tmp_path: Path) -> Iterator[Start]:
    """`start(url, name)`: an instance's reports, whose copies lie there; the process is ended after the test."""
    made: list[Reporting] = []

    def begin(url: ClickHouseURL, name: str) -> Reporting:
        database = filed.services.settings.database_url
        made.append(Reporting(database, tmp_path / name, reports_url=clickhouse.text(url)))
        return made[-1]

    yield begin
    for each in made:
        each.kill()


def test_two_instances_share_a_copy(filed: Real, clickhouse: ClickHouseDouble, start: Start) -> None:
    """One builds it, both answer and follow; what is forgotten by way of one is gone for the other, also from the server."""
    url = clickhouse.new_database()
    for number in range(4):
        filed.apply(1, Track("seen", browser=number % 2, email="a@example.com" if number == 3 else None))
    one, other = start(url, "one"), start(url, "other")
    assert one.events(1) == other.events(1) == 5  # the address makes an identify event
    client = ClickHouseClient(url)
    copies = (
        "SELECT DISTINCT extract(name, '_[0-9]+_[0-9]+_e$') FROM system.tables "
        "WHERE database = currentDatabase() AND endsWith(name, '_e')"
    )
    first = client.rows(copies)
    assert first == [("_1_1_e",)]  # one of them has built it
    filed.apply(1, Track("seen", browser=1))
    other.wait_for(1, 6)
    one.wait_for(1, 6)
    filed.apply(1, Forget("a@example.com"))
    filed.finish()
    left = len(events_of_truth(filed.database, 1))
    one.wait_for(1, left)
    other.wait_for(1, left)
    assert one.client.request({"check": 1})["check"]["differing"] == 0
    assert other.client.request({"rebuild": 1})["building"] is not None
    until(
        lambda: len(found := client.rows(copies)) == 1 and found != first, 60, "the copy that was built anew"
    )
    assert one.events(1) == left
    assert one.client.lists_with_copies() == other.client.lists_with_copies() == [1]
    assert one.client.request({"maintain": True}) == {"maintained": True}
    assert client.rows("SHOW TABLES") == []  # there is no such list among those of users
    assert other.events(1) == left
    client.close()


def test_a_server_that_is_away_or_hangs_is_told_and_asked_again(
    filed: Real, clickhouse: ClickHouseDouble, start: Start
) -> None:
    url = clickhouse.new_database()
    filed.apply(1, Track("seen", browser=1))
    reports = start(url, "one")
    assert reports.events(1) == 1
    clickhouse.pause(is_paused=True)
    began = time.monotonic()
    assert reports.ask(1, 3.0)["error"] in ("timeout", "unavailable")
    assert time.monotonic() - began < 10
    clickhouse.pause(is_paused=False)
    filed.apply(1, Track("seen", browser=1))
    until(lambda: _events(reports) == 2, 60, "an answer after the pause")


def _events(reports: Reporting) -> Any:
    return reports.ask(1).get("answer", {}).get("scope", {}).get("events")


def test_a_refusal_names_neither_password_nor_server(
    filed: Real, clickhouse: ClickHouseDouble, start: Start
) -> None:
    filed.apply(1, Track("seen", browser=1))
    wrong = replace(clickhouse.new_database(), password="not-the-one")
    away = replace(wrong, port=1)
    for url, told in ((wrong, "refuses the user"), (away, "cannot be reached")):
        reports = start(url, f"at{url.port}")
        reply = reports.ask(1)
        assert (reply["error"], told in reply["detail"]) == ("unavailable", True), reply
        log = (reports.folder / "log").read_text()
        assert "not-the-one" not in log + str(reply)
        assert "127.0.0.1" not in str(reply)
    assert "not-the-one" not in repr(wrong)


def test_a_server_that_is_too_old_is_refused(
    filed: Real, clickhouse: ClickHouseDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracker.analytics.clickhouse import shared_store

    monkeypatch.setattr(shared_store, "LEAST_VERSION", (99, 1))
    client = ClickHouseClient(clickhouse.new_database())
    with pytest.raises(clickhouse_errors.ClickHouseTooOld):
        shared_store.check_version(client)
    client.close()


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("clickhouse://host", "name a database"),
        ("clickhouse://user:secret@host/a;b", "name a database"),
        ("redis://user:secret@host/a", "clickhouse://USER"),
        ("clickhouse://user:secret@host:port/a", "clickhouse://USER"),
    ],
)
def test_a_url_that_is_none_is_refused_without_its_password(url: str, told: str) -> None:
    settings = Settings.from_environ({"TRACKER_REPORTS_URL": url})
    with pytest.raises(ConfigError, match=told) as refused:
        reports_setup(settings)
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(settings)
