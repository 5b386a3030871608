"""Segments of lists: named rules that say who is in a group of people, looked up whenever somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.storage.accounts.list_rows import AfterRow, Check, NamedRows
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


class Segments(NamedRows[ListSegment]):
    """The segments of lists. The people of one that is removed stay."""

    model, shape, most = SegmentRow, ListSegment, MAX_SEGMENTS

    def add(
        self,
        list_id: int,
        name: str,
        rule: bytes,
        then: AfterRow,
        deadline: float | None,
        check: Check[ListSegment],
    ) -> int:
        """Add a segment and return its number. Raises RowRefused (NAME_TAKEN, TOO_MANY, of the check)."""
        columns = {"name": name, "rule": rule, "updated_at": self._now()}
        return self.insert(list_id, columns, then, deadline, check)

    def change(
        self,
        list_id: int,
        number: int,
        columns: Mapping[str, Any],
        then: AfterRow,
        deadline: float | None = None,
        check: Check[ListSegment] | None = None,
    ) -> None:
        """Change `name` or `rule`. Raises RowRefused (GONE, NAME_TAKEN, of the check)."""
        dated = {**columns, "updated_at": self._now()} if columns else {}
        super().change(list_id, number, dated, then, deadline, check)
