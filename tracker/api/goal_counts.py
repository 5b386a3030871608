"""Goal counts: how many people and events reached each goal of a list within the last 30 days, by the reports engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from marshmallow import Schema, fields

from tracker import Command
from tracker.api.report_answers import scope_of
from tracker.api.report_asking import asked
from tracker.api.report_params import INVALID_WHERE, TOO_LARGE, TOO_SLOW, calendar, stored_goal
from tracker.errors import CommandError
from tracker.questions import Head, Trend, measure_of, resolve
from tracker.storage.accounts import ListGoal

#: The days that are counted, the last of them today.
FIRST_DAY, LAST_DAY = "-29d", "today"
#: The permission of whoever sees numbers.
PERMISSION = "Reports.Get"
#: Reasons for which there are no counts.
NOT_ASKED, NOT_PERMITTED, BUILDING, AWAY = "not asked", "not permitted", "building", "not available"
UNMATCHED, LARGE, SLOW = "cannot be matched", "too large", "too slow"
REASONS = (NOT_ASKED, NOT_PERMITTED, BUILDING, AWAY, UNMATCHED, LARGE, SLOW)
_OF_CODES = {INVALID_WHERE.code: UNMATCHED, TOO_LARGE.code: LARGE, TOO_SLOW.code: SLOW}
#: Reasons that are the same for the goals that follow: these are not asked about any more.
_LASTING = (BUILDING, AWAY, SLOW)


class GoalNumbers(Schema):
    """What reached a goal."""

    People = fields.Integer(required=True, metadata={"description": "People who reached it"})
    Conversions = fields.Integer(required=True, metadata={"description": "Events that reach it"})
    Rate = fields.Float(
        required=True, allow_none=True, metadata={"description": "People who reached it, of all people"}
    )


class CountedGoals(NamedTuple):
    """The numbers of each goal, or the reason for none; and the scope of all of them, None without any."""

    goals: list[tuple[dict[str, Any] | None, str | None]]
    scope: dict[str, Any] | None


def goals_counted(command: Command, list_id: int, goals: Sequence[ListGoal]) -> CountedGoals:
    """Count each goal by a question of its own: they are short, since each reads the events of one name alone."""
    if not command.caller.may(PERMISSION):
        return not_counted(goals, NOT_PERMITTED)
    zone, visit_gap_ms, events_from = calendar(command, list_id)
    span = resolve(FIRST_DAY, LAST_DAY, "none", zone, command.now, False)
    head = Head(
        list_id,
        span.begins,
        span.ends,
        zone,
        visit_gap_ms=visit_gap_ms,
        events_from=events_from,
        now=command.now,
    )
    everybody, reason = _totals(command, Trend(head, (measure_of("people"),), interval="none"))
    if everybody is None:
        return not_counted(goals, reason)
    found: list[tuple[dict[str, Any] | None, str | None]] = []
    for goal in goals:
        numbers = None
        if reason not in _LASTING:
            numbers, reason = _reached(command, head, goal, everybody["people"])
        found.append((numbers, reason))
    return CountedGoals(found, scope_of(head, everybody))


def not_counted(goals: Sequence[ListGoal], reason: str | None = NOT_ASKED) -> CountedGoals:
    return CountedGoals([(None, reason) for _ in goals], None)


def _reached(
    command: Command, head: Head, goal: ListGoal, people: int
) -> tuple[dict[str, Any] | None, str | None]:
    wanted = stored_goal(goal)
    question = Trend(
        replace(head, where=wanted.where),
        (measure_of("people"), measure_of("events")),
        wanted.event,
        interval="none",
    )
    found, reason = _totals(command, question)
    if found is None:
        return None, reason
    rate = round(found["people"] / people, 6) if people else None
    return {"People": found["people"], "Conversions": found["events"], "Rate": rate}, None


def _totals(command: Command, question: Trend) -> tuple[dict[str, Any] | None, str | None]:
    """Return the total of each measure, with the answer's scope, or the reason for none."""
    try:
        found = asked(command, question).answer
    except CommandError as refused:
        return None, _OF_CODES.get(refused.errors[0].code, AWAY)
    if found is None:
        return None, BUILDING
    return {"scope": found["scope"], **{each["measure"]: each["total"] for each in found["series"]}}, None
