"""What comes of everything that may happen to a cluster? The drills of the guide, and worse, under the ledger's load."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.cluster import guide
from tests.cluster.drill import AWAY_SECONDS, Drill, assert_nothing_wrong, isolate, kill, run, until_down
from tests.cluster.galera import Cluster, Node
from tests.cluster.site import REDIS, PairedRedis, Site
from tests.faults.run_length import SEED, rounds
from tests.faults.tables import Report
from tests.processes import Program, find_program, start_module, until

pytestmark = pytest.mark.faults
#: So many cuts meet a COMMIT on its way, whatever the chances: about every third one does.
MOST_CUTS = 12
#: Of each kind.
ROUNDS = rounds(short=1, long=2)


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """One for all drills, as a real one has to live through all of them."""
    with Site(cluster) as started:
        yield started


@pytest.mark.parametrize("is_past_proxy", [False, True], ids=["at HAProxy", "at the instances"])
def test_a_killed_writer_is_noticed_by_nobody(site: Site, report: Report, is_past_proxy: bool) -> None:
    def harm(drill: Drill) -> None:
        for _ in range(ROUNDS):
            kill(drill)

    clients = "at the instances" if is_past_proxy else "at HAProxy"
    run(site, report, f"writer killed, clients {clients}", harm, is_past_proxy=is_past_proxy)


def test_a_writer_that_is_cut_off_is_noticed_by_nobody(site: Site, report: Report) -> None:
    def harm(drill: Drill) -> None:
        for _ in range(ROUNDS):
            isolate(drill)

    run(site, report, "writer cut off from its peers", harm)


def test_a_frozen_node_is_noticed_by_nobody(site: Site, report: Report) -> None:
    """The writer twice, and one that nobody writes to: all wait for it until it is put out."""

    def harm(drill: Drill) -> None:
        for is_writer in (True, False, True):
            with drill.fault():
                writer = site.writer()
                node = writer if is_writer else another(site, writer)
                node.pause()
                try:
                    until_down(site, node)
                    drill.until_served()
                    time.sleep(AWAY_SECONDS)
                finally:
                    node.resume()

    run(site, report, "node frozen", harm)


def test_a_node_comes_back_without_its_disk(site: Site, report: Report) -> None:
    def harm(drill: Drill) -> None:
        for _ in range(ROUNDS):
            with drill.fault():
                node = another(site, site.writer())
                node.stop()
                node.wipe()
                node.start()

    run(site, report, "node comes back empty", harm)


def test_a_planned_stop_of_a_node_is_noticed_by_nobody(site: Site, report: Report) -> None:
    *leave, back = guide.proxy_orders("**A planned stop of a node.**")
    assert len(leave) == 2

    def harm(drill: Drill) -> None:
        for _ in range(ROUNDS):
            with drill.fault():
                node = site.writer()
                for order in leave:
                    site.proxy.tell(order.replace("n1", node.name))
                drill.until_served()
                node.stop()
                node.start()
                site.proxy.tell(back.replace("n1", node.name))
            site.proxy.until_up("database")

    run(site, report, "planned stop of the writer", harm)


def test_an_unplanned_stop_of_a_node_loses_nothing(site: Site, report: Report) -> None:
    def harm(drill: Drill) -> None:
        for _ in range(ROUNDS):
            with drill.fault():
                node = site.writer()
                node.stop()
                drill.until_served()
                node.start()

    run(site, report, "SIGTERM of the writer", harm)


def test_all_nodes_killed_lose_nothing(site: Site, report: Report) -> None:
    """Twice by the guide's lines, once by themselves."""
    rng = random.Random(SEED)

    def harm(drill: Drill) -> None:
        for is_by_hand in (True, False, True):
            with drill.fault():
                for node in rng.sample(site.cluster.nodes, 3):
                    node.kill()
                drill.load.until_said("certain", "unknown")
                if is_by_hand:
                    bootstrap_most_advanced(site.cluster)
                else:
                    for node in site.cluster.nodes:
                        node.launch()

    run(site, report, "all nodes killed", harm, is_noticed=True)


def bootstrap_most_advanced(cluster: Cluster) -> None:
    """As the guide tells."""
    recovery, *by_hand, begin = guide.lines("**All nodes were lost.**")
    assert (recovery, begin) == ("sudo galera_recovery", "sudo galera_new_cluster")
    first = max(cluster.nodes, key=Node.position)
    for line in by_hand:
        here = line.removeprefix("sudo ").replace("/var/lib/mysql", str(first.data))
        subprocess.run(here, shell=True, check=True)
    first.bootstrap()
    for node in cluster.nodes:
        if node is not first:
            node.launch()


def test_a_proxy_that_is_started_again_goes_on(site: Site, report: Report) -> None:
    def harm(drill: Drill) -> None:
        for _ in range(ROUNDS):
            with drill.fault():
                site.proxy.kill()
                site.proxy.start()

    run(site, report, "HAProxy killed and started", harm, is_noticed=True)


def test_redis_is_lost_and_its_replica_promoted(site: Site, report: Report) -> None:
    promote, join = guide.redis_orders("**Redis' master was lost.**")
    assert promote[0], join[0] == (REDIS[1], REDIS[0])

    def harm(drill: Drill) -> None:
        master, replica = site.redis
        site.proxy.until_up("redis", "r1")
        with drill.fault():
            master.kill()
            until(lambda: site.proxy.servers("redis")["r1"].startswith("DOWN"), 30, "HAProxy to see it")
            drill.until_served()
            replica.tell(*promote[1:])
            site.proxy.until_up("redis", "r2")
        with drill.fault():
            master.start()
            master.tell(*(join[1], "127.0.0.1", str(replica.port)))
            until(lambda: is_replica(master), 30, "the old master to follow")

    run(site, report, "Redis' master killed, replica promoted", harm)


def is_replica(redis: PairedRedis) -> bool:
    return b"role:slave" in bytes(redis.tell("info", "replication"))  # type: ignore[call-overload]


def test_drained_instances_are_restarted_unnoticed(site: Site, report: Report) -> None:
    def harm(drill: Drill) -> None:
        for name in ("t1", "t2") * ROUNDS:
            with drill.fault():
                restart(site, name)

    run(site, report, "instances drained and restarted", harm)


def restart(site: Site, name: str) -> None:
    """As the guide tells."""
    [drain] = guide.proxy_orders("**A planned stop of an instance**")
    tracker = site.trackers[int(name[1:]) - 1]
    site.proxy.tell(drain.replace("t1", name))
    until(lambda: site.proxy.sessions("web")[name] == 0, 30, f"{name} to end what it has")
    assert tracker.stop() == 0
    tracker.start()
    site.proxy.tell(f"set server web/{name} state ready")
    site.proxy.until_up("web")


def test_an_index_of_a_large_table_holds_up_commits_and_nothing_else(site: Site, report: Report) -> None:
    def harm(drill: Drill) -> None:
        node, name = site.writer(), site.database
        node.execute(f"CREATE TABLE {name}.big (id BIGINT PRIMARY KEY, a VARBINARY(64)) ENGINE=InnoDB")
        for part in range(4):
            node.execute(
                f"INSERT INTO {name}.big SELECT seq + {part}00000, SHA2(seq, 256) FROM {name}.seq_1_to_100000"
            )
            drill.until_served()
        for change in (
            f"CREATE INDEX by_a ON {name}.big (a)",
            f"ALTER TABLE {name}.big ADD COLUMN b BIGINT DEFAULT 0",
        ):
            with drill.fault():
                node.execute(change)

    run(site, report, "index of 400,000 rows, then a column", harm, is_noticed=True)


def test_an_upgrade_at_all_nodes_at_once_is_noticed_by_nobody(site: Site, report: Report) -> None:
    """A release ahead, whose migration adds columns: the old instances go on, and are then replaced one by one."""

    def harm(drill: Drill) -> None:
        with drill.fault():
            upgrades = [upgrade(site, node) for node in site.cluster.nodes]
            until(
                lambda: all(each.exit_code is not None for each in upgrades), 120, "the end of the upgrades"
            )
            assert [each.exit_code for each in upgrades] == [0, 0, 0], upgrades[0].printed()
        for name in ("t1", "t2"):
            site.trackers[int(name[1:]) - 1].settings["FAULT_PLANTED"] = "newer"
            with drill.fault():
                restart(site, name)

    run(site, report, "upgrade at all nodes at once, then new instances", harm)


def upgrade(site: Site, node: Node) -> Program:
    """Run `tracker db upgrade` of a newer release at a node."""
    told = {"TRACKER_DATABASE_URL": node.url(site.database), "FAULT_PLANTED": "newer"}
    environment = site.trackers[0].environment() | told
    log = site.trackers[0].folder / "upgrades"
    return start_module("tests.faults.patched_cli", "db", "upgrade", log=log, env=environment)


def test_nothing_is_wrong_after_all_of_it(site: Site, report: Report) -> None:
    assert_nothing_wrong(site, report)


def test_a_backup_of_a_standby_is_put_back_on_all_nodes(site: Site, tmp_path: Path) -> None:
    """By the lines that `tracker db backup` and `tracker db restore` name, the second through HAProxy."""
    find_program("mariadb-dump", "mariadb-client")
    standby, again = another(site, site.writer()), site.cluster.new_database()
    for verb, url in (("backup", standby.url(site.database)), ("restore", site.url_of_root(again))):
        said = Shell(tmp_path, TRACKER_DATABASE_URL=url).fails("db", verb, "backup.sql")
        command = said.rpartition(": ")[2].replace(" -p ", " ")
        subprocess.run(command, shell=True, cwd=tmp_path, check=True, capture_output=True)
    site.cluster.until_whole()
    for node in site.cluster.nodes:
        assert not site.compare(node, again).faults


def test_an_error_at_commit_that_is_taken_for_the_statements_is_caught(
    cluster: Cluster, report: Report
) -> None:
    """A node that is cut off answers COMMIT with 1180, and the others have stored it."""
    fault = "1180 taken for the statement's"
    with Site(cluster, [fault]) as site, site.load() as load:
        drill = Drill(site, load)
        while drill.faults < MOST_CUTS and not load.outcomes("unexpected"):
            isolate(drill)
        load.finish(120)
        verdict = site.decide()[0]
    report(fault, of="mutation", met=f"{drill.faults} cuts of a Galera node", found=verdict.summary)
    assert "answers" in verdict.kinds


def another(site: Site, node: Node) -> Node:
    """A node that is not the one given: the last, as the first is HAProxy's choice."""
    return next(each for each in reversed(site.cluster.nodes) if each is not node)
