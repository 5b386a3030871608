"""How late are answers to live tracking while a file is imported? `python -m bench.import_while_live`.

Two loads, each alone and during an import: a steady one of RATE events a second, as a busy site sends them, and as much
as CONNECTIONS connections get through. One SQLite file, two workers.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import load
from bench.servers import ROOT
from bench.site import Database, Site, make_site

RATE, CLIENTS, SECONDS = 200, 8, 10
LINES = 400_000
_numbers = itertools.count()


def write_file(path: Path) -> None:
    """LINES events of many visitors, an Email on 1 in 10."""
    chance = random.Random(1)
    with path.open("w") as file:
        for number in range(LINES):
            event = {
                "Event": f"event_{number % 20}",
                "UUID": f"550e8400-e29b-41d4-a716-{chance.randrange(100_000):012x}",
                "Timestamp": int(time.time()) - 10**6 + number,
                "Properties": {"$page_title": "Product Page", "product_id": f"item-{number % 1000}"},
            }
            if number % 10 == 0:
                event["Email"] = f"subscriber-{chance.randrange(10_000)}@example.com"
            file.write(json.dumps(event) + "\n")


@contextmanager
def importing(database: Database, file: Path, list_id: str) -> Iterator[Callable[[], int]]:
    """`tracker import` in a process of its own; the function gives how many events are stored."""
    command = [
        sys.executable,
        "-m",
        "tracker.cli",
        "import",
        str(file),
        "--user",
        "user0@example.com",
        "--list",
        list_id,
    ]
    environ = {**os.environ, "TRACKER_DATABASE_URL": database.url, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        before = database.count_events()
        while database.count_events() == before:
            time.sleep(0.1)
        yield database.count_events
        if process.poll() is not None:
            raise RuntimeError("the file was imported before the measurement was over: raise LINES")
    finally:
        process.terminate()
        process.wait()


def steady(address: str, key: str, list_id: str, seconds: float = SECONDS) -> list[float]:
    """Milliseconds each answer took, of RATE requests a second from CLIENTS clients, counted from when each was due."""
    times: list[float] = []
    host = address.removeprefix("http://")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(host, timeout=10)
        began = time.perf_counter() + number / RATE
        for turn in range(int(RATE * seconds) // CLIENTS):
            due = began + turn * CLIENTS / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            event = {"Event": "live", "ListID": int(list_id), "EventID": f"live-{next(_numbers)}"}
            connection.request("POST", "/api/v1/event", json.dumps(event), headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise RuntimeError(f"answered {answer.status}")
            times.append((time.perf_counter() - due) * 1000)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def row(title: str, rate: float, p50: float, p99: float, imported: float) -> str:
    return f"{title:<34}{rate:>9,.0f}/s{p50:>9.1f}{p99:>9.1f}{imported:>12,.0f}/s"


def steady_row(
    title: str, address: str, account: tuple[str, str], stored: Callable[[], int] | None = None
) -> str:
    before, began = stored() if stored else 0, time.monotonic()
    times = steady(address, *account)
    imported = (stored() - before - len(times)) / (time.monotonic() - began) if stored else 0
    cuts = statistics.quantiles(times, n=100)
    return row(title, len(times) / SECONDS, cuts[49], cuts[98], imported)


def full_row(title: str, address: str, site: Site, stored: Callable[[], int] | None = None) -> str:
    before, began = stored() if stored else 0, time.monotonic()
    found = load(address, site, "event", seconds=SECONDS)
    imported = (stored() - before - found.requests) / (time.monotonic() - began) if stored else 0
    return row(title, found.per_second, found.p50, found.p99, imported)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name:
        folder = Path(name)
        site = make_site(folder)
        database = site.database("live")
        file = folder / "events.ndjson"
        write_file(file)
        key, list_id = site.accounts.read_text().split()[:2]
        with database.serve() as address:
            print(f"{'':<34}{'live':>11}{'p50 ms':>9}{'p99 ms':>9}{'imported':>14}")
            load(address, site, "event", seconds=1)
            print(steady_row("steady, alone", address, (key, list_id)))
            print(full_row("all that gets through, alone", address, site))
            with importing(database, file, list_id) as stored:
                print(steady_row("steady, during an import", address, (key, list_id), stored))
                print(full_row("all that gets through, during one", address, site, stored))


if __name__ == "__main__":
    main()
