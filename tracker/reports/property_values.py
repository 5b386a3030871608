"""Property values: sample values from the latest events of a name in all its spellings, located by when it last came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import gevent
import orjson

from tracker.domain.event import IS_BOT, decoded_properties
from tracker.domain.row_ids import first_id_at
from tracker.domain.spellings import value_of
from tracker.storage.aggregates import catalogue_pages
from tracker.storage.engine import Database
from tracker.storage.events import StoredEvent, names_before, names_from, read_events

#: Rows examined after the time at which the catalogue last saw the name, and before it. The catalogue is up to 5 s late.
MAX_AFTER, MAX_BEFORE = 1_000, 4_000
#: Events read in all and at once, and bytes of their properties.
MAX_READ, READ_AT_ONCE, MAX_BYTES = 1_000, 100, 8 * 1024 * 1024
LOOKED_AT_ONCE = 1_000


@dataclass(slots=True)
class ValueCounts:
    """{value as JSON: number of events}, in the order of the newest event with each value, and the events read."""

    counts: Counter[bytes] = field(default_factory=Counter)
    events_read: int = 0
    bytes_read: int = 0

    def add(self, event: StoredEvent, spelled: Sequence[str], written: Sequence[bytes]) -> None:
        """Count the event's value. `written` are the names as JSON: properties that contain none of them are not parsed."""
        if event.flags & IS_BOT:
            return
        self.events_read += 1
        self.bytes_read += len(event.properties)
        if any(name in event.properties for name in written):
            for value in value_of(decoded_properties(bytes(event.properties)), spelled):
                self.counts[orjson.dumps(value)] += 1


def read_values(
    database: Database,
    list_id: int,
    events: frozenset[bytes],
    spelled: Sequence[str],
    deadline: float | None,
) -> ValueCounts:
    """Return the values of one property, given with its spellings, in the latest events of these names, without those of robots."""
    values, written = ValueCounts(), [orjson.dumps(name) + b":" for name in spelled]
    ids = list(islice(_last_ids(database, list_id, events, deadline), MAX_READ))
    for start in range(0, len(ids), READ_AT_ONCE):
        some = ids[start : start + READ_AT_ONCE]
        stored = database.read(partial(read_events, list_id=list_id, event_ids=some), deadline)
        for event_id in some:
            if event_id in stored:
                values.add(stored[event_id], spelled, written)
        if values.bytes_read > MAX_BYTES:
            break
        gevent.sleep(0)
    return values


def _last_ids(
    database: Database, list_id: int, events: frozenset[bytes], deadline: float | None
) -> Iterator[int]:
    """Yield the ids of the latest events of these names, newest first."""
    looks = (partial(catalogue_pages.event_name, list_id=list_id, name=name) for name in events)
    known = [row for look in looks if (row := database.read(look, deadline)) is not None]
    if not known:
        return
    seen_from = first_id_at(max(row.times.last_received_at for row in known))
    look = partial(names_from, list_id=list_id, first_id=seen_from, most=MAX_AFTER)
    yield from (event_id for event_id, each in reversed(database.read(look, deadline)) if each in events)
    before = seen_from
    for _ in range(0, MAX_BEFORE, LOOKED_AT_ONCE):
        gevent.sleep(0)
        look = partial(names_before, list_id=list_id, before_id=before, most=LOOKED_AT_ONCE)
        rows = database.read(look, deadline)
        yield from (event_id for event_id, each in rows if each in events)
        if len(rows) < LOOKED_AT_ONCE:
            return
        before = rows[-1][0]
