"""Answers from a copy: a question as it came over the socket, run on one snapshot of the list's copy."""

from __future__ import annotations

from typing import Any

from tracker.analytics.process.question_queue import QuestionRefused
from tracker.analytics.process.report_socket import (
    BAD_GOAL,
    BAD_REGEX,
    BAD_STEP,
    SPELLINGS,
    TOO_LARGE,
    UNAVAILABLE,
)
from tracker.analytics.process.reports_service import AnyCopy
from tracker.analytics.queries import Workspace, answer_in
from tracker.domain.spellings import Spellings
from tracker.questions import BadQuestion, decode

#: What is at fault, by the part of the question: a goal's condition is none that the caller sent, and an order by averages
#: would need the numbers of too many values. Else it is an expression of the caller's that RE2 cannot match.
_REFUSED = {"goal": BAD_GOAL, "step": BAD_STEP, "sort": TOO_LARGE}


def answer_question(question: Any, workspace: Workspace, copy: AnyCopy) -> dict[str, Any]:
    """Return the answer to an encoded question. Raises QuestionRefused, and DuckDB's errors.

    Questions are checked where they are made: one that cannot be read here was made by another version.
    """
    try:
        read = decode({name: value for name, value in question.items() if name != SPELLINGS})
    except BadQuestion as failure:
        raise QuestionRefused(UNAVAILABLE, str(failure)) from failure
    spellings = Spellings(**question.get(SPELLINGS, {}))
    has_visits = len(spellings.of_event("page_view")) == 1
    try:
        return answer_in(workspace, copy.schema_for(workspace.cursor, spellings, has_visits=has_visits), read)
    except BadQuestion as failure:
        raise QuestionRefused(_REFUSED.get(failure.param, BAD_REGEX), failure.reason) from failure
