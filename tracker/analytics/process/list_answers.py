"""Answers about a list: a question as it came over the socket, run on the list's copy."""

from __future__ import annotations

from typing import Any

import duckdb

from tracker.analytics.process.list_copies import ListCopy


def answer_question(question: Any, cursor: duckdb.DuckDBPyConnection, copy: ListCopy) -> dict[str, Any]:
    """Return the answer to an encoded question. Raises QuestionRefused and DuckDB's errors."""
    state = copy.state
    [(events, robots)] = cursor.execute(f"SELECT count(*), count_if(is_bot) FROM {copy.name}.e").fetchall()
    as_of = None if state is None else state.as_of
    return {
        "kind": question["kind"],
        "scope": {"events": events, "robots": robots, "as_of": as_of, "is_complete": copy.is_complete},
    }
