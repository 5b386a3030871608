"""Copy check: the copy's events against the truth's own counters, by name and quarter of an hour; what differs is read again."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import NamedTuple, Protocol

import duckdb

from tracker.analytics.copy.copy_tail import MAX_EVENTS, CopyOutdated, CopyTail
from tracker.analytics.copy.copy_visits import are_visits_whole
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.domain.conversions import BUCKET_MS, bucket_of, first_whole_bucket
from tracker.storage.accounts import read_settings
from tracker.storage.aggregates import counters
from tracker.storage.events import copied_events

#: Events that one statement returns while differing buckets are looked for in the truth.
PART = 20_480

Bucket = tuple[bytes, int]


class CopyCheck(NamedTuple):
    """The result of a check: events and buckets of the copy, and the buckets that differed and were read again."""

    events: int
    buckets: int
    differing: int


class Compared(Protocol):
    """A copy that is compared with the truth, wherever it lies. Methods raise what its engine raises."""

    def look(self, also: Collection[int] = (), /) -> bool:
        """Read what is new, and these events again; return whether the truth's end was found."""

    def buckets(self) -> dict[Bucket, int]:
        """Return {(event name, bucket): events that are no robot's}."""

    def ids_in(self, wanted: set[Bucket], /) -> Iterable[int]:
        """Return the ids of the events in these buckets."""

    def are_visits_whole(self) -> bool:
        """Return whether visits have as many events as there are."""


class _FileCopy:
    """The copy in a file."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, copy: str, tail: CopyTail) -> None:
        self._cursor, self._copy, self._tail = cursor, copy, tail

    def look(self, also: Collection[int] = (), /) -> bool:
        return self._tail.look(also)

    def buckets(self) -> dict[Bucket, int]:
        rows = self._cursor.execute(buckets_sql(f"{self._copy}.e")).fetchall()
        return {(name.encode(), bucket): events for name, bucket, events in rows}

    def ids_in(self, wanted: set[Bucket], /) -> Iterable[int]:
        names, begins = [name.decode() for name, _ in wanted], [bucket for _, bucket in wanted]
        sql = (
            f'SELECT id FROM {self._copy}.e WHERE (name, "at" - "at" % {BUCKET_MS}) IN'
            " (SELECT (unnest($1::VARCHAR[]), unnest($2::BIGINT[])))"
        )
        return (row[0] for row in self._cursor.execute(sql, [names, begins]).fetchall())

    def are_visits_whole(self) -> bool:
        return are_visits_whole(self._cursor, self._copy)


def buckets_sql(events: str) -> str:
    """Return a SELECT of name, bucket and how many events that are no robot's."""
    return f'SELECT name, "at" - "at" % {BUCKET_MS} AS bucket, count(*) FROM {events} WHERE NOT is_robot GROUP BY 1, 2'


def check_copy(
    cursor: duckdb.DuckDBPyConnection, copy: str, list_id: int, truth: TruthReader, tail: CopyTail
) -> CopyCheck:
    """Compare the copy in a file with the counters, as `compare` does."""
    return compare(_FileCopy(cursor, copy, tail), list_id, truth)


def compare(copy: Compared, list_id: int, truth: TruthReader) -> CopyCheck:
    """Compare a copy with the counters, and read again what differs. Raises CopyOutdated if that is too much, or visits differ.

    The counters are read before and after a look: a bucket that is the same both times must be that in the copy too.
    """
    count = partial(counters.events_by_bucket, list_id=list_id)
    before = truth.read(count)
    while not copy.look():
        pass
    copied = copy.buckets()
    after = truth.read(count)
    kept_from = first_whole_bucket(truth.read(partial(read_settings, list_id=list_id)).events_from)
    differing = {
        bucket
        for bucket in copied.keys() | before.keys()
        if bucket[1] >= kept_from
        and before.get(bucket, 0) == after.get(bucket, 0)
        and copied.get(bucket, 0) != before.get(bucket, 0)
    }
    if differing:
        copy.look({*_stored_ids(truth, list_id, differing), *copy.ids_in(differing)})
    if not copy.are_visits_whole():
        raise CopyOutdated
    return CopyCheck(sum(copied.values()), len(copied), len(differing))


def _stored_ids(truth: TruthReader, list_id: int, wanted: set[Bucket]) -> list[int]:
    """Return the events of these buckets, robots' included: one pass over the list, in short transactions."""
    found: list[int] = []
    after, is_more = -1, True
    while is_more:
        rows = truth.read(partial(copied_events.places_after, list_id=list_id, after_id=after, most=PART))
        found += [row[0] for row in rows if (bytes(row[1]), bucket_of(row[2])) in wanted]
        if len(found) > MAX_EVENTS:
            raise CopyOutdated
        after, is_more = (rows[-1][0] if rows else after), len(rows) == PART
    return found
