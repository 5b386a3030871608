"""Answering: each kind of question by what answers it, with the scope of what was looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tracker.analytics.queries.attribution_answer import answer_attribution
from tracker.analytics.queries.breakdown_answer import answer_breakdown
from tracker.analytics.queries.copy_schema import CopySchema, Cursor
from tracker.analytics.queries.funnel_answer import answer_funnel
from tracker.analytics.queries.listing_answers import answer_event_ids, answer_values, scope_of
from tracker.analytics.queries.paths_answer import answer_paths
from tracker.analytics.queries.people_answer import answer_people
from tracker.analytics.queries.products_answer import answer_products
from tracker.analytics.queries.retention_answer import answer_retention
from tracker.analytics.queries.segment_answer import answer_segment_moves, answer_segment_sizes
from tracker.analytics.queries.stretches import Range
from tracker.analytics.queries.trend_answer import answer_trend
from tracker.analytics.queries.visit_answers import answer_visit, answer_visits
from tracker.analytics.queries.workspace import Workspace
from tracker.questions import (
    REGEX,
    Attribution,
    BadQuestion,
    Breakdown,
    EventIds,
    Funnel,
    Paths,
    People,
    Products,
    Question,
    Retention,
    SegmentMoves,
    SegmentSizes,
    Trend,
    Values,
    Visit,
    Visits,
    Where,
    all_conditions,
)

_ANSWERS: dict[type[Any], Callable[[Workspace, CopySchema, Any], dict[str, Any]]] = {
    Trend: answer_trend,
    Breakdown: answer_breakdown,
    People: answer_people,
    Values: answer_values,
    Visits: answer_visits,
    Visit: answer_visit,
    EventIds: answer_event_ids,
    Funnel: answer_funnel,
    Retention: answer_retention,
    Paths: answer_paths,
    Attribution: answer_attribution,
    Products: answer_products,
    SegmentSizes: answer_segment_sizes,
    SegmentMoves: answer_segment_moves,
}


def run(cursor: Cursor, schema: CopySchema, question: Question) -> dict[str, Any]:
    """Return the answer to a question from a list's copy, and its `scope`.

    Raises BadQuestion for a regular expression that is none; what DuckDB raises, as when it is interrupted, goes through.
    """
    with Workspace(cursor) as workspace:
        return answer_in(workspace, schema, question)


def answer_in(workspace: Workspace, schema: CopySchema, question: Question) -> dict[str, Any]:
    """Return the same in a workspace that other questions about the same snapshot use too."""
    _check_patterns(workspace, question)
    answer = _ANSWERS[type(question)](workspace, schema, question)
    if isinstance(question, Visit):
        first = last = 0
        if answer["visit"] is not None:
            first, last = answer["visit"]["begins"], answer["visit"]["ends"] + 1
        range_ = Range(first, last, question.events_from)
    else:
        range_ = Range(question.head.begins, question.head.ends, question.head.events_from)
    return {**answer, "scope": scope_of(workspace, schema, range_)}


def _check_patterns(workspace: Workspace, question: Question) -> None:
    for param, where, of_goal in _wheres(question):
        patterns = _patterns(where)
        if patterns:
            for pattern in workspace.bad_patterns(patterns):
                told = f"{of_goal}`{pattern[:80]}` is no regular expression that RE2 can match"
                raise BadQuestion(param, told)


def _wheres(question: Question) -> Iterator[tuple[str, Where, str]]:
    """Yield each part of the question with conditions, them, and what to say of a fault before its reason."""
    if isinstance(question, Visit):
        return
    yield "where", question.head.where, ""
    if isinstance(question, (SegmentSizes, SegmentMoves)):
        yield "where", (question.segments,), ""
    if question.head.goal is not None:
        yield "goal", question.head.goal.where, "a condition of the goal: "
    asked = question.cell if isinstance(question, People) else question
    for goal in getattr(asked, "goals", ()):
        yield "step", goal.where, "a condition of a step: "


def _patterns(where: Where) -> list[str]:
    """Return the regular expressions of conditions, and of the rules in them."""
    return [value for each in all_conditions(where) if each.operator in REGEX for value in each.values]
