"""Goals of lists: named conditions that say which events of a list are worth counting."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.storage.accounts.list_rows import AfterRow, NamedRows
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


class Goals(NamedRows[ListGoal]):
    """The goals of lists. When one is removed the events that it counts stay."""

    model, shape, most = GoalRow, ListGoal, MAX_GOALS

    def add(
        self, list_id: int, name: str, event: str, rule: bytes, then: AfterRow, deadline: float | None = None
    ) -> int:
        """Add a goal and return its number. Raises RowRefused (NAME_TAKEN, TOO_MANY)."""
        return self.insert(list_id, {"name": name, "event": event, "rule": rule}, then, deadline)
