"""Copy tail: follows the truth. Each look reads what is new or changed since the last one, and commits it with its watermark.

Ids are made before their transaction, so they are not in the order of commits. A look therefore goes back OVERLAP_MS before
the last one's begin, longer than a write takes, and leaves out what the copy has. An event that is stored under an older id
is told by a change (`storage/changes.py`). Changes are read before the rows they are about: what commits in between is told
by a change of the next look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import duckdb

from tracker.analytics.copy import left_out, loading
from tracker.analytics.copy.copied_rows import field_rows, rules_number, values_of
from tracker.analytics.copy.copy_tables import CopyState, read_columns, read_state, write_state
from tracker.analytics.copy.copy_visits import TouchedVisits
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.domain.row_ids import first_id_at
from tracker.storage.accounts import ListSettings, read_settings
from tracker.storage.changes import KEPT_MS, Kind, StoredChange, changes_from
from tracker.storage.engine import Row
from tracker.storage.events import copied_events
from tracker.storage.subscribers import copied_people, find_values, identity_rows

#: Milliseconds before the begin of the last look: a write takes 5 s, and a server may need 15 s to make it seen. Every
#: WIDE_EVERY looks further back, as clocks of several machines differ.
OVERLAP_MS, WIDE_OVERLAP_MS, WIDE_EVERY = 20_000, 180_000, 60
#: Events read by one look; with more the next one goes on. With more than MAX_BEHIND a build is faster.
MAX_EVENTS, MAX_BEHIND = 122_880, 500_000
#: A copy that has not been followed for so long is built anew: changes may be gone.
MAX_AGE_MS = KEPT_MS - 24 * 3_600_000

Span = tuple[int, int]


class CopyOutdated(Exception):
    """The copy cannot be followed: it is built anew."""


@dataclass(slots=True)
class News:
    """What one look has read of the truth."""

    began_at: int
    changes: list[StoredChange]
    settings: ListSettings
    rows: list[Row] = field(default_factory=list)
    #: Events that changed or are gone.
    changed: set[int] = field(default_factory=set)
    #: There are no more events than one look reads.
    is_all: bool = True

    @property
    def events_from(self) -> int:
        return self.settings.events_from or 0

    def ids(self, kind: Kind) -> set[int]:
        return {each for change in self.changes if change.kind is kind for each in change.ids}

    def subjects(self, kind: Kind) -> set[int]:
        return {change.subject for change in self.changes if change.kind is kind}


class CopyTail:
    """The tail of one attached copy. It is used by one thread, and is the only one that writes into the copy."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        copy: str,
        list_id: int,
        truth: TruthReader,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._cursor, self._copy, self._list_id, self._truth, self._now = cursor, copy, list_id, truth, now
        state = read_state(cursor, copy)
        if state is None or state.source != truth.source() or now() - state.as_of > MAX_AGE_MS:
            raise CopyOutdated
        self.state: CopyState = state
        self._columns = read_columns(cursor, copy)
        self._visits = TouchedVisits(cursor, copy, self._columns, state.visit_gap_ms)
        self._looks = 0
        #: The number of looks that have changed what the copy holds: answers of the same number are the same.
        self.version = 0
        #: Whether the list's channel rules are others than those of the last build, which older events still follow.
        self.has_other_rules = False
        self._applied: set[int] = set()
        sql = f"SELECT id FROM {copy}.e WHERE id >= $1"
        self._known = {row[0] for row in cursor.execute(sql, [self._window(WIDE_OVERLAP_MS)]).fetchall()}

    def look(self, also: Collection[int] = ()) -> bool:
        """Read and commit what is new; return whether the truth's end was found. `also` are events to read again in any case.

        Raises CopyOutdated, StorageUnavailable, and DuckDB's errors.
        """
        news = self._read(also)
        self._cursor.execute("BEGIN")
        try:
            state = self._write(news)
            self._cursor.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):  # the failure may have ended the transaction already
                self._cursor.execute("ROLLBACK")
            raise
        if news.rows or news.changed or news.changes or state.events_from != self.state.events_from:
            self.version += 1
        self.state = state
        self.has_other_rules = rules_number(news.settings.channel_rules) != state.rules
        self._applied |= {change.id for change in news.changes}
        self._known |= {row[0] for row in news.rows}
        self._forget_old()
        return news.is_all

    def close(self) -> None:
        """Close the cursor, so that the copy can be detached."""
        self._cursor.close()

    def _read(self, also: Collection[int]) -> News:
        """Read changes first, then settings and events."""
        began_at, list_id, read = self._now(), self._list_id, self._truth.read
        self._looks += 1
        overlap = WIDE_OVERLAP_MS if self._looks % WIDE_EVERY == 1 else OVERLAP_MS
        found = read(partial(changes_from, list_id=list_id, first_id=first_id_at(self.state.as_of - overlap)))
        settings = read(partial(read_settings, list_id=list_id))
        news = News(began_at, [change for change in found if change.id not in self._applied], settings)
        most = MAX_BEHIND + len(self._known)
        ids = read(partial(copied_events.new_ids, list_id=list_id, first_id=self._window(overlap), most=most))
        if len(ids) == most:
            raise CopyOutdated
        news.changed = news.ids(Kind.EVENTS) | set(also)
        new = [each for each in ids if each not in self._known]
        news.is_all = len(new) <= MAX_EVENTS
        wanted = {*new[:MAX_EVENTS], *news.changed}
        news.rows = read(partial(copied_events.copied_of, list_id=list_id, event_ids=wanted))
        return news

    def _window(self, overlap: int) -> int:
        return first_id_at(self.state.as_of - overlap)

    def _write(self, news: News) -> CopyState:
        """Write the news, and return the new state."""
        cursor, copy = self._cursor, self._copy
        self._visits.begin()
        erased = self._delete(news)
        added = loading.load_events(cursor, copy, self._columns, values_of(news.rows, news.settings))
        self._write_fields(news)
        self._resolve(news)
        if added:
            self._visits.note(loading.loaded_sql(copy))
        self._visits.make_anew()
        reached = max([self.state.reached, *(row[0] for row in news.rows)])
        as_of = news.began_at if news.is_all else self.state.as_of
        state = replace(
            self.state,
            as_of=as_of,
            reached=reached,
            events_from=max(self.state.events_from, news.events_from),
            rows_added=self.state.rows_added + added,
            erased_at=self.state.erased_at or (news.began_at if erased else 0),
        )
        write_state(cursor, copy, state)
        return state

    def _delete(self, news: News) -> bool:
        """Delete what changed or is gone; return whether something is gone whose bytes may be left in the file."""
        cursor, copy = self._cursor, self._copy
        gone = 0
        if news.changed:
            self._visits.note_events(news.changed)
            stored = {row[0] for row in news.rows}
            gone = loading.delete_events(cursor, copy, news.changed - stored)
            loading.delete_events(cursor, copy, stored)
        if news.events_from > self.state.events_from:
            self._visits.note_before(news.events_from)
            gone += loading.delete_before(cursor, copy, news.events_from)
        return bool(gone or news.subjects(Kind.SUBSCRIBER) or news.subjects(Kind.FIELD))

    def _write_fields(self, news: News) -> None:
        """Replace the values of subscribers whose fields changed, and delete those of subscribers and fields that are gone."""
        cursor, copy = self._cursor, self._copy
        people = news.ids(Kind.FIELDS) | news.subjects(Kind.SUBSCRIBER)
        if fields := news.subjects(Kind.FIELD):
            loading.delete_fields(cursor, copy, "field", fields)
        if not people:
            return
        loading.delete_fields(cursor, copy, "person", people)
        if rows := self._field_rows_of(people):
            loading.load_fields(cursor, copy, rows)

    def _field_rows_of(self, people: Collection[int]) -> list[tuple[int, int, str, float | None]]:
        """Return the values of those of the subscribers who exist."""
        list_id, read = self._list_id, self._truth.read
        living = read(partial(copied_people.living_of, list_id=list_id, subscriber_ids=people))
        values = read(partial(find_values, list_id=list_id, subscriber_ids=sorted(living)))
        types = read(partial(copied_people.field_types, list_id=list_id))
        rows = [(owner, number, value) for owner, own in values.items() for number, value in own.items()]
        return field_rows(rows, types)

    def _resolve(self, news: News) -> None:
        """Look up whose the ties are of every event that came, of links that changed, and of subscribers who are gone or left out.

        The event that makes a link names its person, so its own tie is not the link's: all ties of its span are looked at.
        """
        spans: set[Span] = {(row[1], row[2]) for row in news.rows}
        spans |= {(change.subject, change.span) for change in news.changes if change.kind is Kind.LINK}
        spans |= self._spans_of(news.subjects(Kind.SUBSCRIBER) | news.subjects(Kind.LEFT_OUT))
        if not spans:
            return
        links, living = self._owners_of(spans, self._named_in(spans))
        loading.resolve_ties(self._cursor, self._copy, links, living, sorted(spans))
        self._visits.note(loading.moved_sql(self._copy))
        if left_out.mark_turned(self._cursor, self._copy):
            self._visits.note(left_out.turned_sql(self._copy))

    def _owners_of(
        self, spans: Collection[Span], named: set[int]
    ) -> tuple[list[tuple[int, int, int]], dict[int, bool]]:
        """Return the links of spans as (visitor, span, subscriber), and those of their subscribers, and of the named, who exist."""
        list_id, read = self._list_id, self._truth.read
        found = read(partial(identity_rows.linked_to, list_id=list_id, spans=spans))
        links = [(*span, subscriber) for span, (subscriber, _) in found.items() if subscriber is not None]
        wanted = {subscriber for _, _, subscriber in links} | named
        return links, read(partial(copied_people.living_of, list_id=list_id, subscriber_ids=wanted))

    def _spans_of(self, subscribers: Iterable[int]) -> set[Span]:
        """Return the spans of all ties that name these subscribers, or are theirs."""
        sql = (
            f"SELECT DISTINCT t.visitor, t.span FROM {self._copy}.ties t LEFT JOIN {self._copy}.who w ON w.tie = t.tie"
            " WHERE t.named IN (SELECT unnest($1::BIGINT[])) OR w.person IN (SELECT unnest($1::BIGINT[]))"
        )
        wanted = list(subscribers)
        return {(row[0], row[1]) for row in self._rows(sql, wanted)} if wanted else set()

    def _named_in(self, spans: Iterable[Span]) -> set[int]:
        """Return the subscribers whom ties of these visitors name."""
        sql = f"SELECT DISTINCT named FROM {self._copy}.ties WHERE named <> 0 AND visitor IN (SELECT unnest($1::BIGINT[]))"
        return {row[0] for row in self._rows(sql, sorted({visitor for visitor, _ in spans}))}

    def _rows(self, sql: str, values: Sequence[int]) -> list[Any]:
        return self._cursor.execute(sql, [list(values)]).fetchall()

    def _forget_old(self) -> None:
        """Forget what no look can meet any more."""
        if self._looks % WIDE_EVERY == 0:
            first = self._window(WIDE_OVERLAP_MS)
            self._applied = {each for each in self._applied if each >= first}
            self._known = {each for each in self._known if each >= first}
