"""Copy build: a list's copy from all its events, in a new file, laid by months, name and time.

Events are read in the order of their ids, in short transactions, and put into a stage as they come; then they are sorted
piece by piece into the copy. What commits meanwhile is found by the first look of the tail, which begins where the build did.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb

from tracker.analytics.copy import left_out
from tracker.analytics.copy.copied_rows import Values, field_rows, rules_number, values_of
from tracker.analytics.copy.copy_files import CopyFiles
from tracker.analytics.copy.copy_tables import (
    FORMAT,
    CopyState,
    PropertyColumn,
    event_columns,
    make_tables,
    write_state,
)
from tracker.analytics.copy.copy_visits import fill_visits, make_visits, visit_gap_of
from tracker.analytics.copy.duckdb_engine import attach, open_engine
from tracker.analytics.copy.loading import load_events, load_fields, resolve_ties
from tracker.analytics.copy.truth_reader import TruthReader
from tracker.domain.campaigns import UTM
from tracker.storage.accounts import ListSettings, read_settings
from tracker.storage.aggregates import catalogue_pages
from tracker.storage.engine import Transaction
from tracker.storage.events import copied_events
from tracker.storage.subscribers import copied_people

#: Events read at a time: a row group of DuckDB's, which goes straight into the file.
PAGE = 122_880
#: Events that one statement of a server or file returns: no reading transaction is long.
PART = 20_480
#: Events sorted at a time, unless one day has more; and from how many on they end with a month. A row group of few events of
#: many names is read for each of them, and takes twice the space.
SORTED_AT_ONCE, SORTED_BY_MONTH = 1_000_000, 500_000
DAY_MS = 24 * 3_600_000
#: A property gets a column if it has a value in this share of the list's events, and is one of the most frequent.
LEAST_SHARE, MAX_COLUMNS = 0.002, 64
#: Properties that are derived at load from addresses of pages, and may be in no catalogue.
DERIVED = (*(f"${name}" for name in UTM), "$click_id", "$channel")
ADDRESS = "$current_url"

#: Takes the share that is done, 0 to 1.
Told = Callable[[float], None]
_COPY, _STAGE = "made", "stage"
#: Loading takes about this share of the time, sorting and the rest what is left.
_LOADING = 0.8


def build_copy(truth: TruthReader, list_id: int, files: CopyFiles, memory_mb: int, told: Told) -> None:
    """Build a list's copy beside the one in place, which it does not touch. Raises StorageUnavailable and DuckDB's errors."""
    files.make_folder()
    files.remove_unfinished(list_id)
    engine = open_engine(files.folder, memory_mb)
    try:
        attach(engine, files.new(list_id), _COPY)
        attach(engine, files.stage(list_id), _STAGE)
        _Build(engine, truth, list_id, told).run()
        engine.execute(f"DETACH {_COPY}")
    finally:
        engine.close()
        for path in (files.stage(list_id), Path(f"{files.stage(list_id)}.wal")):
            path.unlink(missing_ok=True)


class EventPages:
    """The events of a list in the order of their ids, about PAGE at a time. While one page is loaded the next one is read."""

    def __init__(self, truth: TruthReader, list_id: int, settings: ListSettings) -> None:
        self._truth, self._list_id, self._settings = truth, list_id, settings
        #: The last id that was read.
        self.reached = 0

    def __iter__(self) -> Iterator[Values]:
        with ThreadPoolExecutor(1) as ahead:
            page = self._page()
            while page is not None:
                following = ahead.submit(self._page)
                yield page
                page = following.result()

    def _page(self) -> Values | None:
        page: list[Any] = []
        while len(page) < PAGE:
            part = self._truth.read(
                lambda t: copied_events.copied_after(t, self._list_id, self.reached, PART)
            )
            page += part
            self.reached = part[-1][0] if part else self.reached
            if len(part) < PART:
                break
        return values_of(page, self._settings) if page else None


def plan_of(transaction: Transaction, list_id: int) -> tuple[list[PropertyColumn], int, ListSettings]:
    """Return the columns of a new copy, how many events are expected, and the settings of the list."""
    expected = catalogue_pages.event_total(transaction, list_id)
    return choose_columns(transaction, list_id), expected, read_settings(transaction, list_id)


class _Build:
    """One build, on an instance of its own."""

    def __init__(
        self, engine: duckdb.DuckDBPyConnection, truth: TruthReader, list_id: int, told: Told
    ) -> None:
        self._engine, self._truth, self._list_id, self._told = engine, truth, list_id, told
        self._columns: list[PropertyColumn] = []
        self._rows = 0

    def run(self) -> None:
        begun_at = time.time_ns() // 1_000_000
        source = self._truth.source()
        self._columns, expected, settings = self._truth.read(lambda t: plan_of(t, self._list_id))
        make_tables(self._engine, _COPY, self._columns)
        make_visits(self._engine, _COPY, self._columns)
        self._engine.execute(f"CREATE TABLE {_STAGE}.e ({event_columns(self._columns)})")
        pages = EventPages(self._truth, self._list_id, settings)
        for page in pages:
            self._rows += load_events(self._engine, _COPY, self._columns, page, into=f"{_STAGE}.e")
            self._told(_LOADING * min(1.0, self._rows / max(expected, 1)))
        pieces = self._sort()
        self._load_people()
        gap_ms = visit_gap_of(settings)
        fill_visits(self._engine, _COPY, self._columns, gap_ms, f"{_STAGE}.slots", pieces)
        state = CopyState(
            FORMAT, source, begun_at, begun_at, pages.reached, settings.events_from or 0, self._rows, 0, 0,
            rules_number(settings.channel_rules), gap_ms,
        )  # fmt: skip
        write_state(self._engine, _COPY, state)
        self._told(1.0)

    def _sort(self) -> list[tuple[int, int]]:
        """Lay the staged events by month, name and time: a question reads one name's rows of some time. Return the pieces."""
        pieces = list(self._pieces())
        order = 'name, "at", id'
        for done, (begins, ends) in enumerate(pieces, 1):
            part = f'SELECT * FROM {_STAGE}.e WHERE "at" >= {begins} AND "at" < {ends} ORDER BY {order}'
            self._engine.execute(f"INSERT INTO {_COPY}.e {part}")
            self._told(_LOADING + (1 - _LOADING) * done / (len(pieces) + 2))
        self._engine.execute(f"DROP TABLE {_STAGE}.e")
        return pieces

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Yield pieces of time [begins, ends) that end with a day when SORTED_AT_ONCE events are in them, and earlier with a month."""
        days = self._engine.execute(
            f'SELECT "at" - ("at" % {DAY_MS} + {DAY_MS}) % {DAY_MS} AS day, count(*) FROM {_STAGE}.e GROUP BY 1 ORDER BY 1'
        ).fetchall()
        begins, events = None, 0
        for number, (day, count) in enumerate(days):
            begins, events = day if begins is None else begins, events + count
            following = days[number + 1][0] if number + 1 < len(days) else None
            is_month = (
                events >= SORTED_BY_MONTH and following is not None and _month(following) != _month(day)
            )
            if following is None or events >= SORTED_AT_ONCE or is_month:
                yield begins, day + DAY_MS
                begins, events = None, 0

    def _load_people(self) -> None:
        """Resolve all ties, and load the values of custom fields of the subscribers who exist."""
        read, list_id = self._truth.read, self._list_id
        links = [
            row for page in copied_people.links_pages(read, list_id) for row in page if row[2] is not None
        ]
        living = {row[0]: bool(row[1]) for page in copied_people.living_pages(read, list_id) for row in page}
        resolve_ties(self._engine, _COPY, links, living)
        left_out.mark_all(self._engine, _COPY)
        types = read(lambda t: copied_people.field_types(t, list_id))
        for page in copied_people.values_pages(read, list_id):
            load_fields(self._engine, _COPY, field_rows((row for row in page if row[0] in living), types))


def _month(day: int) -> tuple[int, int]:
    return time.gmtime(day // 1000)[:2]


def choose_columns(transaction: Transaction, list_id: int) -> list[PropertyColumn]:
    """Return the columns of a new copy, the most frequent property first."""
    least = catalogue_pages.event_total(transaction, list_id) * LEAST_SHARE
    totals = catalogue_pages.property_totals(transaction, list_id)
    frequent = sorted(totals, key=lambda name: (-totals[name][0], name))
    chosen = [name for name in frequent if totals[name][0] >= max(least, 1)][: MAX_COLUMNS - len(DERIVED)]
    if ADDRESS in totals:
        chosen += [name for name in DERIVED if name not in chosen]
    return [PropertyColumn(name, index, totals.get(name, (0, 0))[1] > 0) for index, name in enumerate(chosen)]
