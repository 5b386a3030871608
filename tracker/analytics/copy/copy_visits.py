"""Copy visits: the table of all visits in a copy, made with it, and made anew where events come, go, or change hands.

A visit is what one actor does without a pause longer than the gap that the list had when the copy was built. Whatever happens to an
event concerns no other visits of its actor than those within a gap of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import duckdb

from tracker.analytics.copy.copy_tables import PropertyColumn
from tracker.analytics.queries import (
    CopyColumn,
    DuckDBDialect,
    VisitColumn,
    kept_columns,
    parted_sql,
    slots_sql,
)
from tracker.storage.accounts import ListSettings

#: What of a visit's row stands before the kept columns.
_KEYS = "actor BIGINT, began BIGINT, ended BIGINT"
_TOUCHED = "touched"
_AT = f"e.{DuckDBDialect.event_time}"


def make_visits(cursor: duckdb.DuckDBPyConnection, copy: str, columns: Sequence[PropertyColumn]) -> None:
    """Create the empty table of visits."""
    declared = [f"{each.name} {each.type}" for each in _kept(columns)]
    cursor.execute(f"CREATE TABLE {copy}.visits ({', '.join([_KEYS, *declared])})")


def fill_visits(
    cursor: duckdb.DuckDBPyConnection, copy: str, columns: Sequence[PropertyColumn], gap_ms: int, slots: str,
    pieces: Iterable[tuple[int, int]],
) -> None:  # fmt: skip
    """Make all visits, those that begin first first. `slots` is the name of a table to make; events are read by pieces of time."""
    kept, is_made = _kept(columns), False
    for begins, ends in pieces:
        into = f"INSERT INTO {slots} BY NAME" if is_made else f"CREATE OR REPLACE TABLE {slots} AS"
        cursor.execute(
            f"{into} {_slots(f'{copy}.e', f'{copy}.who', kept, gap_ms, f'{_AT} >= {begins} AND {_AT} < {ends}')}"
        )
        is_made = True
    if is_made:
        expressions = ", ".join(parted_sql(slots, gap_ms, kept, DuckDBDialect()))
        cursor.execute(
            f"INSERT INTO {copy}.visits BY NAME WITH {expressions} SELECT * EXCLUDE (visit) FROM visits ORDER BY began"
        )
        cursor.execute(f"DROP TABLE {slots}")


class TouchedVisits:
    """What of one look concerns visits. Everything is noted, and then all are made anew, in the caller's transaction."""

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, copy: str, columns: Sequence[PropertyColumn], gap_ms: int
    ) -> None:
        self._cursor, self._copy, self._gap, self._kept = cursor, copy, gap_ms, _kept(columns)
        self._is_any = False

    def begin(self) -> None:
        """Begin a look: nothing is touched."""
        self._cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE {_TOUCHED} (actor BIGINT, first BIGINT, last BIGINT)"
        )
        self._is_any = False

    def note(self, sql: str, values: Sequence[object] = ()) -> None:
        """Note the actors and times that this SELECT returns: actor, first, last."""
        self._cursor.execute(f"INSERT INTO {_TOUCHED} {sql}", list(values))
        self._is_any = True

    def note_events(self, event_ids: Iterable[int]) -> None:
        """Note events of the copy that are about to be deleted."""
        self.note(
            f'SELECT w.actor, min(e."at"), max(e."at") FROM {self._copy}.e e JOIN {self._copy}.who w ON w.tie = e.tie'
            " WHERE e.id IN (SELECT unnest($1::BIGINT[])) GROUP BY 1",
            [list(event_ids)],
        )

    def note_before(self, moment: int) -> None:
        """Note that the events before a moment are about to be deleted."""
        self.note(
            f"SELECT actor, min(began), {moment} FROM {self._copy}.visits WHERE began < {moment} GROUP BY 1"
        )

    def make_anew(self) -> None:
        """Make the visits anew that are touched."""
        if not self._is_any:
            return
        cursor, visits = self._cursor, f"{self._copy}.visits"
        cursor.execute(
            "CREATE OR REPLACE TEMP TABLE stretch AS WITH t AS (SELECT actor, min(first) AS first, max(last) AS last"
            f" FROM {_TOUCHED} GROUP BY 1) SELECT t.actor, min(least(t.first, v.began)) AS first, max(greatest(t.last, v.ended)) AS last"
            f" FROM t LEFT JOIN {visits} v ON v.actor = t.actor AND v.ended >= t.first - {self._gap} AND v.began <= t.last + {self._gap}"
            " GROUP BY 1"
        )
        bounds = cursor.execute("SELECT min(first), max(last) FROM stretch").fetchone()
        if bounds is None or bounds[0] is None:
            return
        first, last = bounds
        cursor.execute(
            f"DELETE FROM {visits} v USING stretch s WHERE v.actor = s.actor AND v.began >= s.first AND v.began <= s.last"
        )
        cursor.execute(  # a table, so that DuckDB knows that these ties are few, and reads no other events
            "CREATE OR REPLACE TEMP TABLE own AS SELECT w.tie, w.actor, s.first, s.last"
            f" FROM {self._copy}.who w JOIN stretch s ON s.actor = w.actor"
        )
        within = f"{_AT} >= {first} AND {_AT} <= {last} AND {_AT} >= w.first AND {_AT} <= w.last"
        slots = _slots(f"{self._copy}.e", "own", self._kept, self._gap, within)
        expressions = ", ".join(
            [f"slots AS ({slots})", *parted_sql("slots", self._gap, self._kept, DuckDBDialect())]
        )
        cursor.execute(
            f"INSERT INTO {visits} BY NAME WITH {expressions} SELECT * EXCLUDE (visit) FROM visits ORDER BY began"
        )


def are_visits_whole(cursor: duckdb.DuckDBPyConnection, copy: str) -> bool:
    """Return whether visits have as many events as there are, those of robots and of people left out."""
    rows = cursor.execute(
        f"SELECT (SELECT coalesce(sum(total), 0) FROM {copy}.visits) = (SELECT count(*) FROM {copy}.e WHERE NOT is_bot)"
    ).fetchall()
    return bool(rows[0][0])


def visit_gap_of(settings: ListSettings) -> int:
    """Return the milliseconds of the pause that parts the visits of a list."""
    return settings.visit_gap_minutes * 60_000


def kept_properties(columns: Sequence[PropertyColumn]) -> Mapping[str, CopyColumn]:
    """Return the columns as queries know them."""
    return {each.property: CopyColumn(each.index, each.has_numbers) for each in columns}


def _kept(columns: Sequence[PropertyColumn]) -> list[VisitColumn]:
    return kept_columns(kept_properties(columns), DuckDBDialect())


def _slots(events: str, who: str, kept: Sequence[VisitColumn], gap_ms: int, condition: str) -> str:
    dialect = DuckDBDialect()
    slot = dialect.whole_quotient(_AT, gap_ms)
    return slots_sql(events, who, condition, slot, kept, dialect)
