"""Answers from a copy: a question as it came over the socket, run on one snapshot of the list's copy."""

from __future__ import annotations

from typing import Any

import duckdb

from tracker.analytics.process.list_copies import ListCopy
from tracker.analytics.process.question_queue import QuestionRefused
from tracker.analytics.process.report_socket import BAD_GOAL, BAD_REGEX, UNAVAILABLE
from tracker.analytics.queries import CopyColumn, CopySchema, run
from tracker.questions import BadQuestion, decode


def answer_question(question: Any, cursor: duckdb.DuckDBPyConnection, copy: ListCopy) -> dict[str, Any]:
    """Return the answer to an encoded question. Raises QuestionRefused, and DuckDB's errors.

    Questions are checked where they are made: one that cannot be read here was made by another version.
    """
    try:
        read = decode(question)
    except BadQuestion as failure:
        raise QuestionRefused(UNAVAILABLE, str(failure)) from failure
    columns = {each.property: CopyColumn(each.index, each.has_numbers) for each in copy.columns}
    try:
        return run(cursor, CopySchema(copy.name, columns), read)
    except BadQuestion as failure:
        is_goals = failure.param == "goal"  # the caller sent no such condition
        raise QuestionRefused(BAD_GOAL if is_goals else BAD_REGEX, failure.reason) from failure
