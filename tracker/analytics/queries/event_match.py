"""Event match: which events the conditions of goals hold for, by the same SQL as in reports, over events without a copy."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.analytics.queries.copy_schema import CopySchema, Cursor
from tracker.analytics.queries.duckdb_dialect import DuckDBDialect
from tracker.analytics.queries.predicates import PredicateWriter
from tracker.domain.spellings import PLAIN, Spellings
from tracker.questions import REGEX, Goal

#: The table of events: as in a copy, with all properties among the rest.
TABLE, COLUMNS = "matched", {"id": "BIGINT", "name": "VARCHAR", "rest": "VARCHAR"}


def matching_ids(
    cursor: Cursor, goals: Sequence[Goal], spellings: Spellings = PLAIN
) -> list[list[int] | None]:
    """Return for each goal the ids of the events in TABLE that it holds for; None for a goal with a pattern that is none for RE2."""
    return [_ids(cursor, goal, spellings) for goal in goals]


def _ids(cursor: Cursor, goal: Goal, spellings: Spellings) -> list[int] | None:
    regexes = (each for group in goal.where for each in group if each.operator in REGEX)
    patterns = [value for each in regexes for value in each.values]
    if patterns:
        cursor.execute(DuckDBDialect().bad_patterns("$1::VARCHAR[]"), [patterns])
        if cursor.fetchall():
            return None
    writer = PredicateWriter.of(CopySchema("temp", spellings=spellings))
    parts = ["TRUE"] if goal.event is None else [writer.name_is(goal.event)]
    parts += ["(" + " OR ".join(writer.event_is(each) for each in group) + ")" for group in goal.where]
    cursor.execute(f"SELECT e.id FROM {TABLE} e WHERE {' AND '.join(parts)}", list(writer.parameters.values))
    return [row[0] for row in cursor.fetchall()]
