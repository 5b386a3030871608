"""Does a start tell what would fail at a failover, in one line each, before it fails?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest
import redis

from tests.cli.shell import Shell
from tests.processes import reserve_port, until
from tests.servers import MariaDB, NewDatabase, Redis
from tests.storage.lone_node import LoneNode
from tracker.config import Settings
from tracker.storage.engine import Database, Remark, Transaction
from tracker.storage.engine.id_generator import LEASE_MS
from tracker.storage.engine.mysql import MysqlEngine
from tracker.storage.schema.own_database import own_database


@pytest.fixture(scope="module")
def other() -> Iterator[MariaDB]:
    """Another member, as far as `node` says."""
    with MariaDB() as server:
        yield server


@pytest.fixture(scope="module")
def node(other: MariaDB) -> Iterator[LoneNode]:
    with LoneNode(reached_at=f"127.0.0.1:{other.port}") as server:
        yield server


def on(url: str, folder: Path, **settings: str) -> Shell:
    return Shell(folder, TRACKER_DATABASE_URL=url, **settings)


def warnings(shell: Shell) -> list[str]:
    """The lines of a start that succeeds; the cluster of these tests has one node, which each of them says."""
    done = shell.run("db", "upgrade")
    assert done.exit_code == 0, done.stderr
    lines = done.stderr.splitlines()
    assert all(line.startswith("Warning: ") for line in lines)
    return [line.removeprefix("Warning: ") for line in lines if "has 1 of 3 nodes" not in line]


def refusal(shell: Shell) -> str:
    """The line of a start that is refused."""
    done = shell.run("db", "upgrade")
    assert done.exit_code == 1, done.stderr
    [line] = [each for each in done.stderr.splitlines() if not each.startswith("Warning: ")]
    return line.removeprefix("Error: ")


def test_a_good_server_is_no_news(new_database: NewDatabase, tmp_path: Path) -> None:
    assert on(new_database("mariadb"), tmp_path).run("db", "upgrade").stderr == ""


def test_a_node_tells_what_its_failover_would_lose(node: LoneNode, other: MariaDB, tmp_path: Path) -> None:
    shell = on(node.new_database(), tmp_path)
    assert warnings(shell) == []
    harm = {
        "wsrep_provider_options = 'pc.ignore_quorum=yes'": "pc.ignore_quorum is on",
        "wsrep_provider_options = 'pc.ignore_sb=yes'": "pc.ignore_sb is on",
        "wsrep_on = OFF": "wsrep_on is OFF",
    }
    for setting, said in harm.items():
        node.execute(f"SET GLOBAL {setting}")
        assert f"database server n1: {said}" in refusal(shell)
        node.execute(f"SET GLOBAL {setting.replace('yes', 'no').replace('OFF', 'ON')}")
    unfit = {"wsrep_osu_method": "RSU", "wsrep_reject_queries": "ALL"}
    for name, value in unfit.items():
        node.execute(f"SET GLOBAL {name} = {value}")
        assert f"{name} is {value}: ".lower() in refusal(shell).lower()
        node.execute(f"SET GLOBAL {name} = {'TOI' if value == 'RSU' else 'NONE'}")
    node.execute("SET GLOBAL wsrep_max_ws_size = 4096")
    assert "wsrep_max_ws_size is 4096: " in warnings(shell)[0]
    node.execute("SET GLOBAL wsrep_max_ws_size = DEFAULT")
    other.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
    said = refusal(shell)
    assert ": innodb_flush_log_at_trx_commit is 2, must be 1: committed events could be lost" in said
    assert said.endswith("(TRACKER_ACCEPT_WEAK_DURABILITY=1 starts all the same)")
    shell.settings["TRACKER_ACCEPT_WEAK_DURABILITY"] = "1"
    assert [said.partition(" (")[0]] == warnings(shell)
    other.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    assert warnings(shell) == []


def test_a_node_outside_the_primary_component_is_refused_before_anything_fails(
    node: LoneNode, tmp_path: Path
) -> None:
    shell = on(node.new_database(), tmp_path)
    with reserve_port() as nobody:
        node.execute(f"SET GLOBAL wsrep_cluster_address = 'gcomm://127.0.0.1:{nobody.getsockname()[1]}'")
        said = refusal(shell)
    node.execute("SET GLOBAL wsrep_cluster_address = 'gcomm://'")
    assert "wsrep_ready is OFF: it takes no writes; connect to a node of the Primary component" in said
    until(lambda: node.execute("SHOW STATUS LIKE 'wsrep_ready'") == (("wsrep_ready", "ON"),), 30)
    assert warnings(shell) == []


def test_an_engine_that_cannot_be_asked_is_no_reason_not_to_start(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(self: MysqlEngine) -> list[Remark]:
        raise pymysql.ProgrammingError(1064, "syntax")

    monkeypatch.setattr(MysqlEngine, "look_around", unknown)
    [said] = warnings(on(new_database("mariadb"), tmp_path))
    assert said == "the database server could not be looked at ((1064, 'syntax'))"


def _with_lease(database: Database, instance: bytes, ahead: int) -> None:
    """A process of another instance, whose clock is `ahead` of the database's by so many milliseconds, has just begun."""
    database.upgrade()

    def lease(transaction: Transaction) -> None:
        now = database.engine.server_reading(transaction.database).now
        row = (7, b"token", now + ahead + LEASE_MS, b"n1", instance, now, ahead)
        columns = ("number", "token", "leased_until", "node", "instance", "since", "ahead")
        transaction.insert("writer_leases", columns, [row])

    database.write(lease)
    database.close()


def test_clocks_that_would_give_row_ids_twice_are_refused(new_database: NewDatabase, tmp_path: Path) -> None:
    url = new_database("mariadb")
    _with_lease(own_database(url), b"web2:8000", ahead=-180_000)
    said = refusal(on(url, tmp_path, TRACKER_RATELIMIT_URL="redis://127.0.0.1:1"))
    assert said.startswith(
        "this machine's clock is 180 s ahead of that of web2:8000, which writes to the same"
    )


def test_a_clock_apart_from_the_databases_is_told(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time_ns
    shell = on(new_database("mariadb"), tmp_path)
    monkeypatch.setattr("tracker.preflight.utc_ms", lambda: now() // 1_000_000 - 120_000)
    [said] = warnings(shell)
    assert (
        said
        == "this machine's clock is 120 s behind the database's: events get wrong times; set the clocks (NTP)"
    )


def test_other_instances_that_count_by_themselves_are_told(new_database: NewDatabase, tmp_path: Path) -> None:
    url = new_database("mariadb")
    shell = on(url, tmp_path)
    _with_lease(own_database(url), b"web2:8000", ahead=0)
    [said] = warnings(shell)
    assert said.startswith("other instances serve this database too (web2:8000)")
    assert said.endswith("set TRACKER_RATELIMIT_URL on all")
    own = Settings.from_environ(shell.settings).instance
    own_database(url).write(lambda t: t.execute("UPDATE writer_leases SET instance = ?", (own.encode(),)))
    assert warnings(shell) == [], "its own processes of before a restart are no others"


def test_a_redis_that_does_not_count_is_told(redis_server: Redis, tmp_path: Path, sqlite_url: str) -> None:
    shell = on(sqlite_url, tmp_path, TRACKER_RATELIMIT_URL=redis_server.url)
    assert warnings(shell) == []
    with redis.Redis(port=redis_server.port) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        [said] = warnings(shell)
        client.execute_command("REPLICAOF", "NO", "ONE")
    assert said.startswith(
        "TRACKER_RATELIMIT_URL names a replica (role:slave), which does not count: name the master"
    )
    with reserve_port() as nobody:
        shell.settings["TRACKER_RATELIMIT_URL"] = f"redis://127.0.0.1:{nobody.getsockname()[1]}"
        [said] = warnings(shell)
    assert said.startswith("TRACKER_RATELIMIT_URL cannot be reached (")


def test_doctor_tells_the_same(node: LoneNode, tmp_path: Path) -> None:
    shell = on(node.new_database(), tmp_path)
    shell.ok("db", "upgrade")
    shell.ok("user", "add", "jane@example.com", "--password-stdin", typed="secret\n")
    number = shell.ok("list", "add", "jane@example.com", "Shop").strip()
    printed = shell.run("doctor", "jane@example.com", number, "--no-probe").stdout
    rows = {
        line.split()[0]: line.split(maxsplit=2)[1:] for line in printed.splitlines() if len(line.split()) > 2
    }
    assert rows["DatabaseServers"][0] == "warn"
    assert "has 1 of 3 nodes" in rows["DatabaseServers"][1]
    assert {rows[name][0] for name in ("RateLimitStore", "ServerClock", "Instances")} == {"ok"}
