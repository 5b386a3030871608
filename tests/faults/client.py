"""Who sends events while everything else is being killed? A process of its own: `python -m tests.faults.client JSON`.

It sends over many connections until its standard input ends or its time is over, repeats what it is unsure of with the
EventID it has, and writes all of it to its ledger.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from tests.faults.acked_events import Ledger
from tests.faults.events import Imagination, Made

#: An answer is to be there in 6 s; what is not there in this time will not be waited for.
PATIENCE_SECONDS = 20.0
#: What a client does when a server is not there.
BACK_OFF_SECONDS = 0.05
Outcome = tuple[str, Any]


@dataclass(slots=True)
class Settings:
    ports: list[int]
    key: str
    lists: list[int | None]
    foreign_list: int
    ledger: str
    seed: int
    first: int = 1
    connections: int = 16
    most_events: int = 100_000
    seconds: float = 120.0
    drain_seconds: float = 30.0
    batch_share: float = 0.1
    most_in_batch: int = 30
    repeat_share: float = 0.03
    is_patient: bool = True  # send again what was certainly not stored
    new_name_share: float = 0.05
    recording: str | None = None
    again: list[Any] = field(default_factory=list)  # events of an earlier client: [n, kind, params]


@dataclass(slots=True)
class Task:
    """An event on its way: with which EventID it is sent, and whether an earlier sending may have been stored."""

    made: Made
    event_id: str | None
    is_doubtful: bool = False
    is_acknowledged: bool = False


@dataclass(slots=True)
class Outbox:
    """What is to be sent next: what has to be repeated first, then new events."""

    imagination: Imagination
    ledger: Ledger
    settings: Settings
    again: deque[Task] = field(default_factory=deque)
    made: int = 0
    under_way: int = 0
    is_closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, most: int) -> list[Task]:
        with self.lock:
            tasks = [self.again.popleft() for _ in range(min(most, len(self.again)))]
            while len(tasks) < most and not self.is_closed and self.made < self.settings.most_events:
                tasks.append(self._new())
            self.under_way += bool(tasks)
            return tasks

    def _new(self) -> Task:
        made = self.imagination.event()
        self.made += 1
        self.ledger.note("new", made.n, made.kind, made.params)
        return Task(made, made.params.get("EventID"))

    def done(self, again: list[Task]) -> None:
        with self.lock:
            self.under_way -= 1
            self.again.extend(again)

    @property
    def is_empty(self) -> bool:
        with self.lock:
            is_over = self.is_closed or self.made >= self.settings.most_events
            return is_over and not self.again and not self.under_way


class Sender(threading.Thread):
    """One connection at a time."""

    numbers = iter(range(1, 1 << 62))
    numbers_lock = threading.Lock()

    def __init__(self, settings: Settings, outbox: Outbox, ledger: Ledger, number: int) -> None:
        super().__init__(daemon=True)
        self._settings, self._outbox, self._ledger = settings, outbox, ledger
        self._random = random.Random(settings.seed * 1000 + number)
        self._port = settings.ports[number % len(settings.ports)]
        self._connection: HTTPConnection | None = None
        self.is_told_to_end = False

    def run(self) -> None:
        while not self.is_told_to_end and not self._outbox.is_empty:
            is_batch = self._random.random() < self._settings.batch_share
            tasks = self._outbox.take(
                self._random.randint(1, self._settings.most_in_batch) if is_batch else 1
            )
            if tasks:
                outcomes = self._exchange(tasks, is_batch)
                again = [
                    task
                    for task, outcome in zip(tasks, outcomes, strict=True)
                    if self._is_to_repeat(task, outcome)
                ]
                self._outbox.done(again)
            if not tasks or outcomes[0][0] in ("certain", "unknown"):
                time.sleep(BACK_OFF_SECONDS)

    def _is_to_repeat(self, task: Task, outcome: Outcome) -> bool:
        kind, detail = outcome
        if kind == "unknown":
            task.is_doubtful = True
            task.event_id = task.event_id or detail
            return task.event_id is not None
        if kind == "certain":
            return self._settings.is_patient and (not task.is_doubtful or task.event_id is not None)
        task.is_acknowledged = task.is_acknowledged or kind in ("ack", "duplicate")
        return (
            kind == "ack"
            and task.event_id is not None
            and self._random.random() < self._settings.repeat_share
        )

    def _exchange(self, tasks: list[Task], is_batch: bool) -> list[Outcome]:
        with self.numbers_lock:
            number = next(self.numbers)
        self._ledger.note("send", number, [[task.made.n, task.event_id] for task in tasks])
        began = time.monotonic()
        outcomes = self._outcomes(tasks, is_batch)
        self._ledger.note("got", number, round(time.monotonic() - began, 3), outcomes)
        return outcomes

    def _outcomes(self, tasks: list[Task], is_batch: bool) -> list[Outcome]:
        try:
            connection = self._connected()
        except OSError:
            self._connection = None
            return [("certain", "not connected")] * len(tasks)
        try:
            status, body = self._call(connection, tasks, is_batch)
        except (OSError, HTTPException, ValueError):
            connection.close()
            self._connection = None
            return [("unknown", None)] * len(tasks)
        return _read_batch(status, body, tasks) if is_batch else [_read(status, body)]

    def _connected(self) -> HTTPConnection:
        if self._connection is None:
            self._connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)
            self._connection.connect()
        return self._connection

    def _call(self, connection: HTTPConnection, tasks: list[Task], is_batch: bool) -> tuple[int, Any]:
        sent = [task.made.params | ({"EventID": task.event_id} if task.event_id else {}) for task in tasks]
        path, said = ("/api/v1/events", {"Events": sent}) if is_batch else ("/api/v1/event", sent[0])
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._settings.key}"}
        connection.request("POST", path, json.dumps(said).encode(), headers)
        reply = connection.getresponse()
        body = json.loads(reply.read())
        if reply.will_close:
            connection.close()
            self._connection = None
        return reply.status, body


def _read(status: int, body: dict[str, Any]) -> Outcome:
    if status == 200 and body.get("status") == "success":
        return "duplicate" if body.get("duplicate") else "ack", body["uuid"]
    [row, *_] = body["Errors"]
    if row["Code"] == 100013:
        return "unknown", row.get("EventID")
    if row["Code"] in (100012, 429):
        return "certain", row["Code"]
    return ("refused", row["Code"]) if 400 <= status < 500 else ("unexpected", f"{status} {body}")


def _read_batch(status: int, body: dict[str, Any], tasks: list[Task]) -> list[Outcome]:
    if status != 200:
        kind, detail = _read(status, body)
        ids = body["Errors"][0].get("EventIDs") if kind == "unknown" else None
        return [(kind, told) for told in ids] if ids else [(kind, detail)] * len(tasks)
    return [_result(result) for result in body["results"]]


def _result(result: dict[str, Any]) -> Outcome:
    if result["status"] == "error":
        return "refused", result["Errors"][0]["Code"]
    return ("duplicate" if result["status"] == "duplicate" else "ack"), result["uuid"]


def main() -> None:
    settings = Settings(**json.loads(sys.argv[1]))
    ledger = Ledger(Path(settings.ledger), Path(settings.recording) if settings.recording else None)
    imagination = Imagination(
        settings.seed, settings.lists, settings.foreign_list, settings.first, settings.new_name_share
    )
    outbox = Outbox(imagination, ledger, settings)
    for made in settings.again:
        ledger.note("new", *made)
        outbox.again.append(Task(Made(*made), made[2]["EventID"]))
    senders = [Sender(settings, outbox, ledger, number) for number in range(settings.connections)]
    for sender in senders:
        sender.start()
    _until_told(settings.seconds, outbox)
    deadline = time.monotonic() + settings.drain_seconds
    for sender in senders:
        sender.join(max(0.0, deadline - time.monotonic()))
        sender.is_told_to_end = True
    for sender in senders:
        sender.join(PATIENCE_SECONDS + 1)
    ledger.note("end")


def _until_told(seconds: float, outbox: Outbox) -> None:
    """Until standard input ends, the events are used up, or the time is."""
    told = threading.Thread(target=sys.stdin.read, daemon=True)
    told.start()
    deadline = time.monotonic() + seconds
    while told.is_alive() and time.monotonic() < deadline and not outbox.is_empty:
        told.join(0.05)
    outbox.is_closed = True


if __name__ == "__main__":
    main()
