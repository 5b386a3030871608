"""On which list are timelines measured? One with a busy person, one of many visitors, and a visitor with a long past."""

from __future__ import annotations

import http.client
import json
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from bench.load import BenchFailed
from bench.plan import Plan
from bench.servers import gunicorn
from tracker.app import build_services, open_database
from tracker.config import Settings
from tracker.domain.event import Event
from tracker.plugins import load_commands
from tracker.services import Services
from tracker.storage.subscribers import identity_rows

#: Events of the busy person, visitors of the one with many, events of the visitor with a long past, and persons there are.
BUSY, VISITORS, PAST, SUBSCRIBERS = 100_000, 100_000, 1_000_000, 1_000_000
BATCH, CALLS, FEWEST_CALLS = 500, 200, 20
YEAR_MS = 365 * 24 * 3_600_000
COMMANDS = ("event.track", "subscriber.get", "subscriber.events")
LIMITS = ",".join(f"{command}=1000000000/60" for command in COMMANDS)
STRANGER = "00000000-0000-4000-8000-000000000001"

#: Parameters of one call of a command.
Call = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Filled:
    """A list with persons, visitors and events, served at `url`."""

    url: str
    key: str
    list_id: int
    events: int
    subscribers: int
    calls: int
    seconds: float

    def call(self, connection: http.client.HTTPConnection, call: Call) -> dict[str, Any]:
        command, params = call
        headers = {"Authorization": f"Bearer {self.key}"}
        sent = urlencode({"ListID": self.list_id, **params})
        connection.request("GET", f"/api/v1/{command}?{sent}", headers=headers)
        answer = connection.getresponse()
        body: dict[str, Any] = json.loads(answer.read())
        if answer.status != 200:
            raise BenchFailed(f"{command} was answered {answer.status}: {body}")
        return body

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=30)


@contextmanager
def filled_list(plan: Plan, url: str, folder: Path) -> Iterator[Filled]:
    environ = {"TRACKER_DATABASE_URL": url, "TRACKER_LIMITS": LIMITS}
    settings = Settings.from_environ(environ)
    services = build_services(settings, open_database(settings, load_commands()))
    services.storage.upgrade()
    user_id = services.stores.users.add("bench@example.com", "bench-password-1")
    key = services.stores.keys.add(user_id, "Subscribers.Get")
    list_id = services.stores.lists.add(user_id, "bench")
    began, subscribers = time.monotonic(), int(SUBSCRIBERS * plan.scale)
    events = sum(store(services, some) for some in all_events(list_id, plan.scale))
    _add_subscribers(services, list_id, subscribers)
    services.close()
    sys.stderr.write(f"{url.partition(':')[0]}: {events:,} events in {time.monotonic() - began:.0f} s\n")
    with gunicorn("wsgi:app", environ, folder / "timeline.log") as address:
        calls = max(FEWEST_CALLS, int(CALLS * min(1.0, plan.scale)))
        yield Filled(address, key, list_id, events, subscribers, calls, plan.seconds)


def all_events(list_id: int, scale: float) -> Iterator[list[Event]]:
    """Batches of what a busy person, one with many visitors (each with a past) and a stranger do, over a year."""
    chance, now = random.Random(1), time.time_ns() // 1_000_000

    def event(name: str, number: int, **who: Any) -> Event:
        at = now - chance.randrange(YEAR_MS)
        properties = {"$current_url": f"https://example.com/{number % 1000}", "number": number}
        if number % 10_000 == 0:
            properties["rare"] = True
        return Event(list_id, name, now, claimed_at=at, properties=properties, **who)

    def names(number: int) -> str:
        return "rare" if number % 10_000 == 1 else f"event_{number % 20}"

    for start in range(0, int(BUSY * scale), BATCH):
        yield [event(names(n), n, email=_email("busy")) for n in range(start, start + BATCH)]
    for start in range(0, int(VISITORS * scale), BATCH):
        uuids = [UUID(int=2**100 + n).bytes for n in range(start, start + BATCH)]
        yield [event("page_view", n, uuid=uuid) for n, uuid in enumerate(uuids, start)]
        yield [event("identify", n, uuid=uuid, email=_email("many")) for n, uuid in enumerate(uuids, start)]
    for start in range(0, int(PAST * scale), BATCH):
        yield [event(names(n), n, uuid=UUID(STRANGER).bytes) for n in range(start, start + BATCH)]


def _email(name: str) -> tuple[str, str]:
    return f"{name}@example.com", f"{name}@example.com"


def store(services: Services, events: list[Event]) -> int:
    for outcome in services.ingest.track_batch(events, time.monotonic() + 60):
        if isinstance(outcome, Exception):
            raise outcome
    return len(events)


def _add_subscribers(services: Services, list_id: int, subscribers: int) -> None:
    """Persons with nothing but an address."""
    for start in range(0, subscribers, 5_000):
        rows = [
            (list_id, 2**40 + n, *_email(f"person{n}"), None, n.to_bytes(16, "big"), 0, 0)
            for n in range(start, min(subscribers, start + 5_000))
        ]
        services.storage.write(partial(identity_rows.add_subscribers, rows=rows, now=1))
