"""Copy tables: the tables of a copy's file, its columns for frequent properties, and its one row of state.

An event has a small number, its tie: the visitor's span, with the subscriber whom the event names. The table `who` says whose
each tie is now, so that no event is touched when people and visitors are linked, unlinked or forgotten. A property with a
column has its text in `p<n>`, and its number in `n<n>` where numbers have been seen; the others are JSON in `rest`. An event
that `is_bot` counts in no report: a robot sent it (`is_robot`), or it is of a subscriber who is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

import duckdb

#: The version of these tables, and of what the loader writes into them. A file of another one is built anew.
FORMAT = 4

#: `at` is a word of DuckDB's: it is quoted wherever it stands alone.
EVENT_COLUMNS = (
    'id BIGINT, "at" BIGINT, name VARCHAR, tie INTEGER, is_robot BOOLEAN, is_bot BOOLEAN, is_counted BOOLEAN, worth DECIMAL(38, 6),'
    " currency VARCHAR, rest VARCHAR"
)
TABLES = {
    "ties": "tie INTEGER, visitor BIGINT, span INTEGER, named BIGINT",
    "who": "tie INTEGER, actor BIGINT, person BIGINT, visitor BIGINT, is_left_out BOOLEAN",
    "columns": "property VARCHAR, col INTEGER, has_numbers BOOLEAN",
    "fields": "person BIGINT, field BIGINT, value VARCHAR, number DOUBLE",
}


@dataclass(frozen=True, slots=True)
class PropertyColumn:
    """The column of a property: its number, and whether there is one for numbers too."""

    property: str
    index: int
    has_numbers: bool


@dataclass(slots=True)
class CopyState:
    """The state of a copy. Times are UTC milliseconds.

    `as_of`: the last look at the truth that found its end began then. `reached`: the largest id of an event that was read.
    `events_from`: events before are not in the copy. `rows_built`, `rows_added`: rows of the last build, and since.
    `erased_at`: when the first row since the build was deleted, whose bytes may still be in the file; 0: none was.
    `rules`: a number that stands for the list's channel rules of the last build. `source`: identifies the truth. `visit_gap_ms`: the pause that parts the
    visits of the table of visits.
    """

    format: int
    source: str
    built_at: int
    as_of: int
    reached: int
    events_from: int
    rows_built: int
    rows_added: int
    erased_at: int
    rules: int
    visit_gap_ms: int


_STATE = ", ".join(
    f"{each.name} {'VARCHAR' if each.type == 'str' else 'BIGINT'}" for each in fields(CopyState)
)


def event_columns(columns: Sequence[PropertyColumn]) -> str:
    """Return the definitions of the columns of `e`."""
    texts = [f"p{each.index} VARCHAR" for each in columns]
    numbers = [f"n{each.index} DOUBLE" for each in columns if each.has_numbers]
    return ", ".join([EVENT_COLUMNS, *texts, *numbers])


def make_tables(cursor: duckdb.DuckDBPyConnection, prefix: str, columns: Sequence[PropertyColumn]) -> None:
    """Create the empty tables of a copy in the attached database `prefix`."""
    cursor.execute(f"CREATE TABLE {prefix}.e ({event_columns(columns)})")
    for name, definition in TABLES.items():
        cursor.execute(f"CREATE TABLE {prefix}.{name} ({definition})")
    cursor.execute(f"CREATE TABLE {prefix}.state ({_STATE})")
    cursor.execute(
        f"INSERT INTO {prefix}.columns SELECT unnest($1::VARCHAR[]), unnest($2::INTEGER[]), unnest($3::BOOLEAN[])",
        [
            [each.property for each in columns],
            [each.index for each in columns],
            [each.has_numbers for each in columns],
        ],
    )


def read_columns(cursor: duckdb.DuckDBPyConnection, prefix: str) -> list[PropertyColumn]:
    """Return the columns of properties, in the order of their numbers."""
    rows = cursor.execute(f"SELECT property, col, has_numbers FROM {prefix}.columns ORDER BY col").fetchall()
    return [PropertyColumn(*row) for row in rows]


def read_state(cursor: duckdb.DuckDBPyConnection, prefix: str) -> CopyState | None:
    """Return the state of a copy, or None for a file of another format."""
    found = cursor.execute(f"SELECT format FROM {prefix}.state").fetchone()
    if found is None or found[0] != FORMAT:
        return None
    names = ", ".join(each.name for each in fields(CopyState))
    row = cursor.execute(f"SELECT {names} FROM {prefix}.state").fetchone()
    return None if row is None else CopyState(*row)


def write_state(cursor: duckdb.DuckDBPyConnection, prefix: str, state: CopyState) -> None:
    """Replace the state, in the caller's transaction."""
    cursor.execute(f"DELETE FROM {prefix}.state")
    marks = ", ".join("?" * len(fields(CopyState)))
    cursor.execute(f"INSERT INTO {prefix}.state VALUES ({marks})", list(astuple(state)))
