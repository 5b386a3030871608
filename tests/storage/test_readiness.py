"""Does `/ready` say whether events can be taken, and whose trouble it is, whatever happens, and for little?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from tests.client import InProcess
from tests.servers import MariaDB
from tests.storage.proxy import Fate, Proxy
from tracker.storage.engine.database import Database
from tracker.storage.engine.readiness import SHARED_SECONDS, Readiness


@pytest.fixture
def far(mariadb: MariaDB, proxy: Proxy, tmp_path: Path) -> Iterator[InProcess]:
    """Tracker on a MariaDB behind the proxy."""
    client = InProcess(mariadb.new_database().replace(f":{mariadb.port}/", f":{proxy.port}/"), tmp_path)
    client.open_shop("owner@example.com")
    yield client
    proxy.fates.clear()
    proxy.reopen()
    client.close()


def test_ready_says_so(far: InProcess) -> None:
    answer = far.request("GET", "/ready")
    assert (answer.status, answer.body) == (200, {"status": "ready", "database": "ready", "writer_nodes": 1})


@pytest.mark.parametrize("fate", ["lost", "cut", "denied"])
def test_a_probe_of_unknown_outcome_is_not_ready(far: InProcess, proxy: Proxy, fate: Fate) -> None:
    """A probe is not looked for afterwards; that it was not answered is what was asked."""
    proxy.fates.append(fate)
    answer = far.request("GET", "/ready")
    assert not proxy.fates
    assert (answer.status, answer.body["database"], answer.headers["Retry-After"]) == (503, "away", "1")


def test_a_server_that_cannot_be_reached_is_away(far: InProcess, proxy: Proxy) -> None:
    proxy.is_open = False
    answer = far.request("GET", "/ready")
    assert (answer.status, answer.body["status"], answer.body["database"]) == (503, "not ready", "away")


def test_a_database_of_another_version_is_broken(far: InProcess) -> None:
    far.services.storage.write(lambda t: t.execute("DELETE FROM migrations WHERE name LIKE '0001%'"))
    answer = far.request("GET", "/ready")
    assert (answer.status, answer.body["database"]) == (503, "broken")
    assert "run 'tracker db upgrade'" in answer.body["reason"]


def test_a_fault_of_ours_is_broken_and_in_the_log(far: InProcess, capfd: pytest.CaptureFixture[str]) -> None:
    far.services.storage.write(lambda t: t.execute("ALTER TABLE write_probe DROP COLUMN asked_at"))
    answer = far.request("GET", "/ready")
    assert (answer.status, answer.body["database"]) == (503, "broken")
    assert "unexpected failure" in capfd.readouterr().err


def test_many_who_ask_share_one_look(far: InProcess, proxy: Proxy) -> None:
    commits = proxy.commits
    asked = [gevent.spawn(far.request, "GET", "/ready") for _ in range(50)]
    gevent.joinall(asked, raise_error=True)
    assert {call.value.status for call in asked} == {200}
    assert proxy.commits - commits == 1


def test_what_was_found_is_told_for_a_second(database: Database) -> None:
    seconds = [100.0]
    readiness = Readiness(database, lambda failure: None, clock=lambda: seconds[0])

    def asked_at() -> int:
        assert readiness.look() == ("ready", "")
        [(at,)] = database.read(lambda t: t.select("SELECT asked_at FROM write_probe"))
        return int(at)

    first = asked_at()
    seconds[0] += SHARED_SECONDS / 2
    assert asked_at() == first
    seconds[0] += SHARED_SECONDS
    assert asked_at() > first
