"""What if processes are killed while triggers deliver? Every event is told, each person's in order, repeats under the same id."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.faults.harness import Harness
from tests.faults.run_length import run_length
from tests.faults.tables import Report
from tests.processes import until
from tests.receiver import ALLOWED
from tests.servers import NewDatabase
from tracker.storage.schema.own_database import own_database

PEOPLE, EVENTS = 12, run_length(short=15, long=400)
#: Kills of all workers, and of everything, in turn.
KILLS = run_length(short=1, long=12)
#: Seconds until another process has taken over, and told all.
PATIENCE = 90


class Told:
    """What a target was told: (id, person, number) in the order in which it came."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, int, int]] = []
        self.url = ""

    def faults(self) -> list[str]:
        """What is wrong with it, but for what is missing."""
        found = []
        first: dict[tuple[int, int], str] = {}
        by_person: dict[int, list[int]] = defaultdict(list)
        for number, person, event in list(self.requests):
            known = first.setdefault((person, event), number)
            if known != number:
                found.append(f"event {event} of {person} came as {known} and as {number}")
            if event not in by_person[person]:
                by_person[person].append(event)
        found += [f"{person}: {told}" for person, told in by_person.items() if told != sorted(told)]
        return found

    def distinct(self) -> set[tuple[int, int]]:
        return {(person, event) for _, person, event in list(self.requests)}


@contextmanager
def target() -> Iterator[Told]:
    """A target with threads of its own: the test's waits."""
    told = Told()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sent = body["Event"]["Properties"]
            told.requests.append((self.headers["webhook-id"], sent["person"], sent["n"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Roomy(ThreadingHTTPServer):
        request_queue_size = 128  # a trigger begins up to 16 at once: who finds no place comes again later

    server = Roomy(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(tracker: Harness, person: int, ended: threading.Event) -> None:
    """Send one person's events, each until it is acknowledged."""
    number = 0
    while number < EVENTS and not ended.is_set():
        params = {
            "ListID": tracker.lists[0],
            "Event": "ordered",
            "Email": f"p{person}@example.com",
            "EventID": f"p{person}-{number}",
            "Properties": {"person": person, "n": number},
        }
        with suppress(OSError, HTTPException), tracker.connection() as wire:
            while number < EVENTS and wire.call(params)[0] == 200:
                number += 1
                params |= {"EventID": f"p{person}-{number}", "Properties": {"person": person, "n": number}}


def end_lease(tracker: Harness) -> None:
    """Have another process take over at once, and not in 15 s."""
    database = own_database(tracker.database_url)
    sql = "UPDATE work_leases SET leased_until = 0 WHERE name = ?"
    database.write(lambda transaction: transaction.execute(sql, (b"triggers",)))
    database.close()


@pytest.mark.parametrize("kind", ["sqlite", "mariadb"])
def test_kills_lose_no_delivery_and_keep_each_persons_order(
    kind: str, new_database: NewDatabase, report: Report
) -> None:
    ended = threading.Event()
    with target() as told, Harness(new_database(kind), settings=ALLOWED) as tracker:
        made = {"ListID": tracker.lists[0], "Name": "All", "Event": "ordered", "URL": told.url}
        tracker.ok("trigger.create", tracker.key, **made)
        senders = [threading.Thread(target=send, args=(tracker, person, ended)) for person in range(PEOPLE)]
        for sender in senders:
            sender.start()
        try:
            for kill in range(KILLS):
                goal = (kill + 1) * PEOPLE * EVENTS // (2 * KILLS + 1)
                until(lambda goal=goal: len(told.requests) >= goal, PATIENCE, "deliveries")
                if (kill + (kind == "sqlite")) % 2:
                    tracker.kill_and_start()
                else:
                    for worker in tracker.running.children():
                        os.kill(worker, signal.SIGKILL)
                end_lease(tracker)
            until(lambda: len(told.distinct()) == PEOPLE * EVENTS, PATIENCE, "all to be told")
        finally:
            ended.set()
            for sender in senders:
                sender.join()
        tracker.stop()
    repeats = len(told.requests) - len(told.distinct())
    report(f"kills while triggers deliver, {kind}", faults=KILLS, told=len(told.requests), repeats=repeats)
    assert told.faults() == []
    assert repeats <= KILLS * PEOPLE, "only what was under way"
