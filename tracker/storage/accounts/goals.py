"""Goals of lists: named conditions that say which events of a list are worth counting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tracker.storage.accounts.lists import folded
from tracker.storage.engine.database import Database
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.models import GoalRow

#: Goals of one list.
MAX_GOALS = 100
#: A callback that runs in the transaction of a change that was not refused; it gets the number of the goal.
AfterGoal = Callable[[Transaction, int], None]


@dataclass(frozen=True, slots=True)
class ListGoal:
    """A goal of a list. `rule` is the JSON of its further conditions; `created_at` is UTC milliseconds."""

    id: int
    list_id: int
    name: str
    event: str
    rule: bytes
    created_at: int


class GoalFault(Enum):
    """The reason for which a change of a goal is refused."""

    GONE = "there is no such goal"
    NAME_TAKEN = "another goal has this name"
    TOO_MANY = "the list has as many goals as it may"


class GoalRefused(Exception):
    """A change was refused, and nothing was written."""

    def __init__(self, fault: GoalFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


class Goals:
    """The goals of lists. The caller has checked who owns the list. The number of a goal is never used again."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database, self._now = database, now

    def of_list(self, list_id: int, deadline: float | None = None) -> list[ListGoal]:
        """Return the goals of a list, oldest first."""
        return self._database.read(lambda transaction: _of_list(transaction, list_id), deadline)

    def find(self, list_id: int, goal_id: int, deadline: float | None = None) -> ListGoal | None:
        return self._database.read(lambda transaction: _find(transaction, list_id, goal_id), deadline)

    def add(
        self, list_id: int, name: str, event: str, rule: bytes, then: AfterGoal, deadline: float | None = None
    ) -> int:
        """Add a goal and return its number. Raises GoalRefused (NAME_TAKEN, TOO_MANY)."""
        new = ListGoal(0, list_id, name, event, rule, self._now())
        return self._changed(lambda transaction: _add(transaction, new), then, deadline)

    def change(
        self,
        list_id: int,
        goal_id: int,
        changes: dict[str, Any],
        then: AfterGoal,
        deadline: float | None = None,
    ) -> None:
        """Change `name`, `event` or `rule`. Raises GoalRefused (GONE, NAME_TAKEN)."""
        self._changed(lambda transaction: _change(transaction, list_id, goal_id, changes), then, deadline)

    def remove(self, list_id: int, goal_id: int, then: AfterGoal, deadline: float | None = None) -> None:
        """Remove a goal; the events that it counts stay. Raises GoalRefused (GONE)."""
        self._changed(lambda transaction: _remove(transaction, list_id, goal_id), then, deadline)

    def _changed(
        self, change: Callable[[Transaction], int | GoalFault], then: AfterGoal, deadline: float | None
    ) -> int:
        """Run a change. A refusal raised inside would roll back the neighbours in the group too."""

        def write(transaction: Transaction) -> int | GoalFault:
            outcome = change(transaction)
            if not isinstance(outcome, GoalFault):
                then(transaction, outcome)
            return outcome

        outcome = self._database.write(write, deadline)
        if isinstance(outcome, GoalFault):
            raise GoalRefused(outcome)
        return outcome


def _of_list(transaction: Transaction, list_id: int) -> list[ListGoal]:
    columns = [getattr(GoalRow, name) for name in ListGoal.__slots__]
    query = GoalRow.select(*columns).where(GoalRow.list_id == list_id).order_by(GoalRow.id)
    return [ListGoal(*row) for row in transaction.rows(query)]


def _find(transaction: Transaction, list_id: int, goal_id: int) -> ListGoal | None:
    return next((goal for goal in _of_list(transaction, list_id) if goal.id == goal_id), None)


def _locked(transaction: Transaction, list_id: int) -> list[ListGoal]:
    """Return the goals, with the list's row locked, so that goals of one list change one after the other."""
    transaction.select(f"SELECT id FROM lists WHERE id = ?{transaction.engine.for_update}", (list_id,))
    return _of_list(transaction, list_id)


def _add(transaction: Transaction, new: ListGoal) -> int | GoalFault:
    existing = _locked(transaction, new.list_id)
    if _is_taken(existing, new.name):
        return GoalFault.NAME_TAKEN
    if len(existing) >= MAX_GOALS:
        return GoalFault.TOO_MANY
    columns = {name: getattr(new, name) for name in ListGoal.__slots__ if name != "id"}
    return int(transaction.run(GoalRow.insert(folded_name=folded(new.name), **columns)))


def _change(transaction: Transaction, list_id: int, goal_id: int, changes: dict[str, Any]) -> int | GoalFault:
    existing = _locked(transaction, list_id)
    if all(goal.id != goal_id for goal in existing):
        return GoalFault.GONE
    name = changes.get("name")
    if name is not None and _is_taken([goal for goal in existing if goal.id != goal_id], name):
        return GoalFault.NAME_TAKEN
    if changes:
        named = {} if name is None else {"folded_name": folded(name)}
        query = GoalRow.update(**changes, **named).where(GoalRow.list_id == list_id, GoalRow.id == goal_id)
        transaction.run(query)
    return goal_id


def _remove(transaction: Transaction, list_id: int, goal_id: int) -> int | GoalFault:
    sql = "DELETE FROM goals WHERE list_id = ? AND id = ?"
    return goal_id if transaction.change(sql, (list_id, goal_id)) else GoalFault.GONE


def _is_taken(goals: list[ListGoal], name: str) -> bool:
    """Whether a goal has the name, in any letter case."""
    return folded(name) in {folded(goal.name) for goal in goals}
