"""Shared tail: follows the truth into a copy in ClickHouse, one look after the other, whichever instance makes it.

A look takes the lock, writes a version of its number, and commits it with the name of the lock (`shared_lock`). What it reads of the
truth is what the tail of a file reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import astuple, fields, replace

from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.clickhouse_sql import quoted
from tracker.analytics.clickhouse.shared_loading import SharedLoader
from tracker.analytics.clickhouse.shared_lock import Place, SharedLock
from tracker.analytics.clickhouse.shared_tables import KEYS, Version
from tracker.analytics.clickhouse.shared_visits import SharedTouchedVisits
from tracker.analytics.copy.copied_rows import rules_number, values_of
from tracker.analytics.copy.copy_tables import FORMAT, CopyState, PropertyColumn
from tracker.analytics.copy.copy_tail import MAX_AGE_MS, WIDE_OVERLAP_MS, CopyOutdated, CopyTail, News
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.storage.changes import Kind

_STATE = ", ".join(each.name for each in fields(CopyState))


class SharedTail(CopyTail):
    """The tail of one generation of a copy, as this instance sees it."""

    def __init__(
        self, client: ClickHouseClient, base: str, place: Place, list_id: int, truth: TruthReader,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:  # fmt: skip
        self._client, self._base, self.place = client, base, place
        self._list_id, self._truth, self._now = list_id, truth, now
        self.prefix = f"{base}_{place.generation}"
        self._columns = read_columns(client, self.prefix)
        self._looks = 0
        self.version = place.version
        self.has_other_rules = False
        self._applied: set[int] = set()
        self._known: set[int] = set()
        #: The version after which the events were known.
        self._known_of = -1
        self.at: Version = Version(self.prefix, place.version)
        self.adopt(place)
        if (
            self.state.source != truth.source()
            or self.state.format != FORMAT
            or now() - self.state.as_of > MAX_AGE_MS
        ):
            raise CopyOutdated

    def adopt(self, place: Place) -> None:
        """Go on from a version that another instance has committed."""
        self.at, self.state = read_version(self._client, self.prefix, place.version)
        self.place, self.version = place, place.version

    def look_once(self, lock: SharedLock, taken: Place, also: Collection[int] = ()) -> bool:
        """Read and commit what is new, with the lock taken; return whether the truth's end was found. Raises LockLost, too."""
        try:
            if taken.version != self.version:
                self.adopt(taken)
            if self._known_of != self.version:
                self._read_known()
            news = self._read(also)
            version, state = self._write_version(news, taken)
        except BaseException:
            lock.give_up(taken)
            raise
        self.place = lock.commit(taken, taken.generation, taken.number)
        is_changed = news.rows or news.changed or news.changes or state.events_from != self.state.events_from
        self.at, self.state, self.version = version, state, taken.number
        self.has_other_rules = rules_number(news.settings.channel_rules) != state.rules
        self._applied |= {change.id for change in news.changes}
        self._known |= {row[0] for row in news.rows}
        self._known_of = self.version
        self._forget_old()
        self.changes += bool(is_changed)
        return news.is_all

    #: The number of looks of this instance that have changed what the copy holds.
    changes = 0

    def _read_known(self) -> None:
        """Read which events are there: another instance has looked since this one has."""
        self._applied.clear()
        sql = f"SELECT id FROM {self.at.table('e')} WHERE id >= {self._window(WIDE_OVERLAP_MS)}"
        self._known = {row[0] for row in self._client.rows(sql)}

    @property
    def columns(self) -> list[PropertyColumn]:
        """The columns of properties."""
        return self._columns

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _write_version(self, news: News, taken: Place) -> tuple[Version, CopyState]:
        """Write the news as a version of the lock's number, and return it with its state."""
        if news.began_at - self.state.as_of > MAX_AGE_MS:
            raise CopyOutdated
        aborted = (*self.at.aborted, *range(self.at.number + 1, taken.number))
        writing = Version(self.prefix, taken.number, aborted, frozenset(KEYS))
        loader = SharedLoader(self._client, writing, self._columns)
        state = replace(self.state, as_of=news.began_at if news.is_all else self.state.as_of)
        if news.rows or news.changed or news.changes or news.events_from > self.state.events_from:
            state = self._write_news(news, loader, state)
        version = replace(writing, gone=self.at.gone | loader.gone)
        write_state(self._client, version, state)
        return version, state

    def _write_news(self, news: News, loader: SharedLoader, state: CopyState) -> CopyState:
        visits = SharedTouchedVisits(loader, self._columns, state.visit_gap_ms)
        erased = self._let_go(news, loader, visits)
        added = loader.load_events(values_of(news.rows, news.settings))
        self._replace_fields(news, loader)
        self._resolve_in(news, loader, visits)
        if added:
            visits.note_loaded()
        visits.make_anew()
        return replace(
            state,
            reached=max([state.reached, *(row[0] for row in news.rows)]),
            events_from=max(state.events_from, news.events_from),
            rows_added=state.rows_added + added,
            erased_at=state.erased_at or (news.began_at if erased else 0),
        )

    def _let_go(self, news: News, loader: SharedLoader, visits: SharedTouchedVisits) -> bool:
        """Delete what changed or is gone; return whether something is gone whose bytes are left on the server."""
        gone = 0
        if news.changed:
            visits.note_events(news.changed)
            stored = {row[0] for row in news.rows}
            gone = loader.delete_events(news.changed - stored)
            loader.delete_events(stored)
        if news.events_from > self.state.events_from:
            visits.note_before(news.events_from)
            gone += loader.let_go("e", f'"at" < {news.events_from}')
        return bool(gone or news.subjects(Kind.SUBSCRIBER) or news.subjects(Kind.FIELD))

    def _replace_fields(self, news: News, loader: SharedLoader) -> None:
        people = news.ids(Kind.FIELDS) | news.subjects(Kind.SUBSCRIBER)
        if numbers := news.subjects(Kind.FIELD):
            loader.delete_fields("field", numbers)
        if people:
            loader.delete_fields("person", people)
            loader.load_fields(self._field_rows_of(people))

    def _resolve_in(self, news: News, loader: SharedLoader, visits: SharedTouchedVisits) -> None:
        """Look up whose the ties are that may have changed hands, as `CopyTail` does."""
        table = loader.version.table
        spans = {(row[1], row[2]) for row in news.rows}
        spans |= {(change.subject, change.span) for change in news.changes if change.kind is Kind.LINK}
        if subscribers := list(news.subjects(Kind.SUBSCRIBER) | news.subjects(Kind.LEFT_OUT)):
            own = f"SELECT tie FROM {table('who')} WHERE person IN (SELECT unnest($1::BIGINT[]))"
            sql = f"SELECT DISTINCT visitor, span FROM {table('ties')} WHERE named IN (SELECT unnest($1::BIGINT[])) OR tie IN ({own})"
            spans |= {(row[0], row[1]) for row in self._client.rows(sql, [subscribers])}
        if not spans:
            return
        sql = f"SELECT DISTINCT named FROM {table('ties')} WHERE named <> 0 AND visitor IN (SELECT unnest($1::BIGINT[]))"
        named = {row[0] for row in self._client.rows(sql, [sorted({visitor for visitor, _ in spans})])}
        links, living = self._owners_of(spans, named)
        loader.resolve_ties(links, living, sorted(spans))
        visits.note_moved()
        if loader.mark_turned():
            visits.note_turned()


def read_columns(client: ClickHouseClient, prefix: str) -> list[PropertyColumn]:
    """Return the columns of properties, in the order of their numbers."""
    rows = client.rows(f"SELECT property, col, has_numbers FROM {prefix}_columns ORDER BY col")
    return [PropertyColumn(*row) for row in rows]


def read_version(client: ClickHouseClient, prefix: str, number: int) -> tuple[Version, CopyState]:
    """Return a version of a copy, and its state. Raises CopyOutdated if there is none."""
    rows = client.rows(f"SELECT aborted, gone, {_STATE} FROM {prefix}_state WHERE version = {number}")
    if len(rows) != 1:
        raise CopyOutdated
    aborted, gone, *state = rows[0]
    return Version(prefix, number, tuple(aborted), frozenset(gone)), CopyState(*state)


def write_state(client: ClickHouseClient, version: Version, state: CopyState) -> None:
    """Write the state of a version. It counts once the version is committed."""
    texts = ", ".join(f"${n}" for n in range(1, len(fields(CopyState)) + 1))
    gone = quoted(sorted(version.gone))
    client.write(
        f"INSERT INTO {version.name('state')} (version, aborted, gone, {_STATE}) SELECT {version.number}, {list(version.aborted)}, {gone}, {texts}",
        list(astuple(state)),
    )
