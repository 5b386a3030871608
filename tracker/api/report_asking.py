"""Asking the engine: its answer, how far its copy is built, or the error that a call is answered with."""

from __future__ import annotations

from typing import Any, NamedTuple

from tracker import Command
from tracker.api.report_params import INVALID_GOAL, INVALID_WHERE, TOO_LARGE, TOO_SLOW
from tracker.errors import REPORTS_UNAVAILABLE, CommandError, Error, because
from tracker.questions import Question, Visit

#: The engine's words for what went wrong, and the rows that answer them. Any other word means: not available.
_ROWS: dict[str, Error] = {
    "bad_regex": INVALID_WHERE,
    "bad_goal": INVALID_GOAL,
    "too_large": TOO_LARGE,
    "timeout": TOO_SLOW,
}


class Asked(NamedTuple):
    """The engine's answer; None while the copy of the list is built, of which `progress` is done (0 to 1)."""

    answer: dict[str, Any] | None
    progress: float

    @property
    def status(self) -> dict[str, Any]:
        """The keys with which every answer begins."""
        return {"Status": "building" if self.answer is None else "ready", "Progress": self.progress}


def asked(
    command: Command,
    question: Question,
    is_whole: bool = False,
    bad_step: Error = INVALID_WHERE,
    bad_regex: Error = INVALID_WHERE,
) -> Asked:
    """Ask the engine. Raises CommandError (8, 9, 12, 13, 100014), and `bad_step` for a step's expression that RE2 refuses.

    `is_whole`: the form of the answer cannot say that it is not ready: while the copy is built the call is refused (100014).
    `bad_regex` is the row for a regular expression that the engine refuses.
    """
    found = _told(command, question, command.deadline, {"bad_step": bad_step, "bad_regex": bad_regex})
    return Asked(_whole(found), 1.0) if is_whole else found


def whole_answer(command: Command, question: Question, deadline: float | None) -> dict[str, Any]:
    """Return the engine's answer. Raises CommandError as `asked` does."""
    return _whole(_told(command, question, deadline))


def _told(
    command: Command, question: Question, deadline: float | None, rows: dict[str, Error] | None = None
) -> Asked:
    list_id = question.list_id if isinstance(question, Visit) else question.head.list_id
    spellings = command.services.stores.names.book(list_id, deadline).spellings
    more = (spellings,) if spellings else ()
    reply = command.services.analytics.ask(question, command.user_id, deadline, *more)
    if "error" in reply:
        told = _row(_ROWS | (rows or {}), str(reply["error"]), str(reply.get("detail") or ""))
        raise CommandError(told)
    if "building" in reply:
        return Asked(None, min(max(float(reply["building"]), 0.0), 0.999))
    return Asked(reply["answer"], 1.0)


def _whole(found: Asked) -> dict[str, Any]:
    if found.answer is None:
        building = because(REPORTS_UNAVAILABLE, "the copy of the list is being built")
        raise CommandError(building, extra={"Progress": found.progress})
    return found.answer


def _row(rows: dict[str, Error], error: str, detail: str) -> Error:
    row = rows.get(error, REPORTS_UNAVAILABLE)
    return because(row, detail) if detail else row
