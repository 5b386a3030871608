"""Stretches: what visits have in a range and in each bucket of time, from which everything is told that asks nothing of single events.

A visit that the copy keeps is one stretch, if it lies in the range and in one bucket. The others are few: what they have in each
bucket is counted from their events. Stretches are eight times fewer than events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tracker.analytics.queries.copy_schema import CopySchema
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect, buckets
from tracker.analytics.queries.visit_sql import IS_COUNTED, IS_VIEW, VIEW
from tracker.analytics.queries.visit_table import VisitTable
from tracker.analytics.queries.workspace import Workspace

#: SQL for whether an event `e` of the tie `w` is in the visit `p`.
IS_IN_VISIT = f"p.actor = w.actor AND e.{DuckDBDialect.event_time} >= p.began AND e.{DuckDBDialect.event_time} <= p.ended"


@dataclass(frozen=True, slots=True)
class Range:
    """A half-open range of UTC milliseconds, cut where the list's kept events begin."""

    begins: int
    ends: int
    events_from: int = 0

    @property
    def first(self) -> int:
        return max(self.begins, self.events_from)


class Stretches:
    """The stretches of a range, of all events or of page views. `begins` are those of the buckets, if there are any."""

    def __init__(
        self, workspace: Workspace, schema: CopySchema, visits: VisitTable, range_: Range, event: str | None
    ) -> None:
        self._workspace, self._table, self._visits, self._range = workspace, schema.table, visits, range_
        self._is_of_views = event == VIEW
        self._dialect = schema.dialect
        self.at = f"e.{self._dialect.event_time}"
        self.begins: Sequence[int] | None = None

    def of_range(self) -> list[str]:
        """Return conditions on the events `e` of the range, those of robots left out."""
        return ["NOT e.is_bot", f"{self.at} >= {self._range.first}", f"{self.at} < {self._range.ends}"]

    def bucket(self, moment: str) -> str:
        """Return SQL for the number of the bucket that a moment is in; there is one, if none were asked for."""
        if self.begins is None:
            return "0"
        return buckets(moment, self.begins, self._range.ends, self._dialect)

    def sql(self) -> str:
        """Return a SELECT of visits that lie in the range and in one bucket, and of what the others have in each bucket.

        The others are few, and looked up once: where no bucket is asked for, those of buckets asked for before will do.
        """
        range_, workspace, visits = self._range, self._workspace, self._visits
        is_whole = f"total IS NOT NULL AND began >= {range_.first} AND ended < {range_.ends}"
        if self.begins is not None:
            is_whole += f" AND {self.bucket('began')} = {self.bucket('ended')}"
        known = range_, self._is_of_views, visits.is_cut
        if self.begins is not None or known not in workspace.others:
            workspace.others[known] = is_whole, workspace.table(self._others(is_whole), [])
        is_whole, others = workspace.others[known]
        views, of_event = ("REPLACE (views AS total)", "views > 0") if self._is_of_views else ("", "TRUE")
        kept = visits.kept_in(workspace)
        return (
            f"SELECT * {views}, began AS moment, TRUE AS is_first FROM ({kept}) WHERE {is_whole} AND {of_event} "
            f"UNION ALL SELECT {', '.join(visits.names())}, moment, is_first FROM {others}"
        )

    def _others(self, is_whole: str) -> str:
        """Return a SELECT of what visits that are not whole have in each bucket, with all values that are kept."""
        table, at = self._table, self.at
        kept = self._visits.kept_in(self._workspace, is_all=True)
        few = self._workspace.table(f"SELECT * FROM ({kept}) WHERE NOT ({is_whole})", [])
        ties = self._workspace.table(
            f"SELECT w.tie AS tie, w.actor AS actor FROM {table('who')} w SEMI JOIN {few} p ON p.actor = w.actor",
            [],
        )
        filters = {
            "total": "",
            "views": f" FILTER (WHERE {IS_VIEW})",
            "counted": f" FILTER (WHERE {IS_COUNTED})",
        }
        sums = {name: f"CAST(count(*){each} AS BIGINT)" for name, each in filters.items()}
        own = ", ".join(
            f"{sums.get(name, f'p.{name}')} AS {name}" for name in self._visits.names(is_all=True)
        )
        conditions = self.of_range() + ([IS_VIEW] if self._is_of_views else [])
        return (
            "SELECT * EXCLUDE (bucket), bucket = min(bucket) OVER (PARTITION BY actor, visit) AS is_first FROM ("
            f"SELECT {own}, min({at}) AS moment, {self.bucket(at)} AS bucket FROM {table('e')} e "
            f"JOIN {ties} w ON w.tie = e.tie JOIN {few} p ON {IS_IN_VISIT} WHERE {' AND '.join(conditions)} GROUP BY ALL)"
        )

    def orders(self) -> str:
        """Return the table of the range's events with an amount, with the values of their visits: they are few."""
        table, kept = self._table, self._visits.kept_in(self._workspace, is_all=True)
        orders = self._workspace.table(  # first, so that DuckDB knows that they are fewer than visits
            f"SELECT w.actor AS owner, {self.at} AS moment, e.currency AS currency, e.worth AS worth FROM {table('e')} e "
            f"JOIN {table('who')} w ON w.tie = e.tie WHERE {' AND '.join(self.of_range())} AND e.worth IS NOT NULL",
            [],
        )
        in_visit = "p.actor = o.owner AND o.moment >= p.began AND o.moment <= p.ended"
        return self._workspace.table(f"SELECT * FROM {orders} o JOIN ({kept}) p ON {in_visit}", [])
