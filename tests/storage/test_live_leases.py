"""Are two nodes that are written to at once noticed, and a failover from one to the other not taken for it?"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client import InProcess
from tests.servers import NewDatabase
from tests.storage.lone_node import LoneNode
from tracker.ingest.service import Ingest
from tracker.storage.engine import WritersSeen, clock_remarks, two_writers, writers_seen
from tracker.storage.engine.database import Database
from tracker.storage.engine.engine_protocol import ServerReading
from tracker.storage.engine.id_generator import GRACE_MS, LEASE_MS, WriterNumber
from tracker.storage.engine.lease_watch import LOOK_SECONDS, SAY_SECONDS, LeaseWatch
from tracker.storage.engine.live_leases import CLOCK_MS, FAILOVER_MS, LiveLease
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.own_database import own_database

NOW = 1_800_000_000_000


def lease(
    number: int, node: str, since: int, until: int, instance: str = "web1:8000", ahead: int = 0
) -> LiveLease:
    """A lease of a process that has written to `node` between two seconds before NOW."""
    return LiveLease(number, node, instance, NOW - since * 1000, NOW - until * 1000, ahead)


@pytest.mark.parametrize(
    ("leases", "at_once"),
    [
        ([lease(0, "n1", 900, 5), lease(1, "n1", 800, 30)], []),
        ([lease(0, "n1", 900, 30), lease(1, "n2", 25, 5), lease(2, "n1", 900, 50)], []),
        ([lease(0, "n1", 900, 40), lease(1, "n2", 50, 5)], []),
        ([lease(0, "n1", 900, 20), lease(1, "n2", 50, 5)], ["n1", "n2"]),
        ([lease(0, "n1", 900, 45), lease(1, "n2", 40, 35), lease(2, "n1", 30, 5)], []),
        ([lease(n, f"n{n}", 60, 1) for n in range(3)], ["n0", "n1", "n2"]),
    ],
    ids=["one", "failover", "slow failover", "two", "there and back", "three"],
)  # fmt: skip
def test_only_times_that_overlap_are_two_writers(leases: list[LiveLease], at_once: list[str]) -> None:
    assert WritersSeen(NOW, leases).nodes_at_once == at_once


def test_an_instance_that_takes_over_from_another_is_none_beside_it() -> None:
    after = [lease(0, "n1", 900, 30, "web1:8000"), lease(1, "n1", 25, 5, "web2:8000")]
    beside = [
        lease(0, "n1", 900, 30, "web1:8000"),
        lease(1, "n1", 100, 5, "web2:8000"),
        lease(2, "n1", 900, 1, ""),
    ]
    assert WritersSeen(NOW, after).instances_at_once == []
    assert WritersSeen(NOW, beside).instances_at_once == ["web1:8000", "web2:8000"], (
        "a command line is no instance"
    )


def test_clocks_are_compared_by_the_databases() -> None:
    def said(own: int, theirs: int, instance: str = "web2:8000") -> list[tuple[str, str]]:
        seen = WritersSeen(NOW, [lease(0, "n1", 900, 5, instance, theirs)])
        return [
            (weight, text.partition(":")[0]) for weight, text in clock_remarks(seen, NOW + own, "web1:8000")
        ]

    assert said(0, 0) == said(CLOCK_MS, CLOCK_MS) == said(-CLOCK_MS, 0) == []
    [(weight, text)] = said(CLOCK_MS + 1, 0)
    assert (weight, text) == ("warns", "this machine's clock is 40 s ahead of the database's")
    assert [weight for weight, _ in said(40_000, 40_001 - GRACE_MS)] == []
    assert [weight for weight, _ in said(-40_000, 1 + GRACE_MS - 40_000)] == ["stops"]
    assert said(120_000, 0, "web1:8000")[0][0] == "warns", "what is left of its own last run does no harm"
    ahead = WritersSeen(NOW, [lease(0, "n1", 900, 5, "web1:8000", 90_000)])
    [(weight, text)] = clock_remarks(ahead, NOW, None)
    assert text.startswith("this machine's clock is 90 s behind that of web1:8000"), "it serves with it now"
    assert said(120_000, 0, "")[0] == (
        "stops", "this machine's clock is 120 s ahead of that of another process, which writes to the same database"
    )  # fmt: skip


def written(database: Database) -> list[tuple[str, str]]:
    return [(each.node, each.instance) for each in database.read(writers_seen).leases]


def test_a_lease_tells_the_node_that_it_was_written_at() -> None:
    with LoneNode() as node:
        database = own_database(node.new_database())
        database.upgrade()
        ingest = Ingest(database)
        ingest.serve("web1:8000", has_own_limits=True)
        ingest.new_id()
        assert written(database) == [("n1", "web1:8000")]
        ingest.close()
        assert written(database) == [], "a process that has ended writes nowhere"
        database.close()


def test_a_server_alone_is_known_by_its_host_and_port(new_database: NewDatabase) -> None:
    database = own_database(url := new_database("mariadb"))
    database.upgrade()
    number = WriterNumber()
    number.keep(database.write(number.lease))
    [(name,)] = database.read(lambda t: t.select("SELECT @@hostname"))
    assert written(database) == [(f"{name}:{url.rpartition(':')[2].partition('/')[0]}", "")]
    database.write(number.lease)
    [first] = database.read(writers_seen).leases
    database.write(lambda t: t.execute("UPDATE writer_leases SET node = 'n0', since = 5"))
    database.write(number.lease)
    [moved] = database.read(writers_seen).leases
    assert moved.since >= first.since > 5, "it begins anew at another node"
    database.close()


def test_two_nodes_under_load_are_told_within_half_a_minute(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease is renewed every 40 s, which would tell it no sooner."""
    url, seconds = new_database("mariadb"), 0.0
    databases = [own_database(url), own_database(url)]
    databases[0].upgrade()
    for node, database in enumerate(databases):
        reading = ServerReading(f"n{node}", NOW)
        monkeypatch.setattr(
            database.engine, "server_reading",
            lambda _, reading=reading: reading._replace(now=NOW + int(seconds * 1000)),
        )  # fmt: skip
    writing = [Ingest(database) for database in databases]
    while not (nodes := databases[0].read(writers_seen).nodes_at_once):
        seconds += LOOK_SECONDS
        assert seconds <= 30
        for each in writing:
            each.new_id()
            each.watch.look()
    assert nodes == ["n0", "n1"]
    assert seconds * 1000 > FAILOVER_MS
    before = databases[0].read(writers_seen).leases
    seconds += LOOK_SECONDS
    for each in writing:
        each.watch.look()
    assert databases[0].read(writers_seen).leases == before, "who writes nothing is at no node"
    for each in writing:
        each.close()


@pytest.fixture
def two(new_database: NewDatabase, tmp_path: Path) -> Iterator[InProcess]:
    """Tracker on a database where processes of two instances write to two nodes."""
    client = InProcess(new_database("mariadb"), tmp_path)
    client.services.storage.write(write_two)
    yield client
    client.close()


def write_two(transaction: Transaction) -> None:
    now = transaction.engine.server_reading(transaction.database).now
    columns = ("number", "token", "leased_until", "node", "instance", "since", "ahead")
    rows = [
        (n, b"", now + LEASE_MS, b"n%d" % n, b"web%d:8000" % n, now - FAILOVER_MS - 1, 0) for n in range(2)
    ]
    transaction.insert("writer_leases", columns, rows)


def test_ready_tells_how_many_nodes_are_written_to(two: InProcess) -> None:
    answer = two.request("GET", "/ready")
    assert (answer.status, answer.body) == (200, {"status": "ready", "database": "ready", "writer_nodes": 2})


def test_one_process_says_so_once_a_minute(two: InProcess, caplog: pytest.LogCaptureFixture) -> None:
    seconds, watches = [0.0], []
    for number in range(2):
        mine = WriterNumber()
        mine.number, mine.instance = number, f"web{number}:8000"
        watches.append(LeaseWatch(two.services.storage, mine, lambda: seconds[0]))
    caplog.set_level(logging.WARNING, "tracker.storage")
    for _ in range(10):
        for watch in watches:
            watch.look()
        seconds[0] += SAY_SECONDS / 3
    said = [record.message for record in caplog.records]
    assert len(said) == 4
    assert set(said) == {two_writers(["n0", "n1"])}
    assert said[0].startswith("2 database nodes are written to at once (n0, n1): ")


def test_each_instance_that_counts_by_itself_says_so_once(
    two: InProcess, caplog: pytest.LogCaptureFixture
) -> None:
    mine = WriterNumber()
    mine.number, mine.instance = 1, "web1:8000"
    watch = LeaseWatch(two.services.storage, mine)
    watch.serve(has_own_limits=True)
    watch.look()
    watch.look()
    watch.close()
    [said] = [record.message for record in caplog.records]
    assert said.startswith("other instances serve this database too (web0:8000), and each allows the whole")
