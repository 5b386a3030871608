"""Is it read rightly what a node says of itself, and is each dangerous setting told in a line that says what to change?"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Event

import pytest

from tracker.storage.engine.galera import Address, Member, members, provider_options, seconds
from tracker.storage.engine.member_look import look_around
from tracker.storage.engine.server_rules import LOSES, STOPS, WARNS, remarks

#: A node of a cluster as it should be, and a server alone.
NODE = {
    "wsrep_on": "ON", "wsrep_connected": "ON", "wsrep_cluster_status": "Primary", "wsrep_ready": "ON", "wsrep_cluster_size": "3",
    "wsrep_node_name": "n1", "hostname": "db1", "port": "3306", "wsrep_incoming_addresses": "10.0.0.11:3306,10.0.0.12:3306",
    "wsrep_local_index": "0", "innodb_flush_log_at_trx_commit": "1", "log_bin": "OFF", "binlog_format": "ROW",
    "innodb_autoinc_lock_mode": "2", "read_only": "OFF",
    "wsrep_provider_options": "evs.suspect_timeout = PT2S; pc.ignore_quorum = false; pc.ignore_sb = false; ",
}  # fmt: skip
ALONE = {
    "wsrep_on": "OFF", "hostname": "db1", "port": "3306", "innodb_flush_log_at_trx_commit": "1", "log_bin": "OFF",
    "innodb_autoinc_lock_mode": "1", "read_only": "OFF", "binlog_format": "MIXED",
}  # fmt: skip


def said_of(good: Mapping[str, str], is_own: bool = True, **changes: str) -> list[tuple[str, str]]:
    """What is said of a server with some changed values: weights, and texts without the name."""
    found = remarks({**good, **changes}, is_own)
    return [(weight, text.removeprefix("database server ").partition(": ")[2]) for weight, text in found]


def test_nothing_is_said_of_good_servers() -> None:
    assert said_of(NODE) == said_of(ALONE) == said_of({}) == []
    assert remarks({**NODE, "read_only": "ON"}, is_own=True)[0].text.startswith("database server n1: ")
    assert remarks({**ALONE, "read_only": "ON"}, is_own=True)[0].text.startswith("database server db1:3306: ")


@pytest.mark.parametrize(
    ("changes", "weight", "what", "do"),
    [
        ({"innodb_flush_log_at_trx_commit": "2"}, LOSES, "innodb_flush_log_at_trx_commit is 2", "must be 1"),
        ({"log_bin": "ON", "sync_binlog": "0"}, LOSES, "sync_binlog is 0", "must be 1"),
        ({"wsrep_cluster_status": "non-Primary", "wsrep_ready": "OFF"}, STOPS, "is non-Primary", "bootstrap one"),
        ({"wsrep_on": "OFF"}, LOSES, "wsrep_on is OFF", "set wsrep_on=ON"),
        ({"wsrep_provider_options": "pc.ignore_sb = YES;"}, LOSES, "pc.ignore_sb is on", "set pc.ignore_sb=no"),
        ({"wsrep_provider_options": "pc.ignore_quorum=1"}, LOSES, "ignore_quorum is on", "ignore_quorum=no"),
        ({"wsrep_provider_options": "evs.suspect_timeout=PT5S"}, WARNS, "is PT5S", "set evs.keepalive_period"),
        ({"log_bin": "ON", "wsrep_gtid_mode": "OFF"}, WARNS, "wsrep_gtid_mode is OFF", "set wsrep_gtid_mode=ON"),
        ({"log_bin": "ON", "log_slave_updates": "OFF"}, WARNS, "log_slave_updates is OFF", "log_slave_updates=ON"),
        ({"binlog_format": "MIXED"}, WARNS, "binlog_format is MIXED", "set binlog_format=ROW"),
        ({"innodb_autoinc_lock_mode": "1"}, WARNS, "lock_mode is 1", "set innodb_autoinc_lock_mode=2"),
        ({"wsrep_cluster_size": "2"}, WARNS, "has 2 of 3 nodes", "add nodes"),
        ({"read_only": "ON"}, WARNS, "read_only is ON", "name the server that takes writes"),
        ({"wsrep_osu_method": "RSU"}, STOPS, "wsrep_OSU_method is RSU", "set wsrep_OSU_method=TOI"),
        ({"wsrep_reject_queries": "ALL"}, STOPS, "is ALL: it answers no", "set wsrep_reject_queries=NONE"),
        ({"wsrep_max_ws_size": "4096"}, WARNS, "wsrep_max_ws_size is 4096", "wsrep_max_ws_size=2147483647"),
    ],
)  # fmt: skip
def test_each_dangerous_setting_of_a_node_is_one_line(
    changes: dict[str, str], weight: str, what: str, do: str
) -> None:
    [(found, text)] = said_of(NODE, **changes)
    assert found == weight
    assert what in text
    assert do in text
    assert "\n" not in text


def test_another_member_is_judged_as_one_that_may_take_over() -> None:
    away = said_of(NODE, is_own=False, wsrep_cluster_status="non-Primary", wsrep_cluster_size="1")
    assert [weight for weight, _ in away] == [WARNS], (
        "it is no reason not to start, and not asked for the cluster's size"
    )
    assert [weight for weight, _ in said_of(NODE, is_own=False, innodb_flush_log_at_trx_commit="0")] == [
        LOSES
    ]
    unfit = said_of(NODE, False, wsrep_osu_method="RSU", wsrep_reject_queries="ALL_KILL", read_only="ON")
    assert [weight for weight, _ in unfit] == [WARNS] * 3
    assert [text for _, text in unfit[1:]] == [
        "wsrep_reject_queries is ALL_KILL: it takes no writes after a failover; set wsrep_reject_queries=NONE",
        "read_only is ON: it takes no writes after a failover; set read_only=OFF",
    ]


def test_a_server_alone_is_not_judged_as_a_node() -> None:
    assert said_of(ALONE, log_bin="ON", log_slave_updates="OFF", wsrep_gtid_mode="OFF") == []
    [(weight, text)] = said_of(ALONE, log_bin="ON", gtid_mode="OFF_PERMISSIVE")
    assert (weight, text) == (
        WARNS,
        "gtid_mode is OFF_PERMISSIVE: no replica can take over; set gtid_mode=ON",
    )


def test_options_durations_and_addresses_are_read_as_galera_writes_them() -> None:
    text = "base_dir = /data/; gcomm.thread_prio = ; gmcast.listen_addr = tcp://0.0.0.0:4567; pc.weight = 1; "
    expected = {
        "base_dir": "/data/", "gcomm.thread_prio": "", "gmcast.listen_addr": "tcp://0.0.0.0:4567", "pc.weight": "1",
    }  # fmt: skip
    assert provider_options(text) == expected
    assert provider_options("") == provider_options("nonsense") == {}
    durations = {
        "PT5S": 5,
        "PT0.3S": 0.3,
        "PT1M30S": 90,
        "P1D": 86_400,
        "PT1H": 3600,
        "PT": None,
        "": None,
        "5": None,
    }
    assert {text: seconds(text) for text in durations} == durations
    listed = members("10.0.0.1:3307,,AUTO,db.example,[fd00::1]:3308,fd00::2,db:0", 2)
    addresses = [
        Address("10.0.0.1", 3307), None, Address("db.example", 3306), Address("fd00::1", 3308), Address("fd00::2", 3306),
        Address("db", 3306),
    ]  # fmt: skip
    assert listed == [Member(address, is_own=place == 1) for place, address in enumerate(addresses)]
    assert [str(address) for address in addresses[3:4]] == ["[fd00::1]:3308"]
    assert members("", 0) == []


def test_all_members_are_looked_at_and_those_that_cannot_be_are_named() -> None:
    third = {**NODE, "hostname": "db3", "wsrep_node_name": "n3", "innodb_flush_log_at_trx_commit": "2"}
    own = {**NODE, "wsrep_incoming_addresses": "10.0.0.11:3306,10.0.0.12:3306,10.0.0.13:3306,AUTO"}

    def read(address: Address) -> Mapping[str, str]:
        if address.host == "10.0.0.13":
            return third
        raise ConnectionRefusedError(111, "no route")

    texts = [text for _, text in look_around(own, read)]
    assert [text.partition(":")[0] for text in texts[:2]] == [
        "database server 10.0.0.12",
        "database server n3",
    ]
    assert "(no route): check that it has innodb_flush_log_at_trx_commit=1" in texts[0]
    assert texts[2:] == [
        "the address of 1 other node is not known, and not looked at: set wsrep_node_incoming_address on each"
    ], "its own address was not reached either, which may be so behind a proxy"


def test_a_member_that_never_answers_does_not_hold_up_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    never = Event()
    monkeypatch.setattr("tracker.storage.engine.member_look.MAX_SECONDS", 0.05)

    def read(address: Address) -> Mapping[str, str]:
        never.wait(60)
        return NODE

    [remark] = look_around(NODE, read)
    never.set()
    assert remark.text.startswith("database server 10.0.0.12:3306 could not be looked at (no answer within ")
