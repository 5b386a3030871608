"""HAProxy in front of Tracker never sends a request twice: what was stored and not answered would be stored again."""

from __future__ import annotations

from pathlib import Path

import redis

from tests.cluster.galera import DEPLOY
from tests.cluster.site import DATABASES, PROXY, WEBS
from tests.faults.checker import IS_GENERATED, Decision, check
from tests.faults.harness import Harness, Load
from tests.faults.recount import properties_of
from tests.faults.rows import read_tables
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report
from tests.haproxy import HAProxy, filled
from tests.processes import until
from tests.servers import Redis

DEATHS, BETWEEN = run_length(short=3, long=6), run_length(short=20, long=60)
#: A group may hold nothing that is not found by its EventID, or a check of HAProxy's: about every third death doubles.
MOST_DEATHS = 20
RULE = "retry-on conn-failure"


def die_after_commits(tmp_path: Path, rule: str, most: int) -> tuple[Decision, int]:
    """Workers that die after a commit and before its answers, under the ledger's load at HAProxy: so many, or until a row is double."""
    death = tmp_path / "death"
    proxy = HAProxy("database", "redis", "web", "nobody")
    with Harness(planted=["death after a commit"], settings={"FAULT_DEATH": str(death)}) as tracker:
        here, nobody = "127.0.0.1:{}".format, proxy.ports["nobody"]
        nodes = {f"10.0.0.1{n}:3306": here(nobody) for n in (1, 2, 3)}
        pair = {f"10.0.0.2{n}:6379": here(nobody) for n in (1, 2)}
        ours = {
            f"10.0.0.10:{port}": here(proxy.ports[name])
            for port, name in ((3306, "database"), (6379, "redis"), (80, "web"))
        }
        webs = {f"10.0.0.2{n}:8000": here(tracker.port) for n in (1, 2)}
        admin = {"/run/haproxy/admin.sock": str(proxy.admin)}
        proxy.configure(filled(DEPLOY / "haproxy.cfg", nodes | pair | ours | webs | admin | {RULE: rule}))
        with proxy:
            proxy.until_up("web")
            with Load(tracker, SEED, ports=[proxy.ports["web"]]) as load:
                deaths = 0
                while deaths < most and not has_double_rows(tracker.database_url):
                    load.until_more(BETWEEN, seconds=90)
                    death.touch()
                    until(lambda: not death.exists(), 30, "a worker's death")
                    deaths += 1
                load.until_more(BETWEEN, seconds=90)
                story = load.finish(90)
        tracker.kill()
        return check(tracker.database_url, story), deaths


def test_what_has_taken_over_stays_when_the_other_comes_back() -> None:
    """Shown with two masters of Redis; the proxy of the nodes has the same lines, and is led by them in the drills."""
    proxy = HAProxy("database", "redis", "web", "nobody")
    with Redis() as first, Redis() as second:
        here = "127.0.0.1:{}".format
        pair = {f"10.0.0.2{n}:6379": here(each.port) for n, each in ((1, first), (2, second))}
        away = {address: here(proxy.ports["nobody"]) for address in (*DATABASES, *WEBS)}
        ours = {
            f"{PROXY}:{port}": here(proxy.ports[name])
            for port, name in ((3306, "database"), (6379, "redis"), (80, "web"))
        }
        admin = {"/run/haproxy/admin.sock": str(proxy.admin)}
        proxy.configure(filled(DEPLOY / "haproxy.cfg", pair | away | ours | admin))

        def reached() -> int:
            with redis.Redis(port=proxy.ports["redis"], socket_timeout=5) as client:
                return int(client.info("server")["tcp_port"])

        with proxy:
            proxy.until_up("redis")
            assert reached() == first.port
            for lost, name, other in ((first, "r1", second), (second, "r2", first)):
                lost.kill()
                until(lambda name=name: proxy.servers("redis")[name].startswith("DOWN"), 30, "the loss")  # type: ignore[misc]
                assert reached() == other.port
                lost.start()
                proxy.until_up("redis")
                assert reached() == other.port


def has_double_rows(url: str) -> bool:
    rows = read_tables(url)[0]["events"]
    numbers = [properties_of(row)["n"] for row in rows if not row.flags & IS_GENERATED]
    return len(set(numbers)) < len(numbers)


def test_what_was_not_answered_is_left_to_the_client(tmp_path: Path) -> None:
    """Late is what came while all workers were being started."""
    verdict, deaths = die_after_commits(tmp_path, RULE, DEATHS)
    assert verdict.kinds <= {"late"}
    assert deaths == DEATHS


def test_a_proxy_that_sends_again_is_caught(tmp_path: Path, report: Report) -> None:
    verdict, deaths = die_after_commits(tmp_path, "retry-on all-retryable-errors", MOST_DEATHS)
    met = f"{deaths} workers that die between commit and answer"
    report("retry-on all-retryable-errors in HAProxy", of="mutation", met=met, found=verdict.summary)
    assert "doubled" in verdict.kinds
