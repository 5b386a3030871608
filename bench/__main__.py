"""How fast is Tracker, as a share of what a bare Flask JSON echo does in the same run? `make bench`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.servers import ROOT, gunicorn, is_up, workers_pss_megabytes
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.plugins import load_commands

ACCOUNTS, CONNECTIONS = 50, 32
ALTERNATIONS, SECONDS = 5, 5
LIMITS = "event.track=1000000000/60,website_events.properties=1000000000/60"


@dataclass(frozen=True)
class Load:
    """What one run of the load generator saw. Latencies in milliseconds."""

    requests: int
    seconds: float
    failures: int
    p50: float
    p99: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def load(url: str, accounts: Path, word: str, path: str) -> Load:
    """Drive `url` for SECONDS with CONNECTIONS connections."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(ROOT / "bench/load.lua"), url]
    output = subprocess.run(
        [*command, "--", str(accounts), word, path],
        check=True,
        capture_output=True,
        text=True,
        timeout=SECONDS + 30,
    ).stdout
    line = next(line for line in output.splitlines() if line.startswith("RESULT "))
    requests, micros, failures, p50, p99 = map(int, line.split()[1:])
    return Load(requests, micros / 1e6, failures, p50 / 1000, p99 / 1000)


def prepare(folder: Path) -> tuple[Path, str]:
    """A migrated database with ACCOUNTS users, each with a key and a list; gives the accounts' file and the URL."""
    url = f"sqlite:///{folder}/bench.db"
    settings = Settings.from_environ({"TRACKER_DATABASE_URL": url})
    services = build_services(settings, open_database(settings, load_commands()))
    services.storage.upgrade()
    lines = []
    for number in range(ACCOUNTS):
        user = services.stores.users.add(f"user{number}@example.com", "bench-password-1")
        key = services.stores.keys.add(user, "Subscribers.Get")
        lines.append(f"{key} {services.stores.lists.add(user, 'bench')}")
    services.storage.close()
    accounts = folder / "accounts.txt"
    accounts.write_text("\n".join(lines) + "\n")
    return accounts, url


def count_rows(url: str) -> int:
    settings = Settings.from_environ({"TRACKER_DATABASE_URL": url})
    database = open_database(settings, load_commands())
    return int(database.read(lambda t: t.select("SELECT COUNT(*) FROM event_ids"))[0][0])


def row(title: str, loads: list[Load], floors: list[Load]) -> str:
    ratio = statistics.median(
        one.per_second / floor.per_second for one, floor in zip(loads, floors, strict=True)
    )
    middle = sorted(loads, key=lambda one: one.per_second)[len(loads) // 2]
    failures = sum(one.failures for one in loads)
    return f"{title:<28}{middle.per_second:>9,.0f}/s{middle.p50:>9.1f}{middle.p99:>9.1f}{ratio:>9.2f}{failures:>9}"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name:
        folder = Path(name)
        accounts, url = prepare(folder)
        environ = {"TRACKER_DATABASE_URL": url, "TRACKER_LIMITS": LIMITS, "WEB_CONCURRENCY": "2"}
        log = folder / "server.log"
        with gunicorn("bench.echo:app", environ, log) as floor, gunicorn("wsgi:app", environ, log) as tracker:
            measure(accounts, url, floor, tracker)


def measure(accounts: Path, url: str, floor: str, tracker: str) -> None:
    if not is_up(tracker):
        raise RuntimeError("Tracker is not ready")
    floors, tracks, listings = [], [], []
    memory: list[float] = []
    for turn in range(ALTERNATIONS):
        floors.append(load(floor, accounts, f"e{turn}", "/api/v1/event"))
        tracks.append(load(tracker, accounts, f"t{turn}-{time.time_ns()}", "/api/v1/event"))
        memory = workers_pss_megabytes(tracker)
        listings.append(load(tracker, accounts, f"p{turn}", "/api/v1/website_events.properties"))
    print(f"{'':<28}{'median':>11}{'p50 ms':>9}{'p99 ms':>9}{'ratio':>9}{'not 2xx':>9}")
    print(row("bare Flask JSON echo", floors, floors))
    print(row("event.track", tracks, floors))
    print(row("website_events.properties", listings, floors))
    answered = sum(one.requests - one.failures for one in tracks)
    # wrk does not count the answers under way when its time is up; those events are stored all the same.
    print(
        f"\nevents answered 200: {answered}, stored: {count_rows(url)} ({CONNECTIONS} under way at each end)"
    )
    print("memory per worker (PSS): " + ", ".join(f"{megabytes:.0f} MB" for megabytes in memory))


if __name__ == "__main__":
    sys.exit(main())
