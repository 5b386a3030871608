"""What comes of cables that are pulled? Nodes in namespaces, whose packets are lost; and of ways to use a cluster that are no guide's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.drill import AWAY_SECONDS, Drill, Harm, assert_nothing_wrong, run, until_down
from tests.cluster.galera import Cluster
from tests.cluster.site import Site, make_accounts
from tests.cluster.wires import Wires
from tests.faults.run_length import rounds
from tests.faults.tables import Report

pytestmark = pytest.mark.faults
#: Of each kind.
ROUNDS = rounds(short=1, long=3)


@pytest.fixture(scope="module")
def wires() -> Iterator[Wires]:
    with Wires() as laid:
        yield laid


@pytest.fixture(scope="module")
def wired(wires: Wires) -> Iterator[Cluster]:
    with Cluster(wires=wires) as started:
        make_accounts(started)
        yield started


@pytest.fixture(scope="module")
def site(wired: Cluster) -> Iterator[Site]:
    with Site(wired) as started:
        yield started


def test_a_writer_whose_machine_is_unplugged_is_noticed_by_nobody(
    site: Site, wires: Wires, report: Report
) -> None:
    run(site, report, "writer's machine unplugged", pulling(wires.unplug))


def test_a_writer_whose_cable_to_the_others_is_pulled_is_noticed_by_nobody(
    site: Site, wires: Wires, report: Report
) -> None:
    run(site, report, "writer's cable to the other nodes pulled", pulling(wires.cut))


def pulling(pull: Callable[[int, bool], None]) -> Harm:
    """Pull cables of the writer, and put them back when another node has served for a while."""

    def harm(drill: Drill) -> None:
        for _ in range(ROUNDS):
            with drill.fault():
                node = drill.site.writer()
                pull(node.number, True)
                until_down(drill.site, node)
                drill.until_served()
                time.sleep(AWAY_SECONDS)
                pull(node.number, False)
            drill.site.proxy.until_up("database")

    return harm


def test_nothing_is_wrong_after_all_of_it(site: Site, report: Report) -> None:
    assert_nothing_wrong(site, report)


def test_an_instance_that_knows_one_node_waits_for_it(wired: Cluster, wires: Wires, report: Report) -> None:
    """Without HAProxy: it refuses, as long as its node is no part of the cluster, and loses nothing."""

    def harm(drill: Drill) -> None:
        for _ in range(ROUNDS):
            with drill.fault():
                wires.cut(1)
                drill.load.until_said("certain", "unknown")
                time.sleep(AWAY_SECONDS)
                wires.cut(1, is_on=False)

    with Site(wired, is_bound=True) as site:
        run(site, report, "one node, no HAProxy: it is cut off", harm, is_noticed=True, instances=1)
        assert_nothing_wrong(site, report)


def test_two_written_nodes_lose_no_event(wired: Cluster, wires: Wires, report: Report) -> None:
    """The guide forbids it, and instances warn of it; what was acknowledged is there all the same."""

    def harm(drill: Drill) -> None:
        first = wired.nodes[0]
        for _ in range(ROUNDS):
            with drill.fault():
                wires.cut(first.number)
                drill.load.until_said("certain", "unknown")
                time.sleep(AWAY_SECONDS)
                wires.cut(first.number, is_on=False)
            with drill.fault():
                first.pause()
                try:
                    time.sleep(AWAY_SECONDS)
                finally:
                    first.resume()

    with Site(wired, is_bound=True) as site:
        run(site, report, "two nodes written to: one cut off, frozen", harm, is_noticed=True, instances=2)
        assert_nothing_wrong(site, report)
