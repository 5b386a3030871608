"""What if one of the servers that lists are spread over is killed? Its lists wait, and those of the other notice nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell
from tests.faults.checker import MAX_SECONDS, check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report, figures
from tests.processes import until
from tests.shards.spider import Spread, spread

KILLS = run_length(short=1, long=10)
#: Acknowledgements between two faults.
BETWEEN = run_length(short=60, long=400)
#: Calls about a list of the server that is away: each waits for it as long as a call may. Meanwhile the living one answers ten times as many.
REFUSED = run_length(short=1, long=20)


@pytest.fixture(scope="module")
def servers() -> Iterator[Spread]:
    """A head and two servers."""
    with spread(2) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(servers: Spread) -> Iterator[Harness]:
    """A Tracker on one database for all tests: to spread its tables takes the longest. The ledger's test is the first."""
    with Harness(servers.new_database(), settings={"TRACKER_SHARDS": "2"}) as started:
        yield started


@pytest.fixture
def tracker(site: Harness) -> Harness:
    if site.program is None:
        site.start()
    return site


def test_a_server_killed_under_load_loses_nothing(tracker: Harness, servers: Spread, report: Report) -> None:
    with Load(tracker, SEED) as load:
        for _ in range(KILLS):
            load.until_more(BETWEEN)
            servers.servers[1].kill()
            load.until_said("certain", "unknown", seconds=MAX_SECONDS)
            servers.servers[1].start()
        load.until_more(BETWEEN)
        story = load.finish()
        tracker.stop()
    verdict = check(tracker.database_url, story)
    report("a server of spread lists killed", faults=KILLS, **figures(story), verdict=verdict.summary)
    assert not verdict.faults, f"seed {SEED}\n{verdict}"


def test_lists_of_the_other_server_notice_nothing(tracker: Harness, servers: Spread) -> None:
    near, far = _lists(tracker)
    assert _track(tracker, near) == _track(tracker, far) == (200, None)  # Spider has opened the tables
    servers.servers[1].kill()
    try:
        for _ in range(REFUSED):
            assert {_track(tracker, near) for _ in range(10)} == {(200, None)}
            assert _track(tracker, far) in ((503, 100012), (503, 100013))
    finally:
        servers.servers[1].start()
    until(lambda: _track(tracker, far) == (200, None), 30, "the list to be back")


def test_a_batch_is_whole_per_shard(tracker: Harness, servers: Spread) -> None:
    near, far = _lists(tracker)
    sent = [{"Event": f"batch {n}", "ListID": near if n % 2 else far} for n in range(20)]
    servers.servers[1].kill()
    try:
        status, refused = _batch(tracker, [{"Event": "alone", "ListID": far}])
        assert (status, refused["Errors"][0]["Code"]) in ((503, 100012), (503, 100013))
        status, unknown = _batch(tracker, sent)
        assert (status, unknown["Errors"][0]["Code"]) == (503, 100013)
    finally:
        servers.servers[1].start()
    ids = unknown["Errors"][0]["EventIDs"]
    assert len(set(ids)) == len(sent)
    repeated = [{**each, "EventID": number} for each, number in zip(sent, ids, strict=True)]
    status, answer = until(lambda: _stored(tracker, repeated), 30, "the batch to be stored")
    assert status == 200
    found = [
        (each["ListID"] == near, result["status"])
        for each, result in zip(sent, answer["results"], strict=True)
    ]
    # A try whose answer was lost on the way back may have stored the others', too.
    assert set(found) in ({(True, "duplicate"), (False, each)} for each in ("ok", "duplicate")), (
        "the living server had stored its events"
    )
    for list_id in (near, far):
        database = tracker.database_url.rpartition("/")[2]
        sql = f"SELECT COUNT(*) FROM {database}.events WHERE list_id = %s AND name LIKE 'batch%%'"
        assert servers.head.execute(sql, list_id) == ((10,),)


def test_a_start_that_counts_shards_otherwise_is_refused(
    site: Harness, servers: Spread, tmp_path: Path
) -> None:
    """Also while a server is away, by the head alone. The last test: it leaves a table at the head."""

    def start(shards: str) -> str:
        shell = Shell(tmp_path, TRACKER_DATABASE_URL=site.database_url, TRACKER_SHARDS=shards)
        done = shell.run("db", "upgrade")
        said = [line for line in done.stderr.splitlines() if not line.startswith("Warning: ")]
        assert (done.exit_code == 0) == (said == []), done.stderr
        return " ".join(said)

    name = site.database_url.rpartition("/")[2]
    assert start("2") == ""
    for wrong in ("1", "3"):
        assert f"spread over 2 and TRACKER_SHARDS is {wrong}: set TRACKER_SHARDS=2" in start(wrong)
    servers.servers[1].kill()
    try:
        assert start("2") == ""
        assert "set TRACKER_SHARDS=2" in start("4")
    finally:
        servers.servers[1].start()
    with servers.head.connect(name) as head:
        cursor = head.cursor()
        cursor.execute("SHOW CREATE TABLE changes")
        made = cursor.fetchone()[1]
        cursor.execute("DROP TABLE changes")
        cursor.execute(made.replace("`list_id` MOD 2", "`list_id` DIV 2"))
        assert "table changes is spread by something else than LIST (list_id MOD n)" in start("2")
        cursor.execute("DROP TABLE changes")
        cursor.execute("CREATE TABLE changes (list_id BIGINT PRIMARY KEY)")
        assert "table changes is at the head while other tables of lists are spread" in start("2")


def _lists(tracker: Harness) -> tuple[int, int]:
    """A list of the first server, and one of the second."""
    numbers = [each for each in tracker.lists if each is not None]
    return next(n for n in numbers if n % 2 == 0), next(n for n in numbers if n % 2 == 1)


def _track(tracker: Harness, list_id: int) -> tuple[int, int | None]:
    """Status and code of a call."""
    reply = tracker.post("/api/v1/event", json={"Event": "page_view", "ListID": list_id}, key=tracker.key)
    return reply.status, None if reply.status == 200 else reply.codes[0]


def _batch(tracker: Harness, events: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    reply = tracker.post("/api/v1/events", json={"Events": events}, key=tracker.key)
    return reply.status, dict(reply.body)


def _stored(tracker: Harness, events: list[dict[str, Any]]) -> tuple[int, dict[str, Any]] | None:
    found = _batch(tracker, events)
    return found if found[0] == 200 else None
