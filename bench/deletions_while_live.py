"""How late are answers to live tracking while events are deleted? `python -m bench.deletions_while_live`.

A steady load alone, while somebody with half of EVENTS is forgotten, and while retention deletes the other half. One
SQLite file, two workers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.import_while_live import steady_row
from bench.servers import ROOT
from bench.site import Database, make_site

EVENTS = 200_000


def fill(database: Database, folder: Path, list_id: str) -> None:
    """Events of 40 days ago, every other one of one person."""
    file = folder / "old.ndjson"
    at = int(time.time()) - 40 * 86_400
    with file.open("w") as lines:
        for number in range(EVENTS):
            event = {
                "Event": f"event_{number % 20}",
                "Timestamp": at + number % 86_400,
                "Properties": {"n": number},
            }
            event["Email"] = "jane@example.com" if number % 2 else f"other-{number % 5000}@example.com"
            lines.write(json.dumps(event) + "\n")
    script(database, "import", str(file), "--user", "user0@example.com", "--list", list_id)


def script(database: Database, *arguments: str) -> str:
    """What `tracker ...` prints."""
    environ = {**os.environ, "TRACKER_DATABASE_URL": database.url, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tracker.cli", *arguments]
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout.strip()


def call(address: str, key: str, command: str, **params: object) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/v1/{command}", json.dumps(params).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def deleted(database: Database) -> Callable[[], int]:
    """How many there are, counted down."""
    return lambda: -database.count_events()


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name:
        folder = Path(name)
        site = make_site(folder)
        database = site.database("live")
        _, list_id = site.accounts.read_text().split()[:2]
        key = script(database, "key", "add", "user0@example.com", "--permission", "*")
        account = (key, list_id)
        fill(database, folder, list_id)
        gone = deleted(database)
        with database.serve() as address:
            for _ in range(20):  # both workers have started, and know the list
                call(address, key, "lists.get")
            print(f"{'':<34}{'live':>11}{'p50 ms':>9}{'p99 ms':>9}{'deleted':>14}")
            print(steady_row("steady, alone", address, account), flush=True)
            call(address, key, "subscriber.forget", ListID=int(list_id), EmailAddress="jane@example.com")
            print(steady_row("steady, while one is forgotten", address, account, gone), flush=True)
            time.sleep(30)
            call(address, key, "list.update", ListID=int(list_id), RetentionDays=30)
            environ = {**os.environ, "TRACKER_DATABASE_URL": database.url, "PYTHONPATH": str(ROOT)}
            retention = subprocess.Popen([sys.executable, "-m", "tracker.cli", "retention"], env=environ)
            print(steady_row("steady, during retention", address, account, gone), flush=True)
            retention.terminate()
            retention.wait()


if __name__ == "__main__":
    main()
