"""How fast are the pages of a timeline, and what does it cost to identify somebody with a long past? On both engines."""

from __future__ import annotations

import http.client
import json
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from bench.import_while_live import SECONDS, steady
from bench.load import BenchFailed
from bench.plan import Plan
from bench.report import Report
from bench.servers import gunicorn
from tests.servers import MariaDB
from tracker.app import Services, build_services, open_database
from tracker.config import Settings
from tracker.ingest.event import Event
from tracker.plugins import load_commands
from tracker.storage import people

#: Events of the busy person, visitors of the one with many, events of the visitor with a long past, and persons there are.
BUSY, VISITORS, PAST, PERSONS = 100_000, 100_000, 1_000_000, 1_000_000
BATCH, CALLS = 500, 200
YEAR_MS = 365 * 24 * 3_600_000
COMMANDS = ("event.track", "subscriber.get", "subscriber.events")
LIMITS = ",".join(f"{command}=1000000000/60" for command in COMMANDS)
#: Events that both engines store in a second, to say how long it takes.
FILL_PER_SECOND = 2_500
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
    persons: int

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


def expected_seconds(plan: Plan) -> float:
    return 2 * (60 + plan.scale * (BUSY + 2 * VISITORS + PAST) / FILL_PER_SECOND)


def measure(plan: Plan) -> Report:
    report = Report("timeline", "Timelines")
    figures: list[dict[str, str]] = []
    for engine in (_sqlite, _mariadb):
        with engine(plan) as (url, folder), _filled(plan, url, folder) as filled:
            figures.append(_figures(filled))
    report.say(
        f"One list of {filled.events:,} events and {filled.persons:,} subscribers, two workers, calls one after the other on one "
        f"connection; {CALLS} calls a row, each of another person or from another place in the timeline."
    )
    rows = [[title, *(figure[title] for figure in figures)] for title in figures[0]]
    report.table(("p50 / p99, ms", "SQLite", "MariaDB"), rows)
    return report


@contextmanager
def _sqlite(plan: Plan) -> Iterator[tuple[str, Path]]:
    yield f"sqlite:///{plan.site.folder}/timeline.db", plan.site.folder


@contextmanager
def _mariadb(plan: Plan) -> Iterator[tuple[str, Path]]:
    with MariaDB("--innodb-buffer-pool-size=512M") as server:
        yield server.new_database(), plan.site.folder


@contextmanager
def _filled(plan: Plan, url: str, folder: Path) -> Iterator[Filled]:
    environ = {"TRACKER_DATABASE_URL": url, "TRACKER_LIMITS": LIMITS}
    settings = Settings.from_environ(environ)
    services = build_services(settings, open_database(settings, load_commands()))
    services.storage.upgrade()
    user_id = services.stores.users.add("bench@example.com", "bench-password-1")
    key = services.stores.keys.add(user_id, "Subscribers.Get")
    list_id = services.stores.lists.add(user_id, "bench")
    began, persons = time.monotonic(), int(PERSONS * plan.scale)
    events = sum(_store(services, some) for some in _all_events(list_id, plan.scale))
    _add_persons(services, list_id, persons)
    services.ingest.flush()
    services.storage.close()
    sys.stderr.write(f"{url.partition(':')[0]}: {events:,} events in {time.monotonic() - began:.0f} s\n")
    with gunicorn("wsgi:app", environ, folder / "timeline.log") as address:
        yield Filled(address, key, list_id, events, persons)


def _all_events(list_id: int, scale: float) -> Iterator[list[Event]]:
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


def _store(services: Services, events: list[Event]) -> int:
    for outcome in services.ingest.track_batch(events, time.monotonic() + 60):
        if isinstance(outcome, Exception):
            raise outcome
    return len(events)


def _add_persons(services: Services, list_id: int, persons: int) -> None:
    """Persons with nothing but an address."""
    for start in range(0, persons, 5_000):
        rows = [
            (list_id, 2**40 + n, *_email(f"person{n}"), None, n.to_bytes(16, "big"))
            for n in range(start, min(persons, start + 5_000))
        ]
        services.storage.write(partial(people.add_subscribers, rows=rows, now=1))


def _figures(filled: Filled) -> dict[str, str]:
    """Each row of the table."""
    chance = random.Random(2)
    busy, many = {"EmailAddress": "busy@example.com"}, {"EmailAddress": "many@example.com"}
    places = _cursors(filled, busy)
    week = 7 * 24 * 3600

    def any_time() -> dict[str, Any]:
        start = int(time.time()) - chance.randrange(YEAR_MS // 1000)
        return {"From": start, "To": start + 4 * week}

    def events(**params: Any) -> Call:
        return "subscriber.events", params

    rows: dict[str, Callable[[], Call]] = {
        "`subscriber.get`": lambda: (
            "subscriber.get",
            {"EmailAddress": f"person{chance.randrange(filled.persons)}@example.com"},
        ),
        "`subscriber.get` of the busy person": lambda: ("subscriber.get", busy),
        "page, no filter": lambda: events(**busy, Cursor=chance.choice(places)),
        "page, event and time": lambda: events(**busy, Event="event_3", **any_time()),
        "page, an event of which there are few": lambda: events(**busy, Event="rare"),
        "page, a property that few have": lambda: events(**busy, Property="rare"),
        "page of the person with many visitors": lambda: events(**many),
        "page of the visitor with a long past": lambda: events(UUID=STRANGER, **any_time()),
    }
    figures = {title: _timed(filled, call) for title, call in rows.items()}
    return figures | _identify(filled)


def _cursors(filled: Filled, who: dict[str, Any]) -> list[str]:
    connection, found = filled.connection(), []
    sent = who | {"RecordsPerRequest": 100}
    for _ in range(50):
        cursor = filled.call(connection, ("subscriber.events", sent))["Cursor"]
        if cursor is None:
            break
        found.append(cursor)
        sent = sent | {"Cursor": cursor}
    return found


def _timed(filled: Filled, call: Callable[[], Call]) -> str:
    connection, times = filled.connection(), []
    for _ in range(CALLS):
        made = call()
        began = time.perf_counter()
        filled.call(connection, made)
        times.append((time.perf_counter() - began) * 1000)
    return _shown(times)


def _shown(times: Sequence[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"{cuts[49]:,.1f} / {cuts[98]:,.1f}"


def _identify(filled: Filled) -> dict[str, str]:
    """The stranger becomes somebody while others write."""
    alone = steady(filled.url, filled.key, str(filled.list_id))
    others: list[float] = []
    writers = threading.Thread(
        target=lambda: others.extend(steady(filled.url, filled.key, str(filled.list_id)))
    )
    writers.start()
    time.sleep(SECONDS / 2)
    began = time.perf_counter()
    body = {"Event": "identify", "ListID": filled.list_id, "UUID": STRANGER, "Email": "stranger@example.com"}
    connection = filled.connection()
    headers = {"Authorization": f"Bearer {filled.key}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/event", json.dumps(body), headers)
    status = connection.getresponse().status
    taken = (time.perf_counter() - began) * 1000
    writers.join()
    if status != 200:
        raise BenchFailed(f"the identify event was answered {status}")
    stranger = {"EmailAddress": "stranger@example.com"}
    return {
        "the identify event of that visitor": f"{taken:,.1f}",
        "200 events/s of others meanwhile": _shown(others),
        "… and without it": _shown(alone),
        "then a page of that person": _timed(filled, lambda: ("subscriber.events", stranger)),
    }
