"""Shared visits: the table of all visits of a copy in ClickHouse, made with it, and made anew where events come, go, or change hands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tracker.analytics.clickhouse.clickhouse_client import ClickHouseClient
from tracker.analytics.clickhouse.shared_loading import SharedLoader
from tracker.analytics.clickhouse.shared_tables import Version
from tracker.analytics.copy.copy_tables import PropertyColumn
from tracker.analytics.copy.copy_visits import kept_properties
from tracker.analytics.queries import ClickHouseDialect, VisitColumn, kept_columns, parted_sql, slots_sql

_DIALECT = ClickHouseDialect()
_AT = f"e.{_DIALECT.event_time}"


def fill_visits(
    client: ClickHouseClient, version: Version, columns: Sequence[PropertyColumn], gap_ms: int, parts: int,
    made: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Make all visits, in so many parts by their actors, so that the server holds one part at a time. `made()` is called after each."""
    kept = kept_of(columns)
    for part in range(parts):
        condition = f"cityHash64(w.actor) % {parts} = {part}"
        slots = slots_of(version.table("e"), version.table("who"), kept, gap_ms, condition)
        client.write(insertion(version, kept, slots, gap_ms))
        made()


def insertion(version: Version, kept: Sequence[VisitColumn], slots: str, gap_ms: int) -> str:
    """Return the statement that makes visits of the slots that a SELECT returns."""
    names = ["actor", "began", "ended", *(each.name for each in kept)]
    expressions = ", ".join([f"slots AS ({slots})", *parted_sql("slots", gap_ms, kept, _DIALECT)])
    return (
        f"INSERT INTO {version.name('visits')} ({', '.join(names)}, born) WITH {expressions} "
        f"SELECT {', '.join(names)}, {version.number} FROM visits"
    )


def kept_of(columns: Sequence[PropertyColumn]) -> list[VisitColumn]:
    """Return the columns of visits beside whose they are, and when."""
    return kept_columns(kept_properties(columns), _DIALECT)


def slots_of(events: str, who: str, kept: Sequence[VisitColumn], gap_ms: int, condition: str) -> str:
    """Return a SELECT of the slots of events that are like this."""
    return slots_sql(events, who, condition, _DIALECT.whole_quotient(_AT, gap_ms), kept, _DIALECT)


class SharedTouchedVisits:
    """What of one look concerns visits: noted first, and made anew at its end."""

    def __init__(self, loader: SharedLoader, columns: Sequence[PropertyColumn], gap_ms: int) -> None:
        self._loader, self._gap, self._kept = loader, gap_ms, kept_of(columns)
        self._client, self._version = loader.client, loader.version
        self._client.write(
            "CREATE OR REPLACE TEMPORARY TABLE touched (actor Int64, first Int64, last Int64) ENGINE = Memory"
        )
        self._is_any = False

    def note(self, sql: str, values: Sequence[object] = ()) -> None:
        """Note the actors and times that this SELECT returns: actor, first, last."""
        self._client.write(f"INSERT INTO touched {sql}", list(values))
        self._is_any = True

    def note_events(self, event_ids: Iterable[int]) -> None:
        """Note events of the copy that are about to be deleted."""
        table = self._version.table
        self.note(
            f"SELECT w.actor, min({_AT}), max({_AT}) FROM {table('e')} e JOIN {table('who')} w ON w.tie = e.tie"
            " WHERE e.id IN (SELECT unnest($1::BIGINT[])) GROUP BY 1",
            [list(event_ids)],
        )

    def note_before(self, moment: int) -> None:
        """Note that the events before a moment are about to be deleted."""
        self.note(
            f"SELECT actor, min(began), {moment} FROM {self._version.table('visits')} WHERE began < {moment} GROUP BY 1"
        )

    def note_loaded(self) -> None:
        """Note the events that were just inserted."""
        table = self._version.table
        ties = f"(SELECT * FROM {table('ties')} WHERE visitor IN (SELECT visitor FROM batch))"
        self.note(
            f"SELECT w.actor, min(b.happened), max(b.happened) FROM batch b JOIN {ties} t ON t.visitor = b.visitor"
            f" AND t.span = b.span AND t.named = b.named JOIN {table('who')} w ON w.tie = t.tie WHERE NOT b.is_robot GROUP BY 1"
        )

    def note_moved(self) -> None:
        """Note whose events were just given to somebody else, and whose they are now."""
        self.note(
            "WITH old AS (SELECT m.tie AS tie, min(v.began) AS first, max(v.ended) AS last FROM moved m"
            f" JOIN {self._version.table('visits')} v ON v.actor = m.actor GROUP BY 1)"
            " SELECT arrayJoin([m.actor, o.actor]), old.first, old.last FROM moved m JOIN old ON old.tie = m.tie"
            " JOIN owners o ON o.tie = m.tie WHERE o.actor <> m.actor"
        )

    def note_turned(self) -> None:
        """Note whose events were just marked or unmarked."""
        table = self._version.table
        self.note(
            f"SELECT w.actor, min({_AT}), max({_AT}) FROM {table('e')} e JOIN {table('who')} w ON w.tie = e.tie"
            " WHERE e.tie IN (SELECT tie FROM turned) GROUP BY 1"
        )

    def make_anew(self) -> None:
        """Make the visits anew that are touched."""
        if not self._is_any:
            return
        table, write = self._version.table, self._client.write
        write(
            "CREATE OR REPLACE TEMP TABLE stretch AS WITH t AS (SELECT actor, min(first) AS first, max(last) AS last FROM touched GROUP BY 1)"
            " SELECT t.actor AS actor, min(least(t.first, v.began)) AS first, max(greatest(t.last, v.ended)) AS last"
            f" FROM t LEFT JOIN (SELECT actor, began, ended FROM {table('visits')} WHERE actor IN (SELECT actor FROM touched)) v"
            f" ON v.actor = t.actor AND v.ended >= t.first - {self._gap} AND v.began <= t.last + {self._gap} GROUP BY 1"
        )
        [(first, last)] = self._client.rows("SELECT min(first), max(last) FROM stretch")
        if first is None:
            return
        self._loader.let_go(
            "visits",
            "(actor, began) IN (SELECT v.actor, v.began FROM"
            f" (SELECT actor, began FROM {table('visits')} WHERE began >= {first} AND began <= {last}) v"
            " JOIN stretch s ON s.actor = v.actor WHERE v.began >= s.first AND v.began <= s.last)",
        )
        write(
            "CREATE OR REPLACE TEMP TABLE own AS SELECT w.tie AS tie, w.actor AS actor, s.first AS first, s.last AS last"
            f" FROM {table('who')} w JOIN stretch s ON s.actor = w.actor"
        )
        within = f"{_AT} >= {first} AND {_AT} <= {last} AND e.tie IN (SELECT tie FROM own) AND {_AT} >= w.first AND {_AT} <= w.last"
        slots = slots_of(table("e"), "own", self._kept, self._gap, within)
        write(insertion(self._version, self._kept, slots, self._gap))
