"""Do restarts and upgrades of two instances behind a proxy go by unseen? Nothing lost, doubled, refused or cut off."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.conventions.pages import blocks
from tests.faults.checker import check
from tests.faults.harness import Harness, Load
from tests.faults.run_length import SEED, run_length
from tests.faults.tables import Report, figures
from tests.haproxy import HAProxy
from tests.processes import Program, start_module, until
from tests.served import ROOT
from tests.servers import MariaDB

#: Rounds in which each of the two instances is restarted, one after the other, beside those of the upgrade.
ROLLS = run_length(short=0, long=5)
WORKERS, CONNECTIONS = run_length(short=1, long=2), run_length(short=2, long=16)
#: Acknowledgements between two steps.
BETWEEN = run_length(short=30, long=200)
#: Longer than any test: what ends it is a second SIGTERM, once the proxy has looked away, however slow the machine is.
DRAIN = {"TRACKER_DRAIN_SECONDS": "600"}
#: The check of instances is the guide's.
[CHECK] = blocks(ROOT / "docs/operations.md", "haproxy")
PROXY = """
global
  stats socket {admin}
defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 30s
  timeout http-keep-alive 60s
  retry-on conn-failure
  option redispatch 1
  default-server inter 100ms fall 1 rise 1
listen web
  bind 127.0.0.1:{port}
{check}
{servers}
"""


@dataclass(slots=True)
class Site:
    """Two instances on one database, and the proxy in front of them."""

    instances: list[Harness]
    proxy: HAProxy

    @property
    def url(self) -> str:
        return self.instances[0].database_url

    def load(self, **settings: Any) -> Load:
        ports = [self.proxy.ports["web"]]
        return Load(self.instances[0], SEED, ports=ports, connections=CONNECTIONS, seconds=3600.0, **settings)

    def look(self) -> None:
        """Have each instance open its database anew, and the proxy look at what it says."""
        assert [each.get("/ready").status for each in self.instances] == [200, 200]
        assert set(self.proxy.servers("web").values()) == {"UP"}

    def roll(self, load: Load, release: str = "") -> None:
        """Restart one instance after the other, perhaps as another release."""
        for number, instance in enumerate(self.instances, start=1):
            self.drain(instance)
            is_out = partial(self._is_out, f"t{number}")
            until(is_out, 30, "the proxy to look away")
            load.until_more(BETWEEN)
            assert instance.stop() == 0
            instance.settings["FAULT_PLANTED"] = release
            instance.start()
            self.proxy.until_up("web")
            load.until_more(BETWEEN)

    def drain(self, instance: Harness) -> None:
        """Begin a stop; a second SIGTERM ends it."""
        instance.running.send(signal.SIGTERM)
        until(lambda: instance.get("/ready").status == 503, 30, "the draining")

    def _is_out(self, server: str) -> bool:
        return self.proxy.servers("web")[server].startswith("DOWN")

    def upgrade(self, release: str, stays: Path | None = None) -> Program:
        """Run `tracker db upgrade` of another release, which perhaps stays in the middle of a migration."""
        told = {"FAULT_PLANTED": release, **({"FAULT_STAYS": str(stays)} if stays else {})}
        environment = self.instances[0].environment() | told
        log = self.instances[0].folder / "upgrades"
        return start_module("tests.faults.patched_cli", "db", "upgrade", log=log, env=environment)


@pytest.fixture
def site(mariadb: MariaDB) -> Iterator[Site]:
    url = mariadb.new_database()
    with Harness(url, workers=WORKERS, settings=DRAIN) as first:
        second = Harness(url, workers=WORKERS, settings=DRAIN)
        second.set_up_like(first)
        with second, _in_front_of(first, second) as proxy:
            proxy.until_up("web")
            site = Site([first, second], proxy)
            yield site
            for each in site.instances:
                site.drain(each)


def _in_front_of(*instances: Harness) -> HAProxy:
    proxy = HAProxy("web")
    servers = "\n".join(f"  server t{n} 127.0.0.1:{each.port} check" for n, each in enumerate(instances, 1))
    proxy.configure(
        PROXY.format(admin=proxy.admin, port=proxy.ports["web"], check=CHECK.text, servers=servers)
    )
    return proxy


def test_restarts_and_an_upgrade_are_seen_by_nobody(site: Site, report: Report, tmp_path: Path) -> None:
    """The upgrade is killed in the midst of a migration, and run again."""
    stays = tmp_path / "stays"
    with site.load() as load:
        load.until_more(BETWEEN)
        for _ in range(ROLLS):
            site.roll(load)
        killed = site.upgrade("newer", stays)
        until(stays.exists, 60, "the middle of the migration")
        load.until_more(BETWEEN)
        killed.kill()
        site.look()
        again = site.upgrade("newer")
        until(lambda: again.exit_code is not None, 120, "the end of the upgrade")
        assert "Applied tracker: 9999_newer\n" in again.printed()
        load.until_more(BETWEEN)
        site.look()
        site.roll(load, "newer")
        story = load.finish()
    verdict = check(site.url, story)
    what = f"two instances behind HAProxy: {2 * ROLLS + 2} restarts, an upgrade, killed and run again"
    report(what, faults=2 * ROLLS + 4, **figures(story), verdict=verdict.summary)
    assert not verdict.faults, f"seed {SEED}\n{verdict}"
    assert set(story.outcomes) <= {"ack", "duplicate", "refused"}, story.outcomes


@pytest.mark.faults
def test_a_migration_that_breaks_is_seen(site: Site, report: Report) -> None:
    """The control: both instances of the release before go out at once, and clients meet nobody."""
    with site.load(drain_seconds=0.0) as load:
        load.until_more(BETWEEN)
        upgrade = site.upgrade("newer and breaking")
        load.until_said("unknown", seconds=60)
        until(lambda: upgrade.exit_code is not None, 60, "the end of the upgrade")
        story = load.finish()
    found = f"{story.outcomes['unknown']} requests that met no instance"
    report("a migration that breaks", of="mutation", met="an upgrade under load", found=found)
