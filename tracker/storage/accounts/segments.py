"""Segments of lists: named rules that say who is in a group of people, looked up whenever somebody asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tracker.storage.accounts.named_rules import AfterRule, Check, NamedRules
from tracker.storage.engine.database import Database
from tracker.storage.schema.models import SegmentRow

#: Segments of one list.
MAX_SEGMENTS = 100


@dataclass(frozen=True, slots=True)
class ListSegment:
    """A segment of a list. `rule` is its JSON, as it was sent; times are UTC milliseconds."""

    id: int
    list_id: int
    name: str
    rule: bytes
    created_at: int
    updated_at: int


class Segments(NamedRules[ListSegment]):
    """The segments of lists. The people of one that is removed stay."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        super().__init__(database, now, SegmentRow, ListSegment, MAX_SEGMENTS)

    def add(
        self,
        list_id: int,
        name: str,
        rule: bytes,
        then: AfterRule,
        deadline: float | None,
        check: Check[ListSegment],
    ) -> int:
        """Add a segment and return its number. Raises RuleRefused (NAME_TAKEN, TOO_MANY, of the check)."""
        now = self._now()
        columns = {"name": name, "rule": rule, "created_at": now, "updated_at": now}
        return self._insert(list_id, columns, then, deadline, check)

    def change(
        self,
        list_id: int,
        number: int,
        changes: dict[str, Any],
        then: AfterRule,
        deadline: float | None = None,
        check: Check[ListSegment] | None = None,
    ) -> None:
        """Change `name` or `rule`. Raises RuleRefused (GONE, NAME_TAKEN, of the check)."""
        dated = {**changes, "updated_at": self._now()} if changes else {}
        super().change(list_id, number, dated, then, deadline, check)
