"""What if thousands hold connections and come again as fast as they are dropped? Whoever has just come is served."""

from __future__ import annotations

import json
import os
import resource
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.faults.flood import SENT
from tests.faults.harness import Harness
from tests.faults.run_length import IS_LONG, run_length
from tests.faults.tables import Report
from tests.followers import follow
from tests.processes import until
from tests.served import ROOT

KINDS = list(SENT)
#: Places of one worker in the short form, and clients: more than the places.
FEW_PLACES, FEW_CLIENTS = 60, 150
MANY_CLIENTS = 3_000
SECONDS, FEW_SECONDS = run_length(short=2, long=30), run_length(short=1, long=8)
#: The median that is promised; twice that is asked for, since the flood is on the same machine.
P50_SECONDS = 0.3
FEW = ("--worker-connections", str(FEW_PLACES))


@pytest.fixture(scope="module")
def few_places() -> Iterator[Harness]:
    with Harness(workers=1, options=FEW) as server:
        yield server


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_leaves_room_for_others(few_places: Harness, kind: str, report: Report) -> None:
    """Somebody who follows the list since before it hears of what is tracked after it."""
    server = few_places
    with follow(server, server.key, timeout=20, ListID=server.shop.list_id) as follower:
        seen = _flood(server, kind, FEW_CLIENTS, FEW_PLACES, FEW_SECONDS)
        with server.connection() as connection:
            assert connection.call({"Event": "after", "ListID": server.shop.list_id})[0] == 200
        assert follower.next()["Event"] == "after"
    report(f"{kind}, {FEW_CLIENTS} clients, {FEW_PLACES} places, 1 worker", of="floods", **seen)


@pytest.mark.faults
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_three_thousand_clients_leave_room_for_others(kind: str, workers: int, report: Report) -> None:
    with Harness(workers=workers) as server:
        seen = _flood(server, kind, MANY_CLIENTS, 4_000, SECONDS)
        assert server.stop() == 0
        server.start()
    report(f"{kind}, {MANY_CLIENTS} clients, {workers} worker{'s' * (workers - 1)}", of="floods", **seen)
    assert seen["median, s"] <= 2 * P50_SECONDS


@pytest.mark.faults
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unread"])
def test_more_clients_than_places_leave_room_for_others(kind: str, report: Report) -> None:
    """As where a process may not have more than 1,024 open files.

    Clients that do not read are left out: each that comes again costs an answer, and nobody promises how many of them two
    cores can give. That takes a buffering proxy.
    """
    with Harness(workers=1, options=("--worker-connections", "900")) as server:
        seen = _flood(server, kind, MANY_CLIENTS, 900, FEW_SECONDS)
    report(f"{kind}, {MANY_CLIENTS} clients, 900 places, 1 worker", of="floods", **seen)


@pytest.mark.parametrize("kind", KINDS if IS_LONG else KINDS[:1])
def test_a_stop_under_a_flood(kind: str) -> None:
    with Harness(workers=1, options=FEW) as server, _clients(server, kind, FEW_CLIENTS):
        until(lambda: _connections(server) >= FEW_PLACES, 10, "the flood")
        server.running.send(signal.SIGTERM)
        until(lambda: server.running.exit_code is not None, 19, "the end before it is killed")
        assert server.running.exit_code == 0
        assert _failures(server) == []


def test_a_process_without_descriptors_goes_on_serving(report: Report) -> None:
    with Harness(workers=1) as server:
        [worker] = server.running.children()
        with server.connection() as connection:  # what it opens when it is first asked is open
            assert connection.call({"Event": "before"})[0] == 200
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.prlimit(worker, resource.RLIMIT_NOFILE, (_descriptors(server) + FEW_PLACES, hard))
        with _clients(server, "idle", FEW_CLIENTS):
            until(lambda: _warnings(server), 20, "the flood")
            tries = _good_clients_tries(server, "descriptors", FEW_SECONDS)
        assert _warnings(server) == ["no connection can be accepted: EMFILE"]
        assert _failures(server) == []
    answered = [took for took in tries if took is not None]
    report("idle, more clients than descriptors", of="floods", tries=len(tries), answered=len(answered))
    assert len(answered) >= 0.95 * len(tries)


def test_places_that_are_not_given_back_are_seen(report: Report) -> None:
    """The control: the places of those who were sent away stay taken."""
    _meets(report, "places not given back", "a flood of idle clients")


@pytest.mark.faults
def test_room_that_is_made_while_others_run_is_seen(report: Report) -> None:
    """The control: whoever looks for room gives way to those it looks at, and meets what is closed."""
    _meets(report, "room made while others run", "a flood of idle clients")


def _meets(report: Report, fault: str, met: str) -> None:
    with Harness(workers=1, options=FEW, planted=[fault]) as server:
        with pytest.raises(AssertionError) as found:
            _flood(server, "idle", FEW_CLIENTS, FEW_PLACES, FEW_SECONDS)
        server.kill()  # it may not be able to stop
    report(fault, of="mutation", met=met, found=str(found.value).partition("\n")[0])


def _flood(server: Harness, kind: str, clients: int, places: int, seconds: float) -> dict[str, Any]:
    """What a good client met, and that afterwards all is as it was."""
    sockets, name = _sockets(server), f"{kind}-{clients}"
    with _clients(server, kind, clients) as flood:
        until(lambda: _connections(server) >= min(clients, places), 20, "the flood")
        tries = _good_clients_tries(server, name, seconds)
        memory = _memory(server)
        made = json.loads(flood.communicate()[0])
    answered = [took for took in tries if took is not None]
    assert len(answered) >= 0.95 * len(tries), f"{len(answered)} of {len(tries)} answered"
    assert server.get("/health", timeout=5).status == 200
    _see_free_places(server, places, sockets)
    assert _failures(server) == [], f"{len(_failures(server))} exceptions"
    return {
        "connections made": made,
        "tries": len(tries),
        "answered": len(answered),
        "median, s": round(statistics.median(answered), 3),
        "slowest, s": round(max(answered), 3),
        "largest process, MB": memory,
    }


def _see_free_places(server: Harness, places: int, sockets: int) -> None:
    """As many as fit come, are served and stay: nobody has to leave for them. Then all are gone."""
    following, asking = (
        1,
        3,
    )  # whoever follows keeps a place; whoever asks needs one, and those who asked may be leaving
    until(lambda: _connections(server) <= following, 10, "the end of the flood's connections")
    fitting = places - 1 - places // 32 - following - asking
    with _clients(server, "idle", fitting) as held:
        until(lambda: _connections(server) >= fitting, 10, "as many connections as fit")
        assert server.get("/health", timeout=5).status == 200
        made = json.loads(held.communicate()[0])
    assert made == fitting, f"{made - fitting} of {fitting} had to leave"
    until(lambda: _connections(server) <= following, 10, "the end of the connections")
    until(lambda: _sockets(server) <= sockets, 10, "as many open sockets as before")


@contextmanager
def _clients(server: Harness, kind: str, clients: int) -> Iterator[subprocess.Popen[str]]:
    """A flood at work until its standard input ends; then it prints how many connections it made."""
    settings = {"port": server.port, "kind": kind, "clients": clients, "seconds": SECONDS + 60}
    with _program("flood", settings) as program:
        try:
            yield program
        finally:
            program.terminate()


def _good_clients_tries(server: Harness, name: str, seconds: float) -> list[float | None]:
    settings = {"port": server.port, "key": server.key, "name": name, "seconds": seconds}
    with _program("good_client", settings) as program:
        tries: list[float | None] = json.loads(program.communicate(timeout=seconds + 20)[0])
        return tries


def _program(module: str, settings: dict[str, Any]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.faults.{module}", json.dumps(settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def _connections(server: Harness) -> int:
    """How many connections the kernel has at the server's port, those nobody has accepted among them."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    mine = f":{server.port:04X}"
    is_there = ("01", "08")  # established; its client has closed it
    return sum(fields[1].endswith(mine) and fields[3] in is_there for fields in map(str.split, lines))


def _descriptors(server: Harness) -> int:
    folders = [Path(f"/proc/{worker}/fd") for worker in server.running.children()]
    return sum(len(os.listdir(folder)) for folder in folders)


def _sockets(server: Harness) -> int:
    folders = [Path(f"/proc/{worker}/fd") for worker in server.running.children()]
    return sum(_is_socket(descriptor) for folder in folders for descriptor in folder.iterdir())


def _is_socket(descriptor: Path) -> bool:
    with suppress(FileNotFoundError):  # it was closed meanwhile
        return str(descriptor.readlink()).startswith("socket:")
    return False


def _memory(server: Harness) -> int:
    """The largest that a worker has been."""
    peaks = (Path(f"/proc/{worker}/status").read_text() for worker in server.running.children())
    return max(int(peak.partition("VmHWM:")[2].split()[0]) // 1024 for peak in peaks)


def _warnings(server: Harness) -> list[str]:
    return [record["message"] for record in server.records() if record["level"] == "warning"]


def _failures(server: Harness) -> list[dict[str, Any]]:
    return [record for record in server.records() if "failure" in record]
