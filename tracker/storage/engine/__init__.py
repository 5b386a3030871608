"""Database engine: SQLite files and MySQL servers behind one reader, one writer and one transaction."""

from __future__ import annotations

from tracker.storage.engine import trusted_time
from tracker.storage.engine.database import (
    IN_FLIGHT_SECONDS,
    Database,
    in_flight_seconds,
    run_each,
)
from tracker.storage.engine.error_kinds import Conflict, IncompatibleDatabase
from tracker.storage.engine.id_generator import IdMaker, Lease, WriterNumber
from tracker.storage.engine.lease_watch import LeaseWatch
from tracker.storage.engine.live_leases import (
    LiveLease,
    WritersSeen,
    clock_remarks,
    two_writers,
    uncounted,
    writers_seen,
)
from tracker.storage.engine.lone_writer import LoneWriter
from tracker.storage.engine.readiness import Readiness
from tracker.storage.engine.scrubbing import SCRUBBED_PAGES
from tracker.storage.engine.secrets import EVENT_IDS, DaySecrets, secret_of
from tracker.storage.engine.server_rules import LOSES, REQUEST_SECONDS, STOPS, WARNS, Remark
from tracker.storage.engine.sharding import (
    ALL_LISTS,
    NOBODYS,
    Among,
    in_each_shard,
    parts_of_all_lists,
    shard_of,
)
from tracker.storage.engine.spill_counter import SpillCounter
from tracker.storage.engine.transaction import Row, Transaction
from tracker.storage.engine.trusted_time import note, trusted
from tracker.storage.engine.ttl_cache import TtlCache

__all__ = [
    "ALL_LISTS",
    "EVENT_IDS",
    "IN_FLIGHT_SECONDS",
    "LOSES",
    "NOBODYS",
    "REQUEST_SECONDS",
    "SCRUBBED_PAGES",
    "STOPS",
    "WARNS",
    "Among",
    "Conflict",
    "Database",
    "DaySecrets",
    "IdMaker",
    "IncompatibleDatabase",
    "Lease",
    "LeaseWatch",
    "LiveLease",
    "LoneWriter",
    "Readiness",
    "Remark",
    "Row",
    "SpillCounter",
    "Transaction",
    "TtlCache",
    "WriterNumber",
    "WritersSeen",
    "clock_remarks",
    "in_each_shard",
    "in_flight_seconds",
    "note",
    "parts_of_all_lists",
    "run_each",
    "secret_of",
    "shard_of",
    "trusted",
    "trusted_time",
    "two_writers",
    "uncounted",
    "writers_seen",
]
