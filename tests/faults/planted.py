"""Which faults can be planted into a server, to see that they are caught? Each breaks one promise."""

# ruff: noqa: SLF001 - what is broken here is private for a reason
from __future__ import annotations

import base64
import mmap
import os
import select
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent

from tracker.domain import event_ids
from tracker.http.server import connection
from tracker.http.server.connection import Connection
from tracker.ingest import deduplication
from tracker.ingest.deduplication import Deduplicator
from tracker.ingest.event_handler import EventHandler
from tracker.jobs import leased_work
from tracker.rate_limits import redis
from tracker.rate_limits.shared_memory import SharedFileStorage
from tracker.storage.engine import mysql_errors, sqlite
from tracker.storage.engine.error_kinds import ErrorKind
from tracker.storage.engine.group_commit import GroupCommit
from tracker.storage.engine.transaction import Transaction
from tracker.storage.engine.write_connection import WriteConnection
from tracker.storage.engine.write_queue import WriteRequest
from tracker.storage.events import events
from tracker.storage.schema import history
from tracker.storage.schema.ddl import integer
from tracker.storage.schema.migrations import Migration
from tracker.storage.schema.operations import AddColumn


def ack_before_commit() -> None:
    """Answer as soon as the rows are inserted, and commit afterwards."""
    finish = GroupCommit._commit_results

    def hasty(self: GroupCommit, results: list) -> bool:
        self._finish_all(results)
        gevent.sleep(0.005)
        return finish(self, results)

    GroupCommit._commit_results = hasty


def synchronous_normal() -> None:
    """Do not sync the log at a commit."""
    sqlite.PRAGMAS = tuple(
        (name, "NORMAL" if name == "synchronous" else value) for name, value in sqlite.PRAGMAS
    )


def no_unique_key() -> None:
    """Store EventIDs without looking whether they are there, and without a key that minds."""
    events.find_event_ids = lambda transaction, keys: {}

    def add(transaction, rows) -> None:
        transaction.insert_missing("event_ids", ("list_id", "event_key", "event_id", "digest"), rows)

    events.add_event_ids = add


def retry_without_id() -> None:
    """After an unknown outcome try again with new row ids, as a plain retry does."""
    EventHandler.was_committed = lambda self, transaction, batches: False
    begin = Deduplicator.__init__

    def forgetful(self, transaction, events, next_id, ids) -> None:
        for event in events:
            event.row_id = 0
        begin(self, transaction, events, next_id, ids)

    Deduplicator.__init__ = forgetful


def unsigned_ids() -> None:
    """Take an EventID of our form for a row's, whoever made it, and a row that is there for the event's own."""

    def of(self, event) -> str:
        return f"trk-{event.row_id:016x}-{base64.urlsafe_b64encode(event.digest()[:15]).decode()}"

    def row_id_in(self, event) -> int | None:
        is_ours = event_ids._SIGNED.fullmatch(event.event_key or "")
        return int(event.event_key[4:20], 16) if is_ours else None

    event_ids.EventIdSigner.of, event_ids.EventIdSigner.row_id_in = of, row_id_in
    deduplication.is_tried = lambda event, row: True


def catalogue_outside() -> None:
    """Write the catalogue after the commit, in a transaction of its own."""
    apply, commit = EventHandler.__call__, WriteConnection.commit
    later: list = []

    def without(self, transaction, batches):
        note, self._catalogue.note = (
            self._catalogue.note,
            lambda transaction, *seen: later.append((note, transaction, seen)),
        )
        try:
            return apply(self, transaction, batches)
        finally:
            del self._catalogue.note

    def then(self) -> None:
        commit(self)
        while later:
            note, transaction, seen = later.pop()
            while not self._engine.begin(transaction.database):
                gevent.sleep(0.001)
            note(transaction, *seen)
            commit(self)

    EventHandler.__call__, WriteConnection.commit = without, then


def no_deadline() -> None:
    """Wait for the writer as long as it takes."""
    wait = WriteRequest.wait

    def patient(self: WriteRequest) -> Any:
        if not self.is_done:
            self._sleep(3600.0)
        return wait(self)

    WriteRequest.wait = patient


def limits_per_process() -> None:
    """Count the limits of each process in a file of its own."""
    begin = SharedFileStorage.__init__

    def alone(self: SharedFileStorage, uri: str, **options: Any) -> None:
        begin(self, f"{uri}-{os.getpid()}", **options)

    SharedFileStorage.__init__ = alone


def commit_error_is_certain() -> None:
    """Take 1180, of a node that was cut off while it committed, for the statement's own fault."""
    mysql_errors.LOST -= {1180}
    mysql_errors.PERMANENT |= {1180}
    mysql_errors.has_rolled_back = lambda failure: mysql_errors.error_kind(failure) is not ErrorKind.LOST


def patient_with_redis() -> None:
    """No fault: a Redis on a busy machine is waited for, so that what is counted is its count and nobody's share."""
    redis.PATIENCE_SECONDS = 30.0


def small_log() -> None:
    """No fault: checkpoints come so often that a short run sees many of them."""
    sqlite.CHECKPOINT_PAGES, sqlite.MAX_WAL_PAGES, sqlite.PATIENCE_PAGES = 60, 200, 50


def quick_looks() -> None:
    """No fault: work that one process does again and again comes round soon, so that a test waits for less."""
    leased_work.LOOK_SECONDS = 0.5


def places_not_given_back() -> None:
    """Forget to free the place of whoever was sent away."""
    close = Connection.close

    def forgetful(self: Connection) -> None:
        if self.waits is self._places._leaving:
            self.sock.close()
        else:
            close(self)

    Connection.close = forgetful


def room_made_while_others_run() -> None:
    """Look for room with gevent's own poll, which lets others run even where it does not wait."""
    connection._poll = select.poll


def clock() -> None:
    """A clock that is ahead by as many nanoseconds as the shared file says, from one moment to the next."""
    with Path(os.environ["FAULT_CLOCK"]).open("rb") as file:
        ahead = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
    time_ns = time.time_ns
    time.time_ns = lambda: time_ns() + int.from_bytes(ahead[:], "little")
    time.time = lambda: time.time_ns() / 1e9


def death_after_commit() -> None:
    """Die with a commit that is done and not answered, once for each time that the shared file is there."""
    commit = WriteConnection.commit

    def last(self) -> None:
        commit(self)
        with suppress(FileNotFoundError):
            Path(os.environ["FAULT_DEATH"]).unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    WriteConnection.commit = last


def newer() -> None:
    """No fault: a Tracker that is a release ahead. Its migration only adds."""
    _add_migration("")


def newer_and_breaking() -> None:
    """A release that breaks the one before it, which no release may."""
    _add_migration("9999_newer")


def _add_migration(breaks_before: str) -> None:
    """Add a migration of two columns; a run that is told to stays between them until it is killed."""
    steps = [
        AddColumn("lists", integer("shade", default=0), ""),
        _stay,
        AddColumn("events", integer("weather", default=0), ""),
    ]
    history.MIGRATIONS.append(Migration("9999_newer", steps, breaks_before))


def _stay(_: Transaction) -> None:
    if said := os.environ.get("FAULT_STAYS"):
        Path(said).touch()
        signal.pause()


FAULTS = {
    "ack before commit": ack_before_commit,
    "synchronous=NORMAL": synchronous_normal,
    "no unique key": no_unique_key,
    "retry without id": retry_without_id,
    "unsigned ids": unsigned_ids,
    "catalogue outside the transaction": catalogue_outside,
    "no deadline": no_deadline,
    "limits per process": limits_per_process,
    "places not given back": places_not_given_back,
    "room made while others run": room_made_while_others_run,
    "1180 taken for the statement's": commit_error_is_certain,
    "patient with Redis": patient_with_redis,
    "small log": small_log,
    "quick looks": quick_looks,
}
#: No fault of the server's, but of the machine's: planted where a test sets it.
FAULTS_OF_MACHINES = {"clock": clock, "death after a commit": death_after_commit}

#: No faults: other releases.
RELEASES = {"newer": newer, "newer and breaking": newer_and_breaking}


def plant() -> None:
    """Plant what the environment names. Tracker is imported afterwards."""
    for name in filter(None, os.environ.get("FAULT_PLANTED", "").split(",")):
        {**FAULTS, **FAULTS_OF_MACHINES, **RELEASES}[name]()
