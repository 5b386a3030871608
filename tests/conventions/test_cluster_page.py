"""The guide to a cluster and its files: lines to type name what there is, and the files agree with Tracker and each other."""

from __future__ import annotations

import re
import shlex

import pytest

from tests.cluster import guide
from tests.conventions.pages import blocks
from tests.conventions.sources import ROOT
from tracker.config import SETTINGS, Settings
from tracker.storage.engine.database import REQUEST_SECONDS

FILES = {path.name: path.read_text() for path in (ROOT / "deploy/cluster").iterdir()}
NODES, PROXY, INSTANCES = ("10.0.0.11", "10.0.0.12", "10.0.0.13"), "10.0.0.10", ("10.0.0.21", "10.0.0.22")
#: Debian's packages, the units they bring, and the programs that tests/cluster runs as the guide says.
PACKAGES = {"mariadb-server", "galera-4", "rsync", "haproxy", "socat", "redis-server"}
UNITS = {"mariadb", "haproxy", "redis-server"}
RUN_BY_DRILLS = ("galera_recovery", "galera_new_cluster", "rm", "sed")


def directives(name: str) -> list[str]:
    """The lines of a file without comments."""
    return [
        line.strip() for line in FILES[name].splitlines() if line.strip() and not line.strip().startswith("#")
    ]


def value(name: str, directive: str) -> str:
    [found] = [line.removeprefix(directive) for line in directives(name) if line.startswith(directive)]
    return found.strip(" =")


def section(name: str) -> str:
    return FILES["haproxy.cfg"].partition(f"\nlisten {name}\n")[2].partition("\nlisten ")[0]


def shell_lines() -> list[str]:
    return [line for block in blocks(guide.PAGE, "sh") for line in guide.command_lines(block.text)]


@pytest.mark.parametrize("line", dict.fromkeys(shell_lines()))
def test_lines_to_type_name_what_there_is(line: str) -> None:
    words = shlex.split(line)
    words = words[1:] if words[0] == "sudo" else words
    match words:
        case ["apt-get", "install", *packages]:
            assert set(packages) <= PACKAGES
        case ["cp", source, target]:
            assert f": {target} on " in (ROOT / source).read_text().splitlines()[0].replace("\n", " ")
        case ["systemctl", "start" | "stop" | "restart" | "reload", unit]:
            assert unit in UNITS
        case ["echo", order, *_]:
            assert line.endswith("| sudo socat - /run/haproxy/admin.sock")
            assert "stats socket /run/haproxy/admin.sock " in FILES["haproxy.cfg"]
            [proxy, server] = re.findall(r"server (\w+)/(\w+)", order)[0]
            assert f"    server {server} " in section(proxy)
        case ["redis-cli", "-h", host, "replicaof", *_]:
            assert host in INSTANCES
        case [program, *_]:
            assert program in RUN_BY_DRILLS


def test_the_lines_that_are_a_nodes_own_are_as_many_as_the_file_says() -> None:
    own = [
        line
        for line in directives("galera.cnf")
        if (NODES[0] in line and NODES[1] not in line) or line.endswith("= n1")
    ]
    assert len(own) == 6
    assert "stand in six lines" in FILES["galera.cnf"]


def test_no_event_is_answered_before_it_is_on_a_disk() -> None:
    assert value("galera.cnf", "innodb_flush_log_at_trx_commit") == "1"
    assert "pc.ignore" not in FILES["galera.cnf"]


def test_a_node_is_put_out_before_requests_give_up() -> None:
    seconds = dict(re.findall(r"evs\.(\w+)=PT([\d.]+)S", value("galera.cnf", "wsrep_provider_options")))
    assert float(seconds["suspect_timeout"]) * 2 < REQUEST_SECONDS
    assert float(seconds["inactive_timeout"]) < REQUEST_SECONDS


def test_haproxy_asks_mariadb_in_its_own_words() -> None:
    """The login's user is the guide's, and the head of the query has the query's length."""
    checks = [
        line.removeprefix("tcp-check ")
        for line in section("database").splitlines()
        if "tcp-check send" in line
    ]
    checks = [line.strip().removeprefix("tcp-check ") for line in checks]
    login, head, query, goodbye = [line.partition(" ")[2].strip('"') for line in checks]
    assert bytes.fromhex(login)[36:-2].decode() == "tracker_check"
    assert int.from_bytes(bytes.fromhex(login)[:3], "little") == len(login) // 2 - 4
    assert bytes.fromhex(head) == (len(query) + 1).to_bytes(3, "little") + b"\0\x03"
    assert bytes.fromhex(goodbye) == b"\1\0\0\0\1"
    [accounts] = blocks(guide.PAGE, "sql")
    assert f"CREATE USER tracker_check@'{PROXY}';" in accounts.text


def test_haproxy_sends_no_request_twice_and_waits_as_long_as_tracker() -> None:
    web = section("web")
    assert re.findall(r"retry-on (.*)", web) == ["conn-failure"]
    [check, idle] = re.findall(r"timeout (?:check|http-keep-alive) (\d+)s", web)[::-1]
    [kept] = re.findall(r"^keepalive = (\d+)$", (ROOT / "tracker/gunicorn_conf.py").read_text(), re.MULTILINE)
    assert int(check) > REQUEST_SECONDS
    assert int(idle) < int(kept)
    [sample] = blocks(ROOT / "docs/operations.md", "haproxy")
    [asked] = re.findall(r"rstring '(.*)'", sample.text)
    assert f'http-check expect rstring "{asked}"' in web.replace('\\"', '"')


def test_settings_of_an_instance_are_ones() -> None:
    [unit] = blocks(guide.PAGE, "ini")
    said = dict(pair.split("=", 1) for pair in unit.text.split())
    assert said.keys() <= {row.name for row in SETTINGS}
    read = Settings.from_environ(said)
    assert f"@{PROXY}:3306/" in read.database_url
    assert PROXY in str(read.ratelimit_url)
