"""Saved reports of lists: a command with its parameters under a name, some of them pinned on the overview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.storage.accounts.list_rows import NamedRows, RowFault
from tracker.storage.accounts.schedules import remove_schedules_of
from tracker.storage.engine.transaction import Transaction
from tracker.storage.schema.models import SavedReportRow, ShareRow

#: Saved reports of one list, and those of them that are pinned: each is a question more when Overview is opened.
MAX_SAVED_REPORTS, MAX_PINNED = 100, 8


@dataclass(frozen=True, slots=True)
class SavedReport:
    """A saved report. `params` is the JSON of the parameters beside the list; `created_at` is UTC milliseconds."""

    id: int
    list_id: int
    name: str
    command: str
    params: bytes
    is_pinned: bool
    created_at: int


class SavedReports(NamedRows[SavedReport]):
    """The saved reports of lists. No two of a list share a name, in any letter case. The shares and schedules of one go away with it."""

    model, shape, most = SavedReportRow, SavedReport, MAX_SAVED_REPORTS

    def fault(
        self, transaction: Transaction, list_id: int, number: int, row: Mapping[str, Any]
    ) -> RowFault | None:
        if fault := super().fault(transaction, list_id, number, row):
            return fault
        others = (SavedReportRow.list_id == list_id) & (SavedReportRow.id != number)
        is_pinned = SavedReportRow.is_pinned == True  # noqa: E712 - peewee's spelling
        if row.get("is_pinned") and self.count(transaction, others & is_pinned) >= MAX_PINNED:
            return RowFault.TOO_MANY_PINNED
        return None

    def removed(self, transaction: Transaction, list_id: int, number: int) -> None:
        is_of_it = (ShareRow.list_id == list_id) & (ShareRow.saved_report_id == number)
        transaction.run(ShareRow.delete().where(is_of_it))
        remove_schedules_of(transaction, list_id, number)
