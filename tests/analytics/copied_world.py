"""A small copy: made-up events of a list as dicts, and a loader that fills a DuckDB with the tables of a copy from them."""

from __future__ import annotations

from typing import Any

import duckdb
import orjson

from tracker.analytics.copy.copy_tables import PropertyColumn
from tracker.analytics.copy.copy_visits import fill_visits, make_visits
from tracker.analytics.queries import CopyColumn, CopySchema
from tracker.questions import canonical_text, plain_number

PREFIX = "list_2"
DAY_MS = 86_400_000
TABLES = """
    CREATE TABLE {0}.e (id BIGINT, "at" BIGINT, name VARCHAR, tie INTEGER, is_robot BOOLEAN, is_bot BOOLEAN, is_counted BOOLEAN,
        worth DECIMAL(38, 6), currency VARCHAR, rest VARCHAR{1});
    CREATE TABLE {0}.who (tie INTEGER, actor BIGINT, person BIGINT, visitor BIGINT);
    CREATE TABLE {0}.fields (person BIGINT, field BIGINT, value VARCHAR, number DOUBLE);
    CREATE TABLE {0}.state (as_of BIGINT);
"""

#: An event as tests make it: id, at, name, person, visitor, properties, is_bot, is_counted, worth, currency.
Event = dict[str, Any]


def number_of(value: Any) -> float | None:
    """The number of a JSON number, or of a plain decimal text."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return float(value)
    return plain_number(value) if isinstance(value, str) else None


def actor_of(event: Event) -> int:
    """The person, else the visitor."""
    actor: int = event["visitor"] if event["person"] is None else event["person"]
    return actor


def copy_of(
    events: list[Event],
    fields: dict[tuple[int, int], str],
    as_of: int,
    columns: dict[str, CopyColumn],
    gap_ms: int = 0,
) -> tuple[duckdb.DuckDBPyConnection, CopySchema]:
    """Return a DuckDB with a copy of these events and {(person, field): value}, and its schema.

    It keeps visits of this gap, if it is not 0: those of each day are made apart, as a build makes them.
    """
    cursor = duckdb.connect(config={"threads": 2, "temp_directory": ""})
    cursor.execute(f"ATTACH ':memory:' AS {PREFIX}")
    own = [
        f", p{each.index} VARCHAR" + (f", n{each.index} DOUBLE" if each.has_numbers else "")
        for each in columns.values()
    ]
    for statement in TABLES.format(PREFIX, "".join(own)).split(";"):
        cursor.execute(statement)
    ties = {
        tie: number
        for number, tie in enumerate(sorted({(e["visitor"], e["person"]) for e in events}, key=repr))
    }
    _fill(cursor, "e", [_row(event, ties, columns) for event in events])
    _fill(cursor, "who", [[n, person or visitor, person, visitor] for (visitor, person), n in ties.items()])
    rows = [[person, field, value, plain_number(value)] for (person, field), value in fields.items()]
    _fill(cursor, "fields", rows)
    _fill(cursor, "state", [[as_of]])
    if gap_ms:
        kept = [
            PropertyColumn(name, each.index, each.has_numbers)
            for name, each in columns.items()
            if not each.is_partial
        ]
        make_visits(cursor, PREFIX, kept)
        days = sorted({event["at"] // DAY_MS * DAY_MS for event in events})
        fill_visits(cursor, PREFIX, kept, gap_ms, f"{PREFIX}.slots", [(day, day + DAY_MS) for day in days])
    return cursor, CopySchema(PREFIX, columns, gap_ms)


def _row(event: Event, ties: dict[Any, int], columns: dict[str, CopyColumn]) -> list[Any]:
    sent = {name: value for name, value in event["properties"].items() if value is not None}
    cells: list[Any] = []
    for name, column in columns.items():
        is_old = column.is_partial and event["id"] % 2 == 0
        value = None if is_old else sent.pop(name, None)
        cells += [canonical_text(value), *([number_of(value)] if column.has_numbers else [])]
    counts = event["is_counted"]
    return [
        event["id"], event["at"], event["name"], ties[(event["visitor"], event["person"])], event["is_bot"], event["is_bot"], counts,
        event["worth"] if counts else None, event["currency"] if counts else None,
        orjson.dumps(sent).decode() if sent else None, *cells,
    ]  # fmt: skip


def _fill(cursor: duckdb.DuckDBPyConnection, table: str, rows: list[list[Any]]) -> None:
    """Insert rows: a list for each column, which is far quicker than a statement for each row."""
    if rows:
        marks = ", ".join(f"unnest(${number})" for number in range(1, len(rows[0]) + 1))
        lists = [list(column) for column in zip(*rows, strict=True)]
        cursor.execute(f"INSERT INTO {PREFIX}.{table} SELECT {marks}", lists)
