"""How soon is an event told, and how late are answers to tracking meanwhile? `python -m bench.triggers_while_live`.

A steady load of RATE events a second: without a trigger; with 10,800 deliveries an hour beside it, of events without and with
conditions; and with one for each event. One SQLite file, two workers. The delay of a message is counted from when its event came
to when the POST has come to the target, so that it has the commit in it.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bench.deletions_while_live import call, script
from bench.import_while_live import RATE, SECONDS, steady
from bench.site import make_site

#: Events a second that a trigger is about, beside the load: 10,800 an hour.
TOLD_RATE = 3
#: Seconds that the last messages may take.
LATE_SECONDS = 10


class Delays:
    """Seconds from an event to its message, in the order in which they came."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.url = ""

    def note(self, message: dict[str, Any]) -> None:
        received_at = datetime.fromisoformat(message["Event"]["ReceivedAt"])
        self.seconds.append(time.time() - received_at.timestamp())


@contextmanager
def target() -> Iterator[Delays]:
    delays = Delays()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            delays.note(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    delays.url = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield delays
    server.shutdown()
    server.server_close()


def told_beside(address: str, key: str, list_id: str, is_over: threading.Event) -> None:
    """TOLD_RATE events a second, of several people."""
    number = 0
    while not is_over.wait(1 / TOLD_RATE):
        params = {
            "Event": "told",
            "ListID": int(list_id),
            "Email": f"p{number % 10}@example.com",
            "Properties": {"n": 1},
        }
        call(address, key, "event.track", **params)
        number += 1


def measured(title: str, address: str, account: tuple[str, str], delays: Delays) -> None:
    """Print a line: milliseconds of answers, and seconds of messages."""
    delays.seconds.clear()
    is_over = threading.Event()
    beside = threading.Thread(target=told_beside, args=(address, *account, is_over))
    beside.start()
    cuts = statistics.quantiles(steady(address, *account), n=100)
    is_over.set()
    beside.join()
    time.sleep(LATE_SECONDS / 5)
    told = sorted(delays.seconds) or [0.0]
    rate = len(delays.seconds) / SECONDS * 3600
    worst = told[int(len(told) * 0.99)]
    print(
        f"{title:<40}{cuts[49]:>9.1f}{cuts[98]:>9.1f}{rate:>12,.0f}{statistics.median(told):>9.2f}{worst:>9.2f}{told[-1]:>9.2f}",
        flush=True,
    )


def made(address: str, key: str, **params: Any) -> int:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/v1/trigger.create", json.dumps(params).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return int(json.load(answer)["TriggerID"])


def main() -> None:
    """Measure each case twice, in turn."""
    condition = {"Of": "event", "Property": "n", "Is": "equals", "Value": 1}
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as name, target() as delays:
        site = make_site(Path(name))
        database = site.database("live")
        _, list_id = site.accounts.read_text().split()[:2]
        key = script(database, "key", "add", "user0@example.com", "--permission", "*")
        about = {"ListID": int(list_id), "Name": "Told", "URL": delays.url}
        with database.serve(TRACKER_OUTGOING_ALLOW="127.0.0.0/8") as address:
            print(
                f"{f'{RATE} events/s':<40}{'p50 ms':>9}{'p99 ms':>9}{'told/hour':>12}{'p50 s':>9}{'p99 s':>9}{'most s':>9}"
            )
            for _ in range(2):
                measured("no trigger", address, (key, list_id), delays)
                for title, params in (
                    ("one of 3 events/s", {"Event": "told"}),
                    ("one of 3 events/s, with a condition", {"Event": "told", "Where": [condition]}),
                    ("one of all events", {"Event": "live"}),
                ):
                    number = made(address, key, **about, **params)
                    time.sleep(2)
                    measured(title, address, (key, list_id), delays)
                    call(address, key, "trigger.delete", ListID=int(list_id), TriggerID=number)


if __name__ == "__main__":
    main()
