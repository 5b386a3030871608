"""Visit SQL: the visits of actors from their events, without sorting events, and which of their values a copy keeps.

Events of an actor in the same slot, which is as long as the gap that parts visits, are of one visit. So events are first gathered
into slots, and only slots are sorted to find the gaps between them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tracker.analytics.queries.copy_schema import CopyColumn
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect

#: The event that no bounce counts.
IDENTIFY = "identify"
#: The event that is a page view.
VIEW = "page_view"
#: SQL for whether an event is a page view, and whether it is a conversion that counts.
IS_VIEW, IS_COUNTED = "e.name = 'page_view'", "e.is_counted"
#: Properties of which a copy keeps each visit's first value, and its last one, as far as they have columns.
KEPT = {
    "entry": (
        "$channel", "$utm_campaign", "$utm_source", "$utm_medium", "$referring_domain", "$pathname", "$device_type", "$browser",
        "$os", "$country",
    ),
    "exit": ("$pathname",),
}  # fmt: skip
_LETTERS = {"entry": "a", "exit": "z"}


class VisitColumn(NamedTuple):
    """A column of visits: SQL over the events of a slot, and over the slots of a visit, and its type."""

    name: str
    of_events: str
    of_slots: str
    type: str = "VARCHAR"


def counted_column(name: str, condition: str) -> VisitColumn:
    """Return the column of how many events are like this."""
    return VisitColumn(name, f"count(*) FILTER (WHERE {condition})", f"CAST(sum({name}) AS BIGINT)", "BIGINT")


def value_column(name: str, text: str, end: str, dialect: DuckDBDialect) -> VisitColumn:
    """Return the column of the first (`end` is entry) or the last value that is set."""
    aggregate = dialect.first if end == "entry" else dialect.last
    order = dialect.position(f"e.{dialect.event_time}", "e.id")
    of_events, of_slots = aggregate(text, order), aggregate(name, "began")
    return VisitColumn(
        name,
        f"{of_events} FILTER (WHERE {text} IS NOT NULL)",
        f"{of_slots} FILTER (WHERE {name} IS NOT NULL)",
    )


#: The columns that all visits have, after `actor`, `began` and `ended`: events that are no identify events.
EVENTS = counted_column("events", f"e.name <> '{IDENTIFY}'")


def slots_sql(
    events: str, who: str, condition: str, slot: str, columns: Sequence[VisitColumn], dialect: DuckDBDialect
) -> str:
    """Return a SELECT of the slots: of events without robots that are like this, by actor and `slot`."""
    at = f"e.{dialect.event_time}"
    gathered = [
        f"min({at}) AS began",
        f"max({at}) AS ended",
        *(f"{each.of_events} AS {each.name}" for each in columns),
    ]
    return (
        f"SELECT w.actor AS actor, {slot} AS slot, {', '.join(gathered)} FROM {events} e JOIN {who} w ON w.tie = e.tie "
        f"WHERE NOT e.is_bot AND {condition} GROUP BY 1, 2"
    )


def parted_sql(slots: str, gap_ms: int, columns: Sequence[VisitColumn], dialect: DuckDBDialect) -> list[str]:
    """Return the expressions `numbered`, slots with the number of their visit, and `visits`. `slots` is a table of slots."""
    over = "(PARTITION BY actor ORDER BY began"
    gathered = [
        "min(began) AS began",
        "max(ended) AS ended",
        *(f"{each.of_slots} AS {each.name}" for each in columns),
    ]
    return [
        f"marked AS (SELECT *, began - {dialect.lag('ended')} OVER {over}) > {gap_ms} AS is_new FROM {slots})",
        f"numbered AS (SELECT *, count(*) FILTER (WHERE is_new) OVER {over} ROWS UNBOUNDED PRECEDING) AS visit FROM marked)",
        f"visits AS (SELECT actor, visit, {', '.join(gathered)} FROM numbered GROUP BY 1, 2)",
    ]


def kept_column(columns: Mapping[str, CopyColumn], name: str, end: str) -> str | None:
    """Return the column in which a copy keeps this value of each visit; None if it does not."""
    column = columns.get(name)
    if column is None or column.is_partial or name not in KEPT[end]:
        return None
    return f"{_LETTERS[end]}{column.index}"


def kept_columns(columns: Mapping[str, CopyColumn], dialect: DuckDBDialect) -> list[VisitColumn]:
    """Return the columns of the visits that a copy keeps."""
    counted = [
        EVENTS,
        VisitColumn("total", "count(*)", "CAST(sum(total) AS BIGINT)", "BIGINT"),
        counted_column("views", IS_VIEW),
        counted_column("counted", IS_COUNTED),
    ]
    values = [
        value_column(column, f"e.p{columns[name].index}", end, dialect)
        for (name, end), column in kept_values(columns)
    ]
    return [*counted, *values]


def kept_values(columns: Mapping[str, CopyColumn]) -> Iterator[tuple[tuple[str, str], str]]:
    """Return ((property, entry or exit), column) of all values that a copy keeps of each visit."""
    for end, names in KEPT.items():
        for name in names:
            column = kept_column(columns, name, end)
            if column is not None:
                yield (name, end), column
