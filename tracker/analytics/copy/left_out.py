"""Left-out events: the copy's mark on events of subscribers who are left out of reports, put on and taken off as ties change hands.

The mark is `is_bot`, which robots' events have too, so that no question pays for it. A tie's owner says whether it is left out.
"""

from __future__ import annotations

import duckdb

from tracker.analytics.queries import DuckDBDialect

_AT = f"e.{DuckDBDialect.event_time}"


def ties_sql(copy: str) -> str:
    """Return a table expression of the ties that are left out: column tie."""
    return f"(SELECT tie FROM {copy}.who WHERE is_left_out)"


def mark_all(cursor: duckdb.DuckDBPyConnection, copy: str) -> None:
    """Mark the events of a new copy whose ties are resolved."""
    if cursor.execute(f"SELECT 1 FROM {ties_sql(copy)} LIMIT 1").fetchone() is not None:
        cursor.execute(f"UPDATE {copy}.e SET is_bot = TRUE WHERE tie IN {ties_sql(copy)}")


def mark_turned(cursor: duckdb.DuckDBPyConnection, copy: str) -> bool:
    """Mark or unmark the events of the ties that `resolve_ties` has just turned; return whether there are any."""
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE turned AS SELECT o.tie, o.is_left_out FROM owners o LEFT JOIN moved m ON m.tie = o.tie"
        " WHERE o.is_left_out <> coalesce(m.is_left_out, FALSE)"
    )
    if cursor.execute("SELECT 1 FROM turned LIMIT 1").fetchone() is None:
        return False
    cursor.execute(
        f"UPDATE {copy}.e AS e SET is_bot = e.is_robot OR t.is_left_out FROM turned t WHERE t.tie = e.tie"
    )
    return True


def turned_sql(copy: str) -> str:
    """Return a SELECT of whose visits `mark_turned` has changed: actor, first, last."""
    return (
        f"SELECT w.actor, min({_AT}), max({_AT}) FROM {copy}.e e JOIN {copy}.who w ON w.tie = e.tie"
        " WHERE e.tie IN (SELECT tie FROM turned) GROUP BY 1"
    )
