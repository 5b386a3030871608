"""Loading: statements that put events, ties, people and values of fields into a copy, in the caller's transaction.

Values go as parameters, one list a column: that needs no package beside DuckDB, and costs 1 µs an event
(docs/decisions/0030-reports-engine.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import orjson

from tracker.analytics.copy import left_out
from tracker.analytics.copy.copied_rows import TYPES, Values
from tracker.analytics.copy.copy_tables import PropertyColumn
from tracker.questions import PLAIN_NUMBER

_WRITTEN_NUMBER = r"-?[0-9][0-9.eE+-]*"
_BATCH = (
    "id",
    "happened",
    "name",
    "visitor",
    "span",
    "named",
    "is_robot",
    "is_counted",
    "millionths",
    "currency",
    "j",
)
#: Values of a property that JSON writes as a number.
_NUMBERS = "('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE')"


def load_events(
    cursor: duckdb.DuckDBPyConnection,
    copy: str,
    columns: Sequence[PropertyColumn],
    values: Values,
    into: str = "",
) -> int:
    """Insert events and their new ties into the copy attached as `copy`; return how many.

    `into`: another table for the events, of the same columns.
    """
    if not values[0]:
        return 0
    fill_temporary(cursor, "batch", dict(zip(_BATCH, TYPES, strict=True)), values)
    cursor.execute(
        f"INSERT INTO {copy}.ties SELECT (SELECT coalesce(max(tie), 0) FROM {copy}.ties) + row_number() OVER (), visitor,"
        " span, named FROM (SELECT DISTINCT visitor, span, named FROM batch) b"
        f" ANTI JOIN {copy}.ties t ON t.visitor = b.visitor AND t.span = b.span AND t.named = b.named"
    )
    cursor.execute(*_insert_events(copy, into or f"{copy}.e", columns))
    return len(values[0])


def fill_temporary(
    cursor: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], values: Sequence[Sequence[Any]]
) -> None:
    """Make the temporary table `name` of {column: type}, with these values of each column."""
    cells = [f"unnest(${n}::{kind}[]) AS {column}" for n, (column, kind) in enumerate(columns.items(), 1)]
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {', '.join(cells)}", list(values))


def delete_events(cursor: duckdb.DuckDBPyConnection, copy: str, event_ids: Iterable[int]) -> int:
    """Delete events by their ids; return how many there were."""
    sql = f"DELETE FROM {copy}.e WHERE id IN (SELECT unnest($1::BIGINT[]))"
    return _changed(cursor.execute(sql, [list(event_ids)]))


def resolve_ties(
    cursor: duckdb.DuckDBPyConnection,
    copy: str,
    links: Sequence[tuple[int, int, int]],
    living: Mapping[int, bool],
    spans: Sequence[tuple[int, int]] | None = None,
) -> None:
    """Say whose ties are: the subscriber that an event names, if they exist, else the existing one its span is linked to.

    `links` are (visitor, span, subscriber), `living` the subscribers who exist, and whether each is left
    out of reports; with `spans` (visitor, span) only ties of
    these are looked at, and `links` and `living` need only have what these are about.
    """
    link_columns = {"visitor": "BIGINT", "span": "INTEGER", "subscriber": "BIGINT"}
    fill_temporary(cursor, "links", link_columns, _columns(links, 3))
    living_columns = {"id": "BIGINT", "is_left_out": "BOOLEAN"}
    fill_temporary(cursor, "living", living_columns, [list(living), list(living.values())])
    scope = ""
    if spans is not None:
        fill_temporary(cursor, "spans", {"visitor": "BIGINT", "span": "INTEGER"}, _columns(spans, 2))
        scope = "SEMI JOIN spans s ON s.visitor = t.visitor AND s.span = t.span"
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE owners AS SELECT tie, coalesce(person, visitor) AS actor, person, visitor, is_left_out FROM ("
        " SELECT t.tie, t.visitor, coalesce(a.id, b.id) AS person, coalesce(a.is_left_out, b.is_left_out, FALSE) AS is_left_out FROM"
        f" (SELECT * FROM {copy}.ties t {scope}) t LEFT JOIN living a ON a.id = t.named"
        " LEFT JOIN links l ON l.visitor = t.visitor AND l.span = t.span LEFT JOIN living b ON b.id = l.subscriber)"
    )
    if spans is not None:
        cursor.execute(
            f"DELETE FROM owners WHERE tie IN (SELECT o.tie FROM owners o JOIN {copy}.who w ON w.tie = o.tie"
            " WHERE w.actor = o.actor AND w.person IS NOT DISTINCT FROM o.person AND w.is_left_out = o.is_left_out)"
        )
        cursor.execute(
            f"CREATE OR REPLACE TEMP TABLE moved AS SELECT w.tie, w.actor, w.is_left_out FROM {copy}.who w SEMI JOIN owners o ON o.tie = w.tie"
        )
        cursor.execute(f"DELETE FROM {copy}.who WHERE tie IN (SELECT tie FROM owners)")
    cursor.execute(f"INSERT INTO {copy}.who SELECT tie, actor, person, visitor, is_left_out FROM owners")


def moved_sql(copy: str) -> str:
    """Return a SELECT of whose events `resolve_ties` has just given to somebody else, and of whom they are now: actor, first, last."""
    return (
        f"WITH old AS (SELECT m.tie, min(v.began) AS first, max(v.ended) AS last FROM moved m JOIN {copy}.visits v ON v.actor = m.actor"
        " GROUP BY 1) SELECT unnest([m.actor, o.actor]), old.first, old.last FROM moved m JOIN old ON old.tie = m.tie"
        " JOIN owners o ON o.tie = m.tie WHERE o.actor <> m.actor"
    )


def loaded_sql(copy: str) -> str:
    """Return a SELECT of the actors of the events that `load_events` has just inserted: actor, first, last."""
    return (
        f"SELECT w.actor, min(b.happened), max(b.happened) FROM batch b JOIN {copy}.ties t ON t.visitor = b.visitor"
        f" AND t.span = b.span AND t.named = b.named JOIN {copy}.who w ON w.tie = t.tie WHERE NOT b.is_robot GROUP BY 1"
    )


def load_fields(cursor: duckdb.DuckDBPyConnection, copy: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert values of custom fields: (person, field, text, number or None)."""
    fill_temporary(
        cursor,
        "values_batch",
        {"person": "BIGINT", "field": "BIGINT", "value": "VARCHAR", "number": "DOUBLE"},
        _columns(rows, 4),
    )
    cursor.execute(f"INSERT INTO {copy}.fields SELECT person, field, value, number FROM values_batch")


def delete_fields(cursor: duckdb.DuckDBPyConnection, copy: str, column: str, numbers: Iterable[int]) -> int:
    """Delete the values of these persons (`column` person) or of these fields (`column` field); return how many."""
    sql = f"DELETE FROM {copy}.fields WHERE {column} IN (SELECT unnest($1::BIGINT[]))"
    return _changed(cursor.execute(sql, [list(numbers)]))


def delete_before(cursor: duckdb.DuckDBPyConnection, copy: str, moment: int) -> int:
    """Delete the events that happened before a moment; return how many there were."""
    return _changed(cursor.execute(f'DELETE FROM {copy}.e WHERE "at" < $1', [moment]))


def _insert_events(copy: str, into: str, columns: Sequence[PropertyColumn]) -> tuple[str, list[Any]]:
    """Return the statement that inserts `batch`, and its parameters."""
    texts = [f"x[{each.index + 1}] AS p{each.index}" for each in columns]
    numbers = [f"{_number(each)} AS n{each.index}" for each in columns if each.has_numbers]
    pointers = [pointer_of(each.property) for each in columns]
    patch = orjson.dumps({each.property: None for each in columns}).decode()
    worth = "CAST(millionths AS DECIMAL(19, 0)) * CAST(0.000001 AS DECIMAL(7, 6))"
    sql = (
        f'INSERT INTO {into} BY NAME SELECT id, happened AS "at", name, t.tie, is_robot, is_robot OR o.tie IS NOT NULL AS is_bot, is_counted, {worth} AS worth,'
        " currency, NULLIF(CAST(json_merge_patch(j, $2::JSON) AS VARCHAR), '{}') AS rest"
        f"{''.join(f', {cell}' for cell in [*texts, *numbers])}"
        " FROM (SELECT *, json_extract_string(j, $1::VARCHAR[]) AS x FROM batch) b"
        f" JOIN {copy}.ties t ON t.visitor = b.visitor AND t.span = b.span AND t.named = b.named"
        f" LEFT JOIN {left_out.ties_sql(copy)} o ON o.tie = t.tie"
    )
    return sql, [pointers, patch]


def _number(column: PropertyColumn) -> str:
    """Return the number of a property: JSON's own, or a text that is a plain decimal number.

    The kind is asked for only where the text may be a number of JSON's: each time the properties are parsed again.
    """
    text, pointer = f"x[{column.index + 1}]", f"($1::VARCHAR[])[{column.index + 1}]"
    return (
        f"CASE WHEN regexp_full_match({text}, '{PLAIN_NUMBER}') THEN CAST({text} AS DOUBLE)"
        f" WHEN regexp_full_match({text}, '{_WRITTEN_NUMBER}')"
        f" THEN CASE WHEN json_type(j, {pointer}) IN {_NUMBERS} THEN TRY_CAST({text} AS DOUBLE) END END"
    )


def pointer_of(name: str) -> str:
    """Return the JSON pointer (RFC 6901) of a property."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _columns(rows: Sequence[Sequence[Any]], count: int) -> list[list[Any]]:
    return [[row[n] for row in rows] for n in range(count)]


def _changed(done: duckdb.DuckDBPyConnection) -> int:
    row = done.fetchone()
    return 0 if row is None else int(row[0])
