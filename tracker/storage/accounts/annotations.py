"""Annotations of lists: notes on moments, such as a release or a campaign, which charts show."""

from __future__ import annotations

from dataclasses import dataclass

from tracker.storage.accounts.list_rows import ListRows
from tracker.storage.schema.models import AnnotationRow

#: Annotations of one list: three releases a day for two years.
MAX_ANNOTATIONS = 2_000


@dataclass(frozen=True, slots=True)
class Annotation:
    """A note. `at` and `created_at` are UTC milliseconds; `url` leads to more about it, if it is known."""

    id: int
    list_id: int
    at: int
    text: str
    url: str | None
    created_at: int


class Annotations(ListRows[Annotation]):
    """The annotations of lists."""

    model, shape, most = AnnotationRow, Annotation, MAX_ANNOTATIONS

    def between(
        self, list_id: int, begins: int | None, ends: int | None, size: int, deadline: float | None = None
    ) -> list[Annotation]:
        """Return up to `size` annotations of a time, the latest of them, in the order of their times."""
        query = self._select().where(AnnotationRow.list_id == list_id)
        if begins is not None:
            query = query.where(AnnotationRow.at >= begins)
        if ends is not None:
            query = query.where(AnnotationRow.at < ends)
        latest = query.order_by(AnnotationRow.at.desc(), AnnotationRow.id.desc()).limit(size)
        return self._read(latest, deadline)[::-1]
