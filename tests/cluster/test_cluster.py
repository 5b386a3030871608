"""A cluster: a lost writer is noticed by nobody, upgrades at all nodes at once are one, and a node is a database as any other.

All of it is in one file, so that one worker starts one cluster.
"""

from __future__ import annotations

from pathlib import Path

from tests.cli.shell import Shell
from tests.cluster.drill import Drill, assert_nothing_wrong, isolate, kill, run
from tests.cluster.galera import Cluster
from tests.cluster.site import Site
from tests.contract.test_conversions import (
    test_a_repeated_event_is_no_repeated_conversion,
    test_repeats_in_one_batch_count_once,
    test_sums_are_exact_and_may_be_negative,
)
from tests.contract.test_identity_rules import (
    test_an_email_is_new_to_a_visitor_once,
    test_an_id_that_learns_its_email_keeps_its_visitor,
    test_calls_that_get_in_each_others_way_are_all_answered_and_stored_once,
    test_of_identical_event_ids_at_once_one_is_stored,
    test_the_first_link_takes_the_past_and_touches_no_event,
    workers,
)
from tests.contract.test_retention import (
    test_old_events_go_and_their_counts_stay,
    test_what_is_deleted_is_not_stored_again,
)
from tests.contract.test_stored_counts import test_counters_follow_the_flags_of_stored_events
from tests.contract.test_subscribers import test_lists_share_no_subscribers
from tests.faults.run_length import run_length
from tests.faults.tables import Report
from tests.processes import start_module

#: These run here at a node of the cluster: its fixtures `mariadb` and `database_kind` are this folder's.
__all__ = [
    "test_a_repeated_event_is_no_repeated_conversion",
    "test_an_email_is_new_to_a_visitor_once",
    "test_an_id_that_learns_its_email_keeps_its_visitor",
    "test_calls_that_get_in_each_others_way_are_all_answered_and_stored_once",
    "test_counters_follow_the_flags_of_stored_events",
    "test_lists_share_no_subscribers",
    "test_of_identical_event_ids_at_once_one_is_stored",
    "test_old_events_go_and_their_counts_stay",
    "test_repeats_in_one_batch_count_once",
    "test_sums_are_exact_and_may_be_negative",
    "test_the_first_link_takes_the_past_and_touches_no_event",
    "test_what_is_deleted_is_not_stored_again",
    "workers",
]


def test_clients_do_not_notice_that_the_writer_is_lost(cluster: Cluster, report: Report) -> None:
    def harm(drill: Drill) -> None:
        for _ in range(run_length(short=1, long=2)):
            kill(drill)
            isolate(drill)

    with Site(cluster) as site:
        run(site, report, "writer killed, writer cut off", harm)
        assert_nothing_wrong(site, report)


def test_upgrades_at_all_nodes_at_once_are_one(cluster: Cluster) -> None:
    name = cluster.new_database()
    cluster.until_whole()
    upgrades = [
        start_module(
            "tests.faults.patched_cli", "db", "upgrade",
            log=node.folder / "upgrade", env={"TRACKER_DATABASE_URL": node.url(name)},
        )
        for node in cluster.nodes
    ]  # fmt: skip
    ended = [upgrade.wait(120) for upgrade in upgrades]
    assert ended == [0, 0, 0], [upgrade.printed() for upgrade in upgrades]
    cluster.until_whole()
    sums = cluster.checksums(name)
    assert len(sums[0]) > 20
    assert all(each == sums[0] for each in sums)


def test_a_start_on_the_guides_files_says_nothing_and_a_weak_standby_is_found(
    cluster: Cluster, tmp_path: Path
) -> None:
    writer, standby, _ = cluster.nodes
    shell = Shell(tmp_path, TRACKER_DATABASE_URL=writer.url(cluster.new_database()))
    done = shell.run("db", "upgrade")
    assert (done.exit_code, done.stderr) == (0, "")
    standby.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 2")
    try:
        said = shell.fails("db", "upgrade")
    finally:
        standby.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    assert said.startswith("database server n2: innodb_flush_log_at_trx_commit is 2, must be 1: ")
