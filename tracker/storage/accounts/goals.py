"""Goals of lists: named conditions that say which events of a list are worth counting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tracker.storage.accounts.named_rules import AfterRule, NamedRules
from tracker.storage.engine.database import Database
from tracker.storage.schema.models import GoalRow

#: Goals of one list.
MAX_GOALS = 100


@dataclass(frozen=True, slots=True)
class ListGoal:
    """A goal of a list. `rule` is the JSON of its further conditions; `created_at` is UTC milliseconds."""

    id: int
    list_id: int
    name: str
    event: str
    rule: bytes
    created_at: int


class Goals(NamedRules[ListGoal]):
    """The goals of lists. When one is removed the events that it counts stay."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        super().__init__(database, now, GoalRow, ListGoal, MAX_GOALS)

    def add(
        self, list_id: int, name: str, event: str, rule: bytes, then: AfterRule, deadline: float | None = None
    ) -> int:
        """Add a goal and return its number. Raises RuleRefused (NAME_TAKEN, TOO_MANY)."""
        columns = {"name": name, "event": event, "rule": rule, "created_at": self._now()}
        return self._insert(list_id, columns, then, deadline)
