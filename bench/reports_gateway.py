"""One copy for several instances, or one each? `python -m bench.reports_gateway [EVENTS]`: what building takes, and a question on each way.

The copies are of one made-up SQLite file. A question goes to the same reports process in place, over a Unix socket, over plain HTTP
and through Caddy with TLS, in turn, so that what else the machine does concerns all of them. Medians of the rounds.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import gevent

from bench.load import BenchFailed
from bench.made_truth import make_truth
from bench.reports_served import CHILDREN_TICKS, OWN_TICKS, children_of, memory_of
from bench.servers import ROOT
from tracker.analytics.process.reports_setup import LOCK, ReportsSetup
from tracker.analytics.reports_client import ReportsClient
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.plugins import load_commands
from tracker.questions import Breakdown, Dimension, Head, Question, Trend, encode, measure_of
from tracker.reports_wiring import reports_client, reports_setup

EVENTS, ROUNDS, QUESTIONS = 200_000, 3, 60
DAY_MS = 86_400_000
#: Seconds that anything may take, and between two looks.
PATIENCE, LOOK_SECONDS = 600.0, 0.02


class Built(NamedTuple):
    """What one copy took: processor seconds of its build, MB of that process and of the one that answers at most, bytes of the file."""

    cpu: float
    build_memory: float
    memory: float
    size: int


def main(events: int) -> None:
    """Print the figures as tables."""
    logging.getLogger("tracker.reports").setLevel(logging.ERROR)  # servers are asked before they listen
    with tempfile.TemporaryDirectory(prefix="gateway-") as made, ExitStack() as opened:
        folder = Path(made)
        settings = Settings.from_environ({"TRACKER_DATABASE_URL": f"sqlite:///{folder / 'reports.db'}"})
        list_id, stored, ends = _truth(settings, events)
        copies = [_build(settings, list_id, ends, folder / f"own-{number}") for number in range(ROUNDS)]
        middle = Built(*(statistics.median(each) for each in zip(*copies, strict=True)))
        print(f"{stored:,} events; load of the machine {os.getloadavg()[0]:.1f}\n")
        print(f"build, µs of processor an event | {middle.cpu * 1e6 / stored:.1f}")
        print(f"… memory of its process at most, MB | {middle.build_memory:,.0f}")
        print(f"the process that answers, at most, MB | {middle.memory:,.0f}")
        print(f"the file, bytes an event | {middle.size / stored:.0f}")
        ways = _ways(settings, folder, opened)
        for title, days in (("events of a day", 1), ("people by page, 90 days", 90)):
            _print_times(title, ways, partial(_question, days, list_id, ends))
        print(f"\nthe gateway's two processes, MB (Pss) | {_gateway_memory():.0f}")
        print(f"processor of a stranger's request that is refused, ms | {_cost_of_strangers(folder):.2f}")
        ways["in place"].stop_process()


def _truth(settings: Settings, events: int) -> tuple[int, int, int]:
    services = build_services(settings, open_database(settings, load_commands()))
    services.storage.upgrade()
    list_id = services.stores.lists.add(
        services.stores.users.add("bench@example.com", "bench-password-1"), "shop"
    )
    ends = time.time_ns() // 1_000_000
    stored = make_truth(services, list_id, events, ends)
    services.close()
    return list_id, stored, ends


def _question(days: int, list_id: int, ends: int, number: int) -> Question:
    """Another range each time, so that nothing answers from memory."""
    head = Head(list_id, ends - days * DAY_MS - number * 1000, ends - number * 1000, now=ends)
    if days == 1:
        return Trend(head, (measure_of("events"),), interval="none")
    return Breakdown(head, (Dimension("event", "$pathname"),), (measure_of("people"),), "page_view")


def _ask(client: ReportsClient, question: Question) -> None:
    until = time.monotonic() + PATIENCE
    while "answer" not in (reply := client.ask(question, 1, until)):
        if "error" in reply or time.monotonic() > until:
            raise BenchFailed(f"no answer: {reply}")
        gevent.sleep(LOOK_SECONDS)


def _build(settings: Settings, list_id: int, ends: int, folder: Path) -> Built:
    setup = ReportsSetup(settings.database_url, str(folder), settings.reports_memory_mb)
    client, peak = ReportsClient(setup, encode), 0.0
    if "error" in client.request({"status": True}, PATIENCE):
        raise BenchFailed("the reports process did not start")
    process = int((folder / LOCK).read_text())
    asked = gevent.spawn(_ask, client, _question(1, list_id, ends, 0))
    while not asked.ready():
        peak = max([peak, *(memory_of(build).get("VmHWM", 0.0) for build in children_of(process))])
        gevent.sleep(LOOK_SECONDS)
    asked.get()
    built = Built(
        _cpu_seconds(process, CHILDREN_TICKS),
        peak,
        memory_of(process)["VmHWM"],
        (folder / f"{list_id}.duckdb").stat().st_size,
    )
    client.stop_process()
    shutil.rmtree(folder)
    return built


def _cpu_seconds(process: int, first: int) -> float:
    times = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return sum(map(int, times[first : first + 2])) / os.sysconf("SC_CLK_TCK")


def _ways(settings: Settings, folder: Path, opened: ExitStack) -> dict[str, ReportsClient]:
    """The reports process in place, and the ways that lead to it over two gateways and Caddy."""
    ports = (18_431, 18_432)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    about = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, *about, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    (folder / "Caddyfile").write_text(
        f"{{\n admin off\n auto_https off\n}}\nhttps://localhost:{ports[1]} {{\n tls {certificate} {key}\n"
        f" reverse_proxy 127.0.0.1:{ports[0]}\n}}\n"
    )
    serve = [sys.executable, "-m", "tracker.cli", "reports", "serve"]
    environ = _environ(settings, folder)
    opened.enter_context(_running([*serve, f"unix:{folder / 'sock'}"], folder, environ))
    opened.enter_context(_running([*serve, f"127.0.0.1:{ports[0]}"], folder, environ))
    opened.enter_context(_running(["caddy", "run", "--config", str(folder / "Caddyfile")], folder, environ))
    asked_at = {
        "unix": f"unix:{folder / 'sock'}",
        "http+private": f"http+private://127.0.0.1:{ports[0]}",
        "https": f"https://localhost:{ports[1]}",
    }
    asking = {**environ, "TRACKER_REPORTS_CA_FILE": str(certificate)}
    others = {
        name: reports_client(Settings.from_environ({**asking, "TRACKER_REPORTS_URL": url}))
        for name, url in asked_at.items()
    }
    for client in others.values():
        _wait_for(partial(_is_answered, client))
    return {"in place": ReportsClient(reports_setup(settings), encode), **others}


def _environ(settings: Settings, folder: Path) -> dict[str, str]:
    return {
        "TRACKER_DATABASE_URL": settings.database_url,
        "TRACKER_REPORTS_SECRET_FILE": str(folder / "secret"),
    }


@contextmanager
def _running(command: list[str], folder: Path, environ: dict[str, str]) -> Iterator[None]:
    with (folder / "log").open("ab") as log:
        program = subprocess.Popen(
            command, env={**os.environ, **environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
    PROGRAMS.append(program.pid)
    try:
        if "serve" in command:
            _wait_for(lambda: (folder / "secret").exists())
        yield
    finally:
        program.terminate()
        program.wait(30)


#: The gateways and Caddy, in the order in which they were started.
PROGRAMS: list[int] = []


def _wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > until:
            raise BenchFailed("a server did not start")
        time.sleep(LOOK_SECONDS)


def _is_answered(client: ReportsClient) -> bool:
    told = client.status_if_running()
    return told is None or "error" not in told


def _print_times(title: str, ways: dict[str, ReportsClient], question: Callable[[int], Question]) -> None:
    """Ask on each way in turn; print p50 in ms, and the median of the ratios to the way in place, pair by pair."""
    for number, client in enumerate(ways.values()):
        _ask(client, question(-1 - number))
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(QUESTIONS):
        for place, (name, client) in enumerate(ways.items()):
            asked = question(number * len(ways) + place)
            began = time.perf_counter()
            _ask(client, asked)
            taken[name].append((time.perf_counter() - began) * 1000)
    own = taken["in place"]
    print(f"\n{title}: ms, p50 | times that in place | ms more")
    for name, times in taken.items():
        ratio = statistics.median(one / other for one, other in zip(times, own, strict=True))
        more = statistics.median(one - other for one, other in zip(times, own, strict=True))
        print(f"{name} | {statistics.median(times):.1f} | {ratio:.2f} | {more:.1f}")


def _gateway_memory() -> float:
    arbiter = PROGRAMS[0]
    rollups = [Path(f"/proc/{each}/smaps_rollup").read_text() for each in (arbiter, *children_of(arbiter))]
    lines = [line for each in rollups for line in each.splitlines() if line.startswith("Pss:")]
    return sum(int(line.split()[1]) for line in lines) / 1024


def _cost_of_strangers(folder: Path) -> float:
    """Milliseconds of the gateway's processor for a request with another secret and a body of 1 MB, of which nothing is read."""
    worker, requests = children_of(PROGRAMS[0])[0], 300
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\nContent-Length: 1000000\r\n\r\n"
    before = _cpu_seconds(worker, OWN_TICKS)
    for _ in range(requests):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect(str(folder / "sock"))
            stranger.sendall(head)
            if not stranger.recv(1000).startswith(b"HTTP/1.1 401 "):
                raise BenchFailed("a stranger was not refused")
    return (_cpu_seconds(worker, OWN_TICKS) - before) * 1000 / requests


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS)
